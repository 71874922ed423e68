// Streams beside npm fauna's, on the same scripted server. What differs on purpose is in differences.mjs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../until.mjs'
import { driver, failure, fast, lib, open, outcome, sameRequests } from './compare.mjs'
import { change, END, eventStats, fault, line, listen, listenBoth, status, time, told } from './listening.mjs'
import { RESET, stub } from './stub.mjs'

const source = { token: 'source-1' }
/** One stream after the other: the n-th connection plays the n-th list. */
const plays = (...lists) => ({ line: at }, n) => (at.includes('/query/1') ? { json: { data: { '@stream': 'source-1' }, txn_ts: 1 } } : { chunks: lists[n] ?? [END] })
const same = ([a, b]) => {
  sameRequests([a, b])
  assert.deepEqual(told(a), told(b))
}

test('events, their values, their order; the error that ends them', async () => {
  const doc = { '@doc': { id: '5', coll: { '@mod': 'Order' }, ts: { '@time': '2024-05-01T00:00:00Z' }, total: { '@double': '1.5' }, big: { '@long': '7' }, at: { '@object': { '@x': { '@int': '1' } } } } }
  const script = plays([status(1), change(2, doc), change(3, doc, 'update') + change(3, { id: '6' }), change(4, doc, 'remove'), fault('abort', { abort: { '@int': '7' } })])
  const pair = await listenBoth(script, (client) => listen(client.stream(source)))
  same(pair)
  const [ours] = pair
  assert.deepEqual(ours.events.map(({ type }) => type), ['add', 'update', 'add', 'remove'])
  assert.ok(ours.events[0].data instanceof lib.Document)
  assert.ok(ours.error instanceof lib.AbortError && ours.error.abort === 7 && ours.error.httpStatus === undefined)
  assert.deepEqual(Object.keys(ours.log[0].headers).filter((name) => name.startsWith('x-')), [])
  assert.deepEqual(ours.log[0].body, { token: 'source-1' })
})

test('long_type counts, the format of the client does not', async () => {
  const script = plays([status(1), change(2, { '@long': '7' }), END])
  for (const long_type of ['number', 'bigint']) same(await listenBoth(script, (client) => listen(client.stream(source, { long_type })), { format: 'simple' }))
})

test('status events, on request and under their old name', async () => {
  const script = plays([status(1, 'start'), change(2), status(3), END])
  for (const status_events of [undefined, false, true]) {
    const pair = await listenBoth(script, (client) => listen(client.stream(source, { status_events })))
    same(pair)
    assert.equal(pair[0].events.length, status_events ? 3 : 1)
    assert.equal(pair[0].stream.last_ts, time(3))
  }
})

test('a query makes the source, once', async () => {
  const script = ({ line: at }, n) => (at.includes('/query/1') ? { json: { data: { '@stream': 'from the query' }, txn_ts: 1 } } : { chunks: n === 1 ? [status(1), change(2)] : [status(3), change(4), END] })
  const pair = await listenBoth(script, (client, l) => listen(client.stream(l.fql`Order.all().eventSource()`)))
  same(pair)
  assert.deepEqual(pair[0].log.map(({ body }) => body.cursor ?? body.token ?? 'query'), ['query', 'from the query', 'c2'])
})

test('a result that is no event source, and a query that fails', async () => {
  // For null the driver has a TypeError of its own making.
  for (const data of [{ '@int': '5' }, null, 'text', { token: 5 }])
    for (const { error, events } of await listenBoth(() => ({ json: { data } }), (client, l) => listen(client.stream(l.fql`5`)))) {
      assert.equal(error?.name, data === null && !(error instanceof lib.FaunaError) ? 'TypeError' : 'ClientError', JSON.stringify(data))
      assert.deepEqual(events, [])
    }
  const pair = await listenBoth(() => failure('invalid_query', 400), (client, l) => listen(client.stream(l.fql`nonsense`)))
  sameRequests(pair)
  assert.deepEqual(pair.map(({ error }) => [error.name, error.httpStatus]), [['QueryCheckError', 400], ['QueryCheckError', 400]])
})

