// The client against npm fauna's, through the same scripted server: requests, results, errors.
// Different on purpose: network errors carry a code and say which (the driver's say nothing); a broken-off answer is a NetworkError
// `outcome_unknown` (there: ClientError, "Fauna was not called"); messages of ProtocolError are ours and hold a scrubbed excerpt;
// `cause` is a scrubbed copy; `queryInfo.schema_version` is filled in; tags are checked before sending; arguments are plain JSON in the
// simple format; pages without a tag are pages; redirects are refused; an option of a query given as `undefined` keeps the client's
// value; `lastTxnTs` belongs to one user and is not shared with a query's own `secret`; `clientConfiguration` leaves the secret out;
// `endpoint` and `secret` are looked at when first used and never taken from `process.env`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driver, ours } from './load.mjs'
import { until } from '../until.mjs'
import { comparable, stub } from './stub.mjs'

const lib = await ours()
const { Client, CountersignError, fql } = lib
const stats = { compute_ops: 1, read_ops: 0, write_ops: 0, query_time_ms: 1, contention_retries: 0, storage_bytes_read: 0, storage_bytes_write: 0, rate_limits_hit: [] }
const failure = (code, status, extra = {}, error = {}) => ({ status, json: { error: { code, message: `says ${code}`, ...error }, ...extra } })

/** Runs the same calls on both and returns what each server saw and each caller got. */
const both = async (script, run, options = {}) => {
  const out = []
  for (const [l, side] of [[lib, 'ours'], [driver, 'driver']]) {
    const server = await stub(script)
    const config = { secret: 'fn-secret', endpoint: server.url, ...options }
    const client = side === 'ours' ? new l.Client(config) : new l.Client(config, new l.FetchClient({ url: server.url.href, fetch_keepalive: false }))
    try {
      const result = await run(client, l).then((value) => ({ value }), (error) => ({ error }))
      out.push({ ...result, log: server.log, client })
    } finally {
      await server.stop()
    }
  }
  return out
}
const plain = (v) => JSON.parse(JSON.stringify(v, (_, x) => (typeof x === 'bigint' ? String(x) : x)))
const sameRequests = ([a, b]) => assert.deepEqual(a.log.map(comparable), b.log.map(comparable))
const fast = async (run) => {
  const random = Math.random
  Math.random = () => 0.001
  try {
    return await run()
  } finally {
    Math.random = random
  }
}

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

test('the error table', async () => {
  const rows = [
    failure('invalid_query', 400, { summary: 'here', txn_ts: 5, stats }), failure('invalid_request', 400), failure('abort', 400, {}, { abort: { '@int': '7' } }), failure('abort', 400),
    failure('abort', 400, {}, { abort: null }), failure('constraint_failure', 400, {}, { constraint_failures: [{ message: 'm', paths: [['a', 0]] }] }), failure('constraint_failure', 400), failure('unauthorized', 401),
    failure('forbidden', 403), failure('contended_transaction', 409), failure('limit_exceeded', 429), failure('limit_exceeded', 400), failure('time_out', 440, { stats }), failure('time_out', 503),
    failure('internal_error', 500), failure('bad_gateway', 502), failure('permission_denied', 400, { query_tags: 'a=b' }), failure('anything_new', 418), failure('__proto__', 400),
    { status: 400, json: { error: 'bad request' } }, { status: 200, text: '' }, { status: 200, text: '<html>sign in to the wifi</html>' }, { status: 200, text: '{"data":{"@time":"never"}}' }, { status: 200, json: {} },
    { status: 200, json: { data: 1 }, text: '{"data":' },
  ]
  for (const row of rows) {
    const pair = await fast(() => both(() => row, (client, l) => client.query(l.fql`x`), { max_attempts: 2 }))
    const [a, b] = pair.map((side) => side.error)
    const name = JSON.stringify(row).slice(0, 90)
    assert.ok(a && b, name)
    assert.equal(a.name, b.name, name)
    for (const field of ['code', 'httpStatus', 'constraint_failures', 'abort', 'stats', 'queryInfo'])
      if (b[field] !== undefined) assert.deepEqual(plain(a[field]), plain(b[field]), `${name}: ${field}`)
    if (b.code) assert.equal(a.message, b.message)
    assert.ok(a instanceof lib[a.name] && a instanceof lib.FaunaError && a instanceof CountersignError && a instanceof Error, name)
    assert.equal(a instanceof lib.ServiceError, b instanceof driver.ServiceError, name)
    sameRequests(pair)
  }
})

test('429 is tried again, as often as the driver does and no more', async () => {
  for (const [throttled, attempts] of [[1, 2], [2, 3], [9, 3]]) {
    const pair = await fast(() => both((_, n) => (n < throttled ? failure('limit_exceeded', 429) : { json: { data: 'ok', stats } }), (client, l) => client.query(l.fql`x`)))
    sameRequests(pair)
    assert.equal(pair[0].log.length, attempts)
    assert.equal(pair[0].value?.stats.attempts, pair[1].value?.stats.attempts)
    assert.equal(pair[0].error?.name, pair[1].error?.name)
  }
  for (const [code, status] of [['contended_transaction', 409], ['time_out', 503], ['internal_error', 500]])
    assert.equal((await both(() => failure(code, status), (client, l) => client.query(l.fql`x`)))[0].log.length, 1)
})

