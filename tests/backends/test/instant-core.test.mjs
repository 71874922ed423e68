// @instantdb/core against the local Instant's realtime session: if the official client is content, so may ours be.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { lookup } from '@instantdb/core'
import { EventSource } from '@instantdb/eventsource'
import { WebSocket } from 'ws'
import { until } from '../../differential/until.mjs'
import { browserStubs } from '../instant/official.mjs'
import { ORIGIN, startPlace } from './instant-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */ let place
/** @type {ReturnType<typeof browserStubs>} */ let stubs
before(() => { stubs = browserStubs({ WebSocket }) })
after(async () => {
  // Its last writes to storage are throttled and arm timers of a minute: let that happen under the stubs.
  await stubs.pause(200)
  stubs.restore()
})
beforeEach(async () => { place = await startPlace({ issuers: { clerk: { issuer: 'http://127.0.0.1:1' } }, knobs: { oauthAnswer: 'alice' } }) })
afterEach(() => place.stop())

/** Everything a subscription said, newest last. @param {any} db @param {object} query */
function watch(db, query) {
  /** @type {any[]} */
  const seen = []
  const stop = db.subscribeQuery(query, (/** @type {any} */ result) => seen.push(result))
  const texts = () => seen.at(-1)?.data?.todos.map((/** @type {any} */ t) => t.text) ?? []
  return { seen, stop, texts }
}
const signedIn = async (person = 'alice') => {
  const user = await place.signIn(person)
  const db = place.client()
  await db.auth.signInWithToken(user.refresh_token)
  return { db, user }
}

test('signs in by magic code and queries live; another client’s change arrives', async () => {
  const [one, two] = [place.client(), place.client()]
  for (const db of [one, two]) {
    await db.auth.sendMagicCode({ email: 'alice@example.com' })
    const { user } = await db.auth.signInWithMagicCode({ email: 'alice@example.com', code: place.instant.lastMagicCode('alice@example.com') })
    assert.equal(user.email, 'alice@example.com')
  }
  const live = watch(one, { todos: { $: { order: { text: 'asc' } }, project: {} } })
  await until(() => live.texts().length === 3)
  assert.deepEqual(live.seen.at(-1).pageInfo.todos.hasNextPage, false)
  await two.queryOnce({ todos: {} }) // or the write would wait for the session, and be no more than queued
  const { status } = await two.transact(two.tx.todos[randomUUID()].create({ text: 'Alice: of the other', owner: 'alice@example.com', mood: { a: 1 } }).link({ project: lookup('slug', 'alice-house') }))
  assert.equal(status, 'synced')
  await until(() => live.texts().length === 4)
  const [row] = live.seen.at(-1).data.todos.filter((/** @type {any} */ t) => t.mood)
  assert.deepEqual([row.text, row.mood, row.project.length], ['Alice: of the other', { a: 1 }, 1])
  live.stop()
  await until(() => place.instant.counters().sockets.queries === 0)
})

test('a write is shown before it is confirmed, and taken back when it is refused', async () => {
  const { db, user } = await signedIn()
  const live = watch(db, { todos: {} })
  await until(() => live.texts().length === 3)
  place.instant.turn({ opDelayMs: { transact: 40 } })
  const written = db.transact(db.tx.todos[randomUUID()].update({ text: 'hopeful', owner: user.email }))
  await until(() => live.texts().includes('hopeful'))
  assert.equal((await place.ask(user, { todos: {} })).todos.length, 3)
  assert.equal((await written).status, 'synced')
  assert.equal((await place.ask(user, { todos: {} })).todos.length, 4)
  const refused = db.transact(db.tx.todos[randomUUID()].update({ text: 'not mine', owner: 'bob@example.com' }))
  await until(() => live.texts().includes('not mine'))
  await assert.rejects(refused, /Permission denied/)
  assert.deepEqual(live.texts().at(-1), 'hopeful')
})

