// Streams at their edges: ended from inside, odd numbers, answers that are nobody's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../dist.mjs'
import { until } from '../until.mjs'
import { driver, failure, fast, lib, open } from './compare.mjs'
import { change, END, eventStats, line, listen, status } from './listening.mjs'
import { fakeSession, RESET, stub } from './stub.mjs'

const source = { token: 'source-1' }
const stay = async function* (...lines) {
  yield* lines
  await new Promise(() => {})
}
const html = { headers: { 'content-type': 'text/html' }, text: '<html>sign in to the wifi</html>' }

test('ended in its own onState: nothing is asked for any more, and nothing stays open', async () => {
  for (const state of ['connecting', 'open', 'waiting', 'closed']) {
    const server = await stub((_, n) => (state === 'waiting' && n === 0 ? { chunks: [status(1), RESET] } : { chunks: stay(status(1)) }))
    const session = fakeSession(lib)
    let leases = 0
    session.leases = async function* (_, { signal }) {
      leases++
      await new Promise((end) => signal.addEventListener('abort', end))
      signal.throwIfAborted()
    }
    const client = new lib.Client({ session, template: 'fauna', endpoint: server.url })
    const stream = client.stream(source, { onState: ({ status }) => status === state && stream.close() })
    if (state === 'closed') setTimeout(() => stream.close())
    const { error } = await listen(stream)
    assert.equal(error, undefined)
    // What was under way at the end is aborted; another request to the same server shows that nothing else came before it.
    await fetch(server.url, { method: 'POST', body: '{}' }).then((response) => response.body.cancel())
    await until(() => server.open.size === 0)
    assert.ok(server.log.length <= { connecting: 1, open: 2, waiting: 2, closed: 2 }[state], `${state}: ${server.log.length}`)
    if (state === 'open') assert.equal(leases, 0, 'a lease that nobody ends')
    client.close()
    assert.equal(session.listeners.size, 0, state)
    await server.stop()
  }
})

test('attempts without end, and numbers that are none', async () => {
  await fast(async () => {
    const server = await stub((_, n) => (n < 6 ? { chunks: [status(n + 1), RESET] } : { chunks: [END] }))
    const { error } = await listen(open(lib, server.url).stream(source, { max_attempts: Infinity }))
    assert.equal(error.code, 'document_not_found')
    assert.equal(server.log.length, 7)
    await server.stop()
  })
  // A pause that is no number is not no pause: it ends with the test's patience, not with a storm.
  const server = await stub(() => ({ json: { events: [], cursor: 'c1', has_next: false, stats: eventStats } }))
  const stream = open(lib, server.url).stream(source, { via: 'feed', poll_ms: NaN })
  const done = listen(stream)
  await until(() => server.log.length === 1)
  for (let i = 0; i < 5; i++) await fetch(server.url, { method: 'POST', body: '{}' }).then((response) => response.text())
  assert.equal(server.log.length, 6)
  stream.close()
  await done
  await server.stop()
})

test('an answer that repeats the request does not give the secret away', async () => {
  const secret = 'local-secret'
  const echo = `<html>you sent Authorization: Bearer ${secret}</html>`
  for (const answer of [{ text: echo }, { status: 502, text: echo }, { chunks: [line({ type: 'add', data: { '@time': secret }, txn_ts: 1, cursor: 'c', stats: eventStats })] }])
    await fast(async () => {
      const server = await stub(() => answer)
      const client = open(lib, server.url, { secret })
      for (const stream of [client.stream(source), client.stream(source, { via: 'feed' })]) {
        const { error } = await listen(stream)
        assert.equal(error.name, 'ProtocolError')
        assert.ok(!error.message.includes(secret), error.message)
      }
      await server.stop()
    })
  // An event of the server's own, and the transport by itself.
  const server = await stub((_, n) => (n ? { status: 502, text: echo } : { chunks: [line({ type: 'error', error: { code: 'abort', message: `for ${secret}` }, stats: eventStats })] }))
  const { error } = await listen(open(lib, server.url, { secret }).stream(source))
  assert.equal(error.message, 'for [secret]')
  const { read } = new lib.FetchClient({ url: server.url.href }).stream({ data: { token: 't' }, headers: { Authorization: `Bearer ${secret}` }, method: 'POST' })
  await assert.rejects(read.next(), (e) => e.name === 'ProtocolError' && e.message.includes('you sent') && !e.message.includes(secret))
  await server.stop()
})

