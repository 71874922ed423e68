// Whatever hangs or answers nonsense: the session goes on, and every call ends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entry, name } from './world.mjs'

const { createSession } = await entry('index')
const { fakeProvider, fakeToken } = await entry('testing')
const { HasuraClient } = await entry('hasura')

const followers = Symbol.for('countersign.followers')
const turn = () => new Promise((resolve) => setImmediate(resolve))
const never = () => new Promise(() => {})

const open = async (t, provider) => {
  const session = createSession({ name: name(), logger: false })
  session.connect(provider)
  await session.getToken('x')
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => session.dispose())
  return session
}

/** Whether a promise has settled by now. */
const settled = async (promise) => {
  for (let i = 0; i < 5; i++) await turn()
  return Promise.race([promise.then(() => true), turn().then(() => false)])
}

test('a provider whose signOut hangs: the session waits five seconds, believes it still signed in, and hears of the next user', async (t) => {
  const provider = fakeProvider({ user: 'alice' })
  provider.signOut = never
  const session = await open(t, provider)
  const leaving = session.signOut()
  assert.equal(session.peek('x'), null)
  await settled(leaving)
  t.mock.timers.tick(4_999)
  assert.equal(await settled(leaving), false)
  t.mock.timers.tick(1)
  assert.equal(await settled(leaving), true)
  assert.equal(session.status, 'signedIn')
  provider.signIn('bob')
  assert.match(await session.getToken('x'), /^ey/)
})

test('another provider connected while the old one hangs in its signOut counts at once', async (t) => {
  const old = fakeProvider({ user: 'alice' })
  old.signOut = never
  const session = await open(t, old)
  const leaving = session.signOut()
  session.connect(fakeProvider({ user: 'bob' }))
  assert.match(await session.getToken('x'), /^ey/)
  const key = session.identityKey
  await settled(leaving)
  t.mock.timers.tick(5_000)
  assert.equal(await settled(leaving), true)
  assert.equal(session.identityKey, key, 'what the old one says at last changes nothing')
})

test('a follower that hangs or throws does not keep the provider from signing out', async (t) => {
  for (const follow of [never, () => { throw new Error('broken') }]) {
    const provider = fakeProvider({ user: 'alice' })
    const session = await open(t, provider)
    session[followers].add(follow)
    const leaving = session.signOut()
    await settled(leaving)
    t.mock.timers.tick(5_000)
    assert.equal(await settled(leaving), true)
    assert.equal(session.identityKey, null, 'the provider signed out')
    t.mock.timers.reset()
  }
})

const used = () => {
  const response = Response.json({ data: { a: 1 } })
  response.body.getReader()
  return response
}

for (const [what, answer] of [['nothing', undefined], ['a number', 200], ['an object that is no response', { ok: true }]])
  test(`a patched fetch that answers ${what} ends the call`, async (t) => {
    const session = createSession({ name: name(), logger: false, getToken: () => fakeToken({ sub: 'u' }), routes: [{ url: 'https://api.test', template: 'x' }] })
    t.after(() => session.dispose())
    t.mock.method(globalThis, 'fetch', async () => answer)
    await assert.rejects(session.fetch('https://api.test/'), { code: 'protocol' })
    await assert.rejects(new HasuraClient({ session, template: 'x', endpoint: 'https://h.test/v1/graphql' }).request('{ a }'), { code: 'protocol' })
  })

for (const [what, patched] of [['throws at once', () => { throw 'a text' }], ['rejects with nothing', () => Promise.reject()]])
  test(`a patched fetch that ${what} fails as a network does`, async (t) => {
    const session = createSession({ name: name(), logger: false, getToken: () => fakeToken({ sub: 'u' }), routes: [{ url: 'https://api.test', template: 'x' }] })
    t.after(() => session.dispose())
    t.mock.method(globalThis, 'fetch', patched)
    await assert.rejects(session.fetch('https://api.test/'), { code: 'network' })
  })

test('an answer of getToken that throws when it is read fails the call', async (t) => {
  const answer = { get token() { throw new Error('revoked') } }
  const session = createSession({ name: name(), logger: false, getToken: () => answer })
  t.after(() => session.dispose())
  await assert.rejects(session.getToken(), { code: 'provider_failed', message: /revoked/ })
})

test('a getToken that throws at once fails the call like one that rejects', async (t) => {
  const session = createSession({ name: name(), logger: false, getToken: () => { throw new Error('not ready') } })
  t.after(() => session.dispose())
  for (const ask of [() => session.getToken(), () => Promise.all([session.getToken('x'), session.getToken('x', { timeoutMs: 5_000 })])])
    await assert.rejects(ask(), { code: 'provider_failed', message: /not ready/ })
})

test('a patched fetch that has read the body already: the status decides, and the response is handed over as it is', async (t) => {
  const session = createSession({ name: name(), logger: false, getToken: () => fakeToken({ sub: 'u' }) })
  t.after(() => session.dispose())
  let response
  t.mock.method(globalThis, 'fetch', async () => (response = used()))
  const client = new HasuraClient({ session, template: 'x', endpoint: 'https://h.test/v1/graphql' })
  assert.equal(await client.fetch('https://h.test/v1/graphql', { method: 'POST', body: '{}' }), response)
  const bare = { status: 200, body: {} }
  t.mock.method(globalThis, 'fetch', async () => bare)
  assert.equal(await client.fetch('https://h.test/v1/graphql', { method: 'POST', body: '{}' }), bare)
})
