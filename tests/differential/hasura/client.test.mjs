// HasuraClient over a scripted server: what goes out, what the answers mean, and that adapters never reject for a passing cause.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse, print } from 'graphql'
import gql from 'graphql-tag'
import { GraphQLClient } from 'graphql-request'
import { dist } from '../dist.mjs'
import { stubFetch, stubSession } from '../stub-session.mjs'

const { HasuraClient, classify } = await dist('hasura.js')
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

test('a document that only the server knows goes out by its name, without a query', async (t) => {
  const calls = stubFetch(t, () => ({ data: {} }))
  const { client } = make()
  const extensions = { persistedQuery: { version: 1, sha256Hash: 'ab' } }
  await client.request({ documentId: 'sha256:ab' }, { n: 1 })
  await client.request({ id: 'ab' }, undefined, { extensions, operationName: 'One' })
  await client.request({ extensions })
  await client.request('{ a }', {}, { extensions: { tag: 1 } })
  assert.deepEqual(calls.map((c) => c.body), [
    { documentId: 'sha256:ab', variables: { n: 1 } }, { id: 'ab', operationName: 'One', extensions }, { extensions },
    { query: '{ a }', variables: {}, extensions: { tag: 1 } },
  ])
})

test('of several operations the one that is named; of one its own name', async (t) => {
  const calls = stubFetch(t, () => ({ data: {} }))
  const { client } = make()
  const two = gql`query A { a } query B { b }`
  await client.request(two, {}, { operationName: 'B' })
  await client.request(two)
  await client.request(gql`query A { a }`)
  await client.request('query A { a } query B { b }', {}, { operationName: 'A' })
  assert.deepEqual(calls.map((c) => c.body.operationName), ['B', undefined, 'A', 'A'])
})

test('headers: the client’s, then the request’s; none may stand in for the token', async (t) => {
  const calls = stubFetch(t, () => ({ data: {} }))
  let n = 0
  const { client, session } = make({ anonymous: true, headers: () => ({ 'X-Request-Id': `r${++n}`, 'x-hasura-role': 'usual' }) })
  await client.request('{ a }')
  await client.request('{ a }', {}, { headers: [['x-request-id', 'own'], ['x-hasura-tenant', 't'], ['X-Hasura-Role', 'of headers']] })
  await client.request('{ a }', {}, { headers: new Headers({ 'x-hasura-role': 'of headers' }), role: 'of role' })
  await client.fetch(endpoint, { method: 'POST', body: '{}', headers: { 'x-request-id': 'theirs' } })
  await client.fetch(new Request(endpoint, { method: 'POST', body: '{}', headers: { traceparent: '00-1' } }))
  const pick = (/** @type {any} */ { headers }) => ['x-request-id', 'x-hasura-role', 'x-hasura-tenant', 'traceparent'].map((name) => headers.get(name))
  assert.deepEqual(calls.map(pick), [
    ['r1', 'usual', null, null], ['own', 'of headers', 't', null], ['r3', 'of role', null, null], ['theirs', 'usual', null, null], ['r5', 'usual', null, '00-1'],
  ])
  session.become(null)
  await client.request('{ a }', {}, { headers: { 'x-hasura-role': 'editor' } })
  await client.fetch(endpoint, { method: 'POST', body: '{}' })
  await client.fetch(endpoint, { method: 'POST', body: '{}', headers: { 'x-hasura-role': 'said by the caller' } })
  assert.deepEqual(calls.slice(5).map((c) => c.headers.get('x-hasura-role')), [null, null, 'said by the caller'])

  const sent = calls.length
  /** @type {[any, RegExp][]} */
  const wrong = [
    [{ Authorization: 'Bearer x' }, /`authorization`.*`template`/], [[['X-Hasura-Admin-Secret', 's']], /admin secret/], [{ 'x-hasura-access-key': 's' }, /admin secret/],
    [{ 'a b': 'c' }, /new Headers/], [async () => ({}), /at once/], [() => { throw new Error('mine') }, /at once/],
  ]
  for (const [headers, message] of wrong) {
    for (const call of [() => make().client.request('{ a }', {}, { headers }), () => make({ headers }).client.request('{ a }'), () => make({ headers }).client.fetch(endpoint)])
      await assert.rejects(call(), (/** @type {any} */ e) => e.code === 'option_invalid' && message.test(e.message))
  }
  const role = 'of two\nlines'
  for (const call of [() => make().client.request('{ a }', {}, { role }), () => make({ role }).client.request('{ a }'), () => make({ role }).client.fetch(endpoint)])
    await assert.rejects(call(), { code: 'option_invalid', message: 'hasura: `role` must be a text that a header can carry' })
  await assert.rejects(make({ role }).client.request(/** @type {any} */ (undefined)), { message: /document/ })
  assert.equal(calls.length, sent)
})

