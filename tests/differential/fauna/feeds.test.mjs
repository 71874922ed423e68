// Feeds beside npm fauna's, on the same scripted server. What differs on purpose is in differences.mjs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../until.mjs'
import { both, canonical, driver, failure, fast, fields, lib, outcome, sameRequests } from './compare.mjs'
import { eventStats } from './listening.mjs'
import { stub } from './stub.mjs'

const source = { token: 'source-1' }
const event = (n, data = { '@int': String(n) }, type = 'add') => ({ type, data, txn_ts: n, cursor: `c${n}`, stats: eventStats })
const fault = (code, error = {}) => ({ type: 'error', error: { code, message: `says ${code}`, ...error }, stats: eventStats })
const page = (events, cursor, has_next = false) => ({ json: { events, cursor, has_next, stats: eventStats } })
/** One page after the other, then empty ones. */
const pages = (...all) => ({ line }, n) => (line.includes('/query/1') ? { json: { data: { '@stream': 'source-1' }, txn_ts: 1 } } : (all[n] ?? page([], 'end')))

const collect = async (iterable) => {
  const out = []
  for await (const item of iterable) out.push(item)
  return out
}
const shown = ({ events, cursor, hasNext, stats }) => canonical({ events: [...events], cursor, hasNext, stats })
const read = async (feed) => (await collect(feed)).map(shown)
/** Only ours: what the driver does is another thing. */
const ours = async (script, run, options) => (await both(script, async (client, l) => (l === lib ? run(client, l) : undefined), options))[0]

test('pages: requests, events, cursors, until there is no more for now', async () => {
  const doc = { '@doc': { id: '5', coll: { '@mod': 'Order' }, ts: { '@time': '2024-05-01T00:00:00Z' }, big: { '@long': '7' } } }
  const script = pages(page([event(2, doc), event(3, doc, 'update')], 'p1', true), page([event(4, doc, 'remove')], 'p2', true), page([], 'p3'))
  for (const options of [{}, { page_size: 2 }, { cursor: 'kept' }, { start_ts: 77 }, { query_timeout_ms: 1234 }, { long_type: 'bigint' }, { secret: 'another' }]) {
    const pair = await both(script, async (client) => read(client.feed(source, options)))
    sameRequests(pair)
    assert.deepEqual(pair[0].value, pair[1].value)
    assert.equal(pair[0].log.length, 3)
  }
  const [{ log }] = await both(script, async (client) => read(client.feed(source, { start_ts: 77, page_size: 2 })), { format: 'simple' })
  assert.deepEqual(log.map(({ body }) => body), [{ token: 'source-1', page_size: 2, start_ts: 77 }, { token: 'source-1', page_size: 2, cursor: 'p1' }, { token: 'source-1', page_size: 2, cursor: 'p2' }])
  assert.deepEqual([log[0].line, log[0].headers['x-format'], log[0].headers['x-query-timeout-ms']], ['POST /feed/1 HTTP/1.1', 'tagged', '5000'])
})

test('the shape of a page; its events are read once', async () => {
  for (const { value } of await both(pages(page([event(2)], 'p1')), async (client, l) => {
    const first = await client.feed(source).nextPage()
    assert.ok(first instanceof l.FeedPage)
    const [one, again] = [[...first.events], [...first.events]]
    return { one: canonical(one), again, cursor: first.cursor, hasNext: first.hasNext, stats: canonical(first.stats) }
  })) {
    assert.equal(value.one.length, 1)
    assert.deepEqual([value.again, value.cursor, value.hasNext], [[], 'p1', false])
  }
})

test('flatten, and a query as source: asked once', async () => {
  const script = ({ line, body }) => (line.includes('/query/1') ? { json: { data: { '@stream': 'from the query' }, txn_ts: 1 } } : body.cursor ? page([event(4)], 'p2') : page([event(2), event(3)], 'p1', true))
  const pair = await both(script, async (client, l) => canonical(await collect(client.feed(l.fql`Order.all().eventSource()`).flatten())))
  sameRequests(pair)
  assert.deepEqual(pair[0].value, pair[1].value)
  assert.deepEqual(pair[0].log.map(({ line, body }) => [line.split(' ')[1], body.token]), [['/query/1', undefined], ['/feed/1', 'from the query'], ['/feed/1', 'from the query']])
})

