// Sign-ins that an application makes by itself, against the local Instant: what is sent is what the vendor's client sends, and races leave nothing behind.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'node:test'
import { startAll } from '../../backends/start.mjs'
import { dist } from '../dist.mjs'
import { localSession, mintFrom } from '../local.mjs'
import { stubSession, until } from '../stub-session.mjs'
import { scriptedInstant } from './server.mjs'

const { init } = await dist('instant.js')
// The vendor's own requests; not exported, so by their file.
const theirs = await import(pathToFileURL(join(dirname(createRequire(import.meta.url).resolve('@instantdb/core')), '../esm/authAPI.js')).href)

/** @param {import('node:test').TestContext} t @param {string | null} [who] */
const local = async (t, who = null) => {
  const { urls, config, servers, stop } = await startAll({ portBase: 0, only: ['instant'] })
  t.after(stop)
  const session = localSession(urls.clerk, undefined)
  session.become(who)
  const db = init({ session, template: 'instant', clientName: 'clerk', appId: config.instant.appId, apiURI: urls.instant, storage: 'memory', anonymous: true, logger: false })
  t.after(() => db.shutdown())
  const { instant } = servers
  const code = async (/** @type {string} */ email) => {
    assert.deepEqual(await db.auth.sendMagicCode({ email }), { sent: true })
    return instant.lastMagicCode(email)
  }
  const alive = () => instant.liveTokens().map((/** @type {any} */ l) => l.userId)
  return { db, session, instant, urls, code, alive }
}
/** @param {import('node:test').TestContext} t */
const scripted = (t) => {
  const server = scriptedInstant(t)
  const session = stubSession({ key: null })
  const db = init({ session, template: 'instant', clientName: 'clerk', appId: 'app', apiURI: 'https://instant.test', storage: 'memory', logger: false })
  t.after(() => db.shutdown())
  return { server, session, db }
}

test('requests and answers are those of the vendor’s client, extra fields and guests included', async (t) => {
  const { db, server } = scripted(t)
  const shared = { apiURI: 'https://instant.test', appId: 'app' }
  const extraFields = { plan: 'free' }
  /** @type {[string, (guest: string | undefined) => Promise<any>, () => Promise<any>][]} */
  const calls = [
    ['guest with extra fields', () => theirs.signInAsGuest({ ...shared, extraFields }), () => db.auth.signInAsGuest({ extraFields })],
    ['code', () => theirs.sendMagicCode({ ...shared, email: 'a@b.c' }), () => db.auth.sendMagicCode({ email: 'a@b.c' })],
    ['verify, as a guest', (refreshToken) => theirs.checkMagicCode({ ...shared, email: 'a@b.c', code: '1', refreshToken, extraFields }), () => db.auth.signInWithMagicCode({ email: 'a@b.c', code: '1', extraFields })],
    ['verify, as a user', () => theirs.checkMagicCode({ ...shared, email: 'a@b.c', code: '1' }), () => db.auth.signInWithMagicCode({ email: 'a@b.c', code: '1' })],
    ['guest', () => theirs.signInAsGuest(shared), () => db.auth.signInAsGuest()],
    ['code of a redirect, as a guest', (refreshToken) => theirs.exchangeCodeForToken({ ...shared, code: 'c', codeVerifier: 'v', refreshToken, extraFields }), () => db.auth.exchangeOAuthCode({ code: 'c', codeVerifier: 'v', extraFields })],
    ['code of a redirect', () => theirs.exchangeCodeForToken({ ...shared, code: 'c' }), () => db.auth.exchangeOAuthCode({ code: 'c' })],
    ['guest again', () => theirs.signInAsGuest(shared), () => db.auth.signInAsGuest()],
    ['id token, as a guest', (refreshToken) => theirs.signInWithIdToken({ ...shared, clientName: 'x', idToken: 'e30.eyJzdWIiOiJhIn0.x', nonce: 'n', refreshToken, extraFields }), () => db.auth.signInWithIdToken({ clientName: 'x', idToken: 'e30.eyJzdWIiOiJhIn0.x', nonce: 'n', extraFields })],
  ]
  for (const [name, their, our] of calls) {
    const user = await db.getAuth()
    const sent = async (/** @type {() => Promise<any>} */ run) => {
      const before = server.calls.length
      const answer = await run()
      const call = server.calls.slice(before).find((c) => !c.url.endsWith('/signout'))
      return { url: call.url, body: call.body, keys: Object.keys(answer).sort(), user: answer.user && Object.keys(answer.user).sort() }
    }
    assert.deepEqual(await sent(our), await sent(() => their(user?.type === 'guest' ? user.refresh_token : undefined)), name)
  }
  assert.equal(db.auth.issuerURI(), 'https://instant.test/runtime/app')
  assert.throws(() => init({ ...shared, appId: undefined }).auth.issuerURI(), { code: 'endpoint_missing' })
})

