// Our FetchClient against npm fauna's: as transports of either client, and by themselves.
// Different on purpose: network errors carry a code and the class says what is wrong; a broken-off answer is `outcome_unknown`; redirects
// and plain http to other machines are refused; headers without a value are left out (there: "undefined"); an answer to `/stream/1` that
// is no stream is a ProtocolError whatever it holds; closing a stream ends `read` (there it rejects), and leaving it closes the connection;
// NodeHTTP2Client is FetchClient, and `getClient` answers a new one each time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../until.mjs'
import { driver, ours } from './load.mjs'
import { comparable, stub } from './stub.mjs'

const lib = await ours()
const { FetchClient } = lib
const sides = [lib, driver]
const options = (url, more) => ({ url: String(url), fetch_keepalive: false, http2_max_streams: 100, http2_session_idle_ms: 5000, ...more })
const query = { client_timeout_ms: 20_000, data: { query: { fql: ['1'] } }, headers: { Authorization: 'Bearer s', 'x-format': 'tagged' }, method: 'POST' }
const source = { data: { token: 'source', cursor: undefined }, headers: { Authorization: 'Bearer s' }, method: 'POST' }
const outcome = (promise) => promise.then((value) => ({ value }), (error) => ({ error }))
const read = async (adapter) => {
  const out = []
  for await (const line of adapter.read) out.push(line)
  return out
}
/** Answers with these chunks, then ends. */
const chunks = (...list) => ({
  async take(res) {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const chunk of list) await new Promise((resolve) => res.write(chunk, resolve))
    res.end()
  },
})

test('the same requests, the same answers', async () => {
  const script = (_, n) => ({ status: [200, 400, 503][n], json: { n }, headers: { 'x-faunadb-build': 'b', 'x-two': ['a', 'b'] } })
  const seen = []
  for (const l of sides) {
    const server = await stub(script)
    const client = new l.FetchClient(options(`${server.url}with/a/path?x=1`))
    const answers = []
    for (const more of [{}, { path: l.FaunaAPIPaths.EVENT_FEED }, { headers: { ...query.headers, 'Content-Type': 'text/plain' } }]) answers.push(await client.request({ ...query, ...more }))
    await server.stop()
    seen.push({ log: server.log.map(comparable), answers: answers.map(({ status, body, headers: { date: _, ...headers } }) => ({ status, body, headers })) })
  }
  assert.deepEqual(seen[0], seen[1])
  assert.deepEqual(seen[0].log.map(({ line }) => line), ['POST /query/1 HTTP/1.1', 'POST /feed/1 HTTP/1.1', 'POST /query/1 HTTP/1.1'])
  assert.equal(seen[0].answers[0].headers['x-two'], 'a, b')
  for (const { headers } of seen[0].log) assert.deepEqual([headers['content-type'], headers.authorization], ['application/json', 'Bearer s'])
})

test('either transport serves either client', async () => {
  const seen = []
  for (const c of sides)
    for (const t of sides) {
      const server = await stub((_, n) => (n ? { status: 400, json: { error: { code: 'invalid_query', message: 'no' } } } : { json: { data: { '@int': '5' }, txn_ts: 9 } }))
      const client = new c.Client({ secret: 's', endpoint: server.url }, new t.FetchClient(options(server.url)))
      assert.equal((await client.query(c.fql`5`)).data, 5)
      await assert.rejects(client.query(c.fql`5`), c.QueryCheckError)
      client.close()
      await server.stop()
      seen.push(server.log.map(comparable))
    }
  for (const log of seen) assert.deepEqual(log, seen[0])
})

test('what goes wrong on the way has a code', async () => {
  const answers = { before: { destroy: 'before' }, middle: { destroy: 'middle' }, silence: { hang: true }, moved: { status: 302, headers: { location: 'http://127.0.0.1:1/' } } }
  const server = await stub(({ body }) => answers[body.query.fql[0]])
  const client = new FetchClient(options(server.url))
  const ask = (what, more) => outcome(client.request({ ...query, data: { query: { fql: [what] } }, ...more }))
  for (const [what, code, more] of [['before', 'network'], ['middle', 'outcome_unknown'], ['silence', 'timeout', { client_timeout_ms: 50 }]]) {
    const { error } = await ask(what, more)
    assert.ok(error instanceof lib.NetworkError, `${what}: ${error?.stack}`)
    assert.equal(error.code, code)
  }
  assert.equal((await ask('moved')).error.code, 'redirect_refused')
  const gone = new AbortController()
  const sent = server.log.length
  const waiting = ask('silence', { signal: gone.signal })
  await until(() => server.log.length > sent)
  gone.abort(new Error('gone'))
  assert.equal((await waiting).error.message, 'gone')
  await server.stop()
  // The driver's client takes it for an error of its transport and keeps it as the cause.
  const other = new driver.Client({ secret: 's', endpoint: server.url }, client)
  const error = await other.query(driver.fql`1`).catch((e) => e)
  assert.deepEqual([error.name, error.cause.name, error.cause.code], ['ClientError', 'NetworkError', 'network'])
})

