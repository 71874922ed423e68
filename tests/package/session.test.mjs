// The built package, its real wasm, in Node: what a session does for its callers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../differential/until.mjs'
import { api, entry, name, soon } from './world.mjs'

const { createSession, CountersignError } = await entry('index')
const { fakeProvider, fakeToken } = await entry('testing')

const open = (options = {}, provider = fakeProvider({ user: 'alice' })) => {
  const session = createSession({ name: name(), logger: false, ...options })
  const events = []
  session.subscribe((event) => events.push(event))
  session.connect(provider)
  return { session, provider, events }
}

test('one flight for many callers, one synchronous hit after it, forced after invalidate', async () => {
  const { session, provider } = open({ templates: { x: 'x' } })
  const all = await Promise.all(Array.from({ length: 10_000 }, () => session.getToken('x')))
  assert.equal(new Set(all).size, 1)
  assert.deepEqual(provider.calls, [{ template: 'x', force: false }])
  assert.equal(await session.getToken('x'), all[0])
  assert.equal(session.peek('x'), all[0])
  session.invalidate()
  assert.equal(session.peek('x'), null)
  assert.notEqual(await session.getToken('x'), all[0])
  assert.deepEqual(provider.calls[1], { template: 'x', force: true })
  session.dispose()
})

test('another user: nothing of the old one is served, and what waits says so', async () => {
  const { session, provider, events } = open()
  const alice = await session.getToken('x')
  const before = session.identityKey
  provider.signIn('bob')
  assert.equal(session.peek('x'), null)
  assert.notEqual(session.identityKey, before)
  assert.notEqual(await session.getToken('x'), alice)
  const forgets = () => events.filter((e) => e.type === 'forget').length
  await until(forgets)
  assert.equal(forgets(), 1, 'not at start, once at the switch')
  provider.signOut()
  assert.equal(await session.getToken('x'), null)
  assert.equal(session.status, 'anonymous')
  session.dispose()
})

test('a request in flight belongs to the user who made it', async () => {
  const server = await api(() => (provider.signIn('bob'), { body: { secret: 'of alice' } }))
  const { session, provider } = open({ templates: { x: 'x' }, routes: [{ url: server.url, template: 'x' }] })
  await assert.rejects(session.fetch(`${server.url}/slow`), (e) => CountersignError.is(e, 'identity_changed') && CountersignError.isQuiet(e))
  assert.equal(server.seen.length, 1)
  session.dispose()
  await server.close()
})

test('401: one refresh, one replay, and the second refusal is handed over untouched', async () => {
  for (const cured of [true, false]) {
    const server = await api((_, n) => ({ status: n === 1 || !cured ? 401 : 200, body: { n } }))
    const { session, provider } = open({ routes: [{ url: server.url, template: 'x' }] })
    const response = await session.fetch(server.url, { method: 'POST', body: 'once and again' })
    assert.equal(response.status, cured ? 200 : 401)
    assert.deepEqual(await response.json(), { n: 2 })
    assert.deepEqual(server.seen.map((r) => r.body), ['once and again', 'once and again'])
    assert.notEqual(server.seen[0].token, server.seen[1].token)
    assert.equal(provider.calls.length, 2)
    session.dispose()
    await server.close()
  }
})

test('a stream is not sent twice', async () => {
  const server = await api(() => ({ status: 401, body: {} }))
  const { session } = open({ routes: [{ url: server.url, template: 'x' }] })
  const body = new ReadableStream({ start: (c) => (c.enqueue(new TextEncoder().encode('once')), c.close()) })
  const response = await session.fetch(server.url, { method: 'POST', body, duplex: 'half' })
  assert.equal(response.status, 401)
  assert.equal(server.seen.length, 1)
  session.dispose()
  await server.close()
})

