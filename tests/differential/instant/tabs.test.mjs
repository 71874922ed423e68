// Tabs of one app: one sign-in for all, one sign-out for all, and nothing that an app of the vendor's would hear. Each db here is a tab of its own.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import 'fake-indexeddb/auto'
import { dist } from '../dist.mjs'
import { stubSession, until } from '../stub-session.mjs'
import { webLocks } from './locks.mjs'
import { scriptedInstant } from './server.mjs'
import { onDisk } from './stored.mjs'

const { bridge, init } = await dist('instant.js')

/** @param {import('node:test').TestContext} t */
const make = (t) => {
  const server = scriptedInstant(t)
  const appId = `tabs-${randomUUID()}`
  const key = `https://instant.test|${appId}`
  /** What is said between tabs. @type {any[]} */
  const heard = []
  const [ours, vendors] = [new BroadcastChannel(`countersign:instant:${key}`), new BroadcastChannel('@instantdb')]
  ours.onmessage = ({ data }) => heard.push(data)
  vendors.onmessage = () => assert.fail('posted on the channel of the vendor’s clients')
  t.after(() => (ours.close(), vendors.close()))
  const tab = (/** @type {any} */ who = 'alice', options = {}) => {
    const session = stubSession({ key: who })
    const db = init({ session, template: 'instant', clientName: 'clerk', appId, apiURI: 'https://instant.test', logger: false, ...options })
    t.after(() => db.shutdown())
    const rows = async () => (await db.queryOnce({ todos: {} })).data.todos[0].text
    return { db, session, rows }
  }
  return { server, tab, heard, key, stored: async () => (await onDisk(key))?.user }
}

test('tabs that open at once sign in once: the others wait for their turn and read what was stored', async (t) => {
  const { asked, over } = webLocks(t)
  const { server, tab, key } = make(t)
  // The first one's sign-in takes until the others wait.
  server.before = () => until(() => asked.length === 3)
  const tabs = [tab(), tab(), tab()]
  assert.deepEqual(await Promise.all(tabs.map(({ rows }) => rows())), ['of alice', 'of alice', 'of alice'])
  await over()
  assert.deepEqual([server.exchanges().length, server.live.size], [1, 1])
  assert.ok(asked.length === 3 && asked.every((name) => name === `countersign:instant:${key}`))
})

test('without Web Locks the tabs come to share the session that was stored last, and the others are ended', async (t) => {
  const { server, tab, stored } = make(t)
  /** @type {((value?: unknown) => void)[]} */
  const held = []
  server.before = () => new Promise((resolve) => held.push(resolve))
  const tabs = [tab(), tab()]
  const rows = Promise.all(tabs.map(({ rows }) => rows()))
  await until(() => held.length === 2)
  server.before = () => undefined
  held.forEach((release) => release())
  assert.deepEqual(await rows, ['of alice', 'of alice'])
  await until(() => server.live.size === 1)
  const users = () => Promise.all(tabs.map(({ db }) => db.getAuth()))
  await until(async () => (await users()).every((user) => server.live.has(user.refresh_token)))
  assert.ok(server.live.has((await stored()).refresh_token))
  assert.equal(server.exchanges().length, 2, 'neither ended the other’s')
})

test('a tab that holds its turn too long is not waited for', async (t) => {
  const { request } = webLocks(t)
  const { tab, key, server } = make(t)
  /** @type {(value?: unknown) => void} */
  let end = () => {}
  void request(`countersign:instant:${key}`, { signal: new AbortController().signal }, () => new Promise((resolve) => (end = resolve)))
  // Loaded before the clock stands still.
  await dist('instant/db.js')
  const warm = tab('alice', { appId: 'warm', storage: 'memory' })
  await warm.rows()
  const { db } = tab()
  const before = server.exchanges().length
  const real = setTimeout
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const turns = async () => {
    for (let n = 0; n < 30; n++) await new Promise((resolve) => setImmediate(resolve))
  }
  const seen = /** @type {any[]} */ ([])
  db.subscribeAuth((/** @type {any} */ auth) => seen.push(auth.user?.id))
  for (let n = 0; n < 20; n++) {
    await turns()
    await new Promise((resolve) => real(resolve, 1))
    t.mock.timers.tick(20)
  }
  assert.equal(server.exchanges().length, before, 'it waits')
  t.mock.timers.tick(10_000)
  for (let n = 0; n < 200 && !seen.length; n++) {
    await turns()
    await new Promise((resolve) => real(resolve, 1))
    t.mock.timers.tick(1)
  }
  assert.deepEqual(seen, ['id-alice'])
  end()
})

test('what the application signs in or out in one tab is so in the others; only the user’s id is said', async (t) => {
  const { server, tab, heard, stored } = make(t)
  const [one, two] = [tab(null, { anonymous: true }), tab(null, { anonymous: true })]
  assert.deepEqual([await one.db.getAuth(), await two.db.getAuth()], [null, null])
  const alice = server.issue('alice')
  await one.db.auth.signInWithToken(alice.refresh_token)
  await until(async () => (await two.db.getAuth())?.id === 'id-alice')
  assert.equal(await two.rows(), 'of alice')
  const bob = server.issue('bob')
  await two.db.auth.signInWithToken(bob.refresh_token)
  await until(async () => (await one.db.getAuth())?.id === 'id-bob')
  await until(() => server.users().join() === 'bob')
  await one.db.auth.signOut()
  await until(async () => (await two.db.getAuth()) === null)
  await until(() => server.live.size === 0)
  assert.equal(await stored(), undefined)
  assert.deepEqual(heard, [{ v: 1, user: 'id-alice' }, { v: 1, user: 'id-bob' }, { v: 1, user: null, revoked: true }])
})

