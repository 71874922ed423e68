// A session over the real clerk-js: who is signed in, and what its failures mean.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { entry, name } from '../../package/world.mjs'
import { loadedClerk } from './clerk.mjs'
import { virtualClock } from './clock.mjs'
import { frontendApi, LIFE_S } from './frontend-api.mjs'
import { claimsOf } from './signer.mjs'
import './warm.mjs'

const { clerkSession, clerkProvider } = await entry('clerk')

const API = 'https://api.test'
/** @type {ReturnType<typeof virtualClock>} */
let clock
/** @type {ReturnType<typeof frontendApi>} */
let api
/** @type {{ dispose(): void }[]} */
let made = []
/** What the backend received, by subject. @type {string[]} */
let received = []
let before = globalThis.fetch

/** @param {{ several?: boolean }} [options] */
const begin = (options) => {
  clock = virtualClock({ busy: () => !!api?.busy() })
  api = frontendApi({ now: clock.server, ...options })
  received = []
  before = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    if (!String(input).startsWith(API)) return before(input, init)
    const token = new Headers(init?.headers).get('authorization')?.slice(7)
    received.push(token ? claimsOf(token).sub : 'nobody')
    return Response.json({})
  }
}
beforeEach(() => begin())
afterEach(() => {
  for (const session of made.splice(0)) session.dispose()
  globalThis.fetch = before
  api.stop()
  clock.restore()
})

const over = (clerk, more) => {
  const session = clerkSession(() => clerk, { name: name(), logger: false, templates: { hasura: 'hasura', missing: 'misspelt', plain: {} }, ...more })
  made.push(session)
  return session
}
const start = async (person = 'alice') => {
  api.signIn(person)
  const clerk = await clock.through(loadedClerk())
  return { clerk, session: over(clerk) }
}
/** What a promise came to, once everything has settled. */
const outcome = (promise) => {
  const seen = { value: /** @type {any} */ (undefined), error: /** @type {any} */ (undefined), over: false }
  promise.then((value) => (seen.value = value), (error) => (seen.error = error)).finally(() => (seen.over = true))
  return seen
}

test('signed out while a getToken is in flight: Clerk hands the token of the one who left out, the session does not', async () => {
  const { clerk, session } = await start()
  await clock.through(session.getToken('plain'))
  const open = api.hold('/tokens/hasura')
  const bare = outcome(clerk.session.getToken({ template: 'hasura' }))
  const token = outcome(session.getToken('hasura'))
  const request = outcome(session.authFetch({ template: 'hasura', origins: [API] })(API))
  await clock.settle()
  await clock.through(clerk.signOut())
  assert.equal(session.status, 'anonymous')
  open()
  await clock.settle()
  assert.equal(claimsOf(bare.value).sub, 'user_alice', 'this is what it is about')
  assert.equal(token.error?.code, 'identity_changed')
  assert.equal(request.error?.code, 'identity_changed')
  assert.deepEqual(received, [])
  assert.equal(session.peek('hasura'), null)
  assert.equal(await session.getToken('hasura'), null)
})

test('another user while a getToken is in flight: nothing is sent for the one before, the next call is the new one’s', async () => {
  const { clerk, session } = await start()
  const send = session.authFetch({ template: 'hasura', origins: [API] })
  await clock.through(send(API))
  session.invalidate('hasura')
  const open = api.hold('/tokens/hasura')
  const request = outcome(send(API))
  await clock.settle()
  const { id } = api.signIn('bob')
  await clock.through(clerk.client.reload())
  await clock.through(clerk.setActive({ session: id }))
  open()
  await clock.settle()
  assert.equal(request.error?.code, 'identity_changed')
  await clock.through(send(API))
  assert.deepEqual(received, ['user_alice', 'user_bob'])
})

