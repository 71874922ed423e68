// The modern subprotocol as the engine speaks it, row by row of the note, with a bare socket; what graphql-ws makes of it is
// in hasura-clients.test.mjs.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import WebSocket from 'ws'
import { until } from '../../differential/until.mjs'
import { STATES } from '../hasura/sockets/knobs.mjs'
import { ADMIN, now, startPlace } from './hasura-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => { place = await startPlace({ knobs: { refetchMs: 20 }, config: { corsDomain: ['http://page.local'], unauthorizedRole: 'anonymous' } }) })
after(() => place?.stop())
afterEach(() => place.hasura.turn({ ...STATES, refetchMs: 20, clockOffsetS: 0 }))

const said = (text) => JSON.stringify({ server_error_msg: text })
const record = () => place.hasura.sockets.at(-1)
const LIVE = 'subscription { messages(order_by: {id: asc}) { body } }'

describe('the handshake', () => {
  test('subprotocols: exactly the modern one, anything else is legacy', async () => {
    for (const [protocol, chosen] of [['graphql-transport-ws', 'graphql-transport-ws'], ['graphql-ws', 'graphql-ws'], [['graphql-transport-ws', 'graphql-ws'], 'graphql-ws']]) {
      const wire = await place.open({ protocol })
      assert.equal(wire.ws.protocol, chosen)
      assert.equal(record().protocol, chosen)
    }
  })
  test('none offered: the engine answers with the legacy one all the same, which a client must refuse', async () => {
    const ws = new WebSocket(place.socketUrl())
    const error = await new Promise((resolve) => ws.on('error', resolve))
    assert.match(error.message, /subprotocol/)
  })
  test('another path is 404, another origin 400; the listed origin and none at all are let in', async () => {
    assert.equal(await (await place.open({ path: '/v1/nope' })).opened, 404)
    assert.equal(await (await place.open({ headers: { origin: 'http://elsewhere' } })).opened, 400)
    assert.equal(await (await place.open({ headers: { origin: 'http://page.local' } })).opened, 101)
    assert.equal(record().origin, 'http://page.local')
  })
})

