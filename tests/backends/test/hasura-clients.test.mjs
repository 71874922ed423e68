// The official clients against the Hasura-shaped server: that they work is the proof that it speaks as the engine does, and
// that they break where users say they break is the reason for the switches.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { createClient } from 'graphql-ws'
import relayRuntime from 'relay-runtime'
import { SubscriptionClient } from 'subscriptions-transport-ws'
import WebSocket from 'ws'
import { until } from '../../differential/until.mjs'
import { smokeSockets } from '../hasura/smoke.mjs'
import { STATES } from '../hasura/sockets/knobs.mjs'
import { now, startPlace } from './hasura-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
/** @type {(() => unknown)[]} */
let ends = []
before(async () => { place = await startPlace({ knobs: { refetchMs: 20 } }) })
after(() => place?.stop())
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  await place.hasura.turn({ ...STATES, refetchMs: 20, clockOffsetS: 0, drop: true })
})

const ROOM = 'subscription ($room: String!) { messages(where: {room: {_eq: $room}}, order_by: {id: asc}) { body } }'
const write = (room, body) => place.hasura.sql('insert into messages (body, owner, room) values ($1, $2, $3)', [body, 'user_alice', room])
const token = (change = {}) => place.clerk.token('user_alice', change)

describe('graphql-ws', () => {
  /** @param {Partial<import('graphql-ws').ClientOptions>} [options] */
  function client(options) {
    const waits = []
    /** @type {{ code: number, reason: string }[]} */
    const closes = []
    const made = createClient({
      url: place.socketUrl(), webSocketImpl: WebSocket, retryWait: async (n) => void waits.push(n),
      connectionParams: async () => ({ headers: { Authorization: `Bearer ${await token()}` } }),
      on: { closed: (event) => void closes.push(/** @type {any} */ (event)) }, ...options,
    })
    ends.push(() => made.dispose())
    /** @param {string} query @param {Record<string, unknown>} [variables] */
    const listen = (query, variables) => {
      const heard = { results: /** @type {any[]} */ ([]), error: /** @type {any} */ (undefined), completed: false }
      made.subscribe({ query, variables }, { next: (value) => void heard.results.push(value), error: (error) => { heard.error = error }, complete: () => { heard.completed = true } })
      return heard
    }
    return { listen, waits, closes, made }
  }

  test('live, streams, mutations; a validation error is its error', async () => {
    const { listen } = client()
    const live = listen(ROOM, { room: 'gw' })
    const stream = listen('subscription { messages_stream(batch_size: 5, cursor: {initial_value: {created_at: null}}, where: {room: {_eq: "gw"}}) { body } }')
    await until(() => live.results.length)
    const made = listen('mutation { insert_messages_one(object: {body: "one", room: "gw"}) { body } }')
    await until(() => made.completed && live.results.length === 2 && stream.results.length)
    assert.deepEqual(live.results[1].data.messages, [{ body: 'one' }])
    assert.deepEqual(stream.results[0].data.messages_stream, [{ body: 'one' }])
    const wrong = listen('subscription { nope { id } }')
    await until(() => wrong.error)
    assert.equal(wrong.error[0].extensions.code, 'validation-failed')
  })
  test('cut at exp: 1006, a retry, params asked anew, the same id, the whole result again', async () => {
    let asked = 0
    const exp = now() + 60
    const { listen, closes, waits } = client({ connectionParams: async () => ({ headers: { Authorization: `Bearer ${await token({ exp: exp + 600 * asked++ })}` } }) })
    const live = listen(ROOM, { room: 'gw-cut' })
    await until(() => live.results.length === 1)
    await place.expire(exp)
    await until(() => closes.length && live.results.length === 2)
    assert.deepEqual([closes[0].code, asked, waits], [1006, 2, [0]])
    const [one, two] = place.hasura.sockets.slice(-2).map(({ events }) => events.find(({ event }) => event === 'started')?.op)
    assert.equal(one, two)
  })
  test('4403 is tried again, 4400 of before 2.30 is the end', async () => {
    await place.hasura.turn({ refuseInit: 2 })
    const { listen, closes, waits } = client()
    const live = listen(ROOM, { room: 'gw-4403' })
    await until(() => live.results.length)
    assert.deepEqual([closes.map(({ code }) => code), waits], [[4403, 4403], [0, 1]])
    await place.hasura.turn({ engine: 'v2.25', refuseInit: 1 })
    const old = client()
    const dead = old.listen(ROOM, { room: 'gw-old' })
    await until(() => dead.error)
    assert.equal(dead.error.message, 'Invalid message \'type\' property "connection_error"')
    assert.deepEqual(old.waits, [])
  })
  test('1000 with work to do: again at once, and no retry; 1012: a retry; 4499 too', async () => {
    const { listen, closes, waits } = client()
    const live = listen(ROOM, { room: 'gw-1000' })
    const ended = async (turned) => {
      const { length } = live.results
      await place.hasura.turn(turned)
      await until(() => live.results.length > length)
    }
    await until(() => live.results.length)
    await ended({ closeAll: { code: 1000, reason: '' } })
    assert.deepEqual([closes.at(-1)?.code, waits], [1000, []])
    await ended({ restart: 'shutting server down' })
    assert.deepEqual([closes.at(-1)?.code, closes.at(-1)?.reason, waits], [1012, 'shutting server down', [0]])
    await write('gw-1000', 'still here')
    await until(() => live.results.at(-1).data.messages.length === 1)
  })
  test('the script that other clients are compared with', async () => {
    assert.deepEqual(await smokeSockets({ client: client().made }), {
      live: [[], ['over the socket'], []], stream: [['over the socket']], inserted: 'user_alice', removed: 1, completed: true,
      refused: { path: '$.selectionSet.messages.selectionSet.nope', code: 'validation-failed' },
    })
  })
  test('an error that is an object tears the socket down', async () => {
    await place.hasura.turn({ errorShape: 'object' })
    const { listen } = client()
    const wrong = listen('{ nope }')
    await until(() => wrong.error)
    assert.match(wrong.error.message, /"error" message expects the 'payload' property to be an array/)
  })
})

