// Which bodies are sent again after a refusal, and that the server sees the same bytes each time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, entry, name } from './world.mjs'

const { createSession, CountersignError } = await entry('index')
const { fakeProvider } = await entry('testing')

const TEXT = 'Größe: 5 €\r\n'
const bytes = new TextEncoder().encode(TEXT)
const form = () => {
  const data = new FormData()
  data.set('name', TEXT)
  data.set('file', new Blob([bytes], { type: 'text/plain' }), 'a.txt')
  return data
}
/** Made anew for each request. @type {Record<string, () => any>} */
const BODIES = {
  'no body': () => undefined,
  'a string': () => TEXT,
  'an ArrayBuffer': () => bytes.buffer.slice(0),
  'a view': () => bytes.subarray(3),
  'a Blob': () => new Blob([bytes]),
  URLSearchParams: () => new URLSearchParams({ a: TEXT }),
  FormData: form,
}
const stream = () => new ReadableStream({ start: (c) => (c.enqueue(bytes), c.close()) })
const pieces = async function* () {
  yield bytes
}

/** What became of a request to a server that answers with these statuses. `status` 0: it cuts the connection. @param {number[]} statuses @param {any} init @param {(url: string, init: any) => any} [make] */
const sent = async (statuses, init, make = (url, init) => [url, init]) => {
  const server = await api((_, n) => ({ status: statuses[n - 1], body: { n } }))
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ name: name(), logger: false, ...provider, routes: [{ url: server.url, template: 'x' }] })
  try {
    const response = await session.fetch(...make(`${server.url}/`, { method: init.body === undefined ? 'GET' : 'POST', ...init }))
    return { status: response.status, answer: (await response.json()).n, seen: server.seen.map(({ body }) => body), tokens: new Set(server.seen.map(({ token }) => token)).size, calls: provider.calls.length }
  } finally {
    session.dispose()
    await server.close()
  }
}
/** Multipart bodies have a boundary of their own each time. @param {string} body */
const plain = (body) => body.replace(/-{4,}\w+(?:-\w+)*/g, 'boundary')

for (const [what, body] of Object.entries(BODIES))
  test(`${what}: once when it is accepted, twice and the same when it was refused, never a third time`, async () => {
    const once = await sent([200], { body: body() })
    assert.equal(once.seen.length, 1)
    const cured = await sent([401, 200], { body: body() })
    assert.deepEqual([cured.status, cured.answer, cured.tokens, cured.calls], [200, 2, 2, 2])
    assert.deepEqual(cured.seen.map(plain), [once.seen[0], once.seen[0]].map(plain))
    const refused = await sent([401, 401, 200], { body: body() })
    assert.deepEqual([refused.status, refused.answer, refused.seen.length], [401, 2, 2])
  })

test('a Request with a body is sent again, byte for byte', async () => {
  const make = (/** @type {string} */ url, /** @type {any} */ init) => [new Request(url, init)]
  assert.deepEqual((await sent([401, 200], { body: TEXT }, make)).seen, [TEXT, TEXT])
  assert.deepEqual((await sent([401, 200], { body: stream(), duplex: 'half' }, make)).seen, [TEXT, TEXT], 'a Request that was not read yet is copied')
})

test('a Request that was read already cannot be sent at all, and says so', async () => {
  const request = new Request('https://api.test/', { method: 'POST', body: TEXT })
  await request.text()
  const session = createSession({ name: name(), logger: false, ...fakeProvider(), routes: [{ url: 'https://api.test', template: 'x' }] })
  await assert.rejects(session.fetch(request), TypeError)
  session.dispose()
})

for (const [what, body] of /** @type {const} */ ([['a ReadableStream', stream], ['an async iterable', pieces]]))
  test(`${what} is sent once, and its refusal handed over`, async () => {
    const refused = await sent([401, 200], { body: body(), duplex: 'half' })
    assert.deepEqual([refused.status, refused.answer, refused.seen], [401, 1, [TEXT]])
    assert.equal((await sent([200], { body: body(), duplex: 'half' })).status, 200)
  })

test('a ReadableStream that cannot be iterated, as Safari’s, is a stream all the same', async (t) => {
  const prototype = ReadableStream.prototype
  const iterator = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(prototype, Symbol.asyncIterator))
  let calls = 0
  t.mock.method(globalThis, 'fetch', async () => (calls++, new Response(null, { status: 401 })))
  const session = createSession({ name: name(), logger: false, ...fakeProvider(), routes: [{ url: 'https://api.test', template: 'x' }] })
  t.after(() => session.dispose())
  await session.getToken('x')
  delete prototype[Symbol.asyncIterator]
  t.after(() => Object.defineProperty(prototype, Symbol.asyncIterator, iterator))
  assert.equal((await session.fetch('https://api.test/', { method: 'POST', body: stream(), duplex: 'half' })).status, 401)
  assert.equal(calls, 1)
})

test('a network error is not a refusal: nothing is sent again', async (t) => {
  let calls = 0
  t.mock.method(globalThis, 'fetch', async () => {
    calls++
    throw new TypeError('fetch failed')
  })
  const session = createSession({ name: name(), logger: false, ...fakeProvider(), routes: [{ url: 'https://api.test', template: 'x' }] })
  t.after(() => session.dispose())
  await assert.rejects(session.fetch('https://api.test/', { method: 'POST', body: TEXT }), (e) => CountersignError.is(e, 'network'))
  assert.equal(calls, 1)
})
