// The client against npm fauna's, through the same scripted server: requests, results, errors. What differs on purpose is in differences.mjs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { both, canonical, driver, failure, fast, fields, lib, sameRequests, stats } from './compare.mjs'
import { stub } from './stub.mjs'

const { Client, CountersignError, fql } = lib

test('the same calls make the same requests and answers', async () => {
  const script = (_, n) => ({ json: { data: { '@int': String(n) }, txn_ts: 100 + n, summary: 's', stats, query_tags: 'a=b,c=d', schema_version: 7, static_type: 'Int' } })
  const run = async (client, l) => {
    const answers = []
    const ask = async (...args) => answers.push(await client.query(...args))
    await ask(l.fql`1 + ${2}`)
    await ask(l.fql`x`, { arguments: { x: 5, y: [l.TimeStub.from('2024-05-01T00:00:00Z')], '@z': true } })
    await ask(l.fql`x`, { linearized: true, max_contention_retries: 3, query_tags: { a: 'b', c: 'd' }, query_timeout_ms: 1234, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', typecheck: false, performance_hints: true })
    await ask(l.fql`x`, { format: 'simple' })
    await ask(l.fql`x`, { format: 'decorated' })
    client.lastTxnTs = 5
    await ask(l.fql`x`)
    client.lastTxnTs = 5000
    await ask(l.fql`x`)
    return [answers, client.lastTxnTs]
  }
  const pair = await both(script, run, { typecheck: true, query_tags: { from: 'client' } })
  sameRequests(pair)
  assert.equal(pair[0].log.length, 7)
  assert.deepEqual(pair[0].value, pair[1].value)
  assert.equal(pair[0].log[1].headers['x-last-txn-ts'], '100')
})

test('only headers that Fauna allows across origins', async () => {
  const allowed = 'authorization, content-type, x-driver-env, x-format, x-last-txn-ts, x-linearized, x-max-contention-retries, x-query-tags, x-query-timeout-ms, traceparent, x-typecheck, x-performance-hints'.split(', ')
  const platform = /^(host|connection|user-agent|accept.*|sec-fetch-.*|content-length|cache-control|pragma)$/
  const [{ log }] = await both(() => undefined, (client, l) => client.query(l.fql`x`, { linearized: true, query_tags: { a: 'b' }, typecheck: true, performance_hints: true, traceparent: 'x' }))
  for (const name of Object.keys(log[0].headers)) assert.ok(allowed.includes(name) || platform.test(name), name)
})

/** What the server says in the table of protocols/fauna.md §3.1, and what is no answer of its own. */
const runtime = `disabled_feature divide_by_zero document_deleted document_id_exists document_not_found eval_error index_out_of_bounds internal_failure invalid_argument
  invalid_bounds invalid_computed_field_access invalid_cursor invalid_date invalid_document_id invalid_effect invalid_function_invocation invalid_id invalid_index_invocation
  invalid_null_access invalid_receiver invalid_regex invalid_schema invalid_secret invalid_time invalid_timestamp_field_access invalid_unit invalid_write null_value
  permission_denied stack_overflow type_mismatch unbound_variable value_too_large`.split(/\s+/)
const rows = [
  failure('invalid_query', 400, { summary: 'error: here\nat *query*:1:5', txn_ts: 5, stats, schema_version: 3 }),
  failure('invalid_request', 400),
  failure('abort', 400, { txn_ts: 5, stats, summary: '' }, { abort: { '@int': '7' } }),
  failure('abort', 400, {}, { abort: { why: { '@time': '2024-05-01T00:00:00Z' }, ref: { '@ref': { id: '5', coll: { '@mod': 'Order' } } } } }),
  failure('abort', 400),
  failure('abort', 400, {}, { abort: null }),
  failure('constraint_failure', 400, {}, { constraint_failures: [{ message: 'm', paths: [['a', 0]] }, { message: 'n', name: 'unique' }] }),
  failure('constraint_failure', 400),
  failure('unauthorized', 401),
  failure('forbidden', 403),
  failure('not_found', 404),
  failure('method_not_allowed', 405),
  failure('contended_transaction', 409),
  failure('conflict', 409),
  failure('forbidden', 410),
  failure('request_size_exceeded', 413),
  failure('limit_exceeded', 429, { stats: { ...stats, rate_limits_hit: ['read'] } }),
  failure('limit_exceeded', 400),
  failure('time_out', 440, { stats }),
  failure('time_out', 503),
  failure('internal_error', 500),
  failure('internal_error', 540),
  failure('bad_gateway', 502),
  failure('gateway_timeout', 504),
  ...runtime.map((code) => failure(code, 400, { summary: code, txn_ts: 9, stats, query_tags: 'a=b,c=d' })),
  failure('anything_new', 418),
  failure('__proto__', 400),
  failure('unauthorized', 200),
  { status: 400, json: { error: 'bad request' } },
  { status: 408, json: { error: 'request timeout' } },
  { status: 500, json: { error: 'internal server error' } },
  { status: 400, json: { error: {} } },
  { status: 400, json: { error: { code: 'no_message' } } },
  { status: 200, text: '' },
  { status: 401, text: '' },
  { status: 502, text: '' },
  { status: 200, text: '<!doctype html><html>sign in to the wifi</html>' },
  { status: 502, text: '<html><h1>502 Bad Gateway</h1></html>' },
  { status: 200, text: '{"data":{"@time":"never"}}' },
  { status: 200, text: '{"data":{"@date":"2024-13-01"}}' },
  { status: 200, json: {} },
  { status: 200, json: [] },
  { status: 200, text: 'null' },
  { status: 200, json: 'text' },
  { status: 200, text: '{"data":' },
  { status: 200, text: '{"data":"\ud83d' },
]

test('the error table', async () => {
  for (const row of rows) {
    const pair = await fast(() => both(() => row, (client, l) => client.query(l.fql`x`), { max_attempts: 2 }))
    const [a, b] = pair.map((side) => side.error)
    const name = JSON.stringify(row).slice(0, 90)
    assert.ok(a && b, name)
    assert.deepEqual(fields(a), fields(b), name)
    assert.ok(a instanceof lib[a.name] && a instanceof lib.FaunaError && a instanceof CountersignError && a instanceof Error, name)
    assert.equal(a instanceof lib.ServiceError, b instanceof driver.ServiceError, name)
    sameRequests(pair)
  }
})

test('the formats of errors: what was given to abort() is in the format of the query, the rest is never decoded', async () => {
  const answer = failure('abort', 400, { summary: 's', stats, query_tags: '' }, { abort: { n: { '@int': '7' }, t: { '@time': '2024-05-01T00:00:00Z' } } })
  for (const options of [{ format: 'tagged' }, { format: 'simple' }, { format: 'decorated' }, { long_type: 'bigint' }]) {
    const [a, b] = await both(() => answer, (client, l) => client.query(l.fql`x`, options))
    assert.equal(a.error.name, 'AbortError')
    assert.deepEqual(fields(a.error), fields(b.error), JSON.stringify(options))
  }
})

test('a success is known by its data, whatever the status', async () => {
  for (const status of [200, 201, 400, 503]) {
    const pair = await both(() => ({ status, json: { data: { '@int': '1' }, error: { code: 'x', message: 'y' }, query_tags: 'a=b' } }), (client, l) => client.query(l.fql`x`))
    assert.deepEqual(canonical(pair[0].value), canonical(pair[1].value))
    assert.equal(pair[0].value.data, 1)
  }
})

/** Three pages of two: the first as a set, the others as `Set.paginate` answers. */
const page = (n) => ({ data: [{ '@int': String(n) }, { '@int': String(n + 1) }], ...(n < 4 ? { after: `c${n + 2}` } : {}) })
const tagged = (_, n) => ({ json: { data: n ? page(2 * n) : { '@set': page(0) }, txn_ts: n + 1 } })
const collect = async (iterator) => {
  const out = []
  for await (const item of iterator) out.push(item)
  return out
}

test('pagination: three pages, the same requests and items', async () => {
  const options = { query_tags: { a: 'b' }, query_timeout_ms: 1234, arguments: { x: 1 }, linearized: true }
  const pair = await both(tagged, async (client, l) => collect(client.paginate(l.fql`Order.all().where(.n == x)`, options)))
  sameRequests(pair)
  assert.deepEqual(pair[0].value, pair[1].value)
  assert.deepEqual(pair[0].value, [[0, 1], [2, 3], [4, 5]])
  assert.deepEqual(pair[0].log.map(({ headers }) => headers['x-last-txn-ts']), [undefined, '1', '2'])
  const starts = {
    flat: (client, l) => client.paginate(l.fql`Order.all()`).flatten(),
    'a set inside a value': (client, l) => client.paginate(new l.EmbeddedSet('c2')),
    'a page at hand': (client, l) => client.paginate(new l.Page({ data: [-2, -1], after: 'c2' })),
    'the last page': (client, l) => client.paginate(new l.Page({ data: ['all'] })),
    'made by hand': (client, l) => new l.SetIterator(client, async () => new l.EmbeddedSet('c2')).flatten(),
    fromQuery: (client, l) => l.SetIterator.fromQuery(client, l.fql`x`),
    fromPageable: (client, l) => l.SetIterator.fromPageable(client, new l.EmbeddedSet('c2')),
  }
  for (const [what, start] of Object.entries(starts)) {
    const pair = await both(tagged, async (client, l) => collect(start(client, l)))
    sameRequests(pair)
    assert.deepEqual(pair[0].value, pair[1].value, what)
  }
  for (const value of [{ '@int': '1' }, null, 'text', [{ '@int': '1' }], { a: true }]) {
    const single = await both(() => ({ json: { data: value } }), async (client, l) => collect(client.paginate(l.fql`1`)))
    assert.deepEqual(single[0].value, single[1].value)
    assert.equal(single[0].value.length, 1)
  }
  for (const wrong of [{ nonsense: true }, 'c2', 5, null, undefined]) {
    const [a, b] = await both(tagged, async (client) => client.paginate(wrong))
    assert.ok(a.error instanceof TypeError && b.error instanceof TypeError, String(wrong))
  }
})

test('pagination: ended early, and by an error', async () => {
  const early = async (client, l) => {
    const iterator = client.paginate(l.fql`x`)
    const seen = [await iterator.next(), await iterator.return(), await iterator.next()]
    const flat = client.paginate(l.fql`x`).flatten()
    seen.push(await flat.next())
    await assert.rejects(flat.throw(new Error('mine')), { message: 'mine' })
    seen.push(await flat.next())
    const before = client.paginate(l.fql`x`)
    seen.push(await before.return(), await before.next())
    const broken = []
    for await (const items of client.paginate(l.fql`x`)) {
      broken.push(items)
      break
    }
    return [...seen, broken]
  }
  const pair = await both((_, n) => tagged(_, n % 1), early)
  sameRequests(pair)
  assert.deepEqual(pair[0].value, pair[1].value)
  const failing = (_, n) => (n === 1 ? failure('invalid_cursor', 400) : tagged(_, n))
  const failed = await both(failing, async (client, l) => {
    const iterator = client.paginate(l.fql`x`)
    const first = await iterator.next()
    const error = await iterator.next().catch((e) => e)
    return [first, error.name, error.code, await iterator.next()]
  })
  sameRequests(failed)
  assert.deepEqual(failed[0].value, failed[1].value)
  const throttled = await fast(() => both((_, n) => (n === 1 ? failure('limit_exceeded', 429) : tagged(_, n > 1 ? n - 1 : n)), async (client, l) => collect(client.paginate(l.fql`x`))))
  sameRequests(throttled)
  assert.deepEqual(throttled[0].value, [[0, 1], [2, 3], [4, 5]])
  const [broken] = await both((_, n) => ({ json: { data: n ? 'no page' : { '@set': page(0) } } }), async (client, l) => collect(client.paginate(l.fql`x`)))
  assert.ok(broken.error instanceof lib.ProtocolError)
})

test('options that are wrong fail when the driver\'s do', () => {
  const base = { secret: 's', endpoint: new URL('https://fauna.example') }
  for (const name of ['http2_max_streams', 'client_timeout_buffer_ms', 'query_timeout_ms', 'max_backoff', 'max_attempts'])
    for (const l of [lib, driver]) {
      assert.throws(() => new l.Client({ ...base, [name]: 0 }), RangeError)
      assert.throws(() => new l.Client({ ...base, [name]: undefined }), TypeError)
    }
  for (const name of ['format', 'long_type', 'http2_session_idle_ms', 'fetch_keepalive', 'logger']) for (const l of [lib, driver]) assert.throws(() => new l.Client({ ...base, [name]: undefined }), TypeError)
})

test('what comes from the environment is looked at when first used', async () => {
  const code = async (config, query = fql`1`) => new Client(config).query(query).then(() => undefined, (e) => e.code)
  assert.equal(await code({ secret: 's', endpoint: undefined }), 'endpoint_missing')
  assert.equal(await code({ secret: 's', endpoint: 'nonsense' }), 'option_invalid')
  assert.equal(await code({ secret: undefined, endpoint: 'https://fauna.example' }), 'option_invalid')
  assert.equal(await code({ secret: '', endpoint: 'https://fauna.example' }), 'option_invalid')
  assert.equal(await code({ session: {}, endpoint: 'https://fauna.example' }), 'option_invalid')
  assert.equal(await code({ secret: 's', endpoint: 'http://fauna.example' }), 'origin_not_allowed')
  assert.equal((await new Client({ secret: 's', endpoint: undefined }).check()).length, 1)
})

test('closed', async () => {
  for (const l of [lib, driver]) {
    const client = new l.Client({ secret: 's', endpoint: new URL('http://127.0.0.1:1') })
    client.close()
    assert.throws(() => client.close(), { name: 'ClientClosedError' })
    await assert.rejects(client.query(l.fql`1`), { name: 'ClientClosedError' })
  }
})

test('methods may be handed over unbound, and no secret is in the open', async () => {
  const server = await stub(() => ({ json: { data: 1 } }))
  const lines = []
  const logger = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, (...args) => lines.push(args.join(' '))]))
  const client = new Client({ secret: 'fn-very-secret', endpoint: server.url, logger })
  const { query } = client
  assert.equal((await query(fql`1`)).data, 1)
  await server.stop()
  assert.ok(lines.length >= 2)
  assert.doesNotMatch(JSON.stringify([client, client.clientConfiguration, lines]), /very-secret/)
})

