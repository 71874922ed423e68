// The Hasura-shaped server over HTTP: roles, row security, GraphQL, and the official client. Tokens: hasura-jwt.test.mjs.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { HASURA_AUDIENCE } from '../accounts.mjs'
import { smoke } from '../hasura/smoke.mjs'
import { ADMIN, refused, startPlace } from './hasura-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
let clerk, auth0, hasura, post, as, data

before(async () => {
  place = await startPlace()
  ;({ clerk, auth0, hasura, post, as, data } = place)
})
after(() => place?.stop())
const Q = { query: '{ messages { body owner } }' }

describe('roles and rows', () => {
  test('alice sees 3, bob 2, by either issuer; an editor sees all', async () => {
    const alice = (await data(Q.query, await as('user_alice'))).messages
    assert.equal(alice.length, 3)
    assert.ok(alice.every(({ body, owner }) => body.startsWith('Alice: ') && owner === 'user_alice'))
    assert.equal((await data(Q.query, await as('user_bob'))).messages.length, 2)
    assert.equal((await data(Q.query, { authorization: `Bearer ${await auth0.token('auth0|bob', { aud: HASURA_AUDIENCE })}` })).messages.length, 2)
    assert.equal((await data(Q.query, await as('user_alice', { 'x-hasura-role': 'editor' }))).messages.length, 10)
  })
  test('a role outside the token is refused; plain variables beside a token count for nothing', async () => {
    refused(await post(Q, await as('user_alice', { 'X-Hasura-Role': 'root' })), 'access-denied', 'Your requested role is not in allowed roles')
    assert.equal((await data(Q.query, await as('user_bob', { 'x-hasura-user-id': 'user_alice' }))).messages[0].owner, 'user_bob')
  })
  test("one cannot write as, change or delete another's row", async () => {
    const bob = await as('user_bob')
    const [{ id }] = (await data('{ messages(limit: 1) { id } }', await as('user_alice'))).messages
    const by = async (query) => (await data(query, bob, { id }))
    assert.deepEqual(await by('mutation ($id: uuid!) { update_messages_by_pk(pk_columns: {id: $id}, _set: {body: "x"}) { id } }'), { update_messages_by_pk: null })
    assert.deepEqual(await by('mutation ($id: uuid!) { delete_messages_by_pk(id: $id) { id } }'), { delete_messages_by_pk: null })
    const insert = 'mutation ($id: uuid!) { insert_comments_one(object: { message_id: $id, body: "x" }) { id } }'
    refused(await post({ query: insert, variables: { id } }, bob), 'permission-error', 'check constraint of an insert/update permission has failed', '$.selectionSet.insert_comments_one.args.object')
    refused(await post({ query: 'mutation { insert_messages_one(object: { body: "x", owner: "user_alice" }) { id } }' }, bob), 'validation-failed', "field 'owner' not found in type: 'messages_insert_input'", '$.selectionSet.insert_messages_one.args.object')
  })
  test('anonymous, and a role the database does not give out', async () => {
    const role = (name) => ({ ...ADMIN, 'x-hasura-role': name })
    assert.deepEqual(await data('{ messages { id } }', role('anonymous')), { messages: [] })
    for (const name of ['postgres', 'nobody"; drop table messages; --']) {
      refused(await post(Q, role(name)), 'validation-failed', "field 'messages' not found in type: 'query_root'", '$.selectionSet.messages')
    }
    refused(await post({ query: '{ messages { owner } }' }, role('anonymous')), 'validation-failed', "field 'owner' not found in type: 'messages'", '$.selectionSet.messages.selectionSet.owner')
  })
})

