// Live queries and streams of the Hasura-shaped server: results from real changes, by the rules of the engine's poller.
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { until } from '../../differential/until.mjs'
import { STATES } from '../hasura/sockets/knobs.mjs'
import { startPlace } from './hasura-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => { place = await startPlace({ knobs: { refetchMs: 20 } }) })
after(() => place?.stop())
afterEach(async () => {
  await place.hasura.turn({ ...STATES, refetchMs: 20, drop: true })
  await place.hasura.sql("delete from messages where room = 'test'; delete from orders where item like 'test%'")
})

const ROOM = 'subscription { messages(where: {room: {_eq: "test"}}, order_by: {id: asc}) { body } }'
const write = (body, owner = 'user_alice') => place.hasura.sql('insert into messages (body, owner, room) values ($1, $2, $3)', [body, owner, 'test'])
const order = (n, owner = 'user_alice') => place.hasura.sql('insert into orders (item, total, owner) values ($1, $2, $3)', [`test ${n}`, n, owner])
const bodies = (results) => results.map(({ data }) => data.messages.map(({ body }) => body))

describe('live queries', () => {
  test('the first result always, then one per change, of the caller’s own rows', async () => {
    const wire = await place.ready('user_alice')
    wire.start('1', ROOM)
    await wire.frames('1', 1)
    await write('Bob: not for her', 'user_bob')
    await write('a')
    await wire.frames('1', 2)
    await write('b')
    await wire.frames('1', 3)
    assert.deepEqual(bodies(wire.results('1')), [[], ['a'], ['a', 'b']])
    await place.hasura.sql("update messages set body = body where room = 'test'")
    await write('c')
    await wire.frames('1', 4)
    assert.equal(wire.of('1').length, 4, 'a write that changes no result is not told')
  })
  test('equal subscriptions share a look, and each still gets its first result', async () => {
    const [one, two] = await Promise.all([place.ready('user_alice'), place.ready('user_alice')])
    one.start('1', ROOM)
    await one.frames('1', 1)
    two.start('x', ROOM)
    await two.frames('x', 1)
    assert.equal(place.hasura.counters().sockets.polled, 1)
    await write('a')
    await Promise.all([one.frames('1', 2), two.frames('x', 2)])
    one.say({ type: 'complete', id: '1' })
    await one.settle()
    await write('b')
    await two.frames('x', 3)
    assert.equal(one.of('1').length, 2)
  })
  test('between two looks many writes are one result', async () => {
    await place.hasura.turn({ refetchMs: 300 })
    const wire = await place.ready('user_alice')
    wire.start('1', ROOM)
    await wire.frames('1', 1)
    for (const body of ['a', 'b', 'c']) await write(body)
    await wire.frames('1', 2)
    assert.deepEqual(bodies(wire.results('1')).at(-1), ['a', 'b', 'c'])
  })
  test('an error while it runs is a result, at every look, and the subscription stays', async () => {
    const wire = await place.ready('user_alice')
    wire.start('1', ROOM)
    await wire.frames('1', 1)
    await place.hasura.sql('revoke select on messages from "user"')
    try {
      await wire.frames('1', 4)
    } finally {
      await place.hasura.sql('grant select on messages to "user"')
    }
    const [, second, third] = wire.results('1')
    assert.deepEqual(second.errors, [{ message: 'permission denied for table messages', extensions: { path: '$', code: 'permission-error' } }])
    assert.deepEqual(third, second)
    await until(() => wire.results('1').at(-1).data)
    await write('after')
    await until(() => bodies([wire.results('1').at(-1)])[0].includes('after'))
  })
  test('one that fails does not take its neighbours along', async () => {
    const wire = await place.ready('user_alice')
    wire.start('good', ROOM)
    wire.start('bad', 'subscription { messages(where: {id: {_eq: "no uuid"}}) { body } }')
    await Promise.all([wire.frames('good', 1), wire.frames('bad', 1)])
    assert.deepEqual(wire.results('good')[0], { data: { messages: [] } })
    assert.equal(wire.results('bad')[0].errors[0].extensions.code, 'data-exception')
  })
  test('many that differ in their values only are one statement, and each gets its own rows', async () => {
    const odd = ['plain', 'it\'s', '"quoted"', 'back\\slash', '{a,b}', 'NULL', '$1::text', 'ünï 🚀']
    for (const body of odd) await write(body)
    const wire = await place.ready('user_alice')
    for (const [i, body] of odd.entries()) wire.start(String(i), 'subscription ($body: String!) { messages(where: {body: {_eq: $body}, room: {_eq: "test"}}) { body comments { body } } }', { body })
    for (const [i, body] of odd.entries()) {
      await wire.frames(String(i), 1)
      assert.deepEqual(wire.results(String(i))[0], { data: { messages: [{ body, comments: [] }] } })
    }
    // By now all of them are read at the same look.
    await place.hasura.sql("insert into messages (body, owner, room) select body, owner, room from messages where room = 'test'")
    for (const [i, body] of odd.entries()) {
      await wire.frames(String(i), 2)
      assert.deepEqual(wire.results(String(i))[1], { data: { messages: [{ body, comments: [] }, { body, comments: [] }] } })
    }
  })
  test('exactly one root field, known columns, known arguments', async () => {
    const wire = await place.ready('user_alice')
    const refused = async (id, query) => {
      wire.start(id, query)
      const [error, complete] = await wire.frames(id, 2)
      assert.deepEqual([error.type, complete], ['error', { type: 'complete', id }])
      assert.ok(Array.isArray(error.payload))
      return [error.payload[0].extensions.code, error.payload[0].message]
    }
    const one = ['validation-failed', 'subscriptions must select one top level field']
    assert.deepEqual(await refused('1', 'subscription { messages { id } orders { id } }'), one)
    assert.deepEqual(await refused('2', 'subscription { a: messages { id } b: messages { id } }'), one)
    assert.deepEqual(await refused('3', 'subscription { ...F } fragment F on subscription_root { messages { id } orders { id } }'), one)
    assert.deepEqual(await refused('4', 'subscription { messages { nope } }'), ['validation-failed', "field 'nope' not found in type: 'messages'"])
    assert.equal((await refused('5', 'subscription { messages(limit: -1) { id } }'))[0], 'validation-failed')
    wire.start('6', 'subscription { only: messages_aggregate { aggregate { count } } }')
    assert.deepEqual((await wire.frames('6', 1))[0].payload, { data: { only: { aggregate: { count: 3 } } } })
  })
  test('queries and mutations over the socket; what they refuse while they run', async () => {
    const wire = await place.ready('user_alice')
    wire.start('q', '{ orders(limit: 1) { total } }')
    const [{ payload }, done] = await wire.frames('q', 2)
    assert.deepEqual([payload, done], [{ data: { orders: [{ total: 42 }] } }, { type: 'complete', id: 'q' }])
    wire.start('m', 'mutation ($body: String!) { insert_messages_one(object: {body: $body, room: "test"}) { body owner } }', { body: 'sent' })
    assert.deepEqual((await wire.frames('m', 2))[0].payload, { data: { insert_messages_one: { body: 'sent', owner: 'user_alice' } } })
    wire.start('e', 'mutation { insert_orders_one(object: {item: "x", total: -1}) { id } }')
    const [error, complete] = await wire.frames('e', 2)
    assert.deepEqual([error.type, error.payload[0].extensions.code, complete.type], ['error', 'permission-error', 'complete'])
  })
})

