// The smoke script of the local Hasura through graphql-request, with its own token and with our fetch; then our client itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smoke } from '../../backends/hasura/smoke.mjs'
import { startAll } from '../../backends/start.mjs'
import { dist } from '../dist.mjs'
import { localSession, mintFrom } from '../local.mjs'

const { GraphQLRequestError, HasuraClient } = await dist('hasura.js')

test('graphql-request over our fetch sees what it sees with a token of its own', async (t) => {
  const { urls, stop } = await startAll({ portBase: 0, only: ['hasura'] })
  t.after(stop)
  const endpoint = `${urls.hasura.replace(/\/v1\/graphql$/, '')}/v1/graphql`
  const make = (/** @type {string | undefined} */ template, options = {}) => {
    const session = localSession(urls.clerk, template)
    return { session, client: new HasuraClient({ session, template: 'hasura', endpoint, ...options }) }
  }
  const { client, session } = make('hasura')
  assert.deepEqual(await smoke({ endpoint, fetch: client.fetch }), await smoke({ endpoint, token: await mintFrom(urls.clerk, 'alice', 'hasura') }))

  const mine = await client.request('{ messages { body } }')
  assert.ok(mine.messages.length >= 3)
  session.become('bob')
  assert.notDeepEqual(await client.request('{ messages { body } }'), mine)

  await assert.rejects(client.request('{ nonsense }'), (/** @type {any} */ e) => e instanceof GraphQLRequestError && e.code === 'validation-failed')
  await assert.rejects(client.request('{ messages { id } }', {}, { role: 'admin' }), (/** @type {any} */ e) => e.code === 'access-denied' && /"admin"/.test(e.hint))
  await assert.rejects(make(undefined).client.request('{ messages { id } }'), { code: 'token_rejected', kind: 'token', hint: /^The template "hasura" lacks.* the doctor says$/ })
})
