// Every named switch of the Hasura-shaped server's sockets does what ../hasura/sockets/knobs.mjs says, and stops when it is turned off.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { until } from '../../differential/until.mjs'
import { STATES } from '../hasura/sockets/knobs.mjs'
import { LEGACY, startPlace } from './hasura-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
/** @type {(changed: Record<string, unknown>) => Promise<any>} as a page under test turns them */
let turn
before(async () => {
  place = await startPlace({ knobs: { refetchMs: 20 } })
  turn = async (changed) => (await fetch(new URL('/__knobs', place.hasura.url), { method: 'POST', body: JSON.stringify(changed) })).json()
})
after(() => place?.stop())
afterEach(() => turn({ ...STATES, refetchMs: 20, clockOffsetS: 0, drop: true }))

const LIVE = 'subscription { messages { id } }'
const QUERY = '{ orders(limit: 1) { total } }'
const touch = () => place.hasura.sql("insert into messages (body, owner) values ('more', 'user_alice')")
const record = () => place.hasura.sockets.at(-1)

/** A socket with a running live query, id `1`. */
async function running(how = {}) {
  const wire = await place.ready('user_alice', how)
  wire.start('1', LIVE)
  await wire.frames('1', 1)
  return wire
}

describe('ends', () => {
  test('drop, closeAll and restart; `socket` names one', async () => {
    const [one, two, three] = [await running(), await running(), await running()]
    const { counters } = await turn({ drop: true, socket: record().id })
    assert.equal((await three.end()).code, 1006)
    assert.equal(counters.sockets.open, 2)
    assert.deepEqual(counters.newest.at(-1), { id: record().id, path: '/v1/graphql', protocol: 'graphql-transport-ws', open: false, running: 0, sub: 'user_alice', role: 'user', exp: record().exp, closed: { by: 'server', code: 1006, reason: '' } })
    await turn({ restart: 'auth mode changed', socket: record().id - 1 })
    assert.deepEqual(await two.end(), { code: 1012, reason: 'auth mode changed' })
    assert.equal(one.closed, undefined)
    await turn({ closeAll: { code: 4499, reason: 'Terminated' } })
    assert.deepEqual(await one.end(), { code: 4499, reason: 'Terminated' })
    const later = await running()
    assert.equal(later.closed, undefined, 'done once')
  })
  test('cutAtExp: false keeps a socket; turned on again, it goes', async () => {
    await turn({ cutAtExp: false })
    const wire = await running()
    await place.expire(record().exp)
    await touch()
    await wire.frames('1', 2)
    await turn({ cutAtExp: true })
    assert.equal((await wire.end()).code, 1006)
  })
  test('shuttingDown and refuseUpgrade: handshakes only', async () => {
    const wire = await running()
    await turn({ shuttingDown: true })
    assert.equal(await (await place.open()).opened, 503)
    await turn({ shuttingDown: false, refuseUpgrade: { status: 502, times: 1 } })
    assert.equal(await (await place.open()).opened, 502)
    assert.equal(await (await place.open()).opened, 101)
    assert.equal(wire.closed, undefined)
  })
  test('hangUpgrade: no answer, and cut when it is turned off', async () => {
    await turn({ hangUpgrade: 1 })
    let status
    const hanging = place.open().then(({ opened }) => opened).then((value) => { status = value })
    assert.equal(await (await place.open()).opened, 101, 'one only')
    assert.equal(status, undefined)
    await turn({ hangUpgrade: false })
    await hanging
    assert.equal(status, 0)
  })
})