test('a role belongs to a token, also where nobody knew yet who is signed in', async (t) => {
  const calls = stubFetch(t, () => ({ data: {} }))
  const { client, session } = make({ role: 'user', anonymous: true, stub: { key: undefined } })
  const early = [client.request('{ a }'), client.fetch(endpoint, { method: 'POST', body: '{}' })]
  session.become(null)
  await Promise.all(early)
  assert.deepEqual(calls.map((c) => c.headers.get('x-hasura-role')), [null, null])
})

test('a request is what was given at the call', async (t) => {
  const calls = stubFetch(t, () => ({ data: {} }))
  const { client } = make()
  const [variables, headers, init] = [{ n: 1 }, new Headers({ 'x-n': '1' }), { method: 'POST', body: '1' }]
  const waiting = [client.request('{ a }', variables, { headers }), client.fetch(endpoint, init), client.batch([{ document: '{ a }', variables }]).catch(() => {})]
  variables.n = 2
  headers.set('x-n', '2')
  init.body = '2'
  await Promise.all(waiting)
  assert.deepEqual([calls[0].body.variables, calls[0].headers.get('x-n'), calls[1].body, calls[2].body[0].variables], [{ n: 1 }, '1', 1, { n: 1 }])
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
  for (const [status, words] of /** @type {const} */ ([[413, /larger than/], [431, /fewer claims/]])) {
    answer = new Response('<h1>Too Large</h1>', { status })
    await assert.rejects(client.request('{ a }'), { code: 'backend', retryable: false, hint: words })
  }
  answer = new Response('x'.repeat(16 << 20), { status: 500 })
  await assert.rejects(client.request('{ a }'), (/** @type {any} */ e) => e.code === 'backend' && !e.retryable && e.message.length < 600)
  for (const body of ['', 'null', '7', '"text"', '[]', '{"errors":[]}', '{"errors":"text","data":{}}', '{"error":"text"}']) {
    answer = new Response(body, { headers: { 'content-type': 'application/json' } })
    await assert.rejects(client.request('{ a }'), { code: 'protocol' }, body)
  }
  for (const first of [null, 'text', 7]) {
    answer = Response.json({ errors: [first] })
    await assert.rejects(client.request('{ a }'), { name: 'GraphQLRequestError', code: 'backend', message: String(first) })
  }
  answer = Response.json({ path: '$', error: 'resource does not exist', code: 'not-found' }, { status: 404 })
  await assert.rejects(client.request('{ a }'), { code: 'not-found', message: 'resource does not exist', hint: /v1\/graphql/ })
  answer = Response.json({ data: null })
  assert.equal(await client.request('{ a }'), null)
  answer = new Response('hello')
  await assert.rejects(client.request('{ a }'), { code: 'protocol', message: /v1\/graphql/ })
  answer = Response.json({})
  await assert.rejects(client.request('{ a }'), { code: 'protocol' })
  assert.equal(await classify(new Response('<html>', { status: 401 })), 'refresh')
  assert.equal(await classify(new Response('<html>', { status: 502 })), 'ok')
})

test('no token in a message, whatever the server echoes', async (t) => {
  const { client, session } = make()
  /** @type {(text: string) => any} */
  let answer = (text) => errors(text, 'invalid-jwt')
  stubFetch(t, () => answer(`Could not verify JWT: ${session.last}`))
  const clean = (/** @type {any} */ e) => !JSON.stringify([e.message, e.hint, e.errors, e.cause, e.stack]).includes(session.last) && e.message.includes('[secret]')
  await assert.rejects(client.request('{ a }'), clean)
  for (const make of [
    (/** @type {string} */ text) => errors(text, 'unexpected'), (/** @type {string} */ text) => ({ path: '$', error: text, code: 'unexpected' }),
    (/** @type {string} */ text) => new Response(text, { status: 502 }), (/** @type {string} */ text) => new Response(text),
  ]) {
    answer = make
    await assert.rejects(client.request('{ a }'), clean)
  }
  const internal = { statement: 'select secret', token: 'INTERNAL' }
  for (const body of [{ errors: [{ message: 'oops', extensions: { code: 'unexpected', internal } }] }, { path: '$', error: 'oops', code: 'unexpected', internal }]) {
    answer = () => body
    await assert.rejects(client.request('{ a }'), (/** @type {any} */ e) => e.message === 'oops' && !e.hint && e.errors[0].extensions.internal.token === 'INTERNAL')
  }
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