describe('GraphQL', () => {
  const op = (query, variables) => async () => post({ query, variables }, await as('user_alice'))
  const cases = [
    ['{', 'not a valid graphql query', '$.query'],
    ['{ nope }', "field 'nope' not found in type: 'query_root'", '$.selectionSet.nope'],
    ['{ messages }', 'missing selection set for "messages"', '$.selectionSet.messages'],
    ['{ messages(nope: 1) { id } }', "'messages' has no argument named 'nope'", '$.selectionSet.messages'],
    ['{ messages(where: { nope: {} }) { id } }', "field 'nope' not found in type: 'messages_bool_exp'", '$.selectionSet.messages.args.where'],
    ['{ messages(where: { body: { _eq: null } }) { id } }', "unexpected null value for type 'String'", '$.selectionSet.messages.args.where.body._eq'],
    ['{ messages(limit: "2") { id } }', "expected a 32-bit integer for type 'Int', but found a string", '$.selectionSet.messages.args.limit'],
    ['query ($x: Int!) { messages(limit: $x) { id } }', 'expecting a value for non-nullable variable: "x"', '$'],
    ['query ($x: Int) { messages { id } }', 'following variable(s) have been defined, but have not been used in the query - x', '$'],
    ['{ messages { ...F } } fragment F on messages { zip }', "field 'zip' not found in type: 'messages'", '$.selectionSet.messages.selectionSet.zip'],
  ]
  for (const [query, message, path] of cases) test(query, async () => refused(await op(query)(), 'validation-failed', message, path))

  test('requests that never reach the schema', async () => {
    const headers = await as('user_alice')
    refused(await post('{', headers), 'invalid-json', /^Error in \$/)
    refused(await post('', headers), 'invalid-json', /^Error in \$/)
    refused(await post({}, headers), 'parse-failed', "the key 'query' was not present")
    refused(await post({ ...Q, variables: [] }, headers), 'parse-failed', /^parsing HashMap/, '$.variables')
    refused(await post({ ...Q, variables: { y: 1 } }, headers), 'validation-failed', 'unexpected variables in variableValues: y')
    refused(await post({ ...Q, extensions: { persistedQuery: { version: 1 } } }, headers), 'not-supported', 'PersistedQueryNotSupported')
    refused(await post({ query: 'subscription { messages { id } }' }, headers), 'unexpected-payload', 'subscriptions are not supported over HTTP, use websockets instead')
    const got = await fetch(`${hasura.url}?query={messages{id}}`, { headers })
    refused({ status: got.status, body: await got.json() }, 'not-supported', 'PersistedQueryNotSupported')
  })
  test("Postgres' refusals, and nothing kept of a mutation that failed half-way", async () => {
    const headers = await as('user_alice', { 'x-hasura-role': 'editor' })
    const go = (query) => post({ query }, headers)
    refused(await go('{ messages_by_pk(id: "no") { id } }'), 'data-exception', 'invalid input syntax for type uuid: "no"')
    refused(await go('mutation { insert_orders_one(object: { item: "x" }) { id } }'), 'constraint-violation', /^Not-NULL violation\. /, '$.selectionSet.insert_orders_one.args.object')
    refused(await go('mutation { insert_orders_one(object: { id: 1, item: "x", total: 1 }) { id } }'), 'constraint-violation', /^Uniqueness violation\. /, '$.selectionSet.insert_orders_one.args.object')
    refused(await go('mutation { insert_comments(objects: [{ message_id: "00000000-0000-0000-0000-000000000000", body: "x" }]) { affected_rows } }'), 'constraint-violation', /^Foreign key violation\. /, '$.selectionSet.insert_comments.args.objects')
    refused(await go('mutation { a: insert_orders_one(object: { item: "half", total: 1 }) { id } b: insert_orders_one(object: { item: "x", total: -1 }) { id } }'), 'permission-error', /^Check constraint violation\. /, '$.selectionSet.insert_orders_one.args.object')
    assert.deepEqual(await hasura.sql("select count(*)::int n from orders where item = 'half'"), [{ n: 0 }])
  })
  test('filters, order, pages, aggregates, relationships', async () => {
    const answer = await data(`query ($like: String!) {
      top: orders(order_by: [{ total: desc }], limit: 1, offset: 1) { total }
      some: orders(where: { _or: [{ total: { _gt: 500 } }, { _and: [{ item: { _ilike: $like } }, { total: { _in: [42, 43] } }] }], _not: { item: { _is_null: true } } }, order_by: { total: asc }) { total }
      orders_aggregate(where: { total: { _lt: 200 } }) { aggregate { count } nodes { total } }
      messages(where: { comments: { body: { _like: "Done%" } } }) { room comments(limit: 1) { body message { room } } }
    }`, await as('user_alice'), { like: '%OAT%' })
    assert.deepEqual(JSON.parse(JSON.stringify(answer)), {
      top: [{ total: 128 }], some: [{ total: 42 }, { total: 890 }],
      orders_aggregate: { aggregate: { count: 2 }, nodes: [{ total: 42 }, { total: 128 }] },
      messages: [{ room: 'garage', comments: [{ body: 'Done by Friday', message: { room: 'garage' } }] }],
    })
  })
  test('batches: an array, or one object when refused before execution', async () => {
    const headers = await as('user_alice')
    const { body } = await post([Q, { query: '{ nope }' }], headers)
    assert.equal(body[0].data.messages.length, 3)
    assert.equal(body[1].errors[0].extensions.code, 'validation-failed')
    refused(await post([Q, Q], { authorization: `Bearer ${await clerk.token('user_alice', { exp: 1 })}` }), 'invalid-jwt', 'Could not verify JWT: JWTExpired')
    refused(await post([Q, {}], headers), 'parse-failed', "the key 'query' was not present")
  })
})

