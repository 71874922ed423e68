// countersign/testing with a real session: what an application's tests rely on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../differential/until.mjs'
import { entry, name } from './world.mjs'

const { createSession } = await entry('index')
const { fakeProvider, fakeToken } = await entry('testing')

const part = (token, n) => JSON.parse(Buffer.from(token.split('.')[n], 'base64url').toString())
const claims = (token) => part(token, 1)

/** @param {import('node:test').TestContext} t */
const open = (t, provider, options = {}) => {
  const session = createSession({ name: name(), logger: false, ...options })
  session.connect(provider)
  t.after(() => session.dispose())
  return session
}

test('fakeToken: shaped as a JWT, a minute to live, each another one, claims as given', () => {
  const before = Math.floor(Date.now() / 1000)
  const [a, b] = [fakeToken(), fakeToken()]
  assert.notEqual(a, b)
  assert.match(a, /^[\w-]+\.[\w-]+\.[\w-]+$/)
  assert.deepEqual(part(a, 0), { alg: 'RS256', typ: 'JWT', kid: 'fake' })
  const { iss, sub, iat, exp, jti } = claims(a)
  assert.deepEqual([iss, sub, exp - iat], ['https://fake.test', 'user', 60])
  assert.ok(iat >= before && iat <= Date.now() / 1000)
  assert.notEqual(jti, claims(b).jti)
  const own = claims(fakeToken({ sub: 'alice', exp: 5, name: 'Älice 🚀', nested: { a: [1] } }))
  assert.deepEqual([own.sub, own.exp, own.name, own.nested, own.iss], ['alice', 5, 'Älice 🚀', { a: [1] }, 'https://fake.test'])
})

test('signed in as `user` by default; user, claims and template are in the token; every call is kept', async (t) => {
  const plain = fakeProvider()
  assert.equal(claims(await open(t, plain).getToken('x')).sub, 'user')
  const provider = fakeProvider({ user: 'alice', claims: { role: 'editor' } })
  const session = open(t, provider, { templates: { hasura: 'hasura-template', plain: {} } })
  const { sub, role, template, exp, iat } = claims(await session.getToken('hasura'))
  assert.deepEqual([sub, role, template, exp - iat], ['alice', 'editor', 'hasura-template', 60])
  assert.ok(!('template' in claims(await session.getToken('plain'))))
  await session.getToken('hasura')
  await session.getToken('hasura', { force: true })
  assert.deepEqual(provider.calls, [{ template: 'hasura-template', force: false }, { force: false }, { template: 'hasura-template', force: true }])
})

test('`user: null` is signed out; nobody is asked for a token', async (t) => {
  const provider = fakeProvider({ user: null })
  const session = open(t, provider)
  assert.equal(await session.getToken('x'), null)
  assert.deepEqual([session.status, session.identityKey], ['anonymous', null])
  assert.equal(await provider.getToken({ force: false }), null, 'nor has it one')
})

test('signIn, signOut and loading are told; claims of a sign-in are its own', async (t) => {
  const provider = fakeProvider({ user: 'alice', claims: { role: 'editor' } })
  const session = open(t, provider)
  const first = await session.getToken('x')
  const alice = session.identityKey
  provider.signIn('bob', { role: 'viewer' })
  assert.notEqual(session.identityKey, alice)
  const bobs = claims(await session.getToken('x'))
  assert.deepEqual([bobs.sub, bobs.role], ['bob', 'viewer'])

  provider.loading()
  assert.deepEqual([session.status, session.peek('x')], ['unknown', null])
  const waiting = session.getToken('x')
  let settled = false
  waiting.then(() => (settled = true))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(settled, false, 'a call waits until it is known who is signed in')
  provider.signIn('bob')
  assert.deepEqual(claims(await waiting), bobs, 'the same user again: the token is still good')
  provider.signIn('alice')
  const again = claims(await session.getToken('x'))
  assert.deepEqual([again.sub, again.role], ['alice', 'editor'], 'without claims: those of the options')
  assert.notEqual(again.jti, claims(first).jti)

  provider.signOut()
  assert.deepEqual([session.status, session.peek('x'), await session.getToken('x')], ['anonymous', null, null])
  /** @type {unknown[]} */
  const heard = []
  const stop = provider.watch((identity) => heard.push(identity))
  provider.signIn('carol')
  stop()
  provider.signIn('dave')
  assert.deepEqual(heard, [null, { user: 'carol' }], 'at once, then each news, until stopped')
})

test('a short lifetime: kept at first, replaced by itself long before a default one would be', async (t) => {
  const provider = fakeProvider({ user: 'alice', lifetimeS: 4 })
  const session = open(t, provider, { policy: { leadMs: 2_500, marginMs: 1_000 } })
  const first = await session.getToken('x')
  assert.equal(session.peek('x'), first)
  assert.equal(claims(first).exp - claims(first).iat, 4)
  await until(async () => (await session.getToken('x')) !== first)
  const next = await session.getToken('x')
  assert.ok(claims(next).exp > claims(first).exp)
  assert.ok(provider.calls.length >= 2)
  assert.equal(session.status, 'signedIn')
})

test('failNext: the session’s error, once for each, in their order', async (t) => {
  const provider = fakeProvider({ user: 'alice' })
  const session = open(t, provider)
  provider.failNext(new Error('the first'))
  await assert.rejects(session.getToken('x'), (/** @type {any} */ e) => e.code === 'provider_failed' && e.kind === 'token' && /the first/.test(e.message))
  provider.failNext(new Error('the second'))
  provider.failNext(new Error('the third'))
  // Of another template each: a failure is answered to a template's callers for a while.
  await assert.rejects(session.getToken('y'), /the second/)
  await assert.rejects(session.getToken('z'), /the third/)
  assert.equal(claims(await session.getToken('w')).sub, 'alice')
  await until(() => session.getToken('x').then(() => true, () => false))
  assert.ok(provider.calls.length >= 5)
})
