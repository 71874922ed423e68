// The other endpoints of the Hasura-shaped server: Relay's schema, the oldest one, stored queries, batches, introspection.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { buildClientSchema, getIntrospectionQuery } from 'graphql'
import { HASURA_AUDIENCE } from '../accounts.mjs'
import { ADMIN, now, refused, startPlace } from './hasura-place.mjs'

const REST = [
  { url: 'messages/:room', methods: ['GET'], query: 'query ($room: String!, $limit: Int) { messages(where: {room: {_eq: $room}}, order_by: {id: asc}, limit: $limit) { body } }' },
  { url: 'orders', methods: ['POST'], query: 'mutation ($item: String!, $total: Int!) { insert_orders_one(object: {item: $item, total: $total}) { item } }' },
]
/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => { place = await startPlace({ config: { rest: REST }, knobs: { refetchMs: 20 } }) })
after(() => place?.stop())

const RELAY = '/v1beta1/relay'
const relay = async (query, variables, sub = 'user_alice') => (await place.post({ query, variables }, await place.as(sub), RELAY)).body

describe('relay', () => {
  const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String, $order: [orders_order_by!]) {
    orders_connection(first: $first, after: $after, last: $last, before: $before, order_by: $order) {
      edges { cursor node { id item total } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`
  const page = async (variables) => {
    const { data, errors } = await relay(PAGE, variables)
    assert.equal(errors, undefined, JSON.stringify(errors))
    const { edges, pageInfo } = data.orders_connection
    return { totals: edges.map(({ node }) => node.total), more: [pageInfo.hasPreviousPage, pageInfo.hasNextPage], start: pageInfo.startCursor, end: pageInfo.endCursor, edges }
  }
  test('pages forwards and backwards, in any order', async () => {
    const one = await page({ first: 2, order: [{ total: 'desc' }] })
    assert.deepEqual([one.totals, one.more], [[890, 128], [false, true]])
    assert.deepEqual([one.start, one.end], [one.edges[0].cursor, one.edges[1].cursor])
    const two = await page({ first: 2, after: one.end, order: [{ total: 'desc' }] })
    assert.deepEqual([two.totals, two.more], [[42], [true, false]])
    const back = await page({ last: 1, before: two.start, order: [{ total: 'desc' }] })
    assert.deepEqual([back.totals, back.more], [[128], [true, true]])
    assert.deepEqual((await page({})).totals, [42, 128, 890])
  })
  test('nulls have their place in every order, whichever way it is walked', async () => {
    await place.hasura.sql('create table notes (id int primary key, pin int); grant select on notes to "user"; insert into notes values (1, 5), (2, null), (3, 1), (4, null), (5, 5)')
    const query = 'query ($o: order_by!, $first: Int, $after: String, $last: Int, $before: String) { notes_connection(order_by: [{pin: $o}], first: $first, after: $after, last: $last, before: $before) { edges { cursor node { pin id } } } }'
    const walk = async (o, forward) => {
      const seen = []
      for (let cursor; seen.length < 9;) {
        const { data, errors } = await relay(query, { o, ...(forward ? { first: 1, after: cursor } : { last: 1, before: cursor }) })
        assert.equal(errors, undefined, JSON.stringify(errors))
        const [edge] = data.notes_connection.edges
        if (!edge) return forward ? seen : seen.reverse()
        cursor = edge.cursor
        seen.push(JSON.parse(Buffer.from(edge.node.id, 'base64').toString())[3])
      }
      return seen
    }
    for (const [o, order] of Object.entries({ asc: [3, 1, 5, 2, 4], asc_nulls_first: [2, 4, 3, 1, 5], desc: [2, 4, 1, 5, 3], desc_nulls_last: [1, 5, 3, 2, 4] })) {
      assert.deepEqual([await walk(o, true), await walk(o, false)], [order, order], o)
    }
  })
  test('what cannot be: both ends at once, a cursor of elsewhere', async () => {
    const message = async (variables) => (await relay(PAGE, variables)).errors[0].message
    assert.equal(await message({ first: 1, last: 1 }), '"first" and "last" are not allowed at once')
    assert.equal(await message({ after: 'nonsense' }), 'the cursor is invalid')
  })
  test('a node by the id the engine makes, and only one’s own', async () => {
    const { edges: [{ node: { id, item } }] } = await page({ first: 1 })
    const [version, schema, table, key] = JSON.parse(Buffer.from(id, 'base64').toString())
    assert.deepEqual([version, schema, table, typeof key], [1, 'public', 'orders', 'number'])
    const NODE = 'query ($id: ID!) { node(id: $id) { __typename id ... on orders { item } } }'
    assert.deepEqual(await relay(NODE, { id }), { data: { node: { __typename: 'orders', id, item } } })
    assert.deepEqual(await relay(NODE, { id }, 'user_bob'), { data: { node: null } })
    for (const bad of ['x', Buffer.from('[1,"public","pg_class",1]').toString('base64')]) {
      assert.equal((await relay(NODE, { id: bad })).errors[0].extensions.code, 'validation-failed')
    }
  })
  test('relationships as connections, mutations with global ids, no lists at the root', async () => {
    const { data } = await relay('{ messages_connection(where: {room: {_eq: "garage"}}) { edges { node { room comments_connection { edges { node { body message { room } } } } } } } }')
    assert.deepEqual(data.messages_connection.edges, [{ node: { room: 'garage', comments_connection: { edges: [{ node: { body: 'Done by Friday', message: { room: 'garage' } } }] } } }])
    const made = await relay('mutation { insert_messages_one(object: {body: "by relay", room: "relay"}) { id body } }')
    assert.equal(JSON.parse(Buffer.from(made.data.insert_messages_one.id, 'base64').toString())[2], 'messages')
    assert.equal((await relay('{ messages { id } }')).errors[0].message, "field 'messages' not found in type: 'query_root'")
  })
  test('a connection over the socket sees changes', async () => {
    const wire = await place.ready('user_alice', { path: RELAY })
    wire.start('1', 'subscription { messages_connection(where: {room: {_eq: "live"}}) { edges { node { body } } } }')
    await wire.frames('1', 1)
    await place.data('mutation { insert_messages_one(object: {body: "seen", room: "live"}) { id } }', await place.as('user_alice'))
    await wire.frames('1', 2)
    assert.deepEqual(wire.results('1').map(({ data }) => data.messages_connection.edges.map(({ node }) => node.body)), [[], ['seen']])
  })
  test('its failures are 200 and one object for a batch', async () => {
    refused(await place.post([{ query: '{ __typename }' }], { authorization: 'Bearer x' }, RELAY), 'invalid-jwt', /CompactDecodeError/)
    assert.deepEqual((await place.post([{ query: '{ __typename }' }], await place.as('user_alice'), RELAY)).body, [{ data: { __typename: 'query_root' } }])
  })
})

describe('the oldest endpoint', () => {
  const OLD = '/v1alpha1/graphql'
  const old = async (payload, headers) => {
    const { status, body } = await place.post(payload, headers, OLD)
    return [status, body]
  }
  const alice = () => place.as('user_alice')
  test('the error’s own status and a flat shape', async () => {
    assert.deepEqual(await old({ query: '{ orders(limit: 1) { total } }' }, await alice()), [200, { data: { orders: [{ total: 42 }] } }])
    assert.deepEqual(await old({ query: '{ nope }' }, await alice()), [400, { path: '$.selectionSet.nope', error: "field 'nope' not found in type: 'query_root'", code: 'validation-failed' }])
    assert.deepEqual(await old({ query: '{ x }' }, { authorization: `Bearer ${await place.clerk.token('s', { exp: now() - 1 })}` }), [400, { path: '$', error: 'Could not verify JWT: JWTExpired', code: 'invalid-jwt' }])
    assert.equal((await old({ query: '{ x }' }, { 'x-hasura-admin-secret': 'wrong' }))[0], 401)
    assert.equal((await old([{ query: '{ __typename }' }], await alice()))[1].code, 'parse-failed', 'no batches')
  })
  test('flat over its socket too', async () => {
    const wire = await place.ready('user_alice', { path: OLD })
    wire.start('1', '{ nope }')
    assert.deepEqual((await wire.frames('1', 2))[0].payload, { path: '$.selectionSet.nope', error: "field 'nope' not found in type: 'query_root'", code: 'validation-failed' })
  })
})

describe('stored queries', () => {
  const rest = async (path, init = {}, headers) => {
    const response = await fetch(new URL(`/api/rest/${path}`, place.hasura.url), { ...init, headers: headers ?? await place.as('user_alice') })
    return [response.status, await response.json()]
  }
  test('variables of path, address and body; the answer is the data', async () => {
    assert.deepEqual(await rest('messages/kitchen?limit=1&other=x'), [200, { messages: [{ body: 'Alice: buy oat milk' }] }])
    assert.deepEqual(await rest('orders', { method: 'POST', body: '{"item":"by rest","total":3}' }), [200, { insert_orders_one: { item: 'by rest' } }])
  })
  test('refusals have a status of their own', async () => {
    assert.deepEqual(await rest('nope'), [404, { path: '$', error: 'Endpoint not found', code: 'not-found' }])
    assert.deepEqual(await rest('orders'), [405, { path: '$', error: 'Allowed methods: POST', code: 'method-not-allowed' }])
    assert.equal((await rest('orders', { method: 'POST', body: '{}' }))[1].code, 'validation-failed')
    assert.deepEqual(await rest('messages/kitchen', {}, { authorization: `Bearer ${await place.clerk.token('s', { exp: now() - 1 })}` }), [400, { path: '$', error: 'Could not verify JWT: JWTExpired', code: 'invalid-jwt' }])
  })
})

describe('batches and introspection', () => {
  test('an empty batch is an empty list', async () => {
    assert.deepEqual((await place.post([], await place.as('user_alice'))).body, [])
  })
  test('the guide’s first query; subscriptions for whoever may read', async () => {
    for (const path of ['/v1/graphql', RELAY]) {
      const { body } = await place.post({ query: '{ __schema { types { name } subscriptionType { name } } }' }, await place.as('user_alice'), path)
      assert.equal(body.data.__schema.subscriptionType.name, 'subscription_root')
      assert.ok(body.data.__schema.types.length > 20)
    }
    const nobody = await place.post({ query: '{ __schema { subscriptionType { name } queryType { fields { name } } } }' }, { ...ADMIN, 'x-hasura-role': 'nobody' })
    assert.deepEqual(nobody.body.data.__schema, { subscriptionType: null, queryType: { fields: [{ name: 'no_queries_available' }] } })
  })
  test('tools can read the whole of it', async () => {
    for (const path of ['/v1/graphql', RELAY]) {
      const { body } = await place.post({ query: getIntrospectionQuery() }, { authorization: `Bearer ${await place.auth0.token('auth0|bob', { aud: HASURA_AUDIENCE })}` }, path)
      const types = Object.keys(buildClientSchema(body.data).getTypeMap())
      const wanted = path === RELAY ? ['Node', 'PageInfo', 'messagesConnection', 'messagesEdge'] : ['messages_stream_cursor_input', 'messages_stream_cursor_value_input', 'cursor_ordering']
      for (const name of wanted) assert.ok(types.includes(name), name)
    }
  })
})
