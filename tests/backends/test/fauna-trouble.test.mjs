// What the knobs do to streams and feeds, and the official driver on them: whoever writes a client can have every kind of trouble.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import * as driver from 'fauna'
import { until } from '../../differential/until.mjs'
import { listen, QUIET, SECRET, startPlace } from './fauna-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => (place = await startPlace()))
beforeEach(() => place.knobs({ ...QUIET, reset: true }))
after(() => place.stop())

const source = async (fql = 'Order.all().eventSource()') => (await place.ask(fql)).data['@stream']
const order = (item) => place.ask('Order.create({ owner: "alice", item: item, total: 50 })', { args: { item } })
const counters = async () => (await place.knobs()).counters
/** A stream past its first status. */
async function ready() {
  const token = await source()
  const events = await listen(place, { token })
  await events.next()
  return { token, ...events }
}

describe('trouble', () => {
  test('ended: the body is over, without a word', async () => {
    const events = await ready()
    await place.knobs({ endStreams: true })
    assert.deepEqual([await events.next(), events.half(), (await counters()).streams], [undefined, '', 0])
  })
  test('cut: half an event, then the connection is gone; the event comes whole to whoever resumes', async () => {
    const events = await ready()
    await order('first')
    const { cursor } = await events.next()
    await place.knobs({ cutNext: 1 })
    await order('é🚀')
    await assert.rejects(events.next(), TypeError)
    assert.match(events.half(), /^\{"type":"add",/)
    const again = await listen(place, { token: events.token, cursor })
    assert.deepEqual((await again.take(2)).map(({ type, data }) => data?.['@doc'].item ?? type), ['status', 'é🚀'])
    await place.knobs({ cutStreams: true })
    await assert.rejects(again.next(), TypeError)
    assert.match(again.half(), /^\{"type":"status",/)
    assert.equal((await counters()).streams, 0)
  })
  test('overflow: its error, and the end', async () => {
    const events = await ready()
    await place.knobs({ overflowStreams: true })
    assert.deepEqual([(await events.next()).error, await events.next()], [{ code: 'stream_overflow', message: 'Too many events to process.' }, undefined])
  })
  test('silent: the connection stands and nothing comes, until it does', async () => {
    const old = await ready()
    await place.knobs({ silent: true })
    const fresh = await listen(place, { token: old.token })
    let heard = 0
    const told = [old, fresh].map((events) => events.next().then((event) => (heard += 1, event)))
    await order('later')
    assert.deepEqual([fresh.status, heard, (await counters()).streams], [200, 0, 2])
    await place.knobs({ silent: false })
    assert.deepEqual((await Promise.all(told)).map(({ type }) => type), ['add', 'status'])
  })
  test('a late first byte, also for whoever hangs up meanwhile', async () => {
    const token = await source()
    await place.knobs({ firstByteMs: 40 })
    const began = performance.now()
    const events = await listen(place, { token })
    assert.ok(performance.now() - began >= 38)
    assert.equal((await events.next()).type, 'status')
    events.close()
    await place.knobs({ firstByteMs: 60_000 })
    const gone = new AbortController()
    const refused = fetch(`${place.server.url}/stream/1`, { method: 'POST', headers: { authorization: `Bearer ${SECRET}` }, body: JSON.stringify({ token }), signal: gone.signal })
    await until(async () => (await counters()).streams === 1)
    gone.abort()
    await assert.rejects(refused, { name: 'AbortError' })
    await until(async () => (await counters()).streams === 0)
  })
  test('chunks that end inside a character', async () => {
    const events = await ready()
    await place.knobs({ splitChunks: true })
    await order('é🚀')
    assert.equal((await events.next()).data['@doc'].item, 'é🚀')
    const strict = new TextDecoder('utf-8', { fatal: true })
    assert.ok(events.chunks.some((chunk) => {
      try {
        return strict.decode(chunk) === undefined
      } catch {
        return true
      }
    }))
  })
  test('status events as often as asked', async () => {
    const events = await ready()
    await place.knobs({ statusEveryMs: 5 })
    const [one, two] = await events.take(2)
    assert.deepEqual([one.type, two.type, two.txn_ts > one.txn_ts], ['status', 'status', true])
    const again = await listen(place, { token: events.token, cursor: two.cursor })
    assert.equal((await again.next()).txn_ts, two.txn_ts)
  })
  test('the next requests are dropped, refused or throttled', async () => {
    const token = await source()
    await place.knobs({ dropNext: 2, rejectNext: 2, throttle: 2 })
    for (const path of ['/stream/1', '/feed/1']) await assert.rejects(place.post(path, { token }), TypeError)
    const status = async (path) => (({ status, error }) => [status, error.code])(await place.post(path, { token }))
    assert.deepEqual([await status('/stream/1'), await status('/feed/1')], [[401, 'unauthorized'], [401, 'unauthorized']])
    assert.deepEqual([await status('/stream/1'), await status('/feed/1')], [[429, 'limit_exceeded'], [429, 'limit_exceeded']])
    assert.equal((await place.post('/feed/1', { token })).status, 200)
  })
  test('who hangs up is forgotten', async () => {
    const token = await source()
    const many = await Promise.all(Array.from({ length: 20 }, () => listen(place, { token })))
    const { streams, opened, watchers } = await counters()
    assert.deepEqual([streams, watchers], [20, 20])
    for (const events of many) events.close()
    await until(async () => (await counters()).streams === 0)
    assert.deepEqual(await counters(), { streams: 0, opened, watchers: 0 })
  })
  test('a page may read the name of its stream', async () => {
    const response = await fetch(`${place.server.url}/stream/1`, { method: 'POST', headers: { authorization: `Bearer ${SECRET}`, origin: 'https://app.example' }, body: JSON.stringify({ token: await source() }) })
    assert.deepEqual(['allow-origin', 'allow-credentials', 'expose-headers'].map((name) => response.headers.get(`access-control-${name}`)), ['https://app.example', 'true', 'x-faunadb-build, x-fauna-stream-id'])
    assert.match(response.headers.get('x-fauna-stream-id') ?? '', /^[\w-]{10,}$/)
    await response.body?.cancel()
  })
})

describe('the official driver', () => {
  const clients = {
    'over fetch': (config) => new driver.Client(config, new driver.FetchClient({ url: config.endpoint.href, fetch_keepalive: false })),
    'over HTTP/2': (config) => new driver.Client(config),
  }
  for (const [how, make] of Object.entries(clients)) {
    test(`${how}: from a query to its events, and nothing stays open`, async () => {
      const client = make({ endpoint: new URL(place.server.url), secret: SECRET })
      const stream = client.stream(driver.fql`Order.where(.total > ${40}).eventSource()`, { status_events: true })
      const told = stream[Symbol.asyncIterator]()
      const seen = [(await told.next()).value.type]
      for (const n of [1, 2]) {
        // Over HTTP/2 the driver loses what arrives while nobody waits for it.
        const [{ value }] = await Promise.all([told.next(), order(`é🚀 ${n}`)])
        seen.push(`${value.type} ${value.data.constructor.name} ${value.data.item}`)
      }
      assert.deepEqual(seen, ['status', 'add Document é🚀 1', 'add Document é🚀 2'])
      stream.close()
      client.close()
      await until(async () => (await counters()).streams === 0)
    })
  }
  test('an error event is a service error without a status', async () => {
    const client = clients['over fetch']({ endpoint: new URL(place.server.url), secret: await place.token() })
    const stream = client.stream(driver.fql`Order.all().eventSource()`, { status_events: true })[Symbol.asyncIterator]()
    await stream.next()
    await place.knobs({ editRoles: true, revalidateEveryMs: 5 })
    await assert.rejects(stream.next(), (error) => error instanceof driver.QueryRuntimeError && error.code === 'permission_loss' && error.httpStatus === undefined)
    client.close()
  })
  test('HTTP/2 has its own way to be cut', async () => {
    const client = clients['over HTTP/2']({ endpoint: new URL(place.server.url), secret: SECRET })
    const stream = client.stream(driver.fql`Order.all().eventSource()`, { status_events: true, max_attempts: 1 })[Symbol.asyncIterator]()
    await stream.next()
    await Promise.all([assert.rejects(stream.next(), { code: 'ERR_HTTP2_STREAM_ERROR' }), place.knobs({ cutStreams: true })])
    client.close()
  })
})