test('signed out with the session left alive, it is so in all tabs', async (t) => {
  const { server, tab } = make(t)
  const [one, two] = [tab(), tab()]
  await one.rows()
  await two.rows()
  await one.db.auth.signOut({ invalidateToken: false })
  await until(async () => (await two.db.getAuth()) === null)
  assert.equal(server.live.size, 1)
  assert.ok(!server.calls.some((c) => c.url.endsWith('/signout')))
})

test('a switch of users that one tab sees first does not cost the other one’s session', async (t) => {
  webLocks(t)
  const { server, tab, stored } = make(t)
  const [one, two] = [tab(), tab()]
  await Promise.all([one.rows(), two.rows()])
  one.session.become('bob')
  assert.equal(await one.rows(), 'of bob')
  await until(async () => (await stored())?.id === 'id-bob')
  two.session.become('bob')
  assert.equal(await two.rows(), 'of bob')
  assert.equal(server.exchanges().length, 2, 'alice’s and bob’s')
  await until(() => server.users().join() === 'bob')
})

test('a page that was put aside looks again when it is seen', async (t) => {
  const { server, tab } = make(t)
  const [one, two] = [tab(null, { anonymous: true }), tab(null, { anonymous: true })]
  await Promise.all([one.db.getAuth(), two.db.getAuth()])
  const { postMessage } = BroadcastChannel.prototype
  BroadcastChannel.prototype.postMessage = () => {}
  t.after(() => (BroadcastChannel.prototype.postMessage = postMessage))
  await one.db.auth.signInWithToken(server.issue('alice').refresh_token)
  await until(async () => {
    two.session.emit('wake')
    return (await two.db.getAuth())?.id === 'id-alice'
  })
})

test('what this tab has stored counts, when it was reading what another one had', async (t) => {
  const { server, tab, key } = make(t)
  const [theirs, own] = [server.issue('alice'), server.issue('alice')]
  /** @type {((found: unknown) => void)[]} */
  const reads = []
  const storage = { read: () => new Promise((resolve) => reads.push(resolve)), write: async () => {}, remove: async () => {} }
  const { db } = tab('alice', { storage })
  db.subscribeAuth(() => {})
  await until(() => reads.length === 1)
  reads[0]?.(undefined)
  // Its own exchange looks first.
  await until(() => reads.length === 2)
  const other = new BroadcastChannel(`countersign:instant:${key}`)
  other.postMessage({ v: 1, user: 'id-alice' })
  other.close()
  await until(() => reads.length === 3)
  await db.auth.signInWithToken(own.refresh_token)
  for (const release of reads.slice(1)) release({ user: theirs, owner: { key: 'alice' } })
  for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await db.getAuth()).refresh_token, own.refresh_token)
  assert.deepEqual([...server.live.keys()].sort(), [theirs.refresh_token, own.refresh_token].sort(), 'neither is ended')
})

test('a session in memory is its tab’s own', async (t) => {
  const { asked } = webLocks(t)
  const { server, tab, heard } = make(t)
  const [one, two] = [tab('alice', { storage: 'memory' }), tab('alice', { storage: 'memory' })]
  await Promise.all([one.rows(), two.rows()])
  assert.deepEqual([server.exchanges().length, asked, heard], [2, [], []])
})

test('noise on the channel, and browsers without one, do no harm', async (t) => {
  const { tab, key, server } = make(t)
  const { rows } = tab()
  await rows()
  const noise = new BroadcastChannel(`countersign:instant:${key}`)
  for (const message of [null, 7, 'x', {}, { v: 2, user: null }, { v: 1, user: null }, { v: 1, user: 'x' }]) noise.postMessage(message)
  noise.close()
  await rows()
  await rows()
  assert.equal(server.exchanges().length, 1)
  const { BroadcastChannel: was } = globalThis
  t.after(() => (globalThis.BroadcastChannel = was))
  delete (/** @type {any} */ (globalThis).BroadcastChannel)
  assert.equal(await tab('bob').rows(), 'of bob')
})

test('a db of the vendor’s: tabs take turns, and the second finds the first one’s session', async (t) => {
  webLocks(t)
  /** @type {any} */
  let current = null
  let exchanges = 0
  const auth = {
    signInWithIdToken: async () => ({ user: (current = { id: 'a', refresh_token: `t${++exchanges}` }) }),
    signInWithToken: async () => ({}),
    signOut: async () => (current = null),
  }
  const clientName = `tabs-${randomUUID()}`
  const sessions = [stubSession({ key: 'alice' }), stubSession({ key: 'alice' })]
  const made = sessions.map((session) => bridge({ auth, getAuth: async () => current }, { session, template: 'instant', clientName, logger: false }))
  const stops = made.map((m) => m.start())
  await until(() => made.every(({ state }) => state.status === 'signedIn'))
  assert.equal(exchanges, 1)
  // The db has taken over another session of this user, from a tab that it hears of by itself: that one is ended at the end, and not before.
  current = { id: 'a', refresh_token: 'another' }
  let looks = 0
  const { id } = current
  Object.defineProperty(current, 'id', { get: () => (looks++, id) })
  sessions[0].emit('wake')
  await until(() => looks > 0)
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(current?.refresh_token, 'another')
  sessions[0].become(null)
  await until(() => current === null)
  stops.forEach((stop) => stop())
})
