// Our ConvexHttpClient beside the vendor's over the same scripted server: the same bodies go out, the same results come back. Then what ours does better.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConvexHttpClient as Theirs } from 'convex/browser'
import { anyApi as theirApi } from 'convex/server'
import { ConvexError as TheirError } from 'convex/values'
import { dist } from '../dist.mjs'
import { stubFetch, stubSession, until } from '../stub-session.mjs'

const { ConvexClient, ConvexError, ConvexHttpClient, ConvexRequestError, anyApi, fetchToken } = await dist('convex.js')
const { CountersignError } = await dist('errors.js')
const url = 'https://happy-animal-123.convex.cloud'
const ok = (/** @type {unknown} */ value) => ({ status: 'success', value })
const refusal = (/** @type {number} */ status, /** @type {string} */ code, message = 'no') => Response.json({ code, message }, { status })

test('the same bodies, the same results', async (t) => {
  const calls = stubFetch(t, () => ok({ n: { $integer: 'AQAAAAAAAAA=' }, list: [1, { $float: 'AAAAAAAA8H8=' }] }))
  const clients = [new Theirs(url), new ConvexHttpClient(url)]
  /** @type {unknown[]} */
  const results = []
  for (const client of clients) {
    results.push(await client.query(theirApi.messages.list, { z: 1n, a: undefined, b: [new Uint8Array([1]).buffer] }))
    results.push(await client.mutation(theirApi.deep.path.send, {}))
    results.push(await client.action(theirApi.messages.default))
    results.push(await client.query(anyApi.messages.list))
    results.push(await client.query('messages:list'))
  }
  assert.deepEqual(results.slice(5), results.slice(0, 5))
  assert.deepEqual(calls.slice(5).map((c) => [c.url, c.body]), calls.slice(0, 5).map((c) => [c.url, c.body]))
  assert.equal(calls[0].body.format, 'convex_encoded_json')
})

test('errors of functions: ConvexError with data, its copies, and the rest', async (t) => {
  /** @type {any} */
  let answer
  let status = 200
  stubFetch(t, () => (answer instanceof Response ? answer : Response.json(answer, { status })))
  const [theirs, ours, injected] = [new Theirs(url), new ConvexHttpClient(url), new ConvexHttpClient(url, { ConvexError: TheirError })]
  answer = { status: 'error', errorMessage: '[Request ID: 1] Server Error', errorData: { code: 1, big: { $integer: 'AQAAAAAAAAA=' } } }
  for (status of [560, 200])
    for (const client of [theirs, ours, injected]) {
      const e = await client.query('a:b').catch((/** @type {any} */ e) => e)
      assert.deepEqual(e.data, { code: 1, big: 1n })
      assert.equal(e.name, 'ConvexError')
      assert.equal(e.message, '[Request ID: 1] Server Error')
      assert.equal(e[Symbol.for('ConvexError')], true)
      assert.ok(e instanceof ConvexError)
      assert.equal(e instanceof TheirError, client !== ours)
      assert.equal(CountersignError.is(e, 'backend'), client === ours)
    }
  answer = { status: 'error', errorMessage: 'Uncaught Error: boom', errorData: null }
  assert.equal((await ours.query('a:b').catch((/** @type {any} */ e) => e)).data, null)
  answer = { status: 'error', errorMessage: 'Uncaught Error: boom' }
  await assert.rejects(ours.query('a:b'), { name: 'ConvexRequestError', code: 'backend', message: 'Uncaught Error: boom', status: 200 })
  answer = new Response('<html>', { status: 200 })
  await assert.rejects(ours.query('a:b'), { code: 'protocol' })
  assert.equal(new ConvexError({ a: 1 }).message, new TheirError({ a: 1 }).message)
})

