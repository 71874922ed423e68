// What became of a request that was not answered, and everything that an AbortSignal ends.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { until } from '../until.mjs'
import { entry, name } from '../../package/world.mjs'
import { driver, lib, open, outcome } from './compare.mjs'
import { fakeSession, stub } from './stub.mjs'

const { Client, fql, NetworkError } = lib
const { createSession } = await entry('index')
const { fakeProvider } = await entry('testing')

const serve = async (t, script) => {
  const server = await stub(script)
  t.after(server.stop)
  return server
}
const real = (t, provider) => {
  const session = createSession({ name: name(), logger: false, templates: { fauna: 'fauna' } })
  session.connect(provider)
  t.after(() => session.dispose())
  return session
}
const error = async (client, options) => (await outcome(() => client.query(fql`x`, options))).error

/** A client with a secret and one with a session must say the same. */
const pair = (t, url, options = {}) => {
  const session = real(t, fakeProvider({ user: 'alice' }))
  return [open(lib, url, options), new Client({ session, template: 'fauna', endpoint: url, ...options })]
}

test('which of them it was: refused, broken off, timeout, offline', async (t) => {
  const answers = { before: { destroy: 'before' }, middle: { destroy: 'middle' }, silence: { hang: true } }
  // By what is asked, not by its turn: a request that ran into its time limit may never have arrived.
  const server = await serve(t, ({ body }) => answers[body.query.fql[0]])
  const gone = await stub(() => undefined)
  await gone.stop()
  for (const client of pair(t, server.url, { query_timeout_ms: 30_000, client_timeout_buffer_ms: 100 })) {
    const ask = (query, options) => client.query(query, options).then(() => assert.fail(), (e) => e)
    for (const [code, query, options] of [['network', fql`before`], ['outcome_unknown', fql`middle`], ['timeout', fql`silence`, { query_timeout_ms: 100 }]]) {
      const e = await ask(query, options)
      assert.ok(e instanceof NetworkError, e.stack)
      assert.deepEqual([e.name, e.code, e.kind, e.retryable], ['NetworkError', code, 'network', code !== 'outcome_unknown'])
      if (code !== 'timeout') assert.ok(e.cause?.name && !('stack' in e.cause), 'a cause that can be shown')
    }
    assert.match((await ask(fql`silence`, { query_timeout_ms: 50 })).message, /within 150 ms/)
  }
  for (const client of pair(t, gone.url)) assert.equal((await error(client)).code, 'network')
  const refused = await error(open(lib, gone.url))
  assert.match(refused.message, /ECONNREFUSED/)
  assert.equal(refused.cause.code, 'ECONNREFUSED')
  const unknown = await error(open(lib, new URL('http://nowhere.localhost:1024')))
  assert.equal(unknown.code, 'network')
})

test('offline is said by the browser', async (t) => {
  const gone = await stub(() => undefined)
  await gone.stop()
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  for (const [onLine, code] of [[false, 'offline'], [true, 'network']]) {
    Object.defineProperty(globalThis, 'navigator', { value: { onLine }, configurable: true })
    try {
      for (const client of pair(t, gone.url)) assert.deepEqual([(await error(client)).name, (await error(client)).code], ['NetworkError', code])
    } finally {
      if (before) Object.defineProperty(globalThis, 'navigator', before)
      else delete globalThis.navigator
    }
  }
})

test('a cause never repeats the secret, and a redirect is refused', async (t) => {
  const fetch = globalThis.fetch
  t.after(() => (globalThis.fetch = fetch))
  const secret = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'
  globalThis.fetch = async () => { throw Object.assign(new TypeError(`failed with ${secret}`), { request: secret, status: 0 }) }
  const e = await error(open(lib, new URL('https://fauna.example'), { secret }))
  assert.ok(!JSON.stringify([e, e.message, e.cause]).includes('eyJ'))
  assert.deepEqual(Object.keys(e.cause).sort(), ['code', 'message', 'name', 'status'])
  globalThis.fetch = fetch
  const server = await serve(t, () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }))
  assert.equal((await error(open(lib, server.url))).code, 'redirect_refused')
  assert.equal(server.log.length, 1)
})

/** Aborts once `when` holds, and expects the call to reject with the reason itself, whatever that is. */
const aborts = async (when, call) => {
  for (const reason of [new Error('gone'), 'a text', undefined]) {
    const controller = new AbortController()
    const { signal } = controller
    const going = outcome(() => call(signal)).then((out) => ({ ...out, over: true }))
    const done = await when()
    controller.abort(reason)
    const out = await going
    assert.equal(out.error, reason ?? signal.reason)
    if (reason === undefined) assert.equal(out.error.name, 'AbortError')
    assert.equal(getEventListeners(signal, 'abort').length, 0, 'nothing listens on')
    await done?.()
  }
}

test('abort: before the call, while the server thinks, while the answer arrives', async (t) => {
  const answered = { data: 'x'.repeat(100_000) }
  const server = await serve(t, ({ body }) => (body.query.fql[0] === 'think' ? { hang: true } : { hold: true, json: answered }))
  for (const client of pair(t, server.url)) {
    const signal = AbortSignal.abort(new Error('never begun'))
    const n = server.log.length
    await assert.rejects(client.query(fql`think`, { signal }), { message: 'never begun' })
    await assert.rejects(client.paginate(fql`think`, { signal }).next(), { message: 'never begun' })
    await assert.rejects(client.paginate(new lib.Page({ data: [1], after: 'c' }), { signal }).next(), { message: 'never begun' })
    assert.equal(server.log.length, n)
    for (const ask of ['think', 'answer']) {
      let known = server.log.length
      const arrived = () => until(() => server.log.length > known && (ask === 'think' || server.log.at(-1).headed)).then(() => () => void (known = server.log.length))
      await aborts(arrived, (signal) => client.query(lib.fql([ask]), { signal }))
    }
  }
})