test('a guest takes its id along to the address it proves; a wrong code changes nothing', async (t) => {
  const { db, code, alive } = await local(t)
  const { user: guest } = await db.auth.signInAsGuest({ extraFields: {} })
  assert.equal((await db.getAuth()).type, 'guest')
  const right = await code('new@example.com')
  await assert.rejects(db.auth.signInWithMagicCode({ email: 'new@example.com', code: right === '111111' ? '222222' : '111111' }), { code: 'record-not-found', hint: /code is wrong/ })
  assert.equal((await db.getAuth()).id, guest.id)
  const { user, created } = await db.auth.signInWithMagicCode({ email: 'new@example.com', code: right })
  assert.deepEqual([user.id, user.email, user.type, created], [guest.id, 'new@example.com', 'user', true])
  assert.notEqual(user.refresh_token, guest.refresh_token)
  await until(() => alive().length === 1)
  await db.auth.signOut()
  await until(() => alive().length === 0)
  assert.equal(await db.getAuth(), null)
})

test('a guest becomes the user of the identity that comes', async (t) => {
  const { db, session, alive } = await local(t)
  const { user: guest } = await db.auth.signInAsGuest()
  session.become('bob')
  await until(async () => (await db.getAuth())?.email === 'bob@example.com')
  assert.equal((await db.getAuth()).id, guest.id)
  await until(() => alive().length === 1)
})

test('extra fields that the schema has are written once, others are refused with advice', async (t) => {
  const { db, urls } = await local(t)
  const idToken = await mintFrom(urls.clerk, 'bob', undefined)
  await assert.rejects(db.auth.signInWithIdToken({ clientName: 'clerk', idToken, extraFields: { nonsense: 1 } }), { code: 'validation-failed', hint: /attributes of `\$users`/ })
  const { created, user } = await db.auth.signInWithIdToken({ clientName: 'clerk', idToken })
  assert.deepEqual([created, user.email], [true, 'bob@example.com'])
  assert.equal((await db.auth.signInWithIdToken({ clientName: 'clerk', idToken })).user.refresh_token, user.refresh_token, 'the same user keeps the session')
})

test('a sign-out during a sign-in ends signed out; of two sign-ins the last one counts; nothing is left behind', async (t) => {
  const { db, server } = scripted(t)
  await db.getAuth()
  /** @type {(() => void)[]} */
  const held = []
  server.answer = (path) => (path.endsWith('verify_magic_code') ? new Promise((resolve) => held.push(() => resolve(undefined))) : undefined)
  const first = db.auth.signInWithMagicCode({ email: 'one@b.c', code: '1' })
  const refused = assert.rejects(first, { code: 'identity_changed' })
  await until(() => held.length === 1)
  await db.auth.signOut()
  held[0]?.()
  await refused
  assert.equal(await db.getAuth(), null)
  await until(() => server.users().length === 0)

  const loser = assert.rejects(db.auth.signInWithMagicCode({ email: 'two@b.c', code: '1' }), { code: 'identity_changed' })
  await until(() => held.length === 2)
  const winner = db.auth.signInWithMagicCode({ email: 'three@b.c', code: '1' })
  await until(() => held.length === 3)
  held[2]?.()
  assert.equal((await winner).user.id, 'id-three')
  held[1]?.()
  await loser
  assert.equal((await db.getAuth()).id, 'id-three')
  await until(() => server.users().join() === 'three')
})

test('the same sign-in twice at a time is one, and its session lives', async (t) => {
  const { db, server } = scripted(t)
  const token = server.issue('alice').refresh_token
  const [one, two] = await Promise.all([db.auth.signInWithToken(token), db.auth.signInWithToken(token)])
  assert.deepEqual(one, two)
  const [a, b] = await Promise.all([db.auth.signInAsGuest(), db.auth.signInAsGuest()])
  assert.equal(a.user.id, b.user.id)
  assert.equal(server.calls.filter((c) => c.url.endsWith('sign_in_guest') || c.url.endsWith('verify_refresh_token')).length, 2)
  await until(() => server.users().length === 1)
})

test('an identity that changes during a sign-in: it is revoked', async (t) => {
  const { db, server, session } = scripted(t)
  await db.getAuth()
  /** @type {() => void} */
  let go = () => {}
  server.answer = (path) => (path.endsWith('sign_in_guest') ? new Promise((resolve) => (go = () => resolve(undefined))) : undefined)
  const refused = assert.rejects(db.auth.signInAsGuest(), { code: 'identity_changed' })
  await until(() => server.calls.some((c) => c.url.endsWith('sign_in_guest')))
  session.become('alice')
  await until(async () => (await db.getAuth())?.id === 'id-alice')
  go()
  await refused
  await until(() => server.users().join() === 'alice')
})