test('an exhausted feed', async () => {
  for (const { value } of await both(pages(page([], 'p1')), async (client) => {
    const feed = client.feed(source)
    await feed.nextPage()
    return [await outcome(() => feed.nextPage()), await collect(feed), await collect(feed.flatten())]
  })) {
    assert.equal(value[0].error?.name, 'ClientError')
    assert.deepEqual(value.slice(1), [[], []])
  }
})

test('an error event: the page throws there, the next page goes on behind it', async () => {
  const script = pages(page([event(2), fault('abort', { abort: { '@int': '7' } })], 'behind', true), page([event(9)], 'p2'))
  const pair = await both(script, async (client) => {
    const feed = client.feed(source)
    const first = await feed.nextPage()
    const got = []
    const { error } = await outcome(() => { for (const e of first.events) got.push(e) })
    return { got: canonical(got), error: fields(error), rest: [...first.events], next: shown(await feed.nextPage()) }
  })
  sameRequests(pair)
  assert.deepEqual(pair[0].value, pair[1].value)
  assert.deepEqual([pair[0].value.error.name, pair[0].log[1].body.cursor], ['AbortError', 'behind'])
  const flat = await both(script, async (client) => {
    const got = []
    const { error } = await outcome(async () => { for await (const e of client.feed(source).flatten()) got.push(e) })
    return { got: canonical(got), error: fields(error) }
  })
  assert.deepEqual(flat[0].value, flat[1].value)
  sameRequests(flat)
})

test('the server\'s errors', async () => {
  for (const row of [failure('unauthorized', 401), failure('invalid_request', 400), failure('permission_denied', 400), failure('time_out', 503), failure('internal_error', 500), failure('forbidden', 410), failure('abort', 400, {}, { abort: { '@int': '7' } })]) {
    const pair = await both(() => row, (client) => client.feed(source).nextPage())
    sameRequests(pair)
    assert.deepEqual(fields(pair[0].error), fields(pair[1].error))
    assert.equal(pair[0].log.length, 1)
  }
  for (const row of [{ text: '<html>wifi</html>' }, { text: '' }, { text: '{"events":' }, page([event(2, { '@time': 'never' })], 'p1')]) {
    const pair = await both(() => row, async (client) => (await client.feed(source).nextPage()).events.next())
    assert.deepEqual(pair.map(({ error }) => [error?.name, error?.httpStatus]), [['ProtocolError', 200], ['ProtocolError', 200]], JSON.stringify(row))
  }
  for (const data of [{ '@int': '5' }, 'text', { token: 5 }]) for (const { error } of await both(() => ({ json: { data } }), (client, l) => client.feed(l.fql`5`).nextPage())) assert.equal(error?.name, 'ClientError')
  const network = await both(() => ({ destroy: 'before' }), (client) => client.feed(source).nextPage())
  assert.deepEqual(network.map(({ error }) => error.name), ['NetworkError', 'NetworkError'])
})

test('different on purpose: what is no page is a ProtocolError, not an undefined field later', async () => {
  for (const json of [{}, { events: 5, cursor: 'x' }, { events: [5], cursor: 'x' }, { events: [], has_next: true }, [], { events: [{ type: 'error', error: {} }], cursor: 'x' }])
    assert.equal((await ours(() => ({ json }), (client) => client.feed(source).nextPage())).error?.name, 'ProtocolError', JSON.stringify(json))
  const { error } = await ours(() => ({ status: 502, text: '<html>bad gateway</html>' }), (client) => client.feed(source).nextPage())
  assert.deepEqual([error.name, error.httpStatus], ['ProtocolError', 502])
})

test('different on purpose: a throttled page is asked for again; the driver means to, and does not', async () => {
  for (const [throttled, hits] of [[1, 2], [2, 3], [9, 3]]) {
    const [a, b] = await fast(() => both((_, n) => (n < throttled ? failure('limit_exceeded', 429) : page([event(2)], 'p1')), async (client) => read(client.feed(source))))
    assert.equal(a.log.length, hits)
    assert.deepEqual([b.log.length, b.error.name], [1, 'ThrottlingError'])
    if (hits > throttled) assert.equal(a.value[0][0], 'Object')
    else assert.deepEqual(fields(a.error), fields(b.error))
  }
})