describe('connection_init', () => {
  test('a keepalive at once, another after the ack, then in its rhythm; pong has the ping’s payload', async () => {
    await place.hasura.turn({ keepaliveMs: 30 })
    const wire = await place.open()
    await until(() => wire.types.length >= 3)
    assert.deepEqual(wire.types.slice(0, 2), ['ping', 'ping'], 'before any init')
    await place.hasura.turn({ keepaliveMs: 0 })
    wire.init({ Authorization: `Bearer ${await place.clerk.token('user_alice')}` })
    await until(() => wire.types.includes('connection_ack') && wire.types.at(-1) === 'ping')
    assert.deepEqual(wire.types.slice(-2), ['connection_ack', 'ping'])
    wire.say({ type: 'ping', payload: { n: 7 } })
    await until(() => wire.heard.length === 2)
    assert.deepEqual(wire.heard[1], { type: 'pong', payload: { n: 7 } })
  })
  test('refused: a bare 4403; before 2.30 a message of another protocol and 4400 with the reason', async () => {
    const init = async () => {
      const wire = await place.open()
      wire.init({ Authorization: `Bearer ${await place.clerk.token('user_alice', { exp: now() - 1 })}` })
      return { ...(await wire.end()), heard: wire.heard }
    }
    const before = place.hasura.counters().expiredSeen
    assert.deepEqual(await init(), { code: 4403, reason: said('4403: Forbidden'), heard: [] })
    await place.hasura.turn({ engine: 'v2.25' })
    const text = 'Could not verify JWT: JWTExpired'
    assert.deepEqual(await init(), { code: 4400, reason: said(`4400: Connection initialization failed: ${text}`), heard: [{ type: 'connection_error', payload: text }] })
    assert.equal(place.hasura.counters().expiredSeen, before + 2)
    assert.deepEqual(record().closed, { by: 'server', code: 4400, reason: said(`4400: Connection initialization failed: ${text}`) })
  })
  test('no token anywhere is the unauthorised role, and no expiry; a null one is a parse failure', async () => {
    const wire = await place.open()
    wire.init()
    await wire.acked()
    assert.deepEqual([record().role, record().sub, record().exp], ['anonymous', undefined, undefined])
    for (const value of [null, 7, { a: 1 }]) {
      const odd = await place.open()
      odd.init({ Authorization: value })
      const { code, reason } = await odd.end()
      assert.equal(code, 4400)
      assert.match(reason, /^\{"server_error_msg":"4400: Parsing client message failed: parsing ClientMessage failed: Error in \$\.payload\.headers\.Authori/)
      assert.ok(Buffer.byteLength(reason) <= 123)
    }
  })
  test('headers of the handshake count, after those of the message; a token in both is one too many', async () => {
    const token = async () => `Bearer ${await place.clerk.token('user_bob')}`
    const wire = await place.open({ headers: { authorization: await token() } })
    wire.init({ 'x-hasura-role': 'editor' })
    await wire.acked()
    assert.deepEqual([record().sub, record().role], ['user_bob', 'editor'])
    wire.init()
    await wire.acked(2)
    assert.equal(record().role, 'anonymous', 'at a second init they are forgotten')
    await place.hasura.turn({ engine: 'v2.25' })
    const twice = await place.open({ headers: { authorization: await token() } })
    twice.init({ Authorization: await token() })
    await twice.end()
    assert.deepEqual(twice.heard, [{ type: 'connection_error', payload: 'Could not verify JWT: Multiple JWTs found' }])
  })
  test('a role that is not allowed, and the admin secret', async () => {
    const wire = await place.open()
    wire.init({ Authorization: `Bearer ${await place.clerk.token('user_alice')}`, 'x-hasura-role': 'root' })
    assert.equal((await wire.end()).code, 4403)
    assert.equal(record().events.find(({ event }) => event === 'refused')?.message, 'Your requested role is not in allowed roles')
    const admin = await place.open()
    admin.init(ADMIN)
    await admin.acked()
    assert.equal(record().role, 'admin')
  })
  test('a second init: later operations are another user’s, running ones go on, the first expiry counts', async () => {
    const exp = now() + 60
    const wire = await place.ready('user_alice', { exp })
    wire.start('a', LIVE)
    await wire.frames('a', 1)
    wire.init({ Authorization: `Bearer ${await place.clerk.token('user_bob', { exp: exp + 600 })}` })
    await wire.acked(2)
    wire.start('b', LIVE)
    await wire.frames('b', 1)
    assert.deepEqual([wire.results('a')[0].data.messages.length, wire.results('b')[0].data.messages.length], [3, 2])
    assert.equal(record().exp, exp)
    await place.expire(exp)
    assert.equal((await wire.end()).code, 1006)
  })
})

describe('the end', () => {
  test('at exp the connection goes without a frame, not before; the record says by whom', async () => {
    const exp = now() + 60
    const wire = await place.ready('user_alice', { exp })
    const { cutAtExp } = place.hasura.counters().sockets
    await place.expire(exp, 300)
    assert.deepEqual(await wire.end(), { code: 1006, reason: '' })
    assert.ok(Date.now() / 1000 + place.hasura.knobs.clockOffsetS >= exp)
    assert.equal(place.hasura.counters().sockets.cutAtExp, cutAtExp + 1)
    assert.deepEqual(record().closed, { by: 'server', code: 1006, reason: '' })
  })
  test('a token without exp, and one of next year, are not cut', async () => {
    for (const exp of [undefined, now() + 365 * 86_400]) {
      const wire = await place.open()
      wire.init({ Authorization: `Bearer ${await place.clerk.token('user_alice', { exp })}` })
      await wire.acked()
      await wire.settle()
      assert.equal(wire.closed, undefined)
    }
  })
  test('connection_terminate is 1000; the client’s own close is recorded as its own', async () => {
    const wire = await place.ready('user_alice')
    wire.say({ type: 'connection_terminate' })
    assert.equal((await wire.end()).code, 1000)
    const other = await place.ready('user_alice')
    other.ws.close(4001, 'enough')
    await other.end()
    await until(() => !record().open)
    assert.deepEqual(record().closed, { by: 'client', code: 4001, reason: 'enough' })
  })
})

describe('tokens in a cookie, CORS off, an allowed skew', () => {
  let other
  before(async () => { other = await startPlace({ config: { corsDomain: false, jwt: { allowed_skew: 60, header: { type: 'Cookie', name: 'tok' } } } }) })
  after(() => other?.stop())
  const init = async (headers) => {
    const wire = await other.open({ headers: { cookie: `a=b; tok=${await other.clerk.token('user_alice')}`, ...headers } })
    wire.init()
    await until(() => wire.closed || wire.types.includes('connection_ack'))
    return wire.closed?.code
  }
  test('the cookie of the handshake counts, but not of a page’s socket', async () => {
    assert.equal(await init({}), undefined)
    assert.equal(await init({ origin: 'http://any.page' }), 4403)
  })
  test('within the skew: accepted, and cut at once; seen as expired all the same', async () => {
    const { cutAtExp, accepted } = other.hasura.counters().sockets
    const wire = await other.open({ headers: { cookie: `tok=${await other.clerk.token('user_alice', { exp: now() - 5 })}` } })
    wire.init()
    assert.deepEqual(await wire.end(), { code: 1006, reason: '' })
    assert.equal(wire.heard[0]?.type, 'connection_ack')
    const { sockets, expiredSeen } = other.hasura.counters()
    assert.deepEqual([sockets.accepted, sockets.cutAtExp, expiredSeen], [accepted + 1, cutAtExp + 1, 1])
  })
})

describe('messages', () => {
  test('what cannot be parsed closes 4400', async () => {
    for (const [text, what] of [
      ['no JSON', 'not a valid json value'], ['', 'not enough input'], ['[]', 'parsing ClientMessage failed'], ['{}', 'key \\"type'],
      ['{"type":"nope"}', 'unexpected type'], ['{"type":"subscribe","payload":{"query":""}}', 'key \\"id'], ['{"type":"subscribe","id":"1","payload":{}}', ''],
    ]) {
      const wire = await place.open()
      wire.say(text)
      const { code, reason } = await wire.end()
      assert.equal(code, 4400)
      assert.ok(reason.startsWith('{"server_error_msg":"4400: Parsing client message failed: parsing ClientMessage failed: Error in $') && reason.includes(what.slice(0, 12)), `${text}: ${reason}`)
    }
  })
  test('before init, and with an id in use: two errors, then a close that says 1000', async () => {
    const early = await place.open()
    early.start('1', LIVE)
    const text = 'start received before the connection is initialised'
    assert.deepEqual(await early.end(), { code: 1000, reason: said(`4400: ${text}`) })
    assert.deepEqual(early.heard, [
      { type: 'error', id: '1', payload: { message: text, extensions: { path: '$', code: 'start-failed' } } },
      { type: 'error', id: '1', payload: text },
    ])
    const twice = await place.ready('user_alice')
    twice.start('1', LIVE)
    twice.start('1', LIVE)
    assert.deepEqual(await twice.end(), { code: 1000, reason: said('4400: an operation already exists with this id: 1') })
  })
  test('an id is free again after its complete; completing an unknown one is nothing', async () => {
    const wire = await place.ready('user_alice')
    wire.say({ type: 'complete', id: 'nobody' })
    for (let i = 0; i < 2; i++) {
      wire.start('1', LIVE)
      await wire.frames('1', i + 1)
      wire.say({ type: 'complete', id: '1' })
    }
    await wire.settle()
    assert.equal(wire.of('1').length, 2, 'a complete is not answered')
    assert.equal(record().running, 0)
  })
})
