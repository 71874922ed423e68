// The smoke script of the local Convex through the official client and through ours: what they made of it is equal.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConvexHttpClient as Theirs } from 'convex/browser'
import { smoke } from '../../backends/convex/smoke.mjs'
import { startAll } from '../../backends/start.mjs'
import { dist } from '../dist.mjs'
import { localSession, mintFrom } from '../local.mjs'

const { ConvexClient, ConvexHttpClient } = await dist('convex.js')

test('the same deployment, the same results', async (t) => {
  // A deployment each: the script writes.
  const run = async (/** @type {(clerk: string) => Promise<any>} */ make) => {
    const { urls, stop } = await startAll({ portBase: 0, only: ['convex'] })
    t.after(stop)
    const { errors, ...result } = await smoke({ url: urls.convex, run: 'run', ...(await make(urls.clerk)) })
    return JSON.parse(JSON.stringify(result).replaceAll(urls.clerk, 'issuer'))
  }
  for (const who of ['alice', 'bob'])
    assert.deepEqual(
      await run(async (clerk) => ({ ConvexHttpClient, clientOptions: { session: localSession(clerk, 'convex', who), template: 'convex' } })),
      await run(async (clerk) => ({ ConvexHttpClient: Theirs, token: await mintFrom(clerk, who, 'convex') })),
    )
})

test('a refused token and a bad function, typed', async (t) => {
  const { urls, stop } = await startAll({ portBase: 0, only: ['convex'] })
  t.after(stop)
  const session = localSession(urls.clerk, undefined)
  const client = new ConvexClient(urls.convex, { session, template: 'convex', logger: false })
  await assert.rejects(client.query(/** @type {any} */ ('users:me'), {}), { code: 'token_rejected', status: 401, serverCode: 'NoAuthProvider' })
  session.become(null)
  await assert.rejects(client.query(/** @type {any} */ ('users:me'), {}), { code: 'signed_out' })
})
