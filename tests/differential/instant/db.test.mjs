// init(): the Instant session follows the identity, over HTTP. The machine is the real one; the session and the server are scripted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import 'fake-indexeddb/auto'
import { tx as theirTx } from '@instantdb/core'
import { dist } from '../dist.mjs'
import { stubSession, until } from '../stub-session.mjs'
import { scriptedInstant } from './server.mjs'
import { onDisk } from './stored.mjs'

const { InstantAPIError, id, init, lookup } = await dist('instant.js')
const { CountersignError } = await dist('errors.js')
let apps = 0

/** @param {import('node:test').TestContext} t */
const make = (t, { key = /** @type {string | null | undefined} */ ('alice'), ...options } = {}) => {
  const server = scriptedInstant(t)
  const session = stubSession({ key })
  const config = { session, template: 'instant', clientName: 'clerk', appId: `app-${++apps}`, apiURI: 'https://instant.test', ...options }
  const db = init(config)
  t.after(() => db.shutdown())
  return { server, session, db, config }
}

test('one sign-in for many queries; the right user; nothing before the first use', async (t) => {
  const { db, server } = make(t)
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(server.calls.length, 0)
  const all = await Promise.all(Array.from({ length: 20 }, () => db.queryOnce({ todos: {} })))
  assert.deepEqual(all[7], { data: { todos: [{ id: '1', text: 'of alice' }] } })
  assert.equal(server.exchanges().length, 1)
  assert.equal((await db.getAuth()).email, 'alice@example.com')
  assert.deepEqual(server.exchanges()[0].body, { app_id: `app-${apps}`, id_token: server.exchanges()[0].body.id_token, client_name: 'clerk' })
})

test('the next visit finds the session and does not sign in again; another user’s visit ends it first', async (t) => {
  const { db, server, config } = make(t)
  await db.queryOnce({ todos: {} })
  await until(async () => (await onDisk(`${config.apiURI}|${config.appId}`))?.user.id === 'id-alice')
  db.shutdown()
  const again = init({ ...config, session: stubSession({ key: 'alice' }) })
  await again.queryOnce({ todos: {} })
  assert.equal(server.exchanges().length, 1)
  again.shutdown()
  const sameSubject = stubSession({ key: 'alice#2' })
  sameSubject.provide = async () => `e30.${Buffer.from(JSON.stringify({ iss: 'https://issuer.test', sub: 'alice' })).toString('base64url')}.x`
  const third = init({ ...config, session: sameSubject })
  await third.queryOnce({ todos: {} })
  assert.equal(server.exchanges().length, 1, 'a new session of the same subject')
  third.shutdown()
  const bob = init({ ...config, session: stubSession({ key: 'bob' }) })
  assert.equal((await bob.queryOnce({ todos: {} })).data.todos[0].text, 'of bob')
  const paths = server.calls.map((c) => c.url.split('/').at(-1))
  assert.ok(paths.indexOf('signout') < paths.lastIndexOf('id_token'), 'the old one first')
  assert.deepEqual(server.users(), ['bob'])
  bob.shutdown()
})

test('a switch while the sign-in is under way: its session is revoked, the query is not answered', async (t) => {
  const { db, server, session } = make(t)
  /** @type {(value?: unknown) => void} */
  let release = () => {}
  server.before = () => new Promise((resolve) => (release = resolve))
  const query = db.queryOnce({ todos: {} })
  await until(() => server.exchanges().length === 1)
  session.become('bob')
  server.before = () => undefined
  release()
  await assert.rejects(query, { code: 'identity_changed' })
  assert.equal((await db.queryOnce({ todos: {} })).data.todos[0].text, 'of bob')
  await until(() => server.users().join() === 'bob')
})

test('signing out ends the Instant session, also one that is only about to be; retried while the network is down', async (t) => {
  const { db, server, session } = make(t)
  await db.queryOnce({ todos: {} })
  let down = 1
  server.beforeSignOut = () => {
    if (down-- > 0) throw new TypeError('Failed to fetch')
  }
  session.become(null)
  await assert.rejects(db.queryOnce({ todos: {} }), { code: 'signed_out', kind: 'token' })
  await until(() => server.users().length === 0)
  assert.equal(await db.getAuth(), null)
})

test('a session that the server has forgotten is replaced, and the query sent once more', async (t) => {
  const { db, server } = make(t)
  await db.queryOnce({ todos: {} })
  server.live.clear()
  assert.equal((await db.queryOnce({ todos: {} })).data.todos[0].text, 'of alice')
  assert.equal(server.exchanges().length, 2)
})

test('an expired token is replaced by a forced one, once', async (t) => {
  const { db, server, session } = make(t)
  let refuse = 1
  server.before = () => (refuse-- > 0 ? Response.json({ type: 'oauth-error', error: 'Error validating JWT. Token is expired.' }, { status: 400 }) : undefined)
  await db.queryOnce({ todos: {} })
  assert.deepEqual(session.calls.map((/** @type {any} */ c) => c.force), [false, true])
  refuse = 9
  server.live.clear()
  await assert.rejects(db.queryOnce({ todos: {} }), (/** @type {any} */ e) => e instanceof InstantAPIError && e.code === 'token_rejected' && e.message === 'Error validating JWT. Token is expired.' && e.hint === 'the doctor says')
})