test('refused requests: status and code are fields, a refused token has the doctor’s hint', async (t) => {
  /** @type {any} */
  let answer
  stubFetch(t, () => answer)
  const session = stubSession({ key: 'alice' })
  const client = new ConvexHttpClient(url, { session, template: 'convex' })
  for (const code of ['Unauthenticated', 'TokenExpired', 'InvalidAuthHeader', 'NoAuthProvider']) {
    answer = refusal(401, code)
    await assert.rejects(client.query('a:b'), { code: 'token_rejected', kind: 'token', status: 401, serverCode: code, hint: 'the doctor says' })
  }
  answer = refusal(400, 'BadConvexFunctionIdentifier', 'x is not a valid path')
  await assert.rejects(client.query('a:b'), (/** @type {any} */ e) => e instanceof ConvexRequestError && e.code === 'BadConvexFunctionIdentifier' && e.message === 'x is not a valid path' && e.kind === 'backend')
  answer = new Response('<html>502</html>', { status: 502 })
  await assert.rejects(client.query('a:b'), { code: 'backend', status: 502, retryable: true })
  answer = refusal(400, 'signed_out')
  await assert.rejects(client.query('a:b'), { code: 'backend', serverCode: 'signed_out' })
})

test('mutations wait for each other, a failed one stops nobody, skipQueue does not wait', async (t) => {
  /** @type {((value: unknown) => void)[]} */
  const release = []
  const calls = stubFetch(t, () => new Promise((resolve) => release.push(resolve)))
  const client = new ConvexHttpClient(url)
  const first = client.mutation('a:one').catch((/** @type {any} */ e) => e.code)
  const second = client.mutation('a:two')
  const third = client.mutation('a:three', {}, { skipQueue: true })
  await until(() => calls.length === 2)
  assert.deepEqual(calls.map((c) => c.body.path).sort(), ['a:one', 'a:three'])
  release[calls.findIndex((c) => c.body.path === 'a:one')](refusal(503, 'OverloadedFamily'))
  assert.equal(await first, 'OverloadedFamily')
  await until(() => calls.length === 3)
  release[2](ok(2))
  release.forEach((r) => r(ok(null)))
  assert.equal(await second, 2)
  await third
})

test('a queued mutation whose user has gone is not sent', async (t) => {
  /** @type {((value: unknown) => void)[]} */
  const release = []
  const calls = stubFetch(t, () => new Promise((resolve) => release.push(resolve)))
  const session = stubSession({ key: 'alice' })
  const client = new ConvexHttpClient(url, { session, template: 'convex' })
  const both = Promise.allSettled([client.mutation('a:one'), client.mutation('a:two')])
  await until(() => calls.length === 1)
  session.become('bob')
  release[0](ok(1))
  for (const result of await both) assert.equal(/** @type {any} */ (result).reason?.code, 'identity_changed')
  assert.equal(calls.length, 1)
  assert.equal(session.listeners(), 0, 'nothing is left listening')
})

test('no answer to a mutation: its outcome is unknown; to a query: the network', async (t) => {
  stubFetch(t, () => {
    throw new TypeError('Failed to fetch')
  })
  const client = new ConvexHttpClient(url)
  await assert.rejects(client.mutation('a:b'), { code: 'outcome_unknown', retryable: false })
  await assert.rejects(client.action('a:b'), { code: 'outcome_unknown' })
  await assert.rejects(client.query('a:b'), { code: 'network', retryable: true })
})

test('consistent queries ask for the time once, and again only after a failure', async (t) => {
  let fail = true
  const calls = stubFetch(t, ({ url }) => (url.endsWith('query_ts') ? (fail ? new Response('', { status: 500 }) : { ts: 'AQ==' }) : ok(1)))
  const client = new ConvexHttpClient(url)
  await assert.rejects(client.consistentQuery('a:b'))
  fail = false
  assert.deepEqual(await Promise.all([client.consistentQuery('a:b'), client.consistentQuery('a:b')]), [1, 1])
  assert.deepEqual(calls.map((c) => c.url.split('/').at(-1)), ['query_ts', 'query_ts', 'query_at_ts', 'query_at_ts'])
  assert.equal(calls[2].body.ts, 'AQ==')
})

