// init() and bridge() against the local Instant: real tokens of the local issuer, real revocation.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAll } from '../../backends/start.mjs'
import { dist } from '../dist.mjs'
import { localSession } from '../local.mjs'
import { until } from '../stub-session.mjs'

const { id, init } = await dist('instant.js')

test('each user’s rows; a write; a switch and a sign-out leave no session behind', async (t) => {
  const { urls, config, servers, stop } = await startAll({ portBase: 0, only: ['instant'] })
  t.after(stop)
  const session = localSession(urls.clerk, undefined)
  const db = init({ session, template: 'instant', clientName: 'clerk', appId: config.instant.appId, apiURI: urls.instant, storage: 'memory' })
  t.after(() => db.shutdown())
  const texts = async () => (await db.queryOnce({ todos: {} })).data.todos.map((/** @type {any} */ todo) => todo.text)

  const alices = await texts()
  assert.equal(alices.length, 3)
  assert.equal((await db.getAuth()).email, 'alice@example.com')
  session.become('bob')
  const bobs = await texts()
  assert.equal(bobs.length, 2)
  assert.ok(!alices.some((/** @type {string} */ text) => bobs.includes(text)))
  await until(() => servers.instant.liveTokens().length === 1)

  const one = id()
  await db.transact(db.tx.todos[one].update({ text: 'written', done: false, owner: 'bob@example.com' }))
  assert.ok((await texts()).includes('written'))
  await db.transact(db.tx.todos[one].delete())

  // The server forgets the session: the next query signs in again.
  await fetch(`${urls.instant}/__knobs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"revoke":"all"}' })
  assert.deepEqual(await texts(), bobs)

  session.become(null)
  await assert.rejects(db.queryOnce({ todos: {} }), { code: 'signed_out' })
  await until(() => servers.instant.liveTokens().length === 0)
})

test('an unknown client name is told with its fix', async (t) => {
  const { urls, config, stop } = await startAll({ portBase: 0, only: ['instant'] })
  t.after(stop)
  const db = init({ session: localSession(urls.clerk, undefined), template: 'instant', clientName: 'nobody', appId: config.instant.appId, apiURI: urls.instant, storage: 'memory' })
  t.after(() => db.shutdown())
  await assert.rejects(db.queryOnce({ todos: {} }), { code: 'record-not-found', hint: /no OAuth client named "nobody"/ })
  assert.equal(await db.getAuth(), null)
  assert.equal((await db.check())[0].code, 'record-not-found')
})
