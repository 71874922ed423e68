// What the local Instant's realtime sessions can be told to do wrong: every switch of ../instant/sockets/knobs.mjs.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, test } from 'node:test'
import { until } from '../../differential/until.mjs'
import { INSTANT_APP_ID as APP } from '../accounts.mjs'
import { rawSession, startPlace } from './instant-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */ let place
beforeEach(async () => { place = await startPlace() })
afterEach(() => place.stop())

const QUERY = { op: 'add-query', q: { todos: {} }, 'return-type': 'tree' }
const turn = (/** @type {Record<string, any>} */ changed) => place.instant.turn(changed)
const ops = (/** @type {any} */ session) => session.frames.slice(1).map((/** @type {any} */ f) => f.op)

test('opDelayMs: one op waits, in its order; others overtake it', async () => {
  const session = await place.session()
  turn({ opDelayMs: { 'add-query': 60 } })
  const slow = session.send(QUERY)
  await session.ask({ op: 'join-room', 'room-id': 'r' })
  turn({ opDelayMs: 0 })
  const again = await session.ask(QUERY)
  assert.deepEqual([session.frames.find((f) => f['client-event-id'] === slow).op, again.op], ['add-query-ok', 'add-query-exists'])
  assert.deepEqual(ops(session), ['join-room-ok', 'refresh-presence', 'add-query-ok', 'add-query-exists'])
})

test('sendDelayMs and hold: frames come late', async () => {
  const session = await place.session()
  turn({ sendDelayMs: { 'join-room-ok': 40 }, hold: ['add-query-ok'] })
  session.send(QUERY)
  await session.ask({ op: 'join-room', 'room-id': 'r' })
  assert.deepEqual(ops(session), ['refresh-presence', 'join-room-ok'])
  turn({ hold: [] })
  await session.frame((f) => f.op === 'add-query-ok')
})

test('duplicate and batch: twice, and as arrays', async () => {
  const session = await place.session()
  /** @type {any[]} */
  const texts = []
  session.ws.on('message', (text) => texts.push(JSON.parse(String(text))))
  turn({ duplicate: ['add-query-ok'], batch: true })
  await session.ask(QUERY)
  assert.deepEqual(texts.map((frame) => Array.isArray(frame) && frame.map((f) => f.op)), [['add-query-ok', 'add-query-ok']])
})

test('ignore, silent, failOp: nothing done; done and not said; refused as often as asked', async () => {
  const alice = await place.signIn()
  const session = await place.session(alice)
  const attr = (/** @type {string} */ label) => session.frames[0].attrs.find((/** @type {any} */ a) => a['forward-identity'][1] === 'todos' && a['forward-identity'][2] === label).id
  turn({ ignore: ['add-query'], silent: ['transact'], failOp: { op: 'remove-query', times: 1, status: 400, type: 'timeout', message: 'slow', hint: { x: 1 } } })
  session.send(QUERY)
  const id = randomUUID()
  session.send({ op: 'transact', 'tx-steps': [['add-triple', id, attr('id'), id], ['add-triple', id, attr('owner'), alice.email]] })
  const refused = await session.ask({ op: 'remove-query', q: QUERY.q })
  assert.deepEqual([refused.status, refused.type, refused.message, refused.hint], [400, 'timeout', 'slow', { x: 1 }])
  assert.equal((await session.ask({ op: 'remove-query', q: QUERY.q })).op, 'remove-query-ok')
  assert.deepEqual([ops(session), (await place.ask(alice, { todos: { $: { where: { id } } } })).todos.length], [['error', 'remove-query-ok'], 1])
})

