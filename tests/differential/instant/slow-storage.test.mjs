// A storage that does not answer: the sign-in waits five seconds for it, and what it gives later is not left behind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../dist.mjs'
import { stubSession } from '../stub-session.mjs'
import { scriptedInstant } from './server.mjs'

const { init } = await dist('instant.js')
// Loaded before the clock stands still.
await dist('instant/db.js')

const turns = async (n = 50) => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('a storage that hangs delays the first query and stops none; a session that it finds later is revoked', async (t) => {
  const server = scriptedInstant(t)
  const old = server.issue('alice')
  /** @type {(value: unknown) => void} */
  let find = () => {}
  const storage = { read: () => new Promise((resolve) => (find = resolve)), write: async () => {}, remove: async () => {} }
  const first = init({ session: stubSession({ key: 'alice' }), template: 'instant', clientName: 'clerk', appId: 'warm', apiURI: 'https://instant.test', storage: 'memory' })
  await first.queryOnce({ todos: {} })
  first.shutdown()
  const before = server.users().length

  t.mock.timers.enable({ apis: ['setTimeout'] })
  const db = init({ session: stubSession({ key: 'alice' }), template: 'instant', clientName: 'clerk', appId: 'slow', apiURI: 'https://instant.test', storage })
  t.after(() => db.shutdown())
  /** @type {any} */
  let result
  db.queryOnce({ todos: {} }).then((r) => (result = r))
  await turns()
  t.mock.timers.tick(4_999)
  await turns()
  assert.equal(server.users().length, before, 'no sign-in yet')
  t.mock.timers.tick(1)
  await turns()
  assert.equal(result?.data.todos[0].text, 'of alice')

  assert.ok(server.live.has(old.refresh_token))
  find({ user: old, owner: { key: 'alice' } })
  await turns()
  assert.ok(!server.live.has(old.refresh_token), 'the one found too late has ended')
  assert.equal(server.users().length, before, 'the one in use has not')
  assert.equal((await db.queryOnce({ todos: {} })).data.todos[0].text, 'of alice')
})
