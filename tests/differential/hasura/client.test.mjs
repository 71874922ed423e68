// HasuraClient over a scripted server: what goes out, what the answers mean, and that adapters never reject for a passing cause.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse, print } from 'graphql'
import gql from 'graphql-tag'
import { GraphQLClient } from 'graphql-request'
import { dist } from '../dist.mjs'
import { stubFetch, stubSession } from '../stub-session.mjs'

const { GraphQLRequestError, HasuraClient, classify } = await dist('hasura.js')
const { CountersignError } = await dist('errors.js')
const endpoint = 'https://hasura.test/v1/graphql'
const make = (/** @type {any} */ options = {}) => {
  const session = stubSession({ key: 'alice', ...options.stub })
  return { session, client: new HasuraClient({ session, template: 'hasura', endpoint, ...options }) }
}
const errors = (/** @type {string} */ message, /** @type {string | undefined} */ code) => ({ errors: [{ extensions: { path: '$', ...(code ? { code } : {}) }, message }] })

test('request and graphql-request send the same body and give the same data', async (t) => {
  const calls = stubFetch(t, () => ({ data: { messages: [{ id: 1 }] } }))
  const { client } = make()
  const theirs = new GraphQLClient(endpoint)
  const documents = ['{ messages { id } }', gql`query Messages($room: String!) { messages(where: { room: { _eq: $room } }) { id } }`]
  for (const document of documents) {
    const variables = document === documents[1] ? { room: 'a' } : undefined
    assert.deepEqual(await client.request(document, variables), await theirs.request(/** @type {any} */ (document), variables))
  }
  const [a, b, c, d] = calls
  assert.deepEqual(a.body, b.body)
  assert.deepEqual([c.body.variables, c.body.operationName], [d.body.variables, d.body.operationName])
  assert.equal(print(parse(c.body.query)), print(parse(d.body.query)))
  assert.match(a.headers.get('authorization') ?? '', /^Bearer /)
})

test('documents of every kind', async (t) => {
  const calls = stubFetch(t, () => ({ data: {} }))
  class TypedDocumentString extends String {}
  await make().client.request(new TypedDocumentString('{ a }'))
  assert.equal(calls[0].body.query, '{ a }')
  const bare = parse('query One { a }', { noLocation: true })
  await assert.rejects(make().client.request(bare), (/** @type {any} */ e) => e.code === 'option_invalid' && /`print`/.test(e.message))
  await make({ print }).client.request(bare)
  assert.equal(calls[1].body.operationName, 'One')
  await assert.rejects(make().client.request(/** @type {any} */ (null)), { code: 'option_invalid' })
  await assert.rejects(make().client.request('{ a }', { n: 1n }), { code: 'option_invalid' })
})

test('roles: the client’s, the request’s, the caller’s; none when signed out', async (t) => {
  const calls = stubFetch(t, () => ({ data: {} }))
  const { client, session } = make({ role: 'user', anonymous: true })
  await client.request('{ a }')
  await client.request('{ a }', {}, { role: 'editor' })
  await client.fetch(endpoint, { method: 'POST', headers: { 'x-hasura-role': 'own' }, body: '{}' })
  const { fetch } = client
  await fetch(new Request(endpoint, { method: 'POST', body: '{"query":"{ a }"}', headers: { 'content-type': 'application/json' } }))
  assert.deepEqual(calls.map((c) => c.headers.get('x-hasura-role')), ['user', 'editor', 'own', 'user'])
  assert.deepEqual(await client.headers(), { authorization: `Bearer ${session.last}`, 'x-hasura-role': 'user' })
  session.become(null)
  await client.request('{ a }')
  assert.equal(calls.at(-1).headers.get('x-hasura-role'), null)
  assert.equal(calls.at(-1).headers.get('authorization'), null)
  assert.deepEqual(await client.connectionParams(), { headers: {} })
})