test('several signed in: the session follows the active one, and comes back with it', async () => {
  api.stop()
  clock.restore()
  begin({ several: true })
  const bob = api.signIn('bob')
  const alice = api.signIn('alice')
  const clerk = await clock.through(loadedClerk())
  const session = over(clerk)
  const send = session.authFetch({ template: 'hasura', origins: [API] })
  await clock.through(send(API))
  const key = session.identityKey
  await clock.through(clerk.setActive({ session: bob.id }))
  assert.equal(session.peek('hasura'), null)
  await clock.through(send(API))
  await clock.through(clerk.setActive({ session: alice.id }))
  assert.equal(session.identityKey, key)
  await clock.through(send(API))
  assert.deepEqual(received, ['user_alice', 'user_bob', 'user_alice'])
  assert.ok(api.mints.length >= 3, 'no token survived a switch')
})

test('while Clerk navigates to another session it says undefined: calls are held, and are the new one’s', async () => {
  api.stop()
  clock.restore()
  begin({ several: true })
  const bob = api.signIn('bob')
  api.signIn('alice')
  const clerk = await clock.through(loadedClerk())
  const session = over(clerk)
  const send = session.authFetch({ template: 'hasura', origins: [API] })
  await clock.through(send(API))
  let arrive = () => {}
  const there = new Promise((done) => (arrive = () => done(undefined)))
  const switching = clerk.setActive({ session: bob.id, navigate: () => there })
  await clock.advance(100)
  assert.equal(clerk.session, undefined)
  assert.equal(session.status, 'unknown')
  assert.equal(session.peek('hasura'), null)
  const token = outcome(session.getToken('hasura'))
  await clock.advance(1000)
  assert.equal(token.over, false)
  assert.deepEqual(received, ['user_alice'])
  arrive()
  await clock.through(switching)
  await clock.settle()
  // Asked before anybody knew of bob; a getToken means whoever is signed in, and may say that it changed.
  assert.ok(token.error?.code === 'identity_changed' || claimsOf(token.value).sub === 'user_bob')
  await clock.through(send(API))
  assert.deepEqual(received, ['user_alice', 'user_bob'])
})

test('another organisation: Clerk files the token of the old one under the new; the session’s first is of the new', async () => {
  const { clerk, session } = await start()
  await clock.through(clerk.setActive({ organization: 'org_1' }))
  assert.equal(claimsOf(await clock.through(session.getToken('hasura'))).org_id, 'org_1')
  const key = session.identityKey
  const open = api.hold('/touch', { unheard: true })
  const switching = clerk.setActive({ organization: 'org_2' })
  await clock.settle()
  // Clerk calls it org_2 already; the server has not heard.
  assert.equal(clerk.session.lastActiveOrganizationId, 'org_2')
  assert.equal(claimsOf(await clock.through(clerk.session.getToken({ template: 'hasura' }))).org_id, 'org_1')
  open()
  await clock.through(switching)
  assert.notEqual(session.identityKey, key)
  assert.equal(claimsOf(await clock.through(clerk.session.getToken({ template: 'hasura' }))).org_id, 'org_1', 'kept for its whole life')
  assert.equal(claimsOf(await clock.through(session.getToken('hasura'))).org_id, 'org_2')
})

test('a server that lags behind the switch: a token of the organisation before is not taken, where the template says by which claim', async () => {
  api.signIn('alice')
  const clerk = await clock.through(loadedClerk())
  const session = over(clerk, { templates: { hasura: { template: 'hasura', orgClaim: 'org_id' } } })
  await clock.through(clerk.setActive({ organization: 'org_1' }))
  assert.equal(claimsOf(await clock.through(session.getToken('hasura'))).org_id, 'org_1')
  assert.equal(api.tokens('hasura'), 1, 'one call where nothing lags')
  api.orgLagMs = 500
  await clock.through(clerk.setActive({ organization: 'org_2' }))
  assert.equal(claimsOf(await clock.through(session.getToken('hasura'))).org_id, 'org_2')
  // It never comes: refused, not sent.
  api.orgLagMs = 60_000
  await clock.through(clerk.setActive({ organization: 'org_1' }))
  await assert.rejects(clock.through(session.getToken('hasura')), { code: 'provider_failed' })
})