test('a secret goes to https or to this machine, with what keeps it from caches, and nowhere else', async () => {
  const real = globalThis.fetch
  const calls = []
  globalThis.fetch = async (url, init) => (calls.push([String(url), init]), Response.json({ data: 1 }))
  try {
    for (const url of ['https://fauna.example/x', 'http://localhost:8443', 'http://[::1]:1']) await new FetchClient({ url }).request(query)
    await new FetchClient({ url: 'http://fauna.example', allowInsecureOrigin: true, fetch_keepalive: true }).request({ ...query, headers: { Authorization: 'Bearer s', traceparent: undefined } })
    const { error } = await outcome(new FetchClient({ url: 'http://fauna.example' }).request(query))
    assert.equal(error.code, 'origin_not_allowed')
    const stream = await outcome(new FetchClient({ url: 'http://fauna.example' }).stream(source).read.next())
    assert.equal(stream.error.code, 'origin_not_allowed')
  } finally {
    globalThis.fetch = real
  }
  assert.deepEqual(calls.map(([url]) => url), ['https://fauna.example/query/1', 'http://localhost:8443/query/1', 'http://[::1]:1/query/1', 'http://fauna.example/query/1'])
  for (const [, init] of calls) assert.deepEqual([init.cache, init.credentials, init.referrerPolicy, init.redirect], ['no-store', 'omit', 'no-referrer', 'manual'])
  assert.deepEqual(calls.map(([, init]) => init.keepalive), [undefined, undefined, undefined, true])
  assert.deepEqual(Object.keys(calls[3][1].headers), ['Content-Type', 'Authorization'])
})

test('a stream: the same request, the same lines, nothing before it is read', async () => {
  const seen = []
  for (const l of sides) {
    const server = await stub(() => chunks('{"a":1}\r\n{"b"', ':"é"}\n', '{"c":3}\r\n'))
    const adapter = new l.FetchClient(options(server.url)).stream(source)
    assert.equal(l.isStreamClient(new l.FetchClient(options(server.url))), true)
    assert.equal(server.log.length, 0)
    seen.push({ lines: await read(adapter), log: server.log.map(comparable) })
    await server.stop()
  }
  assert.deepEqual(seen[0], seen[1])
  assert.deepEqual(seen[0].lines, ['{"a":1}', '{"b":"é"}', '{"c":3}'])
  assert.deepEqual(seen[0].log[0].line, 'POST /stream/1 HTTP/1.1')
  assert.equal(seen[0].log[0].text, '{"token":"source"}')
})

test('a character that two chunks share survives, where the driver breaks it', async () => {
  const event = Buffer.from('{"n":1}\n{"emoji":"🚀"}\r\n')
  let answer
  const server = await stub(() => ({ take: (res) => (answer = res).writeHead(200).write(event.subarray(0, 20)) }))
  const { read } = new FetchClient(options(server.url)).stream(source)
  await read.next()
  // The first chunk has arrived: this is another one.
  answer.end(event.subarray(20))
  assert.equal((await read.next()).value, '{"emoji":"🚀"}')
  await server.stop()
})

test('a refused stream is the server\'s error in its class', async () => {
  const rows = [
    [{ status: 401, json: { error: { code: 'unauthorized', message: 'no' } } }, 'AuthenticationError'],
    [{ status: 400, json: { error: { code: 'invalid_request', message: 'no' } } }, 'InvalidRequestError'],
    [{ status: 400, json: { error: { code: 'anything_new', message: 'no' } } }, 'QueryRuntimeError'],
    [{ status: 429, json: { error: { code: 'limit_exceeded', message: 'no' } } }, 'ThrottlingError'],
  ]
  for (const [answer, name] of rows)
    for (const l of sides) {
      const server = await stub(() => answer)
      const { error } = await outcome(read(new l.FetchClient(options(server.url)).stream(source)))
      assert.ok(error instanceof l[name], `${name}: ${error}`)
      assert.deepEqual([error.code, error.message, error.httpStatus], [answer.json.error.code, 'no', answer.status])
      await server.stop()
    }
  for (const answer of [{ status: 502, text: '<html>' }, { status: 400, json: { error: 'bad request' } }, { status: 500, text: '' }, { status: 400, json: { data: 1 } }, { status: 204, text: '' }]) {
    const server = await stub(() => answer)
    const { error } = await outcome(read(new FetchClient(options(server.url)).stream(source)))
    assert.ok(error instanceof lib.ProtocolError, `${JSON.stringify(answer)}: ${error}`)
    assert.equal(error.httpStatus, answer.status)
    await server.stop()
  }
})