test('a clean end: both go on after the last cursor, that of a status event too', async () => {
  const pair = await listenBoth(plays([status(1), change(2), change(3)], [status(3), status(9)], [status(10), change(11), END]), (client) => listen(client.stream(source)))
  same(pair)
  assert.deepEqual(pair[0].log.map(({ body }) => body), [{ token: 'source-1' }, { token: 'source-1', cursor: 'c3' }, { token: 'source-1', cursor: 'c9' }])
})

test('the cursor of an earlier stream', async () => {
  const pair = await listenBoth(plays([status(7), change(8), END]), (client) => listen(client.stream(source, { cursor: 'kept' })))
  same(pair)
  assert.equal(pair[0].log[0].body.cursor, 'kept')
  for (const { error, log } of await listenBoth(plays(), async (client, l) => outcome(() => client.stream(l.fql`x`, { cursor: 'kept' })))) {
    assert.equal(error?.name, 'ClientError')
    assert.equal(log.length, 0)
  }
})

test('the server refuses the connection', async () => {
  for (const row of [failure('unauthorized', 401), failure('invalid_request', 400), failure('forbidden', 403), failure('permission_denied', 400), failure('forbidden', 410)]) {
    const pair = await listenBoth(() => row, (client) => listen(client.stream(source)))
    same(pair)
    assert.equal(pair[0].log.length, 1)
    assert.ok(pair[0].error instanceof lib[pair[0].error.name])
  }
})

test('another secret for one stream', async () => {
  const pair = await listenBoth(plays(), (client, l) => listen(client.stream(l.fql`x`, { secret: 'another' })))
  same(pair.map(({ log, ...rest }) => ({ ...rest, log: log.slice(1) })))
  assert.deepEqual(pair.map(({ log }) => log.map(({ headers }) => headers.authorization)), [['Bearer another', 'Bearer another'], ['Bearer fn-secret', 'Bearer another']])
})

test('options that are wrong fail when the driver\'s do', async () => {
  const all = { long_type: 'number', max_attempts: 3, max_backoff: 20, secret: 's', httpStreamClient: { stream() {} }, logger: {} }
  for (const l of [lib, driver]) {
    const client = new l.Client({ secret: 's', endpoint: new URL('http://127.0.0.1:1') })
    for (const name of ['long_type', 'max_attempts', 'max_backoff']) assert.throws(() => client.stream(source, { [name]: undefined }), TypeError)
    for (const name of ['max_attempts', 'max_backoff']) assert.throws(() => client.stream(source, { [name]: 0 }), RangeError)
    for (const name of ['long_type', 'max_attempts', 'max_backoff', 'secret', 'httpStreamClient']) assert.throws(() => new l.StreamClient(source, { ...all, [name]: undefined }), TypeError)
    assert.ok(new l.StreamClient(source, all) instanceof l.StreamClient)
    client.close()
    assert.throws(() => client.stream(source), { name: 'ClientClosedError' })
    const deaf = new l.Client({ secret: 's', endpoint: new URL('http://127.0.0.1:1') }, { request: async () => {}, close() {} })
    assert.throws(() => deaf.stream(source), { name: 'ClientError' })
  }
})

test('start: functions instead of a loop', async () => {
  const pair = await listenBoth(plays([status(1), change(2), END]), async (client) => {
    const stream = client.stream(source)
    for (const args of [[], ['no'], [() => {}, 'no'], [() => {}, {}]]) assert.throws(() => stream.start(...args), TypeError)
    const events = []
    const error = await new Promise((resolve) => stream.start((event) => events.push(event), resolve))
    return { events, error, stream }
  })
  same(pair)
  // Without onError it just ends; what onEvent throws goes to onError and ends it as well.
  await listenBoth(plays([status(1), change(2), END]), async (client) => {
    const stream = client.stream(source)
    stream.start(() => {}, undefined)
    await until(() => stream.closed)
    return { stream }
  })
  for (const { error } of await listenBoth(plays([status(1), change(2), END]), async (client) => {
    const stream = client.stream(source)
    return { error: await new Promise((resolve) => stream.start(() => { throw new Error('of the caller') }, resolve)) }
  })) assert.equal(error.message, 'of the caller')
})