describe('inits', () => {
  test('refuseInit: that many good ones, with words of choice', async () => {
    await turn({ refuseInit: 2, refuseInitWith: 'Could not verify JWT: JWSError NoUsableKeys' })
    const init = async (protocol) => {
      const wire = await place.open({ protocol })
      wire.init({ Authorization: `Bearer ${await place.clerk.token('user_alice')}` })
      await until(() => wire.closed || wire.heard.length)
      return wire
    }
    assert.equal((await (await init()).end()).code, 4403)
    assert.equal((await init(LEGACY)).heard[0].payload, 'Could not verify JWT: JWSError NoUsableKeys')
    assert.equal((await init()).heard[0].type, 'connection_ack')
    assert.equal(place.hasura.counters().expiredSeen, 0, 'their tokens were good')
  })
  test('hangInit and dropInit', async () => {
    await turn({ hangInit: 1, dropInit: 1 })
    const hung = await place.open()
    hung.init()
    await hung.settle()
    assert.ok(!hung.types.includes('connection_ack'))
    const dropped = await place.open()
    dropped.init()
    assert.equal((await dropped.end()).code, 1006)
  })
  test('ackDelayMs', async () => {
    await turn({ ackDelayMs: 80 })
    const began = performance.now()
    await place.ready('user_alice')
    assert.ok(performance.now() - began >= 79)
  })
})

describe('results', () => {
  test('holdNext keeps them in order, with what follows them; turned off, they come', async () => {
    const wire = await running()
    const { nexts } = (await turn({ holdNext: true })).counters.sockets
    wire.start('q', QUERY)
    await touch()
    await until(() => place.hasura.counters().sockets.nexts === nexts + 2)
    await wire.settle()
    assert.deepEqual([wire.of('q').length, wire.of('1').length], [0, 1])
    await turn({ holdNext: false })
    assert.deepEqual((await wire.frames('q', 2)).map(({ type }) => type), ['next', 'complete'])
    await wire.frames('1', 2)
  })
  test('nextDelayMs', async () => {
    const wire = await place.ready('user_alice')
    await turn({ nextDelayMs: 80 })
    const began = performance.now()
    wire.start('q', QUERY)
    assert.deepEqual((await wire.frames('q', 2)).map(({ type }) => type), ['next', 'complete'])
    assert.ok(performance.now() - began >= 79)
  })
  test('duplicateNext: a number of them', async () => {
    await turn({ duplicateNext: 1 })
    const wire = await place.ready('user_alice')
    wire.start('1', LIVE)
    const [one, two] = await wire.frames('1', 2)
    assert.deepEqual(one, two)
    await touch()
    await wire.frames('1', 3)
    await wire.settle()
    assert.equal(wire.of('1').length, 3)
  })
  test('liveError: at every look, until it is turned off', async () => {
    const wire = await running()
    await turn({ liveError: 'connection refused' })
    await wire.frames('1', 3)
    assert.deepEqual(wire.results('1')[1], { errors: [{ message: 'connection refused', extensions: { path: '$', code: 'postgres-max-connections-error' } }] })
    await turn({ liveError: null })
    await until(() => wire.results('1').at(-1).data)
  })
  test('mutationsHang: executed, never answered; the socket goes on', async () => {
    await turn({ mutationsHang: 1 })
    const wire = await place.ready('user_alice')
    wire.start('m', 'mutation { insert_orders_one(object: {item: "hung", total: 1}) { id } }')
    wire.start('q', '{ orders(where: {item: {_eq: "hung"}}) { total } }')
    assert.deepEqual((await wire.frames('q', 2))[0].payload, { data: { orders: [{ total: 1 }] } })
    assert.deepEqual(wire.of('m'), [])
  })
  test('burst: so many results of a size to what runs', async () => {
    const wire = await running()
    await turn({ burst: { count: 1000, size: 50 } })
    await wire.frames('1', 1001)
    assert.deepEqual(wire.results('1').slice(1).map(({ data }) => data.burst[0].n), Array.from({ length: 1000 }, (_, n) => n))
    await turn({ burst: { count: 1, size: 17_000_000 } })
    await wire.frames('1', 1002)
    assert.equal(wire.results('1').at(-1).data.burst[0].pad.length, 17_000_000)
  })
})