test('abort: a page, and no further one is asked for', async (t) => {
  const server = await serve(t, ({ body }) => (body.query.fql[0] === 'x' ? { json: { data: { '@set': { data: ['a'], after: 'c' } } } } : { hang: true }))
  for (const client of pair(t, server.url)) {
    const known = () => server.log.length
    let n = known()
    await aborts(
      () => until(() => known() === n + 2).then(() => () => void (n = known())),
      async (signal) => {
        const all = []
        for await (const item of client.paginate(fql`x`, { signal }).flatten()) all.push(item)
      },
    )
    const controller = new AbortController()
    const iterator = client.paginate(fql`x`, { signal: controller.signal })
    assert.deepEqual(await iterator.next(), { value: ['a'], done: false })
    controller.abort(new Error('enough'))
    await assert.rejects(iterator.next(), { message: 'enough' })
    assert.deepEqual(await iterator.next(), { value: undefined, done: true })
    assert.equal(known(), n + 1)
  }
})

test('abort: while waiting for a token, and nothing is sent', async (t) => {
  const server = await serve(t, () => undefined)
  let asked = 0
  const provider = { ...fakeProvider({ user: 'alice' }), getToken: () => (asked++, new Promise(() => {})) }
  const clients = [new Client({ session: real(t, provider), template: 'fauna', endpoint: server.url })]
  clients.push(new Client({ session: real(t, provider), template: 'fauna', endpoint: server.url }, new driver.FetchClient({ url: server.url.href, fetch_keepalive: false })))
  for (const client of clients) {
    asked = 0
    await aborts(() => until(() => asked > 0), (signal) => client.query(fql`x`, { signal }))
  }
  assert.equal(server.log.length, 0)
})

test('abort and time limit of an HTTPClient of one\'s own: it is told, and not waited for', async (t) => {
  const told = []
  const http = { request: ({ signal }) => (signal.addEventListener('abort', () => told.push(signal.reason)), new Promise(() => {})), close() {} }
  const session = real(t, fakeProvider({ user: 'alice' }))
  for (const config of [{ secret: 's' }, { session, template: 'fauna' }]) {
    const client = new Client({ ...config, endpoint: 'https://fauna.example', query_timeout_ms: 20, client_timeout_buffer_ms: 20 }, http)
    const late = await error(client)
    assert.deepEqual([late.name, late.code], ['NetworkError', 'timeout'])
    assert.equal(told.at(-1), late)
    const controller = new AbortController()
    const going = error(new Client({ ...config, endpoint: 'https://fauna.example' }, { ...http, request: (request) => (setTimeout(() => controller.abort('gone')), http.request(request)) }), { signal: controller.signal })
    assert.equal(await going, 'gone')
    assert.equal(told.at(-1), 'gone')
  }
})

test('the time limit begins with the sending: waiting for a token is not counted', async (t) => {
  const server = await serve(t, () => ({ json: { data: 1 } }))
  // Longer than the limit, which is long enough for a slow machine to answer in.
  const slow = () => ({ ...fakeProvider({ user: 'alice' }), getToken: () => new Promise((resolve) => setTimeout(resolve, 1300, 'a-token')) })
  await Promise.all([undefined, new driver.FetchClient({ url: server.url.href, fetch_keepalive: false })].map(async (http) => {
    const client = new Client({ session: real(t, slow()), template: 'fauna', endpoint: server.url, query_timeout_ms: 600, client_timeout_buffer_ms: 600 }, http)
    assert.equal((await client.query(fql`1`)).data, 1)
  }))
})

test('abort while the doctor looks for words: the reason, and not the error', async (t) => {
  const server = await serve(t, () => ({ status: 401, json: { error: { code: 'unauthorized', message: 'no' } } }))
  const session = fakeSession(lib)
  const door = session[lib.door]
  const controller = new AbortController()
  session[lib.door] = (spec) => ({ ...door(spec), explain: () => (setTimeout(() => controller.abort('gone')), new Promise(() => {})) })
  const client = new Client({ session, template: 'fauna', endpoint: server.url })
  assert.equal(await error(client, { signal: controller.signal }), 'gone')
  // Words that fail are none; the error stands.
  session[lib.door] = (spec) => ({ ...door(spec), explain: () => Promise.reject(new Error('no words')) })
  assert.equal((await error(new Client({ session, template: 'fauna', endpoint: server.url }))).code, 'unauthorized')
})

test('another user while the doctor looks for words: the refusal is nobody\'s', async (t) => {
  const server = await serve(t, () => ({ status: 401, json: { error: { code: 'unauthorized', message: 'no' } } }))
  const session = fakeSession(lib)
  const door = session[lib.door]
  session[lib.door] = (spec) => ({ ...door(spec), explain: async () => (session.become('bob'), { hint: 'about the token of alice' }) })
  const said = await error(new Client({ session, template: 'fauna', endpoint: server.url }))
  assert.deepEqual([said.code, said.hint], ['identity_changed', undefined])
})