test('closed: not to be used again, also after an error', async () => {
  for (const { again, idle, before, after } of await listenBoth(plays([status(1), change(2), END]), async (client) => {
    const stream = client.stream(source)
    const before = stream.closed
    await listen(stream)
    const idle = client.stream(source)
    idle.close()
    return { before, after: stream.closed, again: await listen(stream), idle: await listen(idle) }
  })) {
    assert.deepEqual([before, after, again.error?.name, idle.error?.name], [false, true, 'ClientError', 'ClientError'])
    assert.deepEqual([again.events, idle.events], [[], []])
  }
})

test('leaving a loop: a later one goes on after the last event that was delivered', async () => {
  const later = [change(3), change(4), END]
  const script = ({ body }) => ({ chunks: body.cursor === 'c2' ? [status(2), ...later] : [status(1), change(2) + later.join('')] })
  const [a, b] = await listenBoth(script, async (client) => {
    const stream = client.stream(source)
    const first = await listen(stream, { enough: 1 })
    return { ...(await listen(stream)), first: first.events }
  })
  same([a, b])
  assert.deepEqual([a.first, a.events].map((list) => list.map(({ data }) => data)), [[2], [3, 4]])
})

test('different on purpose: close() ends a loop without an error', async () => {
  const quiet = async function* () {
    yield status(1) + change(2)
    await new Promise(() => {})
  }
  const [ours, theirs] = await listenBoth(() => ({ chunks: quiet() }), async (client, l, server) => {
    const stream = client.stream(source)
    const out = await listen(stream, { on: () => void setTimeout(() => stream.close()) })
    await until(() => server.open.size === 0)
    return out
  })
  assert.equal(ours.error, undefined)
  assert.equal(theirs.error.name, 'NetworkError')
  assert.deepEqual(ours.events.length, 1)
})

test('different on purpose: characters that come in two pieces', async () => {
  let go
  for (const at of [1, 2, 3]) {
    const text = '🚀é'
    const bytes = Buffer.from(change(2, text))
    const cut = bytes.indexOf(Buffer.from(text)) + at
    const [ours, theirs] = await listenBoth((_, n) => {
      const seen = new Promise((resolve) => (go = resolve))
      return {
        chunks: n ? [END] : (async function* () {
          yield Buffer.concat([Buffer.from(status(1)), bytes.subarray(0, cut)])
          await seen // the first piece has been read
          yield bytes.subarray(cut)
          yield END
        })(),
      }
    }, (client) => listen(client.stream(source, { status_events: true }), { on: () => go() }))
    assert.equal(ours.events.at(-1).data, text)
    assert.notEqual(theirs.events.at(-1).data, text)
  }
})

test('different on purpose: what passes is tried again', async () => {
  const half = change(3).slice(0, 20)
  const rows = [
    ['the connection breaks in the middle of an event', (n) => ({ chunks: n ? [status(2), change(3), END] : [status(1), change(2) + half, RESET] }), 'NetworkError'],
    ['it breaks before an answer', (n) => (n ? { chunks: [status(2), change(3), END] } : { destroy: 'before' }), 'NetworkError'],
    ['permission_loss', (n) => ({ chunks: n ? [status(2), change(3), END] : [status(1), change(2), fault('permission_loss')] }), 'QueryRuntimeError'],
    ['stream_overflow', (n) => ({ chunks: n ? [status(2), change(3), END] : [status(1), change(2), fault('stream_overflow')] }), 'QueryRuntimeError'],
    ['internal_error', (n) => ({ chunks: n ? [status(2), change(3), END] : [status(1), change(2) + fault('internal_error')] }), 'ServiceInternalError'],
    ['429', (n) => (n ? { chunks: [status(2), change(3), END] } : failure('limit_exceeded', 429)), 'ThrottlingError'],
    ['503', (n) => (n ? { chunks: [status(2), change(3), END] } : failure('time_out', 503)), 'QueryTimeoutError'],
    ['a page of a proxy', (n) => (n ? { chunks: [status(2), change(3), END] } : { status: 502, text: '<html>bad gateway</html>' }), undefined],
  ]
  for (const [what, script, driverSays] of rows) {
    const [ours, theirs] = await listenBoth((_, n) => script(n), (client) => listen(client.stream(source)))
    assert.equal(ours.error?.code, 'document_not_found', `${what}: ${ours.error?.stack}`)
    assert.deepEqual(ours.events.map(({ data }) => data), ours.log[1].body.cursor ? [2, 3] : [3], what)
    assert.equal(ours.log.length, 2, what)
    if (driverSays) {
      assert.equal(theirs.error.name, driverSays, what)
      assert.equal(theirs.log.length, 1, what)
    }
  }
})

