// The Hasura-shaped server against the note's own tables: texts, codes and statuses of refusals, roles, row security, GraphQL.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { SignJWT } from 'jose'
import { HASURA_AUDIENCE, HASURA_NAMESPACE } from '../accounts.mjs'
import { authenticate } from '../hasura/authenticate.mjs'
import { LOCAL_ADMIN_SECRET, resolveConfig } from '../hasura/config.mjs'
import { expiry, remoteKeySet } from '../hasura/jwks.mjs'
import { startHasura } from '../hasura/server.mjs'
import { smoke } from '../hasura/smoke.mjs'
import { tinyIssuer } from '../hasura/testing.mjs'
import { verify as verifyToken } from '../hasura/verify.mjs'

const now = () => Math.floor(Date.now() / 1000)
const ADMIN = { 'x-hasura-admin-secret': LOCAL_ADMIN_SECRET }
let clerk, auth0, hasura

before(async () => {
  clerk = await tinyIssuer()
  auth0 = await tinyIssuer({ issuer: 'http://127.0.0.1:4101/' })
  hasura = await startHasura({ issuers: { clerk, auth0 } })
})
after(() => Promise.all([clerk?.stop(), auth0?.stop(), hasura?.stop()]))

/** @returns {Promise<{ status: number, body: any, headers: Headers }>} */
async function post(payload, headers = {}) {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const response = await fetch(hasura.url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
  return { status: response.status, headers: response.headers, body: await response.json() }
}
const as = async (sub, more = {}) => ({ authorization: `Bearer ${await clerk.token(sub)}`, ...more })
const data = async (query, headers, variables) => {
  const { body } = await post({ query, variables }, headers)
  assert.equal(body.errors, undefined, JSON.stringify(body.errors))
  return body.data
}

/** One error, HTTP 200, no `data`. */
function refused({ status, body }, code, message, path = '$') {
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body), ['errors'])
  assert.equal(body.errors.length, 1)
  const [error] = body.errors
  if (message instanceof RegExp) assert.match(error.message, message)
  else assert.equal(error.message, message)
  assert.deepEqual(error.extensions, { path, code })
}
const Q = { query: '{ messages { body owner } }' }