test('tokens go to listed origins only; URLs and headers of the caller cannot change that', async () => {
  const server = await api()
  const { session } = open({ templates: { x: 'x' }, routes: [{ url: `${server.url}/api`, template: 'x' }] })
  for (const url of ['https://evil.example/', "http://127.0.0.1.evil.example/api", server.url.replace('127.0.0.1', 'user@127.0.0.1') + '/api', `${server.url}/apis`])
    await assert.rejects(session.fetch(url), { code: 'origin_not_allowed' }, url)
  await assert.rejects(session.fetch(`${server.url}/api`, { credentials: 'include' }), { code: 'option_invalid' })
  await session.fetch(`${server.url}/api/x?y=1`, { headers: { authorization: 'Bearer mine', 'x-own': '1' } })
  assert.equal(server.seen.length, 1)
  assert.match(server.seen[0].token, /^Bearer ey/)
  assert.equal(server.seen[0].headers['x-own'], '1')
  session.dispose()
  await server.close()
})

test('authFetch: its own classifier, headers and the signed-out form', async () => {
  const server = await api((_, n) => ({ body: { errors: n === 1 ? ['expired'] : [] } }))
  const { session, provider } = open()
  const asked = session.authFetch({
    template: 'x', origins: [server.url], anonymous: true, headers: () => ({ 'x-role': 'editor' }),
    classify: async (r) => ((await r.json()).errors.length ? 'refresh' : 'ok'),
  })
  assert.deepEqual(await (await asked(server.url)).json(), { errors: [] })
  assert.equal(server.seen.length, 2)
  assert.equal(server.seen[1].headers['x-role'], 'editor')
  provider.signOut()
  await asked(server.url)
  assert.equal(server.seen[2].token, undefined)
  session.dispose()
  await server.close()
})

test('an abort rejects with the caller’s own reason, before and after the request is sent', async () => {
  const server = await api(() => (abort.abort(own), { body: {} }))
  const { session } = open({ routes: [{ url: server.url, template: 'x' }] })
  const own = new Error('mine')
  await assert.rejects(session.getToken('x', { signal: AbortSignal.abort(own) }), own)
  const abort = new AbortController()
  await assert.rejects(session.fetch(server.url, { signal: abort.signal }), own)
  assert.equal(server.seen.length, 1)
  session.dispose()
  await server.close()
})

for (const [what, answer] of [['a number', 5], ['an object without a token', {}], ['a boolean', true], ['a megabyte', 'x'.repeat(1e6)], ['two words', 'a b'], ['a function', () => 1]])
  test(`getToken answers with ${what}: a typed error`, async () => {
    const { session } = open({}, { getToken: () => answer, watch: (report) => (report({ user: 'u' }), () => {}) })
    await assert.rejects(session.getToken('x'), { code: 'provider_failed', kind: 'token', template: 'x' })
    session.dispose()
  })

for (const [what, answer] of [['a JWE', 'a.b.c.d.e'], ['a truncated JWT', fakeToken().slice(0, 40)], ['an opaque text', 'fnAbc123'], ['an object', { token: 'opaque', expiresAt: Date.now() + 60_000 }]])
  test(`getToken answers with ${what}: sent as it is, kept for a while`, async () => {
    let calls = 0
    const { session } = open({}, { getToken: () => (calls++, answer), watch: (report) => (report({ user: 'u' }), () => {}) })
    assert.equal(await session.getToken('x'), typeof answer === 'string' ? answer : 'opaque')
    await session.getToken('x')
    assert.equal(calls, 1)
    session.dispose()
  })

test('null is nobody, and is not kept', async () => {
  let answer = null
  const { session } = open({}, { getToken: () => answer, watch: (report) => (report({ user: 'u' }), () => {}) })
  assert.equal(await session.getToken('x'), null)
  answer = fakeToken({ sub: 'u' })
  assert.equal(await session.getToken('x'), answer)
  session.dispose()
})