test('without a session: a static token, a fetcher with one forced retry, and no token over plain http', async (t) => {
  let refuse = true
  const calls = stubFetch(t, ({ headers }) => (refuse && headers.get('authorization') === 'Bearer old' ? refusal(401, 'Unauthenticated') : ok(1)))
  const http = new ConvexHttpClient(url, { auth: 'static' })
  await http.query('a:b')
  http.clearAuth()
  await http.query('a:b')
  assert.deepEqual(calls.map((c) => c.headers.get('authorization')), ['Bearer static', null])
  assert.deepEqual([calls[0].init.credentials, calls[0].init.redirect, calls[0].init.cache], ['omit', 'error', 'no-store'])

  calls.length = 0
  /** @type {unknown[]} */
  const told = []
  const client = new ConvexClient(url)
  client.setAuth(async ({ forceRefreshToken }) => (forceRefreshToken ? 'new' : 'old'), (is) => told.push(is))
  assert.equal(await client.mutation('a:b', {}), 1)
  assert.deepEqual(calls.map((c) => c.headers.get('authorization')), ['Bearer old', 'Bearer new'])
  client.clearAuth()
  assert.deepEqual(told, [true, false])
  client.setAuth(() => {
    throw new Error('never mind')
  })
  assert.equal(await client.query('a:b', {}), 1)

  const plain = new ConvexHttpClient('http://example.com', { auth: 'secret-token' })
  await assert.rejects(plain.query('a:b'), { code: 'origin_not_allowed' })
  await new ConvexHttpClient('http://127.0.0.1:3210', { auth: 't' }).query('a:b')
  refuse = false
})

test('constructing is inert; wrong options are reported by the first call', async () => {
  for (const [address, options, code] of /** @type {[any, any, string][]} */ ([
    [undefined, {}, 'endpoint_missing'], ['', {}, 'endpoint_missing'], ['nonsense', {}, 'option_invalid'],
    ['https://happy.convex.site', {}, 'option_invalid'], [url, { session: {}, template: 'x' }, 'option_invalid'],
    [url, { session: stubSession({ key: 'a' }), template: 'convex', fetch }, 'option_invalid'],
  ]))
    await assert.rejects(new ConvexHttpClient(address, options).query('a:b'), { code })
  const client = new ConvexHttpClient(url)
  await assert.rejects(client.query(/** @type {any} */ ({})), { code: 'option_invalid' })
  await assert.rejects(client.query(anyApi.messages), { code: 'option_invalid' })
  await assert.rejects(client.query('a:b', /** @type {any} */ ([])), /must be an object/)
  await assert.rejects(client.query('a:b', { a: '\ud800' }), /surrogate/)
  const closed = new ConvexClient(url)
  await closed.close()
  await assert.rejects(closed.query('a:b', {}), { code: 'disposed' })
  assert.throws(() => new ConvexHttpClient(url, { session: stubSession(), template: 'x' }).setAuth('t'), { code: 'option_invalid' })
})

test('fetchToken never rejects: it waits out a failing provider, and a forced call waits for another token', async () => {
  const session = stubSession({ key: 'alice' })
  const fetcher = fetchToken(session, { template: 'convex' })
  let failures = 1
  session.provide = async () => {
    if (failures-- > 0) throw new CountersignError('network', 'down')
    return 'one'
  }
  assert.equal(await fetcher({ forceRefreshToken: false }), 'one')
  let asked = 0
  session.provide = async () => (++asked < 2 ? 'one' : 'two')
  assert.equal(await fetcher({ forceRefreshToken: true }), 'two')
  session.provide = async () => {
    throw new CountersignError('template_unknown', 'no')
  }
  assert.equal(await fetcher({ forceRefreshToken: false }), session.last)
  session.provide = async () => null
  assert.equal(await fetcher({ forceRefreshToken: false }), null)
})
