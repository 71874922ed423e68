// The Fauna-shaped server and a page of another origin, in headless Chromium: whether a header passes the preflight, and
// which headers of the answer a page may read, is the browser's own decision here.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { ALLOWED_HEADERS } from '../fauna/server.mjs'
import { serve } from '../lib/index.mjs'
import { SECRET, startPlace } from './fauna-place.mjs'

const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic']

describe('a page', { timeout: 120_000 }, () => {
  let place, site, browser, page
  before(async () => {
    ;[place, site, browser] = await Promise.all([
      startPlace(),
      serve({ name: 'page', handler: () => ({ headers: { 'content-type': 'text/html' }, body: '<!doctype html><link rel="icon" href="data:,">' }) }),
      chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS }),
    ])
    page = await browser.newPage()
    await page.goto(site.url)
  })
  after(async () => {
    await browser?.close()
    await Promise.all([place, site].map((server) => server?.stop()))
  })

  /** What the page finds, or the name of what it could not do. */
  const send = (path, { headers = {}, body = { query: '1' }, read = [] } = {}) => page.evaluate(async ([url, given, text, names]) => {
    try {
      const response = await fetch(url, { method: 'POST', headers: given, body: text })
      const { value } = await response.body.getReader().read()
      return { status: response.status, text: new TextDecoder().decode(value), headers: names.map((name) => response.headers.get(name)) }
    } catch (error) {
      return error.name
    }
  }, [place.server.url + path, { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json', ...headers }, JSON.stringify(body), read])

  test('every header of the list passes, and no other does', async () => {
    const values = { 'x-format': 'tagged', 'x-query-timeout-ms': '5000', 'x-last-txn-ts': '1', 'x-max-contention-retries': '1', 'x-query-tags': 'a=b', 'x-linearized': 'false', 'x-typecheck': 'false', 'x-performance-hints': 'false' }
    const own = ALLOWED_HEADERS.filter((name) => !['accept-encoding', 'authorization', 'content-type'].includes(name))
    const { status, text } = await send('/query/1', { headers: Object.fromEntries(own.map((name) => [name, values[name] ?? 'x'])) })
    assert.deepEqual([status, JSON.parse(text).data], [200, { '@int': '1' }])
    const before = place.server.log.length
    for (const name of ['x-request-id', 'idempotency-key', 'x-faunadb-build', 'baggage']) assert.equal(await send('/query/1', { headers: { [name]: 'x' } }), 'TypeError', name)
    assert.deepEqual(place.server.log.slice(before).map(({ method }) => method), Array(4).fill('OPTIONS'), 'the preflight failed, and nothing was sent')
  })
  test('the headers that begin with x- can be read, others not; errors too', async () => {
    const read = ['x-faunadb-build', 'www-authenticate', 'x-fauna-stream-id']
    assert.deepEqual((await send('/query/1', { read })).headers, ['countersign-local-1', null, null])
    const refused = await send('/query/1', { read, headers: { authorization: 'Bearer wrong' } })
    assert.deepEqual([refused.status, ...refused.headers], [401, 'countersign-local-1', null, null])
    const { data } = await place.ask('Order.all().eventSource()')
    const stream = await send('/stream/1', { read, body: { token: data['@stream'] } })
    assert.match(stream.headers[2] ?? '', /^[\w-]{10,}$/)
    assert.match(stream.text, /^\{"type":"status",.*\}\r\n$/)
    const { status, text } = await send('/query/1', { headers: { authorization: `Bearer ${'x'.repeat(9000)}` } })
    assert.deepEqual([status, text], [400, '{"error":"bad request"}'])
  })
})