describe('tokens', () => {
  const verify = (name, change, message, code = 'invalid-jwt') => test(name, async () => {
    refused(await post(Q, { authorization: `Bearer ${await clerk.token('user_alice', change())}` }), code, message)
  })
  verify('expired', () => ({ exp: now() - 1 }), 'Could not verify JWT: JWTExpired')
  verify('not yet valid', () => ({ nbf: now() + 60 }), 'Could not verify JWT: JWTNotYetValid')
  verify('issued in the future', () => ({ iat: now() + 60 }), 'Could not verify JWT: JWTIssuedAtFuture')
  verify('of no known issuer', () => ({ iss: 'http://elsewhere' }), 'Could not verify JWT: JWTNotInIssuer')
  verify('whose exp is text', () => ({ exp: 'soon' }), /^Could not verify JWT: JWTClaimsSetDecodeError "Error in \$\.exp: /)
  verify('without iss, which could be for either secret', () => ({ iss: undefined }), 'Could not verify JWT: Multiple JWTs found', 'invalid-headers')
  verify('without the namespace', () => ({ [HASURA_NAMESPACE]: undefined }), `claims key: '${HASURA_NAMESPACE}' not found`, 'jwt-invalid-claims')
  verify('whose namespace is text', () => ({ [HASURA_NAMESPACE]: '{}' }), 'expecting a json object when claims_format is json', 'jwt-invalid-claims')
  const claims = (more) => () => ({ [HASURA_NAMESPACE]: { 'X-Hasura-Allowed-Roles': ['user'], 'x-hasura-default-role': 'user', 'x-hasura-user-id': 'user_alice', ...more } })
  verify('without allowed roles', claims({ 'X-Hasura-Allowed-Roles': undefined }), 'JWT claim does not contain x-hasura-allowed-roles', 'jwt-missing-role-claims')
  verify('without a default role', claims({ 'x-hasura-default-role': undefined }), 'JWT claim does not contain x-hasura-default-role', 'jwt-missing-role-claims')
  verify('whose roles are no list', claims({ 'X-Hasura-Allowed-Roles': 'user' }), /^invalid x-hasura-allowed-roles; should be a list of roles: /, 'jwt-invalid-claims')
  verify('whose default role is a list', claims({ 'x-hasura-default-role': ['user'] }), /^invalid x-hasura-default-role; should be a single role name: /, 'jwt-invalid-claims')
  verify('with a number among the variables', claims({ 'x-hasura-org': 7 }), /^x-hasura-\* claims: /, 'jwt-invalid-claims')
  verify('whose default role is not allowed', claims({ 'x-hasura-default-role': 'editor' }), 'Your requested role is not in allowed roles', 'access-denied')
  verify('without the variable a policy needs', claims({ 'x-hasura-user-id': undefined }), 'missing session variable: "x-hasura-user-id"', 'not-found')

  test('of another audience', async () => {
    refused(await post(Q, { authorization: `Bearer ${await auth0.token('auth0|alice', { aud: 'other' })}` }), 'invalid-jwt', 'Could not verify JWT: JWTNotInAudience')
    const aud = ['other', HASURA_AUDIENCE]
    assert.equal((await data(Q.query, { authorization: `Bearer ${await auth0.token('auth0|alice', { aud })}` })).messages.length, 3)
  })
  test('badly signed, unsigned, or no token at all', async () => {
    const bearer = (token) => post(Q, { authorization: `Bearer ${token}` })
    const good = await clerk.token('user_alice')
    const stranger = await clerk.newKey()
    const [head, body] = good.split('.')
    const kid = JSON.parse(Buffer.from(head, 'base64url')).kid
    const claims = JSON.parse(Buffer.from(body, 'base64url'))
    refused(await bearer(await clerk.sign(claims, { ...stranger, kid })), 'invalid-jwt', 'Could not verify JWT: JWSError JWSInvalidSignature')
    refused(await bearer(await clerk.sign(claims, stranger)), 'invalid-jwt', 'Could not verify JWT: JWSError NoUsableKeys')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    refused(await bearer(`${none}.${body}.`), 'invalid-jwt', 'Could not verify JWT: JWSError JWSNoValidSignatures')
    const hmac = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32))
    refused(await bearer(hmac), 'invalid-jwt', 'Could not verify JWT: JWSError NoUsableKeys')
    refused(await bearer('opaque'), 'invalid-jwt', 'Could not verify JWT: JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got 1)')
    refused(await bearer('a.b.c.d.e'), 'invalid-jwt', /CompactDecodeError .*got 5/)
    refused(await bearer('!!.b.c'), 'invalid-jwt', /^Could not verify JWT: JWSError \(JSONDecodeError /)
  })
  test('headers', async () => {
    const token = await clerk.token('user_alice')
    for (const authorization of [token, `bearer ${token}`, `Bearer ${token} x`, 'Bearer', 'Bearer null null']) {
      refused(await post(Q, { authorization }), 'invalid-headers', 'Malformed Authorization header')
    }
    refused(await post(Q), 'invalid-headers', "Missing 'Authorization' or 'Cookie' header in JWT authentication mode")
    refused(await post(Q, { 'x-hasura-admin-secret': 'wrong' }), 'access-denied', 'invalid x-hasura-admin-secret/x-hasura-access-key')
  })
  test('after a rotation: refused, without a fetch, until the keys are fetched again', async () => {
    await clerk.rotate()
    const headers = await as('user_alice')
    const before = clerk.fetches
    for (let i = 0; i < 2; i++) refused(await post(Q, headers), 'invalid-jwt', 'Could not verify JWT: JWSError NoUsableKeys')
    assert.equal(clerk.fetches, before, 'an unknown kid must not cause a fetch')
    await fetch(new URL('/__knobs', hasura.url), { method: 'POST', body: '{"refetchKeys":true}' })
    assert.equal((await data(Q.query, headers)).messages.length, 3)
  })
  test('a key set is fetched again by itself once its max-age has passed', async () => {
    const issuer = await tinyIssuer({ cacheControl: 'max-age=1' })
    const keys = remoteKeySet(issuer.jwksUri)
    try {
      await keys.resolve()
      await issuer.rotate()
      const token = await issuer.token('s')
      const accepted = () => verifyToken(token, { keys }, now()).then(() => true, () => false)
      for (let tries = 0; tries < 150 && !(await accepted()); tries++) await new Promise((resolve) => setTimeout(resolve, 100))
      assert.ok(await accepted())
    } finally {
      keys.stop()
      await issuer.stop()
    }
  })
})