describe('frames of other shapes', () => {
  test('errorShape', async () => {
    const payload = async (shape, protocol) => {
      await turn({ errorShape: shape })
      const wire = await place.ready('user_alice', { protocol })
      wire.start('e', '{ nope }')
      return (await wire.frames('e', 1))[0].payload
    }
    const message = "field 'nope' not found in type: 'query_root'"
    const error = { message, extensions: { path: '$.selectionSet.nope', code: 'validation-failed' } }
    for (const protocol of [undefined, LEGACY]) {
      assert.deepEqual(await payload('object', protocol), error)
      assert.deepEqual(await payload('array', protocol), [error])
      assert.equal(await payload('string', protocol), message)
    }
    assert.deepEqual(await payload(null), [error])
    assert.deepEqual(await payload(null, LEGACY), { errors: [error] })
  })
  test('unknownFrames and rawFrame', async () => {
    const wire = await running()
    await turn({ unknownFrames: true })
    await until(() => wire.heard.some(({ type }) => type === 'binary'))
    assert.deepEqual(wire.heard.slice(2).map(({ type, id }) => [type, id]), [['of_tomorrow', undefined], ['next', 'nobody-asked'], ['next', undefined], ['text', undefined], ['binary', undefined]])
    await turn({ unknownFrames: ['text'], rawFrame: '{"type":"next","id":"$id","payload":{"data":{"raw":1}}}' })
    await wire.frames('1', 2)
    assert.deepEqual(wire.results('1')[1], { data: { raw: 1 } })
    assert.equal(wire.heard.filter(({ type }) => type === 'text').length, 2)
  })
})

describe('half open', () => {
  test('frozen: nothing is said or heard, not even the end; turned off, all of it comes', async () => {
    const wire = await running()
    const { nexts } = (await turn({ frozen: true, keepaliveMs: 10 })).counters.sockets
    const beats = wire.types.length
    wire.say({ type: 'ping', payload: 'anyone?' })
    await touch()
    const fresh = await place.open()
    fresh.init()
    await until(() => place.hasura.counters().sockets.nexts === nexts + 1)
    assert.equal(wire.types.length, beats)
    assert.deepEqual(fresh.types, [])
    await turn({ frozen: false })
    await until(() => wire.heard.some(({ type }) => type === 'pong'))
    await wire.frames('1', 2)
    await until(() => fresh.closed, 'its init had no token')
  })
  test('freeze: those open now; a token that ends meanwhile is noticed afterwards', async () => {
    const wire = await running()
    const { id, exp } = record()
    await turn({ freeze: true })
    await running({ exp: exp + 600 })
    await place.expire(exp)
    await until(() => place.hasura.sockets.find((one) => one.id === id)?.closed)
    assert.equal(wire.closed, undefined)
    await turn({ frozen: false })
    assert.equal((await wire.end()).code, 1006)
  })
})

describe('the log', () => {
  test('tells of every socket, and never a token', async () => {
    const token = await place.clerk.token('user_alice')
    const wire = await place.open()
    wire.init({ Authorization: `Bearer ${token}` })
    wire.start('op-1', 'subscription Mine { messages { id } }')
    await wire.frames('op-1', 1)
    wire.say({ type: 'complete', id: 'op-1' })
    await wire.settle()
    wire.ws.close(1000)
    await until(() => record().closed)
    const { id, events } = record()
    assert.deepEqual(events.map(({ at: _, ...event }) => event), [
      { event: 'opened' },
      { event: 'init', sub: 'user_alice', role: 'user', secondsToExp: events[1].secondsToExp },
      { event: 'started', op: 'op-1', kind: 'subscription', name: 'Mine' },
      { event: 'stopped', op: 'op-1' },
      { event: 'closed', by: 'client', code: 1000, reason: '' },
    ])
    assert.ok(events[1].secondsToExp > 50 && events[1].secondsToExp <= 60)
    const log = await (await fetch(new URL('/__log', place.hasura.url))).text()
    assert.match(log, new RegExp(`#${id} closed, by client, code 1000`))
    assert.ok(!log.includes(token.slice(0, 40)))
  })
})