test('never without a pause, and until the first success no oftener than max_attempts', async () => {
  for (const [what, answer, name] of [
    ['clean ends', { chunks: [] }, 'NetworkError'],
    ['drops', { destroy: 'before' }, 'NetworkError'],
    ['throttled', failure('limit_exceeded', 429), 'ThrottlingError'],
    ['a proxy', { status: 502, text: '<html>' }, 'ProtocolError'],
  ])
    for (const max_attempts of [1, 3]) {
      const [ours] = await listenBoth(() => answer, (client, l) => (l === lib ? listen(client.stream(source, { max_attempts })) : {}))
      assert.equal(ours.error?.name, name, what)
      if (name === 'NetworkError') assert.equal(ours.error.code, 'network', what)
      assert.equal(ours.log.length, max_attempts, what)
      assert.ok(ours.stream.closed)
    }
})

test('what came with an error counts: a server that works is not given up after max_attempts', async () => {
  const [ours] = await listenBoth((_, n) => ({ chunks: n < 6 ? [status(n + 1) + change(n + 2) + fault('internal_error')] : [END] }), (client, l) => (l === lib ? listen(client.stream(source)) : {}))
  assert.deepEqual(ours.events.map(({ data }) => data), [2, 3, 4, 5, 6, 7])
  assert.equal(ours.error?.code, 'document_not_found')
})

test('different on purpose: a source is asked for in the tagged format, whatever the client\'s', async () => {
  const script = ({ line: at, headers }) => (at.includes('/query/1') ? { json: { data: headers['x-format'] === 'tagged' ? { '@stream': 'source-1' } : 'source-1' } } : { chunks: [END] })
  const [ours, theirs] = await listenBoth(script, (client, l) => listen(client.stream(l.fql`x`)), { format: 'simple' })
  assert.equal(ours.error.code, 'document_not_found')
  assert.equal(theirs.error.name, 'ClientError')
})

test('different on purpose: what is no stream is a ProtocolError at once, with a safe excerpt', async () => {
  const token = `ey${'a'.repeat(30)}.${'b'.repeat(30)}.c`
  for (const text of ['<html>sign in to the wifi</html>\n', '<html>sign in to the wifi</html>', 'null\n', '5\n', '{}\n', `{"no":"${token}"}\n`, '{"type":5}\n']) {
    const [ours] = await listenBoth(() => ({ text }), (client, l) => (l === lib ? listen(client.stream(source)) : {}))
    assert.equal(ours.error?.name, 'ProtocolError', text)
    assert.equal(ours.error.httpStatus, 200)
    assert.doesNotMatch(ours.error.message, /aaaa|bbbb/)
    assert.equal(ours.log.length, 1)
  }
  // The driver gives the platform's SyntaxError, after as many attempts as it has.
  const bad = line({ type: 'add', data: { '@time': 'never' }, txn_ts: time(2), cursor: 'c2', stats: eventStats })
  const [ours] = await listenBoth(() => ({ chunks: [status(1), bad] }), (client, l) => (l === lib ? listen(client.stream(source)) : {}))
  assert.deepEqual([ours.error?.name, ours.log.length], ['ProtocolError', 1])
  assert.match(ours.error.message, /never|time/i)
  const [html] = await listenBoth(() => ({ status: 404, text: '<html>not here</html>' }), (client, l) => (l === lib ? listen(client.stream(source)) : {}))
  assert.deepEqual([html.error?.name, html.error?.httpStatus, html.log.length], ['ProtocolError', 404, 1])
})