test('a stream that breaks is a NetworkError; one that is closed or left just ends, and its connection with it', async () => {
  let closed = 0
  let answer
  const take = (res) => {
    answer = res.on('close', () => closed++)
    res.writeHead(200).write('{"n":1}\n{"n":2}\n')
  }
  const server = await stub((_, n) => (n === 4 ? { destroy: 'before' } : { take }))
  const client = new FetchClient(options(server.url))
  const broken = client.stream(source).read
  assert.deepEqual([await broken.next(), await broken.next()].map(({ value }) => value), ['{"n":1}', '{"n":2}'])
  answer.destroy()
  const { error } = await outcome(broken.next())
  assert.ok(error instanceof lib.NetworkError, String(error))
  assert.deepEqual(await broken.next(), { done: true, value: undefined })

  const waiting = client.stream(source)
  await waiting.read.next()
  await waiting.read.next()
  const next = waiting.read.next()
  waiting.close()
  assert.deepEqual(await next, { done: true, value: undefined })
  await until(() => closed === 2)

  for await (const line of client.stream(source).read) {
    assert.equal(line, '{"n":1}')
    break
  }
  await until(() => closed === 3)

  const never = client.stream(source)
  never.close()
  assert.deepEqual(await never.read.next(), { done: true, value: undefined })
  assert.equal(server.log.length, 3, 'a stream closed before it is read asks nobody')

  const paused = client.stream(source)
  await paused.read.next()
  paused.close()
  assert.deepEqual(await paused.read.next(), { done: true, value: undefined }, 'not even a line that has come already')
  await until(() => closed === 4)
  assert.equal((await outcome(client.stream(source).read.next())).error.code, 'network')
  await server.stop()
})

test('the driver\'s StreamClient over our transport', async () => {
  const event = (n) => JSON.stringify({ type: n ? 'add' : 'status', txn_ts: n, cursor: `c${n}`, stats: {}, ...(n && { data: { '@int': String(n) } }) })
  const server = await stub((_, n) => chunks(`${event(0)}\r\n${event(2 * n + 1)}\r\n`, `${event(2 * n + 2)}\r\n`))
  const client = new driver.Client({ secret: 's', endpoint: server.url }, new FetchClient(options(server.url)))
  const stream = client.stream(new driver.StreamToken('source'))
  const got = []
  for await (const { data, cursor } of stream) {
    got.push([data, cursor])
    if (data === 4) stream.close()
  }
  assert.deepEqual(got, [[1, 'c1'], [2, 'c2'], [3, 'c3'], [4, 'c4']])
  assert.deepEqual(server.log.map(({ body }) => body.cursor), [undefined, 'c2'])
  await server.stop()
})

test('NodeHTTP2Client and getDefaultHTTPClient', () => {
  assert.equal(lib.NodeHTTP2Client, FetchClient)
  for (const l of sides) {
    const client = l.NodeHTTP2Client.getClient(options(`http://127.0.0.1:1/${Math.random()}`))
    assert.ok(client instanceof l.NodeHTTP2Client)
    assert.equal(client.isClosed(), false)
    client.close()
    assert.equal(client.isClosed(), true)
    client.close()
    const other = l.getDefaultHTTPClient(options('http://127.0.0.1:1'))
    assert.ok(l.isStreamClient(other) && typeof other.request === 'function')
    other.close()
    assert.equal(new l.FetchClient(options('http://127.0.0.1:1')).close(), undefined)
  }
})

test('what is a response, what can stream', () => {
  const whole = { body: '', headers: {}, status: 200 }
  for (const value of [whole, { ...whole, more: 1 }, Object.create(whole), Object.assign(() => {}, whole), { body: '', headers: {} }, {}, [], null, undefined, 'body', 5])
    assert.equal(lib.isHTTPResponse(value), driver.isHTTPResponse(value), JSON.stringify(value))
  for (const client of [{ stream() {} }, { stream: 5 }, {}, { request() {} }, Object.create({ stream() {} })]) assert.equal(lib.isStreamClient(client), driver.isStreamClient(client))
})
