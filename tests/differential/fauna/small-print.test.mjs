// What is promised in half a sentence, each with the case in which it shows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { both, failure, lib, open, outcome, stats } from './compare.mjs'
import { fakeSession, stub } from './stub.mjs'

const { Client, fql } = lib
const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'
const ok = (data = 'ok') => ({ json: { data, txn_ts: 100, stats } })

/** A server and a client with a session of it, for one test. @param {import('node:test').TestContext} t */
const place = async (t, script, options = {}, http) => {
  const server = await stub(script)
  t.after(() => server.stop())
  const session = fakeSession(lib)
  return { server, session, client: new Client({ session, template: 'fauna', endpoint: server.url, ...options }, http) }
}
/** A transport of the user's own that answers what it is told. */
const transport = (answer) => {
  const asked = []
  return { asked, request: async (request) => (asked.push(request), answer(request, asked.length - 1)), close() {} }
}
const refused = { status: 401, headers: {}, body: JSON.stringify({ error: { code: 'unauthorized', message: 'Access token required' } }) }

test('the last transaction time is gone with the user, also when the same person comes back', async (t) => {
  const { server, session, client } = await place(t, () => ok())
  await client.query(fql`1`)
  await client.query(fql`1`)
  session.become(null)
  session.become('alice')
  await client.query(fql`1`)
  assert.deepEqual(server.log.map(({ headers }) => headers['x-last-txn-ts']), [undefined, '100', undefined])
})

test('a token in an answer\'s header or summary goes into no log and no error', async (t) => {
  const lines = []
  const logger = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, (...args) => lines.push(args.join(' '))]))
  const { client } = await place(t, () => ({ ...failure('invalid_query', 400, { summary: `at ${JWT}` }), headers: { 'x-echo': `Bearer ${JWT}` } }), { logger })
  const { error } = await outcome(() => client.query(fql`1`))
  assert.ok(lines.some((line) => line.includes('x-echo')), 'the header is logged')
  assert.doesNotMatch(JSON.stringify([lines, error, error.queryInfo, error.message]), /eyJhbGci/)
  assert.match(error.queryInfo.summary, /^at /)
})

test('a transport of one\'s own: the same token is not sent twice, and nobody is asked for another when the user has left', async (t) => {
  const http = transport(() => refused)
  const { client, session } = await place(t, () => ok(), {}, http)
  session.getToken = async () => 'token-1'
  await assert.rejects(client.query(fql`1`), { name: 'AuthenticationError' })
  assert.equal(http.asked.length, 1)

  const leaving = await place(t, () => ok(), {}, transport(() => (leaving.session.become('bob'), refused)))
  await assert.rejects(leaving.client.query(fql`1`), { code: 'identity_changed' })
  assert.equal(leaving.session.calls.force, 0)
})

test('an answer that says it is empty is, whatever body a transport hands over', async () => {
  for (const headers of [{ 'content-length': '0' }, { 'content-length': '9' }]) {
    const answer = () => ({ status: 200, headers, body: JSON.stringify({ data: 'ok' }) })
    const { value, error } = await outcome(() => new Client({ secret: 's', endpoint: 'https://fauna.example' }, transport(answer)).query(fql`1`))
    if (headers['content-length'] === '0') assert.deepEqual([error.name, error.httpStatus], ['ProtocolError', 500])
    else assert.equal(value.data, 'ok')
  }
})

test('a time limit beyond what a timer can count is none', async (t) => {
  // A timer cut to 32 bits would go off at once: the answer takes longer than that.
  const { server } = await place(t, () => ({ take: (res) => setTimeout(() => res.end(JSON.stringify(ok().json)), 20) }))
  assert.equal((await open(lib, server.url, { client_timeout_buffer_ms: 3e9 }).query(fql`1`)).data, 'ok')
})

test('options of fetch that the platform does not know are not set', async (t) => {
  const { Request: before, fetch } = globalThis
  t.after(() => Object.assign(globalThis, { Request: before, fetch }))
  let init
  globalThis.fetch = async (_, given) => ((init = given), Response.json({ data: 1 }))
  globalThis.Request = class { get method() {} get headers() {} get body() {} get redirect() {} get signal() {} get cache() {} }
  await new Client({ secret: 's', endpoint: 'https://fauna.example' }).query(fql`1`)
  assert.deepEqual(['cache', 'credentials', 'referrerPolicy'].map((name) => name in init), [true, false, false])
})

test('the driver\'s own secret is not sent beside the session\'s token, however its header is written', async (t) => {
  const { server, session } = await place(t, () => ok())
  const http = lib.httpClient({ session, template: 'fauna', endpoint: server.url })
  for (const name of ['authorization', 'AUTHORIZATION', 'Authorization'])
    await http.request({ client_timeout_ms: 5000, method: 'POST', data: { query: 'x' }, headers: { [name]: 'Bearer unused' } })
  assert.deepEqual(server.log.map(({ headers }) => headers.authorization), ['Bearer token-1', 'Bearer token-1', 'Bearer token-1'])
})

test('431 is explained as 400 is: the headers are too large', async (t) => {
  const { client } = await place(t, () => ({ status: 431, text: '<html>Request Header Fields Too Large</html>' }))
  const { error } = await outcome(() => client.query(fql`1`))
  assert.deepEqual([error.name, error.httpStatus], ['ProtocolError', 431])
  assert.match(error.hint, /headers/)
})

test('an error does not wait for ever for its explanation', async (t) => {
  const { client, session } = await place(t, () => ({ status: 401, json: { error: { code: 'unauthorized', message: 'no' } } }))
  const { [lib.door]: door } = session
  let asked = false
  session[lib.door] = (spec) => ({ ...door(spec), explain: () => ((asked = true), new Promise(() => {})) })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const done = outcome(() => client.query(fql`1`))
  while (!asked) await new Promise((resolve) => setImmediate(resolve))
  t.mock.timers.tick(5000)
  const { error } = await done
  assert.deepEqual([error.name, error.hint], ['AuthenticationError', undefined])
})

test('an object that only looks like a page is one item', async () => {
  for (const value of [{ data: [1, 2], after: 5 }, { data: [1, 2], total: 2 }, { data: 5 }]) {
    const tagged = JSON.parse(JSON.stringify(value), (_, x) => (typeof x === 'number' ? { '@int': String(x) } : x))
    const pair = await both(() => ok(tagged), async (client, l) => {
      const out = []
      for await (const page of client.paginate(l.fql`q`)) out.push(page)
      return out
    })
    assert.deepEqual(pair.map((side) => side.value), [[[value]], [[value]]])
  }
})

test('which errors may pass by themselves', async () => {
  const rows = { limit_exceeded: true, contended_transaction: true, time_out: true, invalid_query: false, unauthorized: false, permission_denied: false, constraint_failure: false }
  for (const [code, retryable] of Object.entries(rows)) {
    const server = await stub(() => failure(code, 400))
    const { error } = await outcome(() => open(lib, server.url, { max_attempts: 1 }).query(fql`1`))
    await server.stop()
    assert.deepEqual([code, error.retryable], [code, retryable])
  }
})
