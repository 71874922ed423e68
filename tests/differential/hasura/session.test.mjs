// HasuraClient on a real session: the core reads the answers, renews a refused token and sends again. The local Hasura verifies real
// tokens; what it does not have (older endpoints, odd answers) is scripted.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startAll } from '../../backends/start.mjs'
import { mintFrom } from '../local.mjs'

// Before there is a window: its database would take this for a page.
const { urls, servers, stop } = await startAll({ portBase: 0, only: ['hasura'] })
after(stop)
const { api, entry, name } = await import('../../package/world.mjs')
const { createSession } = await entry('index')
const { HasuraClient } = await entry('hasura')
const { fakeProvider } = await entry('testing')

const EXPIRED = 'Could not verify JWT: JWTExpired'
const modern = (/** @type {string} */ message) => ({ errors: [{ extensions: { path: '$', code: 'invalid-jwt' }, message }] })
const flat = (/** @type {string} */ message) => ({ path: '$', error: message, code: 'invalid-jwt' })

/** A client of a session whose tokens come from the local issuer, anew at each call. @param {import('node:test').TestContext} t @param {string} issuer @param {string} endpoint */
const signedIn = (t, issuer, endpoint, /** @type {any} */ options = {}) => {
  const asked = { n: 0 }
  const provider = {
    getToken: async (/** @type {any} */ request) => (asked.n++, mintFrom(issuer, 'alice', request.template)),
    watch: (/** @type {any} */ report) => (report({ user: 'alice' }), () => {}),
    ...options.provider,
  }
  const session = createSession({ name: name(), logger: false, templates: { hasura: 'hasura' }, ...provider })
  t.after(() => session.dispose())
  return { session, asked, client: new HasuraClient({ session, template: 'hasura', endpoint, ...options.client }) }
}

test('against the local Hasura', async (t) => {
  const hasura = /** @type {any} */ (servers.hasura)
  const posts = () => hasura.log.filter((/** @type {any} */ e) => e.method === 'POST')

  await t.test('a batch that is refused is renewed and sent again, once, as a whole', async (t) => {
    const { client, asked } = signedIn(t, urls.clerk, urls.hasura)
    const before = posts().length
    hasura.knobs.rejectNext = 1
    const insert = 'mutation { insert_messages_one(object: { body: "of a batch", room: "general" }) { id } }'
    const [a, b, c] = await client.batch([{ document: '{ messages { id } }' }, { document: '{ nonsense }' }, { document: insert }])
    assert.deepEqual([a.status, b.status, b.reason?.code], ['fulfilled', 'rejected', 'validation-failed'])
    assert.deepEqual([asked.n, posts().length - before], [2, 2])
    if (c.status === 'fulfilled') assert.ok(c.value.insert_messages_one.id)
    else assert.fail(c.reason)
    assert.equal((await hasura.sql("select * from messages where body = 'of a batch'")).length, 1)
    hasura.knobs.rejectNext = 2
    const refused = await client.batch([{ document: '{ messages { id } }' }, { document: insert }])
    assert.deepEqual(refused.map((/** @type {any} */ r) => r.reason?.code), ['token_rejected', 'token_rejected'])
    hasura.knobs.rejectNext = 0
  })

  await t.test('a clock that is behind: it waits, and sends the same token again', async (t) => {
    const { client, asked, session } = signedIn(t, urls.clerk, urls.hasura)
    const before = posts().length
    hasura.knobs.clockOffsetS = -1
    const began = performance.now()
    assert.ok((await client.request('{ messages { id } }')).messages.length)
    hasura.knobs.clockOffsetS = 0
    const notes = posts().slice(before).map((/** @type {any} */ e) => e.note)
    assert.deepEqual([notes.length, asked.n, session.inspect().tokens.hasura.refreshes], [2, 1, 1])
    assert.ok(performance.now() - began > 1400)
  })

  await t.test('a clock that is far behind: once more, then the fix', async (t) => {
    const { client, asked } = signedIn(t, urls.clerk, urls.hasura)
    const before = posts().length
    hasura.knobs.clockOffsetS = -600
    await assert.rejects(client.request('{ messages { id } }'), { code: 'token_rejected', hint: /allowed_skew/ })
    hasura.knobs.clockOffsetS = 0
    assert.deepEqual([posts().length - before, asked.n], [2, 1])
  })

  await t.test('a refresh that fails is an error; nothing is sent without the token', async (t) => {
    const { client } = signedIn(t, urls.clerk, urls.hasura, { client: { anonymous: true }, provider: { getToken: async () => { throw new Error('down') } } })
    const before = posts().length
    await assert.rejects(client.request('{ messages { id } }'), { code: 'provider_failed' })
    assert.equal(posts().length, before)
  })
})

/** A server that refuses the first request as this shape, and a client of it. @param {import('node:test').TestContext} t @param {(request: any, n: number) => any} reply */
const scripted = async (t, reply, /** @type {any} */ options = {}) => {
  const server = await api(reply)
  t.after(server.close)
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ name: name(), logger: false, ...provider })
  t.after(() => session.dispose())
  return { server, provider, session, client: new HasuraClient({ session, template: 'hasura', endpoint: `${server.url}/v1/graphql`, ...options }) }
}