test('a garbled line after it has worked is the network\'s: it goes on at its cursor', async () => {
  const [ours] = await listenBoth(plays([status(1), change(2), '<html>portal</html>\n'], [status(2), change(3), END]), (client, l) => (l === lib ? listen(client.stream(source)) : {}))
  assert.deepEqual(ours.events.map(({ data }) => data), [2, 3])
  assert.deepEqual(ours.log.map(({ body }) => body.cursor), [undefined, 'c2'])
})

test('different on purpose: the first status of a connection does not go back in its transaction', async () => {
  // As the server has it: the cursor of a status is the first one of its time, and events have several.
  const at = time(5)
  const events = (from) => ['t5.0', 't5.1', 't5.2'].slice(from).map((cursor, i) => line({ type: 'add', data: cursor, txn_ts: at, cursor, stats: eventStats }))
  const first = line({ type: 'status', txn_ts: at, cursor: 't5.0', stats: eventStats })
  const script = ({ body }, n) => ({ chunks: n < 3 ? [body.cursor ? first : status(1), ...events(body.cursor ? Number(body.cursor.slice(3)) + 1 : 0)] : [first, END] })
  const [ours, theirs] = await listenBoth(script, (client) => listen(client.stream(source, { status_events: true })))
  assert.deepEqual(ours.events.filter(({ type }) => type === 'add').map(({ data }) => data), ['t5.0', 't5.1', 't5.2'])
  assert.deepEqual(ours.log.map(({ body }) => body.cursor), [undefined, 't5.2', 't5.2', 't5.2'])
  assert.deepEqual(ours.events.filter(({ type }) => type === 'status').map(({ cursor }) => cursor), ['c1', 't5.2', 't5.2', 't5.2'], 'kept, they are not behind what was told')
  assert.ok(theirs.events.filter(({ data }) => data === 't5.2').length > 1, 'the driver tells events again')
  // So it is from the cursor of an earlier stream.
  const [again] = await listenBoth((_, n) => ({ chunks: [first, ...(n < 2 ? [] : [END])] }), (client, l) => (l === lib ? listen(client.stream(source, { cursor: 't5.2' })) : {}))
  assert.deepEqual(again.log.map(({ body }) => body.cursor), ['t5.2', 't5.2', 't5.2'])
})

test('an event without its line end is one when the stream ends cleanly', async () => {
  same(await listenBoth(plays([status(1), change(2).trim()], [status(2), END]), (client) => listen(client.stream(source))))
})

test('different on purpose: where a resumed connection says that it begins is not where the next one begins', async () => {
  // Three connections: one with an event, one that only says where it begins (at the beginning of a transaction), one that ends.
  const script = (_, n) => ({ chunks: [[status(1), change(5), RESET], [line({ type: 'status', txn_ts: 5, cursor: 'c4', stats: eventStats }), RESET], [status(6), END]][n] })
  await fast(async () => {
    const server = await stub(script)
    const { events } = await listen(open(lib, server.url).stream(source, { status_events: true }))
    await server.stop()
    assert.deepEqual(server.log.map(({ body }) => body.cursor), [undefined, 'c5', 'c5'])
    assert.deepEqual(events.map(({ type, cursor }) => [type, cursor]), [['status', 'c1'], ['add', 'c5'], ['status', 'c5'], ['status', 'c5']])
  })
})

test('a feed whose server repeats itself is not asked again at once', async () => {
  const server = await stub(() => ({ json: { events: [], cursor: 'c1', has_next: true, stats: eventStats } }))
  const stream = open(lib, server.url).stream(source, { via: 'feed', poll_ms: 60_000 })
  const done = listen(stream)
  await until(() => server.log.length === 2)
  // If it went on, its requests would be among these.
  for (let i = 0; i < 5; i++) await fetch(server.url, { method: 'POST', body: '{}' }).then((response) => response.text())
  assert.deepEqual(server.log.map(({ body }) => body.cursor), [undefined, 'c1', undefined, undefined, undefined, undefined, undefined])
  stream.close()
  await done
  await server.stop()
})
