// A consumer that does not read: nothing is read for it either, from a stream or on the way to the present.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../until.mjs'
import { failure } from './compare.mjs'
import { change, END, listen, status } from './listening.mjs'
import { clientOf, clock, dropped, never, page, transport, turns } from './scripted.mjs'

const source = { token: 'source' }
const event = (n) => JSON.parse(change(n))
/** More than anybody keeps. */
const ALL = 5000
const MINUTES = 60_000

/** Reads one, and no more until nothing moves; then all the rest. `pulled`: how much was taken from the source of events by then. */
const slowly = async (events, pulled) => {
  const seen = [(await events.next()).value.data]
  await turns()
  let before
  while (before !== pulled()) {
    before = pulled()
    await turns()
  }
  for (const _ of Array(ALL - 1)) seen.push((await events.next()).value.data)
  assert.deepEqual(seen, Array.from({ length: ALL }, (_, n) => n + 1))
  return before
}

test('a stream is not read ahead, whichever way it comes', async (t) => {
  let given = 0
  const text = function* () {
    yield status(0)
    for (let n = 1; n <= ALL; n++) {
      given = n
      yield change(n)
    }
  }
  const { fetch } = globalThis
  t.after(() => (globalThis.fetch = fetch))
  let lines
  const bytes = new TextEncoder()
  globalThis.fetch = async () => {
    const body = new ReadableStream({
      pull(to) {
        const { value, done } = (lines ??= text()).next()
        if (!done) to.enqueue(bytes.encode(value))
      },
    }, { highWaterMark: 0 })
    return new Response(body)
  }
  const paced = async function* () {
    for (const line of text()) {
      yield line
      await new Promise(setImmediate)
    }
    await never
  }
  for (const client of [clientOf(), clientOf(transport({ stream: paced }))]) {
    given = 0
    const stream = client.stream(source)
    const pulled = await slowly(stream[Symbol.asyncIterator](), () => given)
    assert.ok(pulled >= 1024 && pulled < 1100, `${pulled} were read for a consumer that read one`)
    stream.close()
  }
})

test('a polled stream is not polled ahead', async (t) => {
  clock(t)
  const EACH = 100
  let asked = 0
  const http = transport({
    request: ({ cursor = 'c0' }) => {
      asked++
      const n = Number(cursor.slice(1))
      return n < ALL ? page(Array.from({ length: EACH }, (_, i) => event(n + 1 + i)), `c${n + EACH}`, true) : never
    },
  })
  const stream = clientOf(http).stream(source, { via: 'feed' })
  const pulled = await slowly(stream[Symbol.asyncIterator](), () => asked)
  assert.equal(pulled, 11)
  stream.close()
})

/** Connections that end after an event each, long after it. @param {(ahead: any) => void} later what time does between the first and the second */
const old = async (t, later, request) => {
  const ahead = clock(t)
  const http = transport({
    request,
    stream: (_, n) => (n === 0 ? dropped(status(0), change(1)) : [change(ALL + 1), END]),
  })
  const states = []
  const stream = clientOf(http).stream(source, { onState: (state) => states.push(state), max_attempts: 9 })
  const events = stream[Symbol.asyncIterator]()
  const first = events.next()
  await until(() => states.at(-1)?.status === 'waiting')
  later(ahead)
  ahead.pass(1000)
  return { stream, events, first, log: http.log }
}

test('on its way to the present a cursor does not run ahead of whoever reads', async (t) => {
  const { stream, events, first, log } = await old(t, ({ pass }) => pass(6 * MINUTES), ({ cursor, page_size }) => {
    assert.equal(page_size, 1000)
    const n = Number(cursor.slice(1))
    return page(Array.from({ length: Math.min(page_size, ALL - n) }, (_, i) => event(n + 1 + i)), `c${Math.min(n + page_size, ALL)}`, n + page_size < ALL)
  })
  assert.equal((await first).value.data, 1)
  await until(() => log.request.length === 2)
  await turns()
  assert.deepEqual([log.request.length, log.stream.length], [2, 1])
  for (let n = 2; n <= ALL + 1; n++) assert.equal((await events.next()).value.data, n)
  await assert.rejects(events.next(), { code: 'document_not_found' })
  assert.deepEqual(log.request.map(({ cursor }) => cursor), ['c1', 'c1001', 'c2001', 'c3001', 'c4001'])
  assert.deepEqual(log.stream.map(({ cursor }) => cursor), [undefined, `c${ALL}`])
  assert.ok(stream.closed)
})

test('where pages are refused the stream goes on from where it was; a token that is refused is another matter', async (t) => {
  for (const answer of [failure('forbidden', 403), failure('permission_denied', 400), { status: 404, json: '<html>no such page</html>' }, { json: '<html>sign in to the wifi</html>' }]) {
    const { events, first, log } = await old(t, ({ pass }) => pass(6 * MINUTES), () => answer)
    assert.deepEqual([(await first).value.data, (await events.next()).value.data], [1, ALL + 1])
    assert.deepEqual([log.request.length, log.stream.map(({ cursor }) => cursor)], [1, [undefined, 'c1']])
  }
  const { events, first, log } = await old(t, ({ pass }) => pass(6 * MINUTES), () => failure('unauthorized', 401))
  await first
  await until(() => log.request.length === 1)
  await turns()
  assert.equal(log.stream.length, 1)
  await events.return()
})

test('how old a cursor is, is measured here: by whichever of our clocks says more, and not by the server\'s', async (t) => {
  for (const [what, later, pages] of [
    ['asleep: one clock stood still', ({ set }) => set({ wall: 6 * MINUTES }), 1],
    ['set back meanwhile', ({ set }) => set({ mono: 6 * MINUTES, wall: -60 * MINUTES }), 1],
    ['a moment later', () => {}, 0],
  ]) {
    const { events, first, log } = await old(t, later, () => page([], 'c1'))
    assert.deepEqual([(await first).value.data, (await events.next()).value.data], [1, ALL + 1], what)
    assert.equal(log.request.length, pages, what)
  }
  // Twenty minutes before the server's all the time, or behind.
  for (const minutes of [20, -20]) {
    const { set, pass } = clock(t)
    set({ wall: minutes * MINUTES })
    const http = transport({ request: () => page([], 'c1'), stream: (_, n) => (n < 3 ? dropped(status(n), change(n + 1)) : [END]) })
    const states = []
    const done = listen(clientOf(http).stream(source, { onState: (state) => states.push(state) }))
    for (let n = 1; n <= 3; n++) {
      await until(() => states.at(-1)?.status === 'waiting' && states.at(-1).connects === n)
      pass(8000)
    }
    assert.equal((await done).error.code, 'document_not_found')
    assert.equal(http.log.request.length, 0)
  }
})