test('every kind of step: merge, unlink, delete, lookups', async () => {
  const { db, user } = await signedIn()
  const live = watch(db, { projects: { todos: {} } })
  const house = () => live.seen.at(-1)?.data?.projects[0]
  await until(() => house()?.todos.length === 2)
  const [kept, gone] = house().todos
  await db.transact(db.tx.projects[house().id].merge({ paint: { door: 'red', wall: 'white' } }))
  await db.transact([
    db.tx.projects[lookup('slug', 'alice-house')].merge({ paint: { door: null } }),
    db.tx.projects[house().id].unlink({ todos: [kept.id] }),
    db.tx.todos[gone.id].delete(),
    db.tx.todos[kept.id].ruleParams({ any: 1 }).update({ text: 'kept' }),
  ])
  await until(() => house().todos.length === 0)
  const { projects: [stored] } = await place.ask(user, { projects: { todos: {} } })
  assert.deepEqual([stored.paint, stored.todos, (await place.ask(user, { todos: {} })).todos.map((/** @type {any} */ t) => t.text)], [{ wall: 'white' }, [], ['kept', 'Alice: write to Bob']])
})

describe('what it makes of triples is the tree of the server', () => {
  /** @type {object[]} */
  const queries = [
    { todos: {} },
    { todos: { project: { todos: {} } }, projects: {} },
    { todos: { $: { fields: ['text'], order: { priority: 'desc' } } } },
    { todos: { $: { where: { 'project.slug': 'alice-house' }, order: { serverCreatedAt: 'desc' }, limit: 1 }, project: { $: { fields: ['name'] } } } },
    { todos: { $: { where: { 'project.name': { $ne: 'x' } } } } },
    { todos: { $: { where: { project: { $isNull: true } } } } },
    { todos: { $: { where: { or: [{ priority: { $gt: 2 } }, { 'project.todos.text': { $like: '%juggle' } }] }, offset: 1, first: 1 } } },
    { todos: { $: { where: { and: [{ done: false }, { text: { $in: ['Alice: learn to juggle', 'none'] } }] } } } },
    { projects: { $: { where: { 'todos.done': false } }, todos: { $: { order: { text: 'asc' }, where: { priority: { $lte: 1 } } } } } },
    { $users: {}, nothing: {} },
  ]
  for (const query of queries) {
    test(JSON.stringify(query), async () => {
      const { db, user } = await signedIn()
      const { data } = await db.queryOnce(query)
      assert.deepEqual(data, await place.ask(user, query))
    })
  }
})

test('queryOnce of a query that runs already, and of a wrong one', async () => {
  const { db } = await signedIn()
  const live = watch(db, { todos: {} })
  await until(() => live.texts().length === 3)
  assert.equal((await db.queryOnce({ todos: {} })).data.todos.length, 3)
  await assert.rejects(db.queryOnce({ todos: { $: { order: { nowhere: 'asc' } } } }), (/** @type {any} */ error) => /must be indexed and typed/.test(error.message))
})

test('presence and topics between two clients', async () => {
  const [{ db: one }, { db: two }] = [await signedIn(), await signedIn('bob')]
  const [here, there] = [one.joinRoom('chat', 'r1', { initialPresence: { name: 'Alice' } }), two.joinRoom('chat', 'r1', { initialPresence: { name: 'Bob' } })]
  /** @type {any} */
  let peers = {}
  here.subscribePresence({}, (/** @type {any} */ slice) => { peers = slice.peers })
  await until(() => Object.values(peers).some((/** @type {any} */ p) => p.name === 'Bob'))
  there.publishPresence({ typing: true })
  await until(() => Object.values(peers).some((/** @type {any} */ p) => p.name === 'Bob' && p.typing === true))
  /** @type {any[]} */
  const heard = []
  here.subscribeTopic('emoji', (/** @type {any} */ data, /** @type {any} */ peer) => heard.push([data, peer.name]))
  there.publishTopic('emoji', { name: 'wave' })
  await until(() => heard.length === 1)
  assert.deepEqual(heard, [[{ name: 'wave' }, 'Bob']])
  there.leaveRoom()
  await until(() => Object.keys(peers).length === 0)
})