describe('configuration', () => {
  const auth = async (config, headers, issuers = {}) => {
    const { secrets, ...rest } = resolveConfig(issuers, config)
    try { return await authenticate(headers, { secrets, ...rest }, now()) } finally { secrets.forEach(({ keys }) => keys.stop()) }
  }
  const secret = (more) => ({ secrets: [{ jwk_url: clerk.jwksUri, ...more }] })
  const says = (code, message) => ({ code, message })

  test('claims_namespace_path, claims_format, claims_map', async () => {
    const roles = { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' }
    const nested = { authorization: `Bearer ${await clerk.token('s', { a: { b: roles }, text: JSON.stringify(roles), bad: 'no json' })}` }
    assert.equal((await auth(secret({ claims_namespace_path: '$.a.b' }), nested)).role, 'user')
    assert.equal((await auth(secret({ claims_namespace: 'text', claims_format: 'stringified_json' }), nested)).role, 'user')
    await assert.rejects(auth(secret({ claims_namespace_path: '$.a.c' }), nested), says('jwt-invalid-claims', "claims not found at claims_namespace_path: '$.a.c'"))
    await assert.rejects(auth(secret({ claims_namespace: 'a', claims_format: 'stringified_json' }), nested), says('jwt-invalid-claims', 'expecting a string when claims_format is stringified_json'))
    await assert.rejects(auth(secret({ claims_namespace: 'bad', claims_format: 'stringified_json' }), nested), says('jwt-invalid-claims', "expecting stringified json at: 'claims_namespace bad', but found: no json"))
    const map = { 'x-hasura-allowed-roles': ['user', 'editor'], 'x-hasura-default-role': { path: '$.role', default: 'user' }, 'x-hasura-user-id': { path: '$.sub' } }
    assert.deepEqual((await auth(secret({ claims_map: map }), nested)).variables, { 'x-hasura-user-id': 's', 'x-hasura-role': 'user' })
    await assert.rejects(auth(secret({ claims_map: { ...map, 'x-hasura-org': { path: '$.org' } } }), nested), says('jwt-invalid-claims', 'JWT claim from claims_map, x-hasura-org not found'))
    assert.throws(() => resolveConfig({}, secret({ claims_namespace: 'a', claims_namespace_path: '$' })), /both cannot be set/)
  })
  test('header, audience, issuer, allowed_skew, type and key', async () => {
    const token = await clerk.token('user_alice', { exp: now() - 1, iss: undefined })
    const skewed = { allowed_skew: 5, issuer: 'http://only-compared-when-there' }
    assert.equal((await auth(secret({ ...skewed, header: { type: 'Cookie', name: 'tok' } }), { cookie: `a=b; tok=${token}` })).sub, 'user_alice')
    assert.equal((await auth(secret({ ...skewed, header: { type: 'CustomHeader', name: 'X-Token' } }), { 'x-token': token })).sub, 'user_alice')
    await assert.rejects(auth(secret({ audience: 'a' }), { authorization: `Bearer ${await clerk.token('s')}` }), says('invalid-jwt', 'Could not verify JWT: JWTNotInAudience'))
    await assert.rejects(auth(secret({ issuer: 'x' }), { authorization: `Bearer ${await clerk.token('s')}` }), says('invalid-jwt', 'Could not verify JWT: JWTNotInIssuer'))
    const key = 'a local secret of thirty-two bytes'
    const hs = await new SignJWT({ [HASURA_NAMESPACE]: { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' } }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(key))
    assert.equal((await auth({ secrets: [{ type: 'HS256', key }] }, { authorization: `Bearer ${hs}` })).exp, undefined)
  })
  test('unauthorized role: only without any token; admin-secret mode', async () => {
    const config = { ...secret({}), unauthorizedRole: 'anonymous' }
    assert.deepEqual(await auth(config, { 'x-hasura-role': 'editor', 'x-hasura-user-id': 'me' }), { role: 'anonymous', by: 'unauthorized', variables: { 'x-hasura-user-id': 'me', 'x-hasura-role': 'anonymous' } })
    await assert.rejects(auth(config, { authorization: `Bearer ${await clerk.token('s', { exp: now() - 1 })}` }), says('invalid-jwt', 'Could not verify JWT: JWTExpired'))
    await assert.rejects(auth({ secrets: [] }, {}), says('access-denied', 'x-hasura-admin-secret/x-hasura-access-key required, but not found'))
  })
  test('how long a key set is kept', () => {
    const at = (value, more = {}) => expiry(new Headers({ ...(value && { 'cache-control': value }), ...more }), 1000)
    assert.deepEqual([at('max-age=2'), at('public, s-maxage=3'), at('no-store, max-age=9'), at('must-revalidate'), at('max-age=1, must-revalidate'), at('')], [3000, 4000, 1000, 1000, 2000, undefined])
    assert.equal(at('', { expires: 'Thu, 01 Jan 1970 00:01:00 GMT' }), 60_000)
  })
})

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
