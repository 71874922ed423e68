// What goes through a session reaches the server as it would through plain `fetch`, apart from the token and the documented defaults,
// and the answers come back untouched. In Node; tests/browser/transparency.test.mjs asks the same of Chromium.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { prng, SEED } from '../differential/fauna/random.mjs'
import { outcome, plans } from './transparency/cases.js'
import { address, allAuthorised, record, requests } from './transparency/server.mjs'
import { entry, name } from './world.mjs'

const { createSession } = await entry('index')
const { HasuraClient } = await entry('hasura')
const { fakeProvider } = await entry('testing')

const { origin, seen, close } = await record()
after(close)
const session = createSession({ name: name(), logger: false, ...fakeProvider({ user: 'alice' }), routes: [{ url: origin, template: 'x' }] })
after(() => session.dispose())
const hasura = new HasuraClient({ session, template: 'x', endpoint: `${origin}/v1/graphql` })
/** @type {Record<string, (...args: any[]) => Promise<Response>>} */
const ways = { session: session.fetch, auth: session.authFetch({ template: 'x', origins: [origin] }), hasura: hasura.fetch }

const all = plans(prng(SEED), process.env.COUNTERSIGN_FULL ? 3000 : 250)
const run = async (/** @type {string} */ way, /** @type {(...args: any[]) => Promise<Response>} */ send) => {
  const results = []
  for (const [n, plan] of all.entries()) results.push(await outcome(send, plan, address(origin, way, n, plan), way === 'plain'))
  return results
}
const expected = await run('plain', fetch)

test('the plans are of some use: most are sent, some cannot be', () => {
  const rejected = expected.filter((result) => result === 'rejected').length
  assert.ok(rejected > 5 && rejected < all.length / 2, `${rejected} of ${all.length}`)
})

for (const [way, send] of Object.entries(ways))
  test(`${way}.fetch: the same bytes there, the same answer back`, async () => {
    const results = await run(way, send)
    const [theirs, ours] = [requests(seen, 'plain'), requests(seen, way)]
    for (const [n, plan] of all.entries()) {
      const of = `seed ${SEED}, plan ${n}: ${JSON.stringify(plan)}`
      assert.deepEqual(ours.get(`${n}`), theirs.get(`${n}`), of)
      assert.deepEqual(results[n], expected[n], of)
    }
    assert.ok(allAuthorised(seen, way))
  })

test('whatever is in `init` reaches `fetch`, known or not, and so does what it was called with', async (t) => {
  /** @type {any[][]} */
  const calls = []
  t.mock.method(globalThis, 'fetch', async (/** @type {any[]} */ ...args) => (calls.push(args), Response.json({ data: 1 })))
  const mark = Symbol('of a library')
  const fields = {
    next: { revalidate: 1 }, cf: { cacheTtl: 5 }, dispatcher: {}, priority: 'low', window: null, attributionReporting: {}, integrity: 'sha256-AAAA', keepalive: true, mode: 'cors', referrer: 'about:client',
    redirect: 'follow', cache: 'force-cache', referrerPolicy: 'origin', credentials: 'same-origin', whatever: () => {}, [mark]: {},
  }
  for (const send of Object.values(ways)) {
    const body = new Uint8Array([1])
    const url = new URL(`${origin}/v1/graphql`)
    await send(url, { ...fields, method: 'patch', body })
    const [input, init] = calls.at(-1) ?? []
    // A URL can be changed while a token is waited for: what is sent to is a copy.
    assert.ok(input instanceof URL && input !== url && input.href === url.href)
    await send(`${url}`)
    assert.equal(calls.at(-1)?.[0], `${url}`)
    for (const key of Reflect.ownKeys(fields)) assert.equal(init[key], fields[/** @type {keyof fields} */ (key)], String(key))
    assert.deepEqual([init.body, init.method], [body, 'patch'])
    assert.equal(init.body, body)
    assert.deepEqual(Reflect.ownKeys(init).filter((key) => ![...Reflect.ownKeys(fields), 'method', 'body', 'headers', 'signal'].includes(key)), [])
    const request = new Request(url)
    await send(request)
    assert.equal(calls.at(-1)?.[0], request, 'a Request without a body is not copied')
    await send(url)
    assert.deepEqual(Object.keys(calls.at(-1)?.[1]).sort(), ['cache', 'credentials', 'headers', 'redirect', 'referrerPolicy', 'signal'])
  }
})

for (const [way, send] of Object.entries(ways))
  for (const type of ['application/json', 'text/event-stream'])
    test(`${way}.fetch: an answer (${type}) is handed over at its first bytes, unread, and breaks off where it does`, async (t) => {
      const encode = (/** @type {string} */ text) => new TextEncoder().encode(text)
      /** @type {ReadableStreamDefaultController} */
      let stream = /** @type {any} */ (undefined)
      const answer = new Response(new ReadableStream({ start: (c) => void (stream = c, c.enqueue(encode('{"data":{'))) }), { headers: { 'content-type': type }, status: 206, statusText: 'Some' })
      t.mock.method(globalThis, 'fetch', async () => answer)
      const response = await send(`${origin}/v1/graphql`)
      assert.equal(response, answer, 'the very response of `fetch`')
      const reader = response.body?.getReader()
      assert.equal(new TextDecoder().decode((await reader?.read())?.value), '{"data":{')
      stream.enqueue(encode('}}'))
      assert.equal(new TextDecoder().decode((await reader?.read())?.value), '}}')
      stream.error(new Error('broken off'))
      await assert.rejects(async () => reader?.read(), /broken off/)
    })

test('an init that is used again: each request is what was given at its call, on a page that has just begun as well', async () => {
  const cold = createSession({ name: name(), logger: false, ...fakeProvider({ user: 'alice' }), routes: [{ url: origin, template: 'x' }] })
  const init = { method: 'POST', body: '' }
  const sent = []
  for (const send of [cold.fetch, cold.authFetch({ template: 'x', origins: [origin] }), new HasuraClient({ session: cold, template: 'x', endpoint: `${origin}/v1/graphql` }).fetch])
    for (const body of ['1', '2', '3']) {
      init.body = body
      sent.push(send(`${origin}/?way=again`, init))
    }
  for (const response of await Promise.all(sent)) await response.text()
  cold.dispose()
  assert.deepEqual(seen.get('again').map(({ body }) => body).sort(), ['1', '1', '1', '2', '2', '2', '3', '3', '3'])
})