describe('streams', () => {
  const STREAM = 'subscription ($after: Int, $size: Int!) { orders_stream(batch_size: $size, cursor: [{initial_value: {total: $after}, ordering: ASC}], where: {item: {_like: "test%"}}) { total } }'
  const totals = (wire, id) => wire.results(id).map(({ data }) => data.orders_stream.map(({ total }) => total))

  test('rows strictly beyond the cursor, in batches, then as they come', async () => {
    for (const n of [1, 2, 3, 4, 5, 6]) await order(n)
    const wire = await place.ready('user_alice')
    wire.start('s', STREAM, { after: 1, size: 2 })
    await wire.frames('s', 3)
    await order(7, 'user_bob')
    await order(8)
    await wire.frames('s', 4)
    assert.deepEqual(totals(wire, 's'), [[2, 3], [4, 5], [6], [8]])
    await order(0)
    await order(9)
    await wire.frames('s', 5)
    assert.deepEqual(totals(wire, 's').at(-1), [9], 'a row behind the cursor is not told')
  })
  test('nothing there: not even a first result; null is from the beginning; downwards', async () => {
    const wire = await place.ready('user_alice')
    wire.start('s', STREAM, { after: null, size: 10 })
    wire.start('live', 'subscription { orders_aggregate { aggregate { count } } }')
    await wire.frames('live', 1)
    await order(1)
    await Promise.all([wire.frames('s', 1), wire.frames('live', 2)])
    assert.deepEqual(totals(wire, 's'), [[1]])
    await order(2)
    await wire.frames('s', 2)
    wire.start('down', STREAM.replace('ASC', 'DESC'), { after: 2, size: 1 })
    await wire.frames('down', 1)
    assert.deepEqual(totals(wire, 'down'), [[1]])
  })
  test('the cursor is the socket’s: the same operation anew begins where it says', async () => {
    for (const n of [1, 2, 3]) await order(n)
    for (const after of [0, 2]) {
      const wire = await place.ready('user_alice')
      wire.start('s', STREAM, { after, size: 5 })
      await wire.frames('s', 1)
      assert.deepEqual(totals(wire, 's'), [after ? [3] : [1, 2, 3]])
      wire.ws.terminate()
    }
  })
  test('timestamps keep their microseconds', async () => {
    const wire = await place.ready('user_alice')
    for (const [body, micros] of [['b', 2], ['a', 1], ['c', 3]]) {
      await place.hasura.sql('insert into messages (body, owner, room, created_at) values ($1, $2, $3, $4)', [body, 'user_alice', 'test', `2026-01-01T00:00:00.12345${micros}Z`])
    }
    wire.start('s', 'subscription { messages_stream(batch_size: 1, cursor: {initial_value: {created_at: null}}, where: {room: {_eq: "test"}}) { body created_at } }')
    await wire.frames('s', 3)
    assert.deepEqual(wire.results('s').map(({ data }) => data.messages_stream[0].body), ['a', 'b', 'c'])
    assert.equal(wire.results('s')[0].data.messages_stream[0].created_at, '2026-01-01T00:00:00.123451+00:00')
  })
  test('one column, a batch size, and only as a subscription', async () => {
    const wire = await place.ready('user_alice')
    const stream = (cursor, size = 'batch_size: 1,') => `subscription { messages_stream(${size} cursor: ${cursor}) { id } }`
    const said = async (id, query) => {
      wire.start(id, query)
      const [error, complete] = await wire.frames(id, 2)
      assert.deepEqual([error.type, complete.type], ['error', 'complete'])
      return error.payload[0].message
    }
    assert.equal(await said('1', stream('[{initial_value: {body: "a", room: "b"}}]')), 'multiple column cursors are not supported yet')
    assert.equal(await said('2', stream('[{initial_value: {}}]')), 'one streaming column field is expected')
    assert.equal(await said('3', stream('[{initial_value: {body: "a"}}]', '')), "missing required field 'batch_size'")
    assert.equal(await said('4', stream('[{initial_value: {body: "a"}, ordering: asc}]')), "expected one of the values ['ASC', 'DESC'] for type 'cursor_ordering', but found 'asc'")
    assert.equal(await said('5', '{ messages_stream(batch_size: 1, cursor: []) { id } }'), "field 'messages_stream' not found in type: 'query_root'")
    assert.equal(place.hasura.sockets.at(-1).running, 0)
  })
})