test('pagination', async () => {
  const page = (n) => ({ data: [{ '@int': String(n) }, { '@int': String(n + 1) }], ...(n < 4 ? { after: `c${n + 2}` } : {}) })
  const tagged = ({ body }, n) => ({ json: { data: n ? page(2 * n) : { '@set': page(0) }, txn_ts: n + 1 } })
  const collect = async (iterator) => {
    const out = []
    for await (const item of iterator) out.push(item)
    return out
  }
  const pair = await both(tagged, async (client, l) => collect(client.paginate(l.fql`Order.all()`, { query_tags: { a: 'b' } })))
  sameRequests(pair)
  assert.deepEqual(pair[0].value, pair[1].value)
  assert.deepEqual(pair[0].value, [[0, 1], [2, 3], [4, 5]])
  const flat = await both(tagged, async (client, l) => collect(client.paginate(l.fql`Order.all()`).flatten()))
  assert.deepEqual(flat[0].value, flat[1].value)
  const set = await both((_, n) => ({ json: { data: page(2 * n + 2) } }), async (client, l) => collect(client.paginate(new l.EmbeddedSet('c2'))))
  sameRequests(set)
  assert.deepEqual(set[0].value, set[1].value)
  const single = await both(() => ({ json: { data: { '@int': '1' } } }), async (client, l) => collect(client.paginate(l.fql`1`)))
  assert.deepEqual(single[0].value, [[1]])
  assert.deepEqual(single[1].value, [[1]])
  const [a, b] = await both(tagged, async (client, l) => client.paginate({ nonsense: true }))
  assert.ok(a.error instanceof TypeError && b.error instanceof TypeError)
  // Different on purpose: the result of calling `.paginate()` and the simple format hold pages without a tag.
  const [own] = await both((_, n) => ({ json: { data: page(2 * n) } }), async (client, l) => collect(client.paginate(l.fql`Order.all().paginate(2)`)))
  assert.deepEqual(own.value, [[0, 1], [2, 3], [4, 5]])
  const broken = await both((_, n) => ({ json: { data: n ? 'no page' : { '@set': page(0) } } }), async (client, l) => collect(client.paginate(l.fql`x`)))
  assert.ok(broken[0].error instanceof lib.ProtocolError)
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

test('network errors say which', async () => {
  // By what is asked, not by its turn: a request that ran into its time limit may never have arrived.
  const answers = { before: { destroy: 'before' }, middle: { destroy: 'middle' }, silence: { hang: true }, moved: { status: 302, headers: { location: 'http://127.0.0.1:1/' } } }
  const server = await stub(({ body }) => answers[body.query.fql[0]])
  // Only the query that is to run into its time limit has a short one.
  const client = new Client({ secret: 's', endpoint: server.url, query_timeout_ms: 30_000, client_timeout_buffer_ms: 100 })
  const error = (query, options) => client.query(query, options).then(() => assert.fail(), (e) => e)
  for (const [code, query, options] of [['network', fql`before`], ['outcome_unknown', fql`middle`], ['timeout', fql`silence`, { query_timeout_ms: 100 }]]) {
    const e = await error(query, options)
    assert.ok(e instanceof lib.NetworkError, e.stack)
    assert.equal(e.code, code)
  }
  const sent = server.log.length
  const controller = new AbortController()
  const aborted = assert.rejects(client.query(fql`silence`, { signal: controller.signal }), { message: 'gone' })
  await until(() => server.log.length > sent)
  controller.abort(new Error('gone'))
  await aborted
  await assert.rejects(client.query(fql`silence`, { signal: controller.signal }), { message: 'gone' })
  assert.equal((await error(fql`moved`)).code, 'redirect_refused')
  await server.stop()
  assert.equal((await error(fql`before`)).code, 'network')
  assert.equal(server.log.length, sent + 2, 'each asked once')
})

test('an abort during the wait between attempts ends it', async () => {
  const server = await stub(() => failure('limit_exceeded', 429))
  const client = new Client({ secret: 's', endpoint: server.url })
  const controller = new AbortController()
  const random = Math.random
  // Drawn for the length of the wait, which begins at once: the abort is due long before its end, however slow the machine is.
  Math.random = () => (setTimeout(() => controller.abort(new Error('gone')), 1), 0.999)
  try {
    await assert.rejects(client.query(fql`1`, { signal: controller.signal }), { message: 'gone' })
  } finally {
    Math.random = random
  }
  assert.equal(server.log.length, 1)
  await server.stop()
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

test('tags are checked before anything is sent', async () => {
  const server = await stub(() => undefined)
  const client = new Client({ secret: 's', endpoint: server.url })
  const many = Object.fromEntries(Array.from({ length: 26 }, (_, i) => [`k${i}`, 'v']))
  for (const query_tags of [{ a: 'with space' }, { 'a-b': 'c' }, { '': 'x' }, { a: '' }, { ['k'.repeat(41)]: 'v' }, { k: 'v'.repeat(81) }, many])
    await assert.rejects(client.query(fql`1`, { query_tags }), lib.ClientError)
  assert.equal(server.log.length, 0)
  await server.stop()
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
