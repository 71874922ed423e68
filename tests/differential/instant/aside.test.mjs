// A session that lives in the page's memory ends with the page; and what a token shows to be wrong is said before it is sent.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../dist.mjs'
import { fakeJwt, stubSession, until } from '../stub-session.mjs'
import { scriptedInstant } from './server.mjs'

const { bridge, init } = await dist('instant.js')
const { doubts, issuerOf } = await dist('instant/id-token.js')

/** The window's events, which Node has not. @param {import('node:test').TestContext} t */
const windowEvents = (t) => {
  const target = new EventTarget()
  const mine = /** @type {any} */ (globalThis)
  for (const name of ['addEventListener', 'removeEventListener']) mine[name] = /** @type {any} */ (target)[name].bind(target)
  t.after(() => (delete mine.addEventListener, delete mine.removeEventListener))
  return (/** @type {string} */ type) => target.dispatchEvent(new Event(type))
}
const config = { template: 'instant', clientName: 'clerk', appId: 'app', apiURI: 'https://instant.test' }

test('memory: the session is revoked when the page goes, by a request that outlives it, and nobody signs in meanwhile', async (t) => {
  const dispatch = windowEvents(t)
  const server = scriptedInstant(t)
  const session = stubSession({ key: 'alice' })
  const db = init({ ...config, session, storage: 'memory', logger: false })
  await db.queryOnce({ todos: {} })
  dispatch('pagehide')
  await until(() => server.live.size === 0)
  const end = server.calls.find((c) => c.url.endsWith('/signout'))
  assert.equal(end.init.keepalive, true)
  session.emit('wake')
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(server.exchanges().length, 1, 'a page that goes signs in again')
  // It was not the end: "back" brought the page again.
  dispatch('pageshow')
  assert.equal((await db.queryOnce({ todos: {} })).data.todos[0].text, 'of alice')
  assert.deepEqual([server.exchanges().length, server.live.size], [2, 1])
  db.shutdown()
  dispatch('pagehide')
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(server.live.size, 1, 'a db that was shut down hears nothing')
})

test('a session on disk stays when the page goes', async (t) => {
  const dispatch = windowEvents(t)
  const server = scriptedInstant(t)
  const db = init({ ...config, session: stubSession({ key: 'alice' }), logger: false })
  await db.queryOnce({ todos: {} })
  dispatch('pagehide')
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(server.live.size, 1)
  db.shutdown()
})

const good = { iss: 'https://clerk.test', sub: 'alice', email: 'a@b.c', email_verified: true }
const head = (/** @type {string} */ alg) => `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.${Buffer.from(JSON.stringify(good)).toString('base64url')}.x`

test('what a token shows to be wrong', () => {
  for (const [token, want] of /** @type {[string, RegExp | undefined][]} */ ([
    [fakeJwt(good), undefined], [head('ES256'), undefined], [head('HS256'), /HS256.*RS256 and ES256/], ['opaque', /opaque/], ['a.b.c', /opaque/], ['', /opaque/],
    [fakeJwt({ ...good, sub: undefined }), /no sub/], [fakeJwt({ ...good, sub: '' }), /no sub/], [fakeJwt({ ...good, email: undefined }), /no email/],
    [fakeJwt({ ...good, email_verified: 'true' }), /boolean true/], [fakeJwt({ ...good, email_verified: undefined }), /boolean true/],
    [fakeJwt({ ...good, iss: 'https://other.test' }), /issued by other\.test, not by clerk\.test/], [fakeJwt({ ...good, nonce: 'n' }), undefined],
  ])) {
    const said = doubts(token, 'https://clerk.test/')
    assert.equal(said.length, want ? 1 : 0, `${said}`)
    if (want) assert.match(said[0], want)
  }
})

test('the host that a publishable key names', () => {
  assert.equal(issuerOf('pk_test_Z3VpZGluZy1wZWdhc3VzLTkzLmNsZXJrLmFjY291bnRzLmRldiQ'), 'https://guiding-pegasus-93.clerk.accounts.dev')
  for (const key of [undefined, '', 'pk_test_', 'sk_test_YQ', 'pk_test_%%%']) assert.equal(issuerOf(key), undefined)
})

test('doubts are said once, without the token, and it is sent all the same; by a bridge as well', async (t) => {
  const server = scriptedInstant(t)
  const lines = /** @type {string[]} */ ([])
  const session = stubSession({ key: 'alice' })
  session.provide = async () => fakeJwt({ iss: 'https://other.test', sub: session.identityKey })
  const options = { session, logger: { warn: (/** @type {string} */ line) => lines.push(line) }, publishableKey: `pk_live_${Buffer.from('clerk.test$').toString('base64')}` }
  const db = init({ ...config, ...options, storage: 'memory' })
  t.after(() => db.shutdown())
  await db.queryOnce({ todos: {} })
  server.live.clear()
  await db.queryOnce({ todos: {} })
  assert.equal(server.exchanges().length, 2)
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^countersign: instant: the identity token has no email.*; it is issued by other\.test, not by clerk\.test\. `await db\.check\(\)`/)
  assert.doesNotMatch(lines.join(), /eyJ/)
  assert.equal(session.specs[0].issuer, 'https://clerk.test', 'the doctor knows it too')

  const auth = { signInWithIdToken: async () => ({ user: { id: 'a', refresh_token: 't' } }), signInWithToken: async () => ({}), signOut: async () => ({}) }
  for (const logger of [options.logger, false, { warn() { throw new Error('a logger that fails') } }]) {
    const made = bridge({ auth }, { ...options, logger, template: 'instant', clientName: `aside-${lines.length}` })
    const stop = made.start()
    await until(() => made.state.status === 'signedIn')
    stop()
  }
  assert.equal(lines.length, 2)
})