test('a token that was revoked while it was away signs it out', async () => {
  const { db } = await signedIn()
  /** @type {any[]} */
  const users = []
  db.subscribeAuth((/** @type {any} */ state) => users.push(state.user?.email ?? null))
  const live = watch(db, { todos: {} })
  await until(() => live.texts().length === 3)
  // Nothing is pushed: an open session goes on.
  place.instant.turn({ revoke: 'all' })
  assert.equal((await db.queryOnce({ projects: {} })).data.projects.length, 1)
  place.instant.turn({ drop: true })
  await until(() => users.at(-1) === null)
  await until(() => live.seen.at(-1).data?.todos.length === 0)
  assert.equal((await db.getAuth()), null)
})

test('after a drop it comes back, watches again and sends what was written meanwhile', async () => {
  const { db, user } = await signedIn()
  const live = watch(db, { todos: {} })
  await until(() => live.texts().length === 3)
  place.instant.turn({ drop: true })
  await until(() => place.instant.counters().sockets.open === 0)
  const late = db.transact(db.tx.todos[randomUUID()].update({ text: 'meanwhile', owner: user.email }))
  await late
  await until(() => live.texts().includes('meanwhile'))
  const stored = async () => (await place.ask(user, { todos: {} })).todos.length
  for (let n = await stored(); n < 4; n = await stored()) await stubs.pause(2)
})

test('where sockets are refused it goes on over an event stream', async () => {
  place.instant.turn({ refuseUpgrade: { status: 502 } })
  const user = await place.signIn()
  const db = place.client({ EventSource })
  await db.auth.signInWithToken(user.refresh_token)
  const live = watch(db, { todos: {} })
  await until(() => live.texts().length === 3)
  assert.equal((await db.transact(db.tx.todos[randomUUID()].update({ text: 'by POST', owner: user.email }))).status, 'synced')
  await until(() => live.texts().includes('by POST'))
  assert.deepEqual([...new Set(place.instant.sockets.map((/** @type {any} */ r) => r.protocol))], ['sse'])
})

test('duplicated, batched and unknown frames do it no harm; read-only is known to it', async () => {
  place.instant.turn({ duplicate: true, batch: true })
  const { db, user } = await signedIn()
  const live = watch(db, { todos: {} })
  await until(() => live.texts().length === 3)
  place.instant.turn({ garbage: ['op'] })
  await db.transact(db.tx.todos[randomUUID()].update({ text: 'once', owner: user.email }))
  await until(() => live.texts().length === 4)
  place.instant.turn({ readOnly: true })
  /** @type {any} */
  let status
  db.subscribeAppStatus((/** @type {any} */ s) => { status = s.status })
  await until(() => status === 'read-only')
  await assert.rejects(db.transact(db.tx.todos[randomUUID()].update({ text: 'x' })), /read-only/)
})

test('its OAuth redirect and its files', async () => {
  const db = place.client()
  const go = (/** @type {string} */ url, cookie = '') => fetch(url, { redirect: 'manual', headers: { cookie } })
  const started = await go(db.auth.createAuthorizationURL({ clientName: 'clerk', redirectURL: `${ORIGIN}/back` }))
  const answered = await go(started.headers.get('location') ?? '')
  const back = await go(answered.headers.get('location') ?? '', (started.headers.get('set-cookie') ?? '').split(';')[0])
  const { user } = await db.auth.exchangeOAuthCode({ code: new URL(back.headers.get('location') ?? '').searchParams.get('code') })
  assert.equal(user.email, 'alice@example.com')
  assert.deepEqual(Object.keys(await (await fetch(`${db.auth.issuerURI()}/.well-known/openid-configuration`)).json()), ['authorization_endpoint', 'token_endpoint'])
  const { data: { id } } = await db.storage.uploadFile(`${user.id}/hello.txt`, new Blob(['hello'], { type: 'text/plain' }))
  const { data: { $files: [file] } } = await db.queryOnce({ $files: {} })
  assert.deepEqual([file.id, await (await fetch(file.url)).text()], [id, 'hello'])
  assert.equal((await db.storage.delete(`${user.id}/hello.txt`)).id, id)
})