describe('subscriptions-transport-ws', () => {
  function client(params) {
    const errors = []
    const made = new SubscriptionClient(place.socketUrl(), { reconnect: false, minTimeout: 5000, connectionParams: params, connectionCallback: (error) => { if (error) errors.push(error) } }, WebSocket)
    ends.push(() => {
      // After a close by the server `close` does nothing, and this clock would run for ever.
      made['clearCheckConnectionInterval']()
      made.close()
    })
    const listen = (query, variables) => {
      const heard = { results: /** @type {any[]} */ ([]), error: /** @type {any} */ (undefined), completed: false }
      const { unsubscribe } = made.request({ query, variables }).subscribe({ next: (value) => void heard.results.push(value), error: (error) => { heard.error = error }, complete: () => { heard.completed = true } })
      return Object.assign(heard, { unsubscribe })
    }
    return { listen, errors }
  }
  const good = async () => ({ headers: { Authorization: `Bearer ${await token()}` } })

  test('live, a query, a validation error, an end', async () => {
    const { listen } = client(good)
    const live = listen(ROOM, { room: 'stw' })
    await until(() => live.results.length)
    await write('stw', 'one')
    await until(() => live.results.length === 2)
    assert.deepEqual(live.results[1].data.messages, [{ body: 'one' }])
    const query = listen('{ orders(limit: 1) { total } }')
    await until(() => query.completed)
    assert.deepEqual(query.results[0].data.orders, [{ total: 42 }])
    const wrong = listen('subscription { nope }')
    await until(() => wrong.error)
    live.unsubscribe()
    await until(() => place.hasura.sockets.at(-1).running === 0)
    assert.equal(place.hasura.sockets.at(-1).protocol, 'graphql-ws')
  })
  test('a refused init is told with its reason', async () => {
    const { listen, errors } = client(async () => ({ headers: { Authorization: `Bearer ${await token({ exp: now() - 1 })}` } }))
    listen(ROOM, { room: 'stw' })
    await until(() => errors.length)
    assert.equal(errors[0], 'Could not verify JWT: JWTExpired')
  })
})

describe('relay-runtime', () => {
  const { Environment, Network, Observable, RecordSource, Store, createOperationDescriptor, fetchQuery, requestSubscription } = relayRuntime
  const scalar = (name) => ({ kind: 'ScalarField', name, alias: null, args: null, storageKey: null })
  const linked = (name, concreteType, plural, selections, args = null) => ({ kind: 'LinkedField', name, alias: null, args, concreteType, plural, storageKey: null, selections })

  /** What relay-compiler would print. */
  function artifact(kind, name, text) {
    const selections = [linked('orders_connection', 'ordersConnection', false, [linked('edges', 'ordersEdge', true, [linked('node', 'orders', false, [scalar('id'), scalar('item'), scalar('total')])])])]
    return {
      kind: 'Request', fragment: { kind: 'Fragment', name, type: kind === 'query' ? 'query_root' : 'subscription_root', metadata: null, argumentDefinitions: [], selections },
      operation: { kind: 'Operation', name, argumentDefinitions: [], selections }, params: { cacheID: name, id: null, metadata: {}, name, operationKind: kind, text },
    }
  }
  const BODY = '{ orders_connection { edges { node { id item total } } } }'

  test('its store takes the rows by their global ids, from a query and from the socket', async () => {
    const headers = async () => ({ Authorization: `Bearer ${await token()}` })
    const socket = createClient({ url: place.socketUrl('/v1beta1/relay'), webSocketImpl: WebSocket, connectionParams: async () => ({ headers: await headers() }) })
    ends.push(() => socket.dispose())
    const environment = new Environment({
      store: new Store(new RecordSource()),
      network: Network.create(
        async ({ text }, variables) => (await place.post({ query: text, variables }, await headers(), '/v1beta1/relay')).body,
        ({ text }, variables) => Observable.create((sink) => socket.subscribe({ query: /** @type {string} */ (text), variables }, /** @type {any} */ (sink)))),
    })
    const query = /** @type {any} */ (artifact('query', 'Orders', `query Orders ${BODY}`))
    const totals = () => {
      const seen = /** @type {any} */ (environment.lookup(createOperationDescriptor(query, {}).fragment)).data
      return seen.orders_connection.edges.map(({ node }) => node.total)
    }
    const { orders_connection: { edges } } = /** @type {any} */ (await fetchQuery(environment, query, {}).toPromise())
    assert.equal(edges.length, 3)
    environment.retain(createOperationDescriptor(query, {}))
    let results = 0
    const live = requestSubscription(environment, { subscription: /** @type {any} */ (artifact('subscription', 'LiveOrders', `subscription LiveOrders ${BODY}`)), variables: {}, onNext: () => { results += 1 } })
    ends.push(() => live.dispose())
    await until(() => results === 1)
    await place.hasura.sql("update orders set total = 43 where item = 'Alice: oat milk' and owner = 'user_alice'")
    await until(() => results === 2)
    assert.deepEqual(totals(), [43, 128, 890].sort((a, b) => a - b), 'the query’s own rows, changed by the subscription')
  })
})