test('a template that does not exist is a configuration error: asked once, not in a loop', async () => {
  const { session } = await start()
  await assert.rejects(clock.through(session.getToken('missing')), (error) => error.code === 'provider_failed' && /misspelt/.test(error.message) && error.cause.status === 404)
  for (let minute = 0; minute < 10; minute++) {
    await assert.rejects(clock.through(session.getToken('missing')), { code: 'provider_failed' })
    await clock.advance(60_000)
  }
  assert.equal(api.tokens('misspelt'), 1)
  assert.equal(claimsOf(await clock.through(session.getToken('hasura'))).sub, 'user_alice', 'the others work')
  session.invalidate('missing')
  await assert.rejects(clock.through(session.getToken('missing')), { code: 'provider_failed' })
  assert.equal(api.tokens('misspelt'), 2, 'invalidate asks again')
})

test('429: what is at hand goes on being used, and Clerk is left alone for as long as the server said', async () => {
  const { session } = await start()
  const token = await clock.through(session.getToken('hasura'))
  api.fail = { status: 429, retryAfter: 600 }
  // At the lead the session asks; Clerk itself tries for nearly three minutes before it says so.
  await clock.advance((LIFE_S - 5) * 1000)
  assert.equal(session.peek('hasura'), token)
  await clock.advance(300_000)
  await assert.rejects(clock.through(session.getToken('hasura')), { code: 'provider_failed' })
  const asked = api.tokens('hasura')
  for (let i = 0; i < 20; i++) {
    await clock.advance(10_000)
    await assert.rejects(clock.through(session.getToken('hasura')), { code: 'provider_failed' })
  }
  assert.equal(api.tokens('hasura'), asked)
  api.fail = null
  await clock.advance(600_000)
  assert.equal(claimsOf(await clock.through(session.getToken('hasura'))).sub, 'user_alice')
})

test('401: the session is over on the server, and the next call finds nobody', async () => {
  const { clerk, session } = await start()
  await clock.through(session.getToken('hasura'))
  api.endAll()
  // Clerk looks for itself who is left before it lets the call fail: the call learns of the one or of the other.
  const forced = outcome(session.getToken('hasura', { force: true }))
  await clock.advance(100)
  assert.ok(forced.value === null || forced.error?.code === 'identity_changed')
  assert.equal(await session.getToken('hasura'), null)
  assert.equal(clerk.session, null)
  assert.equal(session.status, 'anonymous')
})

test('offline: the token at hand serves to its end, and the session recovers by itself', async () => {
  const { session } = await start()
  const send = session.authFetch({ template: 'hasura', origins: [API] })
  await clock.through(send(API))
  api.offline = true
  await clock.advance(50_000)
  await clock.through(send(API))
  await clock.advance(3000)
  assert.deepEqual(received, ['user_alice', 'user_alice'])
  await clock.advance(20_000)
  const late = outcome(send(API))
  await clock.advance(11_000)
  assert.match(late.error?.code, /timeout|provider_failed/)
  assert.equal(received.length, 2, 'nothing expired was sent')
  api.offline = false
  await clock.advance(60_000)
  await clock.through(send(API))
  assert.equal(received.length, 3)
  assert.equal(session.status, 'signedIn')
})

test('what Clerk’s errors mean, as Clerk makes them', async () => {
  const { clerk } = await start()
  const provider = clerkProvider(clerk)
  const failing = async (fail, template = 'hasura') => {
    api.fail = fail
    const seen = outcome(clerk.session.getToken({ template, skipCache: true }))
    for (let i = 0; i < 40 && !seen.over; i++) await clock.advance(10_000)
    api.fail = null
    return [provider.isSignedOut(seen.error), provider.retryAfterMs(seen.error)]
  }
  assert.deepEqual(await failing(null, 'misspelt'), [false, Infinity])
  assert.deepEqual(await failing({ status: 429, retryAfter: 7 }), [false, 7000])
  assert.deepEqual(await failing({ status: 429 }), [false, undefined])
  assert.deepEqual(await failing({ status: 500 }), [false, undefined])
  assert.deepEqual(await failing({ status: 403 }), [true, undefined])
  assert.deepEqual(await failing({ status: 401, times: 1 }), [true, undefined])
})