test('a provider that never settles, throws, or talks too much', async () => {
  const forever = open({ policy: { timeoutMs: 100 } }, { getToken: () => new Promise(() => {}), watch: (report) => (report({ user: 'u' }), () => {}) })
  await assert.rejects(forever.session.getToken('x'), { code: 'timeout', message: /getToken has not settled/ })
  forever.session.dispose()
  const secret = fakeToken()
  const loud = open({}, { getToken: () => { throw Object.assign(new Error(`no: ${secret}`), { token: secret }) }, watch: (report) => (report({ user: 'u' }), () => {}) })
  const error = await loud.session.getToken('x').catch((e) => e)
  assert.equal(error.code, 'provider_failed')
  assert.match(error.message, /no: \[secret\]/)
  assert.ok(!JSON.stringify([error, error.cause, error.stack, loud.session.inspect()]).includes(secret.split('.')[1]))
  loud.session.dispose()
})

test('calls wait for a late provider, and say what is missing when none comes', async () => {
  const late = createSession({ name: name(), logger: false })
  const asked = late.getToken('x')
  await soon()
  late.connect(fakeProvider())
  assert.match(await asked, /^ey/)
  late.dispose()
  const none = createSession({ name: name(), logger: false, policy: { timeoutMs: 80 } })
  await assert.rejects(none.getToken('x'), { code: 'timeout', message: /no provider is connected/ })
  none.dispose()
})

test('wrong options are named at first use', async () => {
  for (const [options, words] of [
    [{ policy: { timeoutMs: 'soon' } }, /policy\.timeoutMs/], [{ policy: { timeoutMS: 5 } }, /policy\.timeoutMS. is not known. There are timeoutMs/], [{ templates: 5 }, /templates/], [{ templates: { x: { audience: 5 } } }, /templates\.x\.audience/],
    [{ getToken: 'x' }, /getToken/], [{ routes: {} }, /routes/], [{ routes: [{ url: 'not a url', template: 'x' }] }, /routes\[0\]/],
  ]) {
    const session = createSession({ name: name(), logger: false, ...options })
    await assert.rejects(session.getToken('x'), (e) => e.code === 'option_invalid' && e.kind === 'config' && words.test(e.message), String(words))
    session.dispose()
  }
  const named = open({ templates: { x: 'x' } })
  await assert.rejects(named.session.getToken('y'), { code: 'template_unknown', message: /this session has "x"/ })
  named.session.dispose()
})

test('leases: the next one is a better one, and a change of identity ends them', async () => {
  const { session, provider } = open()
  const seen = []
  const done = (async () => {
    for await (const lease of session.leases('x', {})) {
      seen.push(lease)
      if (seen.length === 1) session.reject(lease.id, new Error('refused'))
    }
  })()
  await until(() => seen.length === 2)
  assert.notEqual(seen[0].token, seen[1].token)
  assert.ok(seen[1].notAfter > Date.now())
  provider.signIn('bob')
  await done
  assert.equal(seen.length, 2)
  session.dispose()
})

test('signOut fences, waits for followers, then the provider; and settles whatever happens', async () => {
  const order = []
  const provider = fakeProvider()
  provider.signOut = () => (order.push('provider'), Promise.reject(new Error('offline')))
  const { session } = open({}, provider)
  await session.getToken('x')
  session[Symbol.for('countersign.followers')].add(async () => (await soon(), order.push('follower')))
  const leaving = session.signOut()
  await soon(0)
  assert.equal(session.peek('x'), null)
  await leaving
  assert.deepEqual(order, ['follower', 'provider'])
  session.dispose()
})

