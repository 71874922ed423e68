// `/feed/1`: pages of what happened, by hand and with the official driver.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import * as driver from 'fauna'
import { listen, QUIET, SECRET, startPlace } from './fauna-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => (place = await startPlace()))
beforeEach(() => place.knobs({ ...QUIET, reset: true }))
after(() => place.stop())

const source = async (fql = 'Scratch.all().eventSource()') => (await place.ask(fql)).data['@stream']
const scratch = (count) => place.ask(`Set.sequence(0, ${count}).forEach(n => Scratch.create({ n: n }))`)
const poll = async (body, options) => {
  const { status, headers, ...page } = await place.post('/feed/1', body, options)
  assert.equal(status, 200, page.error?.message)
  return page
}
const numbers = ({ events }) => events.map(({ type, data }) => `${type} ${data['@doc'].n['@int']}`)
const adds = (from, until) => Array.from({ length: until - from }, (_, i) => `add ${from + i}`)

describe('pages', () => {
  test('16 events or as many as asked for, over transactions and inside one; no status among them', async () => {
    const token = await source()
    await scratch(10)
    await scratch(10)
    const one = await poll({ token })
    assert.deepEqual([one.events.length, one.has_next, Object.keys(one)], [16, true, ['events', 'cursor', 'has_next', 'stats']])
    assert.deepEqual(Object.keys(one.stats), ['read_ops', 'storage_bytes_read', 'compute_ops', 'processing_time_ms', 'rate_limits_hit'])
    const two = await poll({ token, cursor: one.cursor })
    assert.deepEqual([numbers(one), numbers(two), two.has_next], [[...adds(0, 10), ...adds(0, 6)], adds(6, 10), false])
    let [page, sizes, all] = [await poll({ token, page_size: 3 }), [], []]
    for (;;) {
      sizes.push(page.events.length)
      all.push(...numbers(page))
      if (!page.has_next) break
      page = await poll({ token, page_size: 3, cursor: page.cursor })
    }
    assert.deepEqual([sizes, all], [[3, 3, 3, 3, 3, 3, 2], [...adds(0, 10), ...adds(0, 10)]])
    assert.equal((await poll({ token, page_size: 20 })).has_next, false, 'a page that is just full is the last one')
  })
  test('nothing new: the cursor goes on all the same, also over what is none of the source', async () => {
    const token = await source('Scratch.where(.n > 5).eventSource()')
    const empty = await poll({ token })
    assert.deepEqual([empty.events, empty.has_next], [[], false])
    await scratch(3)
    const still = await poll({ token, cursor: empty.cursor })
    const later = await poll({ token, cursor: still.cursor })
    assert.deepEqual([still.events, new Set([empty.cursor, still.cursor, later.cursor]).size], [[], 3])
    await scratch(8)
    assert.deepEqual(numbers(await poll({ token, cursor: later.cursor })), ['add 6', 'add 7'])
    await place.knobs({ clockOffsetS: 1000 })
    assert.equal((await poll({ token, cursor: later.cursor })).events[0].error.code, 'invalid_stream_start_time', 'a cursor that was not kept up to date')
  })
  test('start_ts: before the source was made too; the first event of that transaction is not told again', async () => {
    const { txn_ts } = await scratch(3)
    await scratch(1)
    const token = await source()
    assert.deepEqual(numbers(await poll({ token })), [])
    assert.deepEqual(numbers(await poll({ token, start_ts: txn_ts })), ['add 1', 'add 2', 'add 0'])
    assert.deepEqual(numbers(await poll({ token, start_ts: txn_ts - 1 })), ['add 0', 'add 1', 'add 2', 'add 0'])
    assert.deepEqual(numbers(await poll({ token, start_ts: txn_ts + 1_000_000_000 })), [])
  })
  test('a cursor of a stream is one of a feed, and the other way round', async () => {
    const token = await source()
    await scratch(4)
    const { cursor } = await poll({ token, page_size: 2 })
    const events = await listen(place, { token, cursor })
    const [, third] = await events.take(2)
    assert.deepEqual(numbers({ events: [third] }), ['add 2'])
    assert.deepEqual(numbers(await poll({ token, cursor: third.cursor })), ['add 3'])
  })
  test('an error ends the page, and the next one begins behind it', async () => {
    const token = await source('Scratch.all().map(s => if (s.n == 1) abort(s.n) else s).eventSource()')
    await scratch(3)
    const one = await poll({ token })
    const { stats, ...last } = one.events.at(-1)
    assert.deepEqual([one.events.length, one.has_next, last], [2, true, { type: 'error', error: { code: 'abort', message: 'Query aborted.', abort: { '@int': '1' } } }])
    const two = await poll({ token, cursor: one.cursor })
    assert.deepEqual([numbers(two), two.has_next], [['add 2'], false])
  })
  test('too far back: an error without a position, so the cursor stays', async () => {
    const token = await source()
    const { cursor } = await poll({ token })
    await place.knobs({ clockOffsetS: 1000 })
    const page = await poll({ token, cursor })
    assert.deepEqual([page.events.map(({ type, error }) => [type, error.code]), page.cursor, page.has_next], [[['error', 'invalid_stream_start_time']], cursor, false])
    assert.match(page.events[0].error.message, /^Stream start time \d{4}-\d\d-\d\dT[\d:.]+Z is too far in the past\. Recreate the stream and try again\.$/)
  })
  test('when the time is up, what was found so far is given', async () => {
    const token = await source()
    await scratch(2000)
    const page = await poll({ token, page_size: 16_000 }, { headers: { 'x-query-timeout-ms': '1' } })
    assert.ok(page.events.length > 0 && page.events.length < 2000)
    assert.equal(page.has_next, true)
    assert.deepEqual(numbers(await poll({ token, cursor: page.cursor, page_size: 1 })), [`add ${page.events.length}`])
  })
  test('with the rights of whoever asks, in tagged format whatever the header says', async () => {
    const token = await source('Order.all().eventSource()')
    await place.ask('Order.create({ owner: "alice", item: "x", total: 1 })')
    const { events } = await poll({ token }, { secret: await place.token(), headers: { 'x-format': 'simple' } })
    assert.deepEqual(events[0].data['@doc'].total, { '@int': '1' })
    assert.deepEqual((await poll({ token }, { secret: await place.bob() })).events, [])
  })
  test('what cannot be a request', async () => {
    const token = await source()
    const cursor = (await poll({ token })).cursor
    for (const [body, message] of [
      ['', 'No request body provided'], ['{', 'Invalid request body: Unexpected end of input'], [{}, 'Invalid request body: Value for key token not found.'],
      [{ token: 'INVALID!' }, 'Invalid request body: invalid event source provided.'], [{ token, cursor: 'INVALID!' }, 'Invalid request body: invalid event cursor provided.'],
      [{ token, start_ts: 'INVALID!' }, "Invalid request body: Unexpected string value 'INVALID!'."], [{ token, start_ts: 0, cursor }, 'Invalid request body: can not provide both `start_ts` and `cursor`.'],
      [{ token, page_size: 16_001 }, 'Invalid request body: page size can not be greater than 16000.'], [{ token, page_size: 0 }, 'Invalid request body: page size must be greater than zero.'],
      [{ token, page_size: [] }, 'Invalid request body: Unexpected array value.'],
    ]) assert.deepEqual((({ status, error }) => [status, error])(await place.post('/feed/1', body)), [400, { code: 'invalid_request', message }])
    const { headers, ...refused } = await place.post('/feed/1', { token }, { secret: 'wrong' })
    assert.deepEqual(refused, { status: 401, error: { code: 'unauthorized', message: 'Invalid token, unable to authenticate request' } })
    assert.equal((await place.post('/feed/1', { token }, { headers: { 'x-query-timeout-ms': '0' } })).error.message, "Invalid header 'x-query-timeout-ms': must be between 1 and 600000")
  })
})

describe('the official driver', () => {
  test('pages, then all events flat, then an error event', async () => {
    const client = new driver.Client({ endpoint: new URL(place.server.url), secret: SECRET })
    const token = { token: await source() }
    const { txn_ts } = await scratch(5)
    const pages = []
    for await (const page of client.feed(token, { page_size: 2 })) pages.push([[...page.events].map((event) => event.type === 'add' && event.data.n), page.hasNext])
    assert.deepEqual(pages, [[[0, 1], true], [[2, 3], true], [[4], false]])
    const flat = []
    for await (const event of client.feed(driver.fql`Scratch.all().map(.n).eventSource()`, { start_ts: txn_ts - 1 }).flatten()) flat.push(event.type === 'add' && event.data)
    assert.deepEqual(flat, [0, 1, 2, 3, 4])
    await assert.rejects(async () => {
      for await (const page of client.feed(token, { start_ts: 1 })) for (const event of page.events) assert.fail(event.type)
    }, (error) => error instanceof driver.QueryRuntimeError && error.code === 'invalid_stream_start_time')
    client.close()
  })
})