test('different on purpose: start_ts 0 is sent, page_size is checked before anything is', async () => {
  const [a, b] = await both(pages(page([], 'p1')), async (client) => read(client.feed(source, { start_ts: 0 })))
  assert.deepEqual([a.log[0].body, b.log[0].body], [{ token: 'source-1', start_ts: 0 }, { token: 'source-1' }])
  const client = new lib.Client({ secret: 's', endpoint: new URL('http://127.0.0.1:1') })
  for (const page_size of [0, -1, 16_001, NaN]) assert.throws(() => client.feed(source, { page_size }), RangeError)
})

test('options that are wrong fail when the driver\'s do', () => {
  const all = { long_type: 'number', max_attempts: 3, max_backoff: 20, secret: 's', httpClient: { request() {} }, client_timeout_buffer_ms: 1, query_timeout_ms: 1, logger: {} }
  for (const l of [lib, driver]) {
    const client = new l.Client({ secret: 's', endpoint: new URL('http://127.0.0.1:1') })
    for (const name of ['long_type', 'max_attempts', 'max_backoff', 'client_timeout_buffer_ms', 'query_timeout_ms']) assert.throws(() => client.feed(source, { [name]: undefined }), TypeError)
    for (const name of ['max_attempts', 'max_backoff', 'query_timeout_ms']) assert.throws(() => client.feed(source, { [name]: 0 }), RangeError)
    assert.throws(() => client.feed(source, { client_timeout_buffer_ms: -1 }), RangeError)
    client.feed(source, { client_timeout_buffer_ms: 0 })
    assert.throws(() => client.feed(source, { cursor: 'c', start_ts: 5 }), TypeError)
    assert.throws(() => client.feed(source, { cursor: 5 }), TypeError)
    for (const name of Object.keys(all).filter((key) => key !== 'logger')) assert.throws(() => new l.FeedClient(source, { ...all, [name]: undefined }), TypeError, name)
    assert.ok(new l.FeedClient(source, all) instanceof l.FeedClient)
    client.close()
    assert.throws(() => client.feed(source), { name: 'ClientClosedError' })
  }
})

test('a transport of one\'s own, of the client or of one feed', async () => {
  for (const l of [lib, driver]) {
    const asked = []
    const http = (name) => ({
      request: async (request) => (asked.push([name, request.path, request.method, request.client_timeout_ms, request.data]), { status: 200, headers: {}, body: JSON.stringify(page([], 'p1').json) }),
      close() {},
    })
    const client = new l.Client({ secret: 's', endpoint: new URL('http://127.0.0.1:1') }, http('client'))
    await client.feed(source).nextPage()
    await client.feed(source, { httpClient: http('feed'), query_timeout_ms: 1000 }).nextPage()
    const base = { long_type: 'number', max_attempts: 3, max_backoff: 20, secret: 's', client_timeout_buffer_ms: 1, query_timeout_ms: 1, logger: { debug() {} } }
    await new l.FeedClient(source, { ...base, httpClient: http('alone') }).nextPage()
    assert.deepEqual(asked, [['client', '/feed/1', 'POST', 10_000, source], ['feed', '/feed/1', 'POST', 6000, source], ['alone', '/feed/1', 'POST', 2, source]])
  }
})

test('ours alone: a signal ends asking and waiting', async () => {
  const server = await stub(({ body }) => (body.page_size ? { hang: true } : failure('limit_exceeded', 429)))
  const client = new lib.Client({ secret: 's', endpoint: server.url })
  for (const options of [{ page_size: 1 }, {}]) {
    const control = new AbortController()
    const asked = server.log.length
    const next = client.feed(source, { ...options, signal: control.signal, max_attempts: 99 }).nextPage()
    const rejected = assert.rejects(next, { message: 'gone' })
    await until(() => server.log.length > asked)
    control.abort(new Error('gone'))
    await rejected
  }
  await server.stop()
})

test('what the log says of a page holds no secret, also where a header repeats it', async () => {
  const lines = []
  const server = await stub(() => ({ json: { events: [], cursor: 'c1', has_next: false }, headers: { 'x-echo': 'Bearer fn-local-secret' } }))
  const client = new lib.Client({ secret: 'fn-local-secret', endpoint: server.url, logger: { debug: (...args) => lines.push(args.join(' ')) } })
  await client.feed(source).nextPage()
  await server.stop()
  assert.ok(lines.some((line) => line.includes('x-echo')))
  assert.doesNotMatch(lines.join(), /local-secret/)
})