/** Every text of the note: what `request` makes of it, and what `classify` says. @type {[string, string | undefined, string, string, string][]} */
const table = [
  ['Could not verify JWT: JWTExpired', 'invalid-jwt', 'token_rejected', 'token', 'refresh'],
  ['Could not verify JWT: JWSError JWSInvalidSignature', 'invalid-jwt', 'token_rejected', 'token', 'refresh'],
  ['Could not verify JWT: JWSError NoUsableKeys', 'invalid-jwt', 'token_rejected', 'token', 'refresh'],
  ['Could not verify JWT: JWTNotYetValid', 'invalid-jwt', 'token_rejected', 'token', 'fail'],
  ['Could not verify JWT: JWTIssuedAtFuture', 'invalid-jwt', 'token_rejected', 'token', 'fail'],
  ['Could not verify JWT: JWTNotInAudience', 'invalid-jwt', 'token_rejected', 'token', 'fail'],
  ['Could not verify JWT: JWTNotInIssuer', 'invalid-jwt', 'token_rejected', 'token', 'fail'],
  ['Could not verify JWT: JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got 1)', 'invalid-jwt', 'token_rejected', 'token', 'fail'],
  ['Could not verify JWT: JWTClaimsSetDecodeError x', 'invalid-jwt', 'token_rejected', 'token', 'fail'],
  ['Malformed Authorization header', 'invalid-headers', 'token_rejected', 'token', 'fail'],
  ["Missing 'Authorization' or 'Cookie' header in JWT authentication mode", 'invalid-headers', 'token_rejected', 'token', 'fail'],
  ["claims key: 'https://hasura.io/jwt/claims' not found", 'jwt-invalid-claims', 'token_rejected', 'token', 'fail'],
  ['JWT claim does not contain x-hasura-allowed-roles', 'jwt-missing-role-claims', 'token_rejected', 'token', 'fail'],
  ['Your requested role is not in allowed roles', 'access-denied', 'access-denied', 'backend', 'ok'],
  ['x-hasura-admin-secret/x-hasura-access-key required, but not found', 'access-denied', 'access-denied', 'backend', 'ok'],
  ["field 'x' not found in type: 'query_root'", 'validation-failed', 'validation-failed', 'backend', 'ok'],
  ['Uniqueness violation. duplicate key', 'constraint-violation', 'constraint-violation', 'backend', 'ok'],
  ['an action said no', undefined, 'backend', 'backend', 'ok'],
  ['an action has our word', 'signed_out', 'backend', 'backend', 'ok'],
]
for (const [message, code, want, kind, verdict] of table)
  test(`${code}: ${message}`, async (t) => {
    stubFetch(t, () => errors(message, code))
    const error = await make().client.request('{ a }').catch((/** @type {any} */ e) => e)
    assert.ok(error instanceof GraphQLRequestError && CountersignError.is(error))
    assert.deepEqual([error.code, error.kind, error.errors[0].message], [want, kind, message])
    assert.equal(kind === 'token' || message.includes('allowed roles'), error.hint !== undefined)
    assert.equal(await classify(Response.json(errors(message, code))), verdict)
    assert.equal(await classify(Response.json([{ data: {} }, errors(message, code)], { status: 400 })), verdict)
  })

test('signed out and Hasura serves nobody without a token: it says so', async (t) => {
  stubFetch(t, () => errors('Missing Authorization header in JWT authentication mode', 'invalid-headers'))
  const { client } = make({ stub: { key: null }, anonymous: true })
  await assert.rejects(client.request('{ a }'), (/** @type {any} */ e) => e.code === 'signed_out' && /UNAUTHORIZED_ROLE/.test(e.hint))
})

test('GraphQL at any status is GraphQL; anything else is the transport’s', async (t) => {
  /** @type {any} */
  let answer
  stubFetch(t, () => answer)
  const { client } = make()
  answer = Response.json({ data: { ok: 1 } }, { status: 400 })
  assert.deepEqual(await client.request('{ a }'), { ok: 1 })
  answer = Response.json({ data: { half: 1 }, ...errors('remote', 'remote-schema-error') }, { status: 500 })
  await assert.rejects(client.request('{ a }'), (/** @type {any} */ e) => e.code === 'remote-schema-error' && e.data.half === 1)
  answer = new Response('<html>Bad gateway</html>', { status: 502 })
  await assert.rejects(client.request('{ a }'), { code: 'backend', retryable: true, message: /HTTP 502.*Bad gateway/ })
  answer = new Response('', { status: 401 })
  await assert.rejects(client.request('{ a }'), { code: 'token_rejected', hint: 'the doctor says' })
  answer = new Response('hello')
  await assert.rejects(client.request('{ a }'), { code: 'protocol', message: /v1\/graphql/ })
  answer = Response.json({})
  await assert.rejects(client.request('{ a }'), { code: 'protocol' })
  assert.equal(await classify(new Response('<html>', { status: 401 })), 'refresh')
  assert.equal(await classify(new Response('<html>', { status: 502 })), 'ok')
})

test('no token in a message, whatever the server echoes', async (t) => {
  const { client, session } = make()
  stubFetch(t, () => errors(`Could not verify JWT: ${session.last}`, 'invalid-jwt'))
  await assert.rejects(client.request('{ a }'), (/** @type {any} */ e) => !e.message.includes(session.last) && e.message.includes('[secret]'))
})

test('an abort rejects with its reason', async (t) => {
  const controller = new AbortController()
  stubFetch(t, ({ init }) => new Promise((_, reject) => {
    init.signal.addEventListener('abort', () => reject(init.signal.reason))
    setTimeout(() => controller.abort(new Error('mine')))
  }))
  const waiting = make().client.request('{ a }', {}, { signal: controller.signal })
  await assert.rejects(waiting, /mine/)
})

test('connectionParams waits out a failing provider and rejects only what somebody must change', async () => {
  const { client, session } = make()
  let failures = 1
  session.provide = async () => {
    if (failures-- > 0) throw new CountersignError('network', 'down')
    return 'token'
  }
  const { connectionParams } = client
  assert.deepEqual(await connectionParams(), { headers: { authorization: 'Bearer token' } })
  session.provide = async () => {
    throw new CountersignError('template_unknown', 'no such template')
  }
  await assert.rejects(connectionParams(), { code: 'template_unknown' })
})

test('constructing is inert; check tells, and never rejects; a disposed client says so', async () => {
  const { client } = make({ endpoint: undefined })
  await assert.rejects(client.request('{ a }'), (/** @type {any} */ e) => e.code === 'endpoint_missing' && /`endpoint` is undefined/.test(e.message))
  assert.deepEqual((await client.check()).map((/** @type {any} */ f) => [f.ok, f.code]), [[false, 'endpoint_missing']])
  const good = make().client
  assert.equal((await good.check())[0].ok, true)
  good.dispose()
  await assert.rejects(good.request('{ a }'), { code: 'disposed' })
  await assert.rejects(good.fetch(endpoint), { code: 'disposed' })
})