test('a stubbed fetch is used, with what keeps a token from caches and other origins', async () => {
  const real = globalThis.fetch
  const calls = []
  const client = new Client({ secret: 's', endpoint: 'https://fauna.example/base?x=1' })
  globalThis.fetch = async (url, init) => (calls.push([String(url), init]), Response.json({ data: 1 }))
  try {
    await client.query(fql`1`)
  } finally {
    globalThis.fetch = real
  }
  const [[url, init]] = calls
  assert.equal(url, 'https://fauna.example/query/1')
  assert.deepEqual([init.cache, init.credentials, init.referrerPolicy, init.redirect], ['no-store', 'omit', 'no-referrer', 'manual'])
})

test('simple format: arguments are plain JSON, and nothing is changed silently', async () => {
  const server = await stub(() => ({ json: { data: { '@int': '5' } } }))
  const client = new Client({ secret: 's', endpoint: server.url, format: 'simple' })
  const arguments_ = { n: 5, d: 0.5, b: 7n, t: lib.TimeStub.from('2024-05-01T00:00:00Z'), at: { '@x': 1 }, bytes: Buffer.from('hi'), when: new Date(0), gone: undefined, list: [null, 'x'] }
  const { data } = await client.query(fql`n`, { arguments: arguments_ })
  assert.deepEqual(data, { '@int': '5' })
  assert.deepEqual(server.log[0].body.arguments, { n: 5, d: 0.5, b: 7, t: '2024-05-01T00:00:00Z', at: { '@x': 1 }, bytes: 'aGk=', when: '1970-01-01T00:00:00.000Z', list: [null, 'x'] })
  await assert.rejects(client.query(fql`n`, { arguments: { n: NaN } }), lib.ClientError)
  await assert.rejects(client.query(fql`n`, { arguments: { n: 2n ** 60n } }), lib.ClientError)
  await server.stop()
})