for (const path of ['/v1beta1/relay', '/v1alpha1/graphql', '/api/rest/messages/7?limit=1'])
  for (const [shape, status] of /** @type {[any, number][]} */ ([[modern(EXPIRED), 200], [flat(EXPIRED), 400], [flat(EXPIRED), 401]]))
    test(`hasura.fetch ${path}: a refusal with status ${status} is renewed and sent again`, async (t) => {
      const { server, client } = await scripted(t, (_, n) => (n === 1 ? { status, body: shape } : { status: 201, body: { messages: [] } }))
      const init = { method: 'PUT', body: '{"a":1}', headers: { 'content-type': 'application/json' } }
      const response = await client.fetch(`${server.url}${path}`, init)
      assert.deepEqual([response.status, await response.json()], [201, { messages: [] }])
      assert.deepEqual(server.seen.map(({ method, url, body }) => [method, url, body]), Array(2).fill(['PUT', path, '{"a":1}']))
      assert.equal(new Set(server.seen.map(({ token }) => token)).size, 2)
    })

test('hasura.fetch: a Request as it is, sent again from a copy; a stream once', async (t) => {
  const { server, client } = await scripted(t, (request) => (request.headers['x-case'] && !request.headers['x-seen'] && server.seen.filter((s) => s.headers['x-case'] === request.headers['x-case']).length === 1 ? { body: modern(EXPIRED) } : { body: { data: 1 } }))
  const url = `${server.url}/v1/graphql`
  const body = () => new ReadableStream({ start: (c) => (c.enqueue(new TextEncoder().encode('{"query":"{ a }"}')), c.close()) })
  for (const [of, request] of /** @type {[string, any][]} */ ([['text', { body: '{"query":"{ a }"}' }], ['stream', { body: body(), duplex: 'half' }]])) {
    const response = await client.fetch(new Request(url, { method: 'POST', headers: { 'x-case': of }, ...request }))
    assert.deepEqual([await response.json(), server.seen.splice(0).map((s) => s.body)], [{ data: 1 }, ['{"query":"{ a }"}', '{"query":"{ a }"}']], of)
  }
  const once = await client.fetch(url, { method: 'POST', headers: { 'x-case': 'once' }, body: body(), duplex: 'half' })
  assert.deepEqual([(await once.json()).errors.length, server.seen.length], [1, 1])
})

test('errors beside data are of the execution: a mutation that ran in part is not sent again', async (t) => {
  for (const data of [null, { insert_messages_one: { id: 1 }, remote: null }]) {
    const { client, server, provider } = await scripted(t, () => ({ body: { ...modern(EXPIRED), data } }))
    await assert.rejects(client.request('mutation { insert_messages_one(object: {}) { id } remote }'), { code: 'token_rejected' })
    assert.deepEqual([server.seen.length, provider.calls.length], [1, 1])
  }
})

test('another origin is not for the token', async (t) => {
  const { client, server } = await scripted(t, () => ({ body: { data: 1 } }))
  // It has no `origins` and no `routes`.
  await assert.rejects(client.fetch('https://other.test/v1/graphql'), { code: 'origin_not_allowed', message: /client sends to the origin of its endpoint only/ })
  await assert.rejects(client.fetch(server.url.replace('//', '//somebody:word@')), { code: 'origin_not_allowed', message: /user name/ })
  assert.equal(server.seen.length, 0)
})

test('signed out: no token and no role, if the client allows it', async (t) => {
  const server = await api(() => ({ body: { data: { a: 1 } } }))
  t.after(server.close)
  for (const anonymous of [true, false]) {
    const session = createSession({ name: name(), logger: false, getToken: async () => null, watch: (/** @type {any} */ report) => (report(null), () => {}) })
    t.after(() => session.dispose())
    const client = new HasuraClient({ session, template: 'hasura', endpoint: `${server.url}/v1/graphql`, role: 'user', anonymous })
    const asked = client.request('{ a }', {}, { role: 'editor' })
    if (!anonymous) await assert.rejects(asked, { code: 'signed_out' })
    else assert.deepEqual(await asked, { a: 1 })
  }
  assert.equal(server.seen.length, 1)
  assert.deepEqual([server.seen[0].token, server.seen[0].headers['x-hasura-role']], [undefined, undefined])
})

test('retries over a real session: each attempt has its token, and an abort while it waits ends it', async (t) => {
  const { client, server } = await scripted(t, (_, n) => (n < 2 ? { status: 503, body: '<html>', headers: { 'retry-after': '0' } } : { body: { data: { n } } }), { retries: { attempts: 2 } })
  assert.deepEqual(await client.request('{ a }'), { n: 2 })
  assert.ok(server.seen.every(({ token }) => token?.startsWith('Bearer ')))
})