test('frozen and freeze: half open until it is turned off, and then everything at once', async () => {
  const [one, two] = [await place.session(), await place.session()]
  turn({ freeze: true, socket: 1 })
  const held = one.send(QUERY)
  assert.equal((await two.ask(QUERY)).op, 'add-query-ok')
  turn({ frozen: true })
  const late = await rawSession(place.instant)
  const said = late.init()
  two.send({ op: 'join-room', 'room-id': 'r' })
  turn({ drop: true, socket: 2 })
  await until(() => two.closed())
  assert.deepEqual([one.frames.length, two.frames.length, late.frames.length], [1, 2, 0])
  turn({ frozen: false })
  assert.deepEqual([(await said).op, (await one.frame((f) => f['client-event-id'] === held)).op], ['init-ok', 'add-query-ok'])
  late.end()
})

test('pings are answered; who answers none is dropped', async () => {
  turn({ pingMs: 10, silenceMs: 400 })
  const [alive, dead] = [await place.session(), await place.session()]
  let pings = 0
  alive.ws.on('ping', () => { pings += 1 })
  dead.ws.pause()
  await until(() => place.instant.sockets[1].closed)
  await until(() => pings > 3)
  assert.deepEqual([place.instant.sockets[1].closed.by, place.instant.sockets[0].open], ['server', true])
})

test('handshakes: refused so many times, or never answered', async () => {
  turn({ refuseUpgrade: { status: 503, times: 1 } })
  await assert.rejects(rawSession(place.instant), /handshake: 503/)
  const session = await place.session()
  turn({ hangUpgrade: 1 })
  const hanging = assert.rejects(rawSession(place.instant), /closed before it opened/)
  await until(() => place.instant.knobs.hangUpgrade === 0)
  turn({ hangUpgrade: false })
  await hanging
  assert.equal((await session.ask(QUERY)).op, 'add-query-ok')
})

test('ends: dropped, closed with a code; the records say who ended it', async () => {
  const [one, two, three] = [await place.session(await place.signIn()), await place.session(), await place.session()]
  turn({ drop: true, socket: 1 })
  turn({ closeAll: { code: 1012, reason: 'going' }, socket: 2 })
  await until(() => one.closed() && two.closed())
  assert.deepEqual([one.closed().code, two.closed()], [1006, { code: 1012, reason: 'going' }])
  three.ws.close(1000)
  await until(() => place.instant.counters().sockets.open === 0)
  assert.deepEqual(place.instant.sockets.map((/** @type {any} */ r) => [r.sub, r.closed.by, r.closed.code]), [['alice@example.com', 'server', 1006], [undefined, 'server', 1012], [undefined, 'client', 1000]])
  assert.deepEqual([place.instant.counters().sockets.opened, place.instant.counters().sockets.accepted], [3, 3])
})

test('garbage and rawFrame', async () => {
  const session = await place.session()
  turn({ garbage: true, rawFrame: '{"op":"mine"}' })
  await session.frame((f) => f.op === 'mine')
  assert.deepEqual(ops(session).filter(Boolean), ['of-tomorrow', 'refresh-ok', 'add-query-ok', 'transact-ok', 'patch-presence', 'transact-ok', 'error', 'unreadable', 'mine'])
  session.frames.splice(1)
  turn({ garbage: ['text'] })
  await until(() => session.frames.length === 2)
  assert.deepEqual(ops(session), ['unreadable'])
  // What the server itself cannot read it passes over.
  session.ws.send('no JSON {')
  assert.equal((await session.ask(QUERY)).op, 'add-query-ok')
})

test('over HTTP: a delay for one route, codes per hour; `rejectNext` refuses an init too', async () => {
  const alice = await place.signIn()
  turn({ routeDelayMs: { '/runtime/signout': 60 } })
  const began = performance.now()
  await place.post('/runtime/signout', { app_id: APP, refresh_token: randomUUID() })
  assert.ok(performance.now() - began >= 55)
  turn({ codesPerHour: 1 })
  assert.equal((await place.post('/runtime/auth/send_magic_code', { 'app-id': APP, email: alice.email })).status, 429)
  turn({ rejectNext: 1 })
  const session = await rawSession(place.instant)
  assert.deepEqual([(await session.init(alice.refresh_token)).type, (await session.init(alice.refresh_token)).op], ['record-not-found', 'init-ok'])
  session.end()
})