test('errors carry the real text and the fix, and no secret', async (t) => {
  const { db, server } = make(t)
  /** @type {[any, number, any][]} */
  const table = [
    [{ type: 'validation-failed', message: 'Validation failed for origin: Unauthorized origin.', hint: { 'data-type': 'origin', errors: [{ message: 'Unauthorized origin.' }] } }, 400, { code: 'validation-failed', hint: /Origins/ }],
    [{ type: 'record-not-found', message: 'Record not found: app-oauth-client', hint: { 'record-type': 'app-oauth-client' } }, 400, { code: 'record-not-found', hint: /"clerk"/ }],
    [{ type: 'app-read-only', message: 'read only' }, 400, { code: 'app-read-only', hint: /read-only/ }],
    [{ type: 'validation-failed', message: 'Validation failed for id_token', hint: { 'data-type': 'id_token', input: 'eyJhbGciOiJ.eyJzdWIiOiJ.c2lnbmF0dXJl', errors: [{ message: 'The id_token is missing a nonce.' }] } }, 400, { code: 'token_rejected', message: /missing a nonce/ }],
    [{ type: 'oauth-error', error: 'Token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl is bad' }, 400, { code: 'token_rejected', message: /\[secret\]/ }],
  ]
  for (const [body, status, want] of table) {
    server.before = () => Response.json(body, { status })
    const error = await db.queryOnce({ todos: {} }).catch((/** @type {any} */ e) => e)
    for (const [field, value] of Object.entries(want)) assert.ok(value instanceof RegExp ? value.test(error[field]) : error[field] === value, `${field}: ${error[field]}`)
    assert.doesNotMatch(JSON.stringify({ ...error, message: error.message }), /eyJ/)
  }
  assert.match((await db.check())[0].message, /\[secret\]/)
  server.before = () => undefined
  await db.queryOnce({ todos: {} })
})

test('a proxy’s page is an error with its status; a limit is respected by name', async (t) => {
  const { db } = make(t)
  await db.queryOnce({ todos: {} })
  const before = globalThis.fetch
  globalThis.fetch = async () => new Response('<html>502 Bad Gateway</html>', { status: 502 })
  await assert.rejects(db.queryOnce({ todos: {} }), { code: 'backend', status: 502, retryable: true, message: /Bad Gateway/ })
  globalThis.fetch = before
})

test('transact sends the steps that the vendor’s tx describes', async (t) => {
  const { db } = make(t)
  const one = id()
  assert.match(one, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  /** @type {any} */
  const build = (/** @type {any} */ tx) => [
    tx.todos[one].update({ text: 'hi' }).link({ owner: 'u1' }),
    tx.todos[lookup('slug', 'a__b')].merge({ a: { b: 1 } }, { upsert: false }),
    tx.todos.lookup('slug', 3).unlink({ owner: 'u1' }),
  ]
  const { steps } = await db.transact(build(db.tx))
  assert.deepEqual(steps, JSON.parse(JSON.stringify(build(theirTx).flatMap((/** @type {any} */ c) => c.__ops))))
  assert.deepEqual((await db.transact(build(theirTx))).steps, steps)
  assert.deepEqual((await db.transact(db.tx.todos[one].delete())).steps, [['delete', 'todos', one]])
  await assert.rejects(db.transact({ not: 'a chunk' }), { code: 'option_invalid' })
  assert.equal(await db.tx.todos[one].then, undefined)
})

test('sign-ins of the application’s own hold until the identity changes, and end then', async (t) => {
  const { db, server, session } = make(t, { key: null, anonymous: true })
  assert.equal((await db.queryOnce({ todos: {} })).data.todos[0].text, 'of guests')
  const own = server.issue('magic')
  assert.equal((await db.auth.signInWithToken(own.refresh_token)).user.id, 'id-magic')
  assert.equal((await db.queryOnce({ todos: {} })).data.todos[0].text, 'of magic')
  session.become('alice')
  assert.equal((await db.queryOnce({ todos: {} })).data.todos[0].text, 'of alice')
  await until(() => server.users().join() === 'alice')
  await db.auth.signOut()
  await assert.rejects(init({ ...make(t, { key: null }).config }).queryOnce({}), { code: 'signed_out' })
  await until(() => server.users().length === 0)
  await assert.rejects(db.auth.signInWithToken('nonsense'), { status: 400 })
})

test('subscribeAuth tells each user once', async (t) => {
  const { db, session } = make(t)
  /** @type {any[]} */
  const seen = []
  const off = db.subscribeAuth((/** @type {any} */ a) => seen.push(a.user?.id ?? a.error?.message ?? a.user))
  await until(() => seen.length === 1)
  session.become('bob')
  await until(() => seen.length === 2)
  session.become(null)
  await until(() => seen.length === 3)
  assert.deepEqual(seen, ['id-alice', 'id-bob', null])
  off()
})

test('waits for the identity; a session without identities goes by its token', async (t) => {
  const { db, session } = make(t, { key: undefined })
  const query = db.queryOnce({ todos: {} })
  setTimeout(() => session.become('alice'), 10)
  assert.equal((await query).data.todos[0].text, 'of alice')
})

test('options are read at the first call; a shut-down db says so', async (t) => {
  for (const [options, code, name] of /** @type {[any, string, RegExp][]} */ ([
    [{ appId: undefined }, 'endpoint_missing', /appId/], [{ apiURI: undefined }, 'endpoint_missing', /apiURI/],
    [{ apiURI: 'nonsense' }, 'option_invalid', /apiURI/], [{ apiURI: 'http://instant.example' }, 'origin_not_allowed', /https/],
  ]))
    await assert.rejects(make(t, options).db.queryOnce({}), (/** @type {any} */ e) => CountersignError.is(e, code) && name.test(e.message))
  const { db } = make(t)
  db.shutdown()
  await assert.rejects(db.queryOnce({}), { code: 'disposed' })
})