test('signOut without a watch: who was told stays gone, and an untold session asks again', async () => {
  const told = open({}, { getToken: () => fakeToken({ sub: 'u' }), signOut: () => {} })
  told.session.identityChanged({ user: 'u' })
  assert.match(await told.session.getToken('x'), /^ey/)
  await told.session.signOut()
  assert.equal(await told.session.getToken('x'), null)
  told.session.identityChanged({ user: 'v' })
  assert.match(await told.session.getToken('x'), /^ey/)
  told.session.dispose()
  let answer = fakeToken({ sub: 'u' })
  const untold = open({}, { getToken: () => answer, signOut: () => (answer = null) })
  assert.match(await untold.session.getToken('x'), /^ey/)
  await untold.session.signOut()
  assert.equal(await untold.session.getToken('x'), null)
  answer = fakeToken({ sub: 'v' })
  assert.equal(await untold.session.getToken('x'), answer)
  untold.session.dispose()
})

test('dispose settles what waits; a second session of the same name disposes the first', async () => {
  const { session } = open({}, { getToken: () => new Promise(() => {}), watch: (report) => (report({ user: 'u' }), () => {}) })
  const asked = session.getToken('x')
  await soon()
  session.dispose()
  await assert.rejects(asked, { code: 'disposed' })
  await assert.rejects(session.getToken('x'), { code: 'disposed' })
  const twin = name()
  const [a, b] = [0, 0].map(() => createSession({ name: twin, logger: false, getToken: () => fakeToken() }))
  await a.getToken('x')
  await b.getToken('x')
  await assert.rejects(a.getToken('x'), { code: 'disposed' })
  b.dispose()
})

test('a trap rejects what waits, and the next call starts a new instance', async () => {
  const { onTrap } = await entry('core/core')
  let late
  const reports = new Set()
  const provider = { getToken: ({ template }) => (template === 'never' ? new Promise((done) => (late = done)) : fakeToken({ sub: 'u' })), watch: (report) => (reports.add(report), report({ user: 'u' }), () => reports.delete(report)) }
  const { session } = open({}, provider)
  const before = await session.getToken('x')
  const waiting = session.getToken('never')
  await until(() => late)
  onTrap()
  await assert.rejects(waiting, { code: 'wasm_trapped', retryable: true })
  assert.equal(session.status, 'unknown', 'anonymous until the identity is read again')
  const after = await session.getToken('x')
  assert.equal(reports.size, 1, 'the dead one no longer listens')
  late(fakeToken({ sub: 'late' }))
  await soon()
  assert.equal(session.peek('x'), after, 'an answer to the dead instance is nobody’s')
  assert.match(after, /^ey/)
  assert.notEqual(after, before, 'nothing of the old instance is served')
  assert.equal(session.status, 'signedIn')
  session.dispose()
})

test('a call that was made before the core had loaded belongs to whoever was signed in then', async () => {
  const asked = []
  const session = createSession({ name: name(), logger: false, getToken: async () => (asked.push(1), fakeToken()) })
  session.identityChanged({ user: 'alice' })
  const token = session.getToken('x')
  const request = session.fetch('https://api.test/')
  session.identityChanged({ user: 'bob' })
  const own = session.getToken('x')
  await assert.rejects(token, (e) => CountersignError.is(e, 'identity_changed'))
  await assert.rejects(request, CountersignError)
  assert.match(await own, /^ey/)
  session.dispose()
})

test('a call that failed because the core did not load is not made when it does', async (t) => {
  const server = await api()
  const { lazy } = await entry('loader')
  const { bytes } = lazy
  t.after(() => (lazy.bytes = bytes))
  lazy.bytes = async () => { throw new Error('offline') }
  // One is loaded already in this process.
  const { forget } = await entry('boot')
  forget('core')
  const { session } = open({ templates: { x: 'x' }, routes: [{ url: server.url, template: 'x' }] })
  await assert.rejects(session.fetch(server.url), (e) => CountersignError.is(e, 'protocol') && e.retryable)
  lazy.bytes = bytes
  assert.equal((await session.fetch(`${server.url}/again`)).status, 200)
  assert.deepEqual(server.seen.map((r) => r.url), ['/again'])
  session.dispose()
  await server.close()
})