describe('HTTP, knobs, the official client', () => {
  test('content type, request id, CORS, other paths', async () => {
    const { headers } = await post(Q, await as('user_alice', { 'x-request-id': 'r-1', origin: 'http://127.0.0.1:3000' }))
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8')
    assert.equal(headers.get('x-request-id'), 'r-1')
    assert.equal(headers.get('access-control-allow-origin'), 'http://127.0.0.1:3000')
    const preflight = await fetch(hasura.url, { method: 'OPTIONS', headers: { origin: 'http://x', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' } })
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'authorization,content-type')
    assert.equal((await fetch(new URL('/v1/nope', hasura.url))).status, 404)
  })
  test('rejectNext, clockOffsetS, fail, and a log without tokens', async () => {
    const headers = await as('user_alice')
    hasura.knobs.rejectNext = 1
    refused(await post(Q, headers), 'invalid-jwt', 'Could not verify JWT: JWTExpired')
    assert.equal((await data(Q.query, headers)).messages.length, 3)
    hasura.knobs.clockOffsetS = 120
    refused(await post(Q, headers), 'invalid-jwt', 'Could not verify JWT: JWTExpired')
    hasura.knobs.clockOffsetS = 0
    hasura.knobs.fail = { status: 429, retryAfter: 1, times: 1 }
    const failed = await fetch(hasura.url, { method: 'POST', body: '{}' })
    assert.deepEqual([failed.status, failed.headers.get('retry-after')], [429, '1'])
    const log = JSON.stringify(hasura.log)
    assert.ok(log.includes('user_alice') && !log.includes(headers.authorization.slice(7, 40)))
  })
  test('smoke: graphql-request', async () => {
    const result = await smoke({ endpoint: hasura.url, token: () => clerk.token('user_alice') })
    assert.deepEqual(result, {
      types: ['messages', 'query_root'], bodies: ['Alice: buy oat milk', 'Alice: water the basil', 'Alice: fix the front brake'], owners: ['user_alice'], count: 3,
      kitchen: ['Alice: buy oat milk', 'Alice: water the basil'], everyone: 10, inserted: 'written by the smoke script', insertedOwner: 'user_alice',
      updated: 'changed', found: 'changed', deleted: true, gone: null, batch: [3, 3],
      unknownField: { status: 200, message: "field 'nope' not found in type: 'messages'", code: 'validation-failed', path: '$.selectionSet.messages.selectionSet.nope' },
      badRole: { status: 200, message: 'Your requested role is not in allowed roles', code: 'access-denied', path: '$' },
      badInput: { status: 200, message: 'invalid input syntax for type uuid: "no uuid"', code: 'data-exception', path: '$' },
    })
    assert.equal((await smoke({ endpoint: hasura.url })).signedOut?.code, 'invalid-headers')
  })
})