test('a portal in between does not end what worked before, streamed or polled; it ends what never did', async () => {
  const page = (n) => ({ json: { events: [{ type: 'add', data: { '@int': String(n) }, txn_ts: n, cursor: `c${n}`, stats: eventStats }], cursor: `c${n}`, has_next: false, stats: eventStats } })
  const answers = {
    stream: [{ chunks: [status(1), change(2), RESET] }, html, { text: '' }, { text: '{"type":' }, { text: Buffer.from([0xff, 10]) }, { chunks: [change(3), END] }],
    feed: [page(2), html, { text: '{"events":' }, { text: Buffer.from([0xff, 10]) }, page(3), failure('document_not_found', 400)],
  }
  for (const [via, list] of Object.entries(answers))
    await fast(async () => {
      const server = await stub((_, n) => list[n])
      const { events, error } = await listen(open(lib, server.url).stream(source, { via, poll_ms: 1 }))
      await server.stop()
      assert.deepEqual(events.map(({ data }) => data), [2, 3], `${via}: ${error?.message}`)
      assert.equal(error.code, 'document_not_found')
      const first = await stub(() => html)
      const { error: never } = await listen(open(lib, first.url).stream(source, { via, poll_ms: 1 }))
      await first.stop()
      assert.deepEqual([never.name, first.log.length], ['ProtocolError', 1])
    })
})

test('an event without a cursor does not lead a later loop back to the beginning', async () => {
  const { cursor: _, ...bare } = { type: 'add', data: { '@int': '3' }, txn_ts: 3, cursor: 'c3', stats: eventStats }
  const server = await stub((_, n) => ({ chunks: n ? [change(4), END] : stay(status(1), change(2), line(bare)) }))
  const stream = open(lib, server.url).stream(source)
  await listen(stream, { enough: 2 })
  await listen(stream)
  assert.deepEqual(server.log.map(({ body }) => body.cursor), [undefined, 'c2'])
  await server.stop()
})

test('an iterator is a generator\'s: what has not begun ends without a word, and an error is said once', async () => {
  for (const l of [lib, driver]) {
    const server = await stub(() => ({ chunks: [END] }))
    const client = open(l, server.url)
    const begun = async (act) => act(client.stream(source)[Symbol.asyncIterator]())
    assert.deepEqual(await begun((events) => events.return(5)), { value: 5, done: true })
    await assert.rejects(begun((events) => events.throw(new Error('mine'))), { message: 'mine' })
    const events = client.stream(source)[Symbol.asyncIterator]()
    await events.return()
    assert.deepEqual(await events.next(), { value: undefined, done: true })
    assert.equal(server.log.length, 0)
    const stream = client.stream(source)
    stream.close()
    const closed = stream[Symbol.asyncIterator]()
    await assert.rejects(closed.next(), { name: 'ClientError' })
    assert.deepEqual(await closed.next(), { value: undefined, done: true })
    await server.stop()
  }
})

test('a source that cannot be had does not close the stream: a later loop asks again', async () => {
  for (const l of [lib, driver]) {
    const server = await stub((_, n) => (n === 0 ? failure('permission_denied', 400) : n === 1 ? { json: { data: { '@stream': 'source' } } } : { chunks: [change(2), END] }))
    const stream = open(l, server.url).stream(l.fql`q`)
    const { error } = await listen(stream)
    assert.deepEqual([error.code, stream.closed], ['permission_denied', false])
    assert.equal((await listen(stream)).events.length, 1)
    await server.stop()
  }
})

test('a trap of the WebAssembly ends a stream with an error, whenever it comes', async () => {
  const { run, told } = await dist('fauna/machine.js')
  for (const at of ['tell', 'poll']) {
    const trap = new WebAssembly.RuntimeError('unreachable')
    let good = 3
    const act = (name) => {
      if (name === at && !good--) throw trap
    }
    const seen = []
    const machine = { tell: () => act('tell'), poll: () => act('poll'), free: () => assert.fail('nothing of it is touched again') }
    const running = run(machine, { broken: (error) => seen.push(error) })
    for (let i = 0; i < 9; i++) running.tell(told.tick)
    running.free()
    assert.deepEqual(seen, [trap], at)
  }
})

test('live sets of different secrets are different questions; a query of another copy is a query', async () => {
  const server = await stub(({ line: at }) => (at.includes('/query') ? { json: { data: { '@stream': 'source' } } } : { chunks: [change(2), END] }))
  const [one, two] = ['a', 'b'].map((secret) => open(lib, server.url, { secret }))
  assert.notEqual(one.live(lib.fql`q`).key, two.live(lib.fql`q`).key)
  assert.equal(one.live(lib.fql`q`).key, one.live(lib.fql`q`).key)
  const other = { encode: () => ({ fql: ['q'] }), [Symbol.for('countersign.fauna')]: 'query' }
  assert.equal((await listen(one.stream(other))).events.length, 1)
  await server.stop()
})
