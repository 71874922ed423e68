// The legacy subprotocol as the engine speaks it, with a bare socket: the same parser, other answers.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../../differential/until.mjs'
import { LEGACY, MODERN, now, startPlace } from './hasura-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => { place = await startPlace({ knobs: { refetchMs: 20 } }) })
after(() => place?.stop())

const legacy = { protocol: LEGACY }
const LIVE = 'subscription { messages { body } }'

test('ka at once, ack, ka; data, and nothing after a stop', async () => {
  const wire = await place.ready('user_alice', legacy)
  await until(() => wire.types.length === 3)
  assert.deepEqual(wire.types, ['ka', 'connection_ack', 'ka'])
  wire.start('1', LIVE)
  await wire.frames('1', 1)
  assert.equal(wire.of('1')[0].type, 'data')
  wire.say({ type: 'stop', id: '1' })
  await wire.settle()
  assert.equal(place.hasura.sockets.at(-1).running, 0)
  assert.equal(wire.of('1').length, 1)
  wire.say({ type: 'connection_terminate' })
  assert.equal((await wire.end()).code, 1000)
})
test('refused: connection_error and 4400, whatever the version', async () => {
  const wire = await place.open(legacy)
  wire.init({ Authorization: `Bearer ${await place.clerk.token('user_alice', { exp: now() - 1 })}` })
  const text = 'Could not verify JWT: JWTExpired'
  assert.deepEqual(await wire.end(), { code: 4400, reason: JSON.stringify({ server_error_msg: `4400: Connection initialization failed: ${text}` }) })
  assert.deepEqual(wire.heard, [{ type: 'connection_error', payload: text }])
})
test('unparseable: connection_error, and the socket stays', async () => {
  const wire = await place.open(legacy)
  wire.say('no JSON')
  await until(() => wire.heard.length)
  assert.deepEqual(wire.heard, [{ type: 'connection_error', payload: 'parsing ClientMessage failed: Error in $: not a valid json value' }])
  await wire.settle()
})
test('before init, and with an id in use: an error object and complete, and the socket stays', async () => {
  const wire = await place.open(legacy)
  wire.start('1', LIVE)
  const error = (message) => ({ type: 'error', id: '1', payload: { message, extensions: { path: '$', code: 'start-failed' } } })
  assert.deepEqual(await wire.frames('1', 2), [error('start received before the connection is initialised'), { type: 'complete', id: '1' }])
  wire.init({ Authorization: `Bearer ${await place.clerk.token('user_alice')}` })
  await wire.acked()
  wire.start('1', LIVE)
  wire.start('1', LIVE)
  await until(() => wire.of('1').length >= 5)
  assert.ok(wire.of('1').some((message) => message.type === 'error' && message.payload.message === 'an operation already exists with this id: 1'))
  assert.equal(wire.closed, undefined)
})
test('validation: an error with errors, then complete; while it runs: data with errors, then complete', async () => {
  const wire = await place.ready('user_alice', legacy)
  wire.start('1', 'subscription { nope }')
  const [error, complete] = await wire.frames('1', 2)
  assert.deepEqual([error.type, error.payload.errors[0].extensions.code, complete.type], ['error', 'validation-failed', 'complete'])
  wire.start('2', 'mutation { insert_orders_one(object: {item: "x", total: -1}) { id } }')
  const [data, done] = await wire.frames('2', 2)
  assert.deepEqual([data.type, data.payload.errors[0].extensions.code, done.type], ['data', 'permission-error', 'complete'])
})
test('each dialect takes the other’s words and answers in its own', async () => {
  const wire = await place.ready('user_alice', legacy)
  wire.say({ type: 'subscribe', id: '1', payload: { query: '{ orders(limit: 1) { total } }' } })
  assert.deepEqual((await wire.frames('1', 2)).map(({ type }) => type), ['data', 'complete'])
  const modern = await place.ready('user_alice', { protocol: MODERN })
  modern.say({ type: 'start', id: '1', payload: { query: '{ orders(limit: 1) { total } }' } })
  assert.deepEqual((await modern.frames('1', 2)).map(({ type }) => type), ['next', 'complete'])
})
test('cut at exp like any other', async () => {
  const exp = now() + 60
  const wire = await place.ready('user_alice', { ...legacy, exp })
  await place.expire(exp)
  assert.deepEqual(await wire.end(), { code: 1006, reason: '' })
})
