// No token, and no part of one, in anything that is emitted: every error code, every reason, every client, every way in.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import 'fake-indexeddb/auto'
import { until } from '../differential/until.mjs'
import { failures, leak, loud, opaque, token, uuid, watch } from './canary.mjs'
import { entry, name } from './world.mjs'

const { createSession, CountersignError, ready } = await entry('index')
const { Client, fql } = await entry('fauna')
const { HasuraClient } = await entry('hasura')
const { ConvexClient, ConvexHttpClient, fetchToken } = await entry('convex')
const { bridge, init } = await entry('instant')
const { whys } = await entry('core/words')
const { onTrap } = await entry('core/core')

const seen = watch({ after })
const origin = 'https://api.test'
const graphql = `${origin}/v1/graphql`
/** What was rejected with, over the whole file. @type {any[]} */
const errors = []

/** Whatever a promise (or a call that throws) ends with, looked at. @param {() => unknown} act @param {string} [code] */
const fails = async (act, code) => {
  const error = await Promise.resolve().then(act).then((value) => assert.fail(`${code} expected, got ${typeof value}`), (e) => e)
  if (error instanceof assert.AssertionError) throw error
  errors.push(error)
  seen.see('error', error)
  if (code) assert.equal(error.code, code, error.message)
  return error
}

/** A session whose every word is watched. @param {any} [options] @param {any} [provider] */
const open = (options = {}, provider = { getToken: () => token(), watch: (/** @type {any} */ tell) => (tell({ user: 'user' }), () => {}) }) => {
  const session = createSession({ name: name(), logger: seen.logger, routes: [{ url: origin, template: 'x' }], ...options })
  session.subscribe((/** @type {any} */ event) => {
    if (event.error) errors.push(event.error)
    seen.see(`event ${event.type}`, event, event.error)
  })
  if (provider) session.connect(provider)
  return session
}
const done = (/** @type {any} */ session) => {
  seen.see('inspect', session.inspect())
  session.dispose()
}
const person = (/** @type {any} */ getToken, more = {}) => ({ getToken, watch: (/** @type {any} */ tell) => (tell({ user: 'user' }), () => {}), ...more })
/** A backend that repeats the header it was sent. @param {(header: string) => any} say @param {number} status */
const echo = (status, say, type = 'application/json') => (/** @type {URL} */ _url, /** @type {any} */ init) => {
  const header = new Headers(init.headers).get('authorization') ?? String(init.body)
  const body = say(header)
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, statusText: header.slice(0, 200), headers: { 'content-type': type, 'x-echo': header.slice(0, 400) } })
}
const clients = {
  fauna: (/** @type {any} */ session, logger = { trace() {}, debug: seen.logger.debug, info() {}, warn() {}, error() {}, fatal() {} }) => new Client({ session, template: 'x', endpoint: origin, logger, max_attempts: 1 }),
  hasura: (/** @type {any} */ session) => new HasuraClient({ session, template: 'x', endpoint: graphql }),
  convex: (/** @type {any} */ session) => new ConvexHttpClient(origin, { session, template: 'x' }),
  instant: (/** @type {any} */ session) => init({ session, template: 'x', clientName: 'clerk', appId: `app-${name()}`, apiURI: origin, storage: 'memory' }),
}

for (const [how, secret] of /** @type {const} */ ([['throws', token], ['rejects', opaque], ['then throws', uuid]]))
  test(`provider_failed: a provider that ${how}, in every shape`, async () => {
    for (const [i] of failures('').entries()) {
      let kept = false
      const session = open({ policy: { forcedPerMinute: 100, forcedPerMinuteAll: 100 } }, person(() => {
        if (!kept) return (kept = true), token()
        const failure = failures(secret())[i]
        if (how === 'throws') throw failure
        return how === 'rejects' ? Promise.reject(failure) : { then() { throw failure } }
      }))
      await session.getToken('x')
      const error = await fails(() => session.getToken('x', { force: true }), 'provider_failed')
      assert.deepEqual({ ...error.token, ageMs: 0 }, { key: 'x', generation: 0, reason: 'first', ageMs: 0, iss: 'https://issuer.test', aud: 'backend', exp: error.token.exp, kid: 'key-1', alg: 'RS256' })
      await until(() => session.inspect().events.some((/** @type {any} */ e) => e.type === 'refreshFailed'))
      done(session)
    }
  })

test('provider_failed: an answer that is no token, and one that is somebody else’s', async () => {
  const past = () => Math.floor(Date.now() / 1000)
  const answers = [
    5, true, () => token(), { secret: token() }, { token: { secret: token() } }, { token: 5 }, `${token()}\n`, token().repeat(99), { token: token(), expiresAt: past() }, { token: token(), expiresAt: token() },
    new Proxy({}, { get() { throw loud(token()) } }), { get token() { throw loud(token()) } }, { token: token(), get expiresAt() { throw loud(token()) } }, token({ sub: 'somebody else' }),
  ]
  for (const answer of answers) {
    const session = open({}, person(() => answer, { comparable: true }))
    await fails(() => session.getToken('x'), 'provider_failed')
    done(session)
  }
})

test('timeout: no provider, no identity, no answer', async () => {
  const policy = { timeoutMs: 60 }
  for (const provider of [null, { getToken: () => token(), watch: () => () => {} }, person(() => new Promise(() => {}))]) {
    const session = open({ policy }, provider)
    await fails(() => session.getToken('x'), 'timeout')
    done(session)
  }
})

test('signed_out, identity_changed, provider_reentrant, disposed', async () => {
  let tell = (/** @type {any} */ _identity) => {}
  let answer = /** @type {() => any} */ (() => null)
  const session = open({}, { getToken: () => answer(), watch: (/** @type {any} */ report) => ((tell = report), report({ user: 'user' }), () => {}) })
  await fails(() => session.fetch(origin), 'signed_out')
  await fails(async () => { for await (const _ of session.leases('x', {})); }, 'signed_out')
  answer = () => token()
  await session.getToken('x')
  answer = () => (tell({ user: 'another' }), token())
  await fails(() => session.getToken('x', { force: true }), 'identity_changed')
  answer = () => {
    const inside = session.getToken('x')
    return fails(() => inside, 'provider_reentrant').then(() => token())
  }
  await session.getToken('x', { force: true })
  answer = () => new Promise(() => {})
  const waiting = session.getToken('y')
  done(session)
  await fails(() => waiting, 'disposed')
  await fails(() => session.getToken('x'), 'disposed')
})

test('token_expired, budget_exhausted', async () => {
  const now = Math.floor(Date.now() / 1000)
  const old = token({ iat: now - 1200, exp: now - 600 })
  const expired = open({}, person((/** @type {any} */ { template }) => (template === 'y' ? token() : old)))
  // A fresh token shows that the clock is right, so that the other one has expired by every clock.
  await expired.getToken('y')
  const error = await fails(() => expired.getToken('x'), 'token_expired')
  assert.equal(error.token.exp, now - 600)
  done(expired)
  const poor = open({ policy: { forcedPerMinute: 1 } })
  await poor.getToken('x', { force: true })
  assert.equal((await fails(() => poor.getToken('x', { force: true }), 'budget_exhausted')).token.reason, 'forced')
  done(poor)
})

test('config: a token where none belongs', async () => {
  const secret = token()
  const session = open({ templates: { x: 'x' } })
  await fails(() => session.getToken(secret), 'template_unknown')
  await fails(() => session.fetch(`http://[${secret}`), 'option_invalid')
  await fails(() => session.fetch(origin, { credentials: 'include', headers: { authorization: secret } }), 'option_invalid')
  await fails(() => session.authFetch({ template: 'x', origins: secret })(origin), 'option_invalid')
  for (const url of [`https://evil.test/?token=${secret}`, `https://user:${secret}@api.test/`, `https://evil.test/#${secret}`]) await fails(() => session.fetch(url), 'origin_not_allowed')
  await fails(() => session.authFetch({ template: 'x', origins: [origin] })(`https://evil.test/?t=${secret}`), 'origin_not_allowed')
  await fails(() => session.authFetch({ template: 'x', origins: ['http://plain.test'] })(`http://plain.test/?t=${secret}`), 'origin_not_allowed')
  await fails(() => session.authFetch({ template: 'x', origins: ['ftp://plain.test'] })(`ftp://plain.test/?t=${secret}`), 'origin_not_allowed')
  await fails(() => new HasuraClient({ session, template: 'x', endpoint: '' }).request('{ a }'), 'endpoint_missing')
  session.identityChanged({ user: { secret } })
  done(session)
  for (const options of [{ policy: { timeoutMs: secret } }, { getToken: secret }, { templates: { x: { audience: { secret } } } }, { routes: [{ url: secret, template: 'x' }] }]) {
    const wrong = open({ ...options }, null)
    await fails(() => wrong.getToken('x'), 'option_invalid')
    done(wrong)
  }
  const { window } = globalThis
  // @ts-expect-error: a server has none
  delete globalThis.window
  await fails(() => createSession({ name: name(), getToken: () => secret }).getToken(secret), 'on_server')
  globalThis.window = window
})

test('network, offline, a redirect, and a patched fetch that talks', async (t) => {
  const session = open()
  // A Proxy that throws on every question is left out: only a patched `fetch` could reject with one.
  for (const failure of failures(token()).filter((_, i) => i !== 12)) {
    seen.net.answer = () => Promise.reject(failure)
    await fails(() => session.fetch(`${origin}/?access_token=1`), 'network')
    await fails(() => clients.hasura(session).request('{ a }'), 'network')
    await fails(() => clients.fauna(session).query(fql`1`), 'network')
    await fails(() => clients.convex(session).query('a:b', {}), 'network')
    await fails(() => clients.convex(session).mutation('a:b', {}), 'outcome_unknown')
  }
  const { navigator = Object.assign(globalThis, { navigator: {} }).navigator } = globalThis
  Object.defineProperty(navigator, 'onLine', { value: false, configurable: true })
  t.after(() => Reflect.deleteProperty(navigator, 'onLine'))
  await fails(() => session.fetch(origin), 'offline')
  seen.net.answer = () => ({ token: token() })
  await fails(() => session.fetch(origin), 'protocol')
  seen.net.answer = () => new Response(null, { status: 302, headers: { location: `https://evil.test/?t=${token()}` } })
  await fails(() => new Client({ secret: opaque(), endpoint: origin }).query(fql`1`), 'redirect_refused')
  const before = seen.said.length
  seen.net.answer = async (url, init) => {
    if (url.pathname === '/moved') return Response.json({}, { status: 401 })
    if (init.redirect !== 'error') throw new Error('followed')
    throw new TypeError(`redirected to https://evil.test/?t=${new Headers(init.headers).get('authorization')}`)
  }
  await fails(() => session.fetch(`${origin}/redirects`))
  assert.ok(seen.said.length > before)
  done(session)
})

test('backends that repeat the token: refused, failed, and nonsense', async () => {
  const says = (/** @type {string} */ header) => `Could not verify JWT: JWSError ${header} from ${header}`
  const cases = /** @type {[string, number, (header: string) => any, string, string?][]} */ ([
    ['hasura', 401, says, 'token_rejected', 'text/plain'],
    ['hasura', 200, (h) => ({ errors: [{ message: says(h), extensions: { code: 'invalid-jwt', internal: { h } } }, { message: h }] }), 'token_rejected'],
    ['hasura', 200, (h) => ({ errors: [{ message: `Missing Authorization ${h}`, extensions: { code: 'invalid-headers' } }] }), 'token_rejected'],
    ['hasura', 200, (h) => ({ errors: [{ message: says(h), extensions: { code: 'constraint-violation' } }] }), 'constraint-violation'],
    ['hasura', 500, says, 'backend', 'text/html'], ['hasura', 200, says, 'protocol', 'text/html'],
    ['fauna', 401, (h) => ({ error: { code: 'unauthorized', message: says(h) }, summary: says(h) }), 'unauthorized'],
    ['fauna', 400, (h) => ({ error: { code: 'invalid_query', message: says(h) }, summary: says(h) }), 'invalid_query'],
    ['fauna', 502, says, 'protocol', 'text/html'], ['fauna', 200, (h) => `${h} {`, 'protocol'],
    ['convex', 401, (h) => ({ code: 'Unauthenticated', message: says(h) }), 'token_rejected'], ['convex', 500, says, 'backend'],
    ['convex', 200, says, 'protocol'], ['convex', 560, (h) => ({ status: 'error', errorMessage: says(h), logLines: [`[ERROR] ${h}`, says(h)] }), 'backend'],
    ['instant', 400, (h) => ({ type: 'oauth-error', message: says(h), hint: { args: [h], errors: [{ message: h }] } }), 'token_rejected'],
    ['instant', 400, (h) => ({ type: 'validation-failed', message: says(h), hint: { 'data-type': 'id_token', input: h } }), 'token_rejected'],
    ['instant', 400, says, 'backend'],
  ])
  const ask = { hasura: (/** @type {any} */ c) => c.request('{ a }'), fauna: (/** @type {any} */ c) => c.query(fql`1`), convex: (/** @type {any} */ c) => c.query('a:b', {}), instant: (/** @type {any} */ c) => c.queryOnce({ a: {} }) }
  for (const [backend, status, say, code, type] of cases) {
    const session = open()
    const client = clients[/** @type {'hasura'} */ (backend)](session)
    seen.net.answer = echo(status, say, type)
    const error = await fails(() => ask[/** @type {'hasura'} */ (backend)](client), code)
    if (code === 'token_rejected' || code === 'unauthorized')
      assert.deepEqual([error.token?.key, error.token?.iss, error.token?.aud, error.token?.kid, error.token?.alg, typeof error.token?.exp, error.token?.ageMs >= 0], ['x', 'https://issuer.test', 'backend', 'key-1', 'RS256', 'number', true], `${backend} ${status}`)
    seen.see('check', await client.check())
    client.shutdown?.()
    done(session)
  }
})

test('leases, reject, fetch, classify, listeners, loggers, watch, signOut: whoever fails loudly', async () => {
  const cry = () => { throw loud(token()) }
  const session = open({ logger: { warn: cry, error: cry } }, person(() => token(), { signOut: cry, watch: (/** @type {any} */ tell) => (tell({ user: 'user' }), cry) }))
  session.on('token', cry)
  session[Symbol.for('countersign.followers')].add(cry)
  for await (const lease of session.leases('x', {})) {
    session.reject(lease.id, loud(lease.token))
    break
  }
  seen.net.answer = () => Response.json({}, { status: 401 })
  assert.equal((await session.fetch(origin)).status, 401)
  await until(() => session.inspect().events.some((/** @type {any} */ e) => e.type === 'rejected'))
  await session.authFetch({ template: 'x', origins: [origin], classify: cry })(origin)
  await session.signOut()
  done(session)
  const heard = open({}, person(() => token(), { signOut: cry }))
  heard.on('token', cry)
  heard[Symbol.for('countersign.followers')].add(cry)
  await heard.getToken('x')
  await heard.authFetch({ template: 'x', origins: [origin], classify: cry })(origin)
  await until(() => seen.said.some(([from, text]) => from === 'logger.error' && /listener for token/.test(text)))
  await heard.signOut()
  assert.ok(seen.said.some(([from, text]) => from === 'logger.warn' && /signOut/.test(text)))
  done(heard)
  const unwatched = open({}, { getToken: () => token(), watch: cry })
  await unwatched.signOut()
  done(unwatched)
})

test('adapters for others’ clients, with a provider that talks', async () => {
  const session = open({ policy: { timeoutMs: 50 } }, person(() => Promise.reject(loud(token())), { isSignedOut: () => true }))
  seen.see('connectionParams', await clients.hasura(session).connectionParams())
  seen.see('fetchToken', await fetchToken(session, { template: 'x' })({ forceRefreshToken: true }))
  done(session)
  const two = open()
  const secret = token()
  const refused = Object.assign(new Error(secret), { status: 400, body: { type: 'oauth-error', message: secret, hint: { input: secret } } })
  const db = { auth: { signInWithIdToken: () => Promise.reject(refused), signInWithToken: () => Promise.reject(refused), signOut: async () => {} } }
  const followed = bridge(db, { session: two, template: 'x', clientName: 'clerk' })
  const stop = followed.start()
  await until(() => followed.state.error)
  errors.push(followed.state.error)
  seen.see('bridge', followed.state, followed.state.error, await followed.check())
  stop()
  done(two)
  const third = open()
  const db2 = clients.instant(third)
  const refresh = uuid()
  seen.net.answer = (url) => url.pathname.endsWith('/id_token') ? Response.json({ user: { id: 'i', refresh_token: refresh } }) : Response.json({ type: 'param-malformed', message: `no such session: ${refresh}` }, { status: 400 })
  await fails(() => db2.queryOnce({ a: {} }), 'param-malformed')
  db2.shutdown()
  done(third)
  const convex = new ConvexClient(origin, { session: open(), template: 'x' })
  seen.net.answer = () => Promise.reject(new Error(token()))
  await fails(() => convex.mutation('a:b', {}), 'outcome_unknown')
  await convex.close()
})

test('the wasm: a load that fails, a policy that forbids it, a trap', async () => {
  for (const [words, code] of [[`blocked 'unsafe-eval' ${token()}`, 'csp_blocks_wasm'], [token(), 'protocol']]) {
    onTrap()
    await fails(() => ready({ wasm: Promise.reject(new Error(words)) }), code)
  }
  const session = open({}, person((/** @type {any} */ { template }) => (template === 'never' ? new Promise(() => {}) : token())))
  await session.getToken('x')
  const waiting = session.getToken('never')
  onTrap()
  await fails(() => waiting, 'wasm_trapped')
  done(session)
})

test('every code and every reason came by, and nothing gave a secret away', async () => {
  await new Promise((resolve) => setImmediate(resolve))
  const ours = errors.filter((e) => CountersignError.is(e))
  const table = /export type ErrorCode =([\s\S]*?)\(string & \{\}\)/.exec(readFileSync(new URL('../../pkg/src/errors.ts', import.meta.url), 'utf8'))?.[1] ?? ''
  const codes = [...table.matchAll(/'(\w+)'/g)].map(([, code]) => code)
  assert.ok(codes.length > 20)
  assert.deepEqual(codes.filter((code) => !ours.some((e) => e.code === code)), [], 'codes without a path here: add one')
  const said = (/** @type {string} */ sentence) => ours.some((e) => sentence.split('%').every((part) => e.message.toLowerCase().includes(part.toLowerCase())))
  assert.deepEqual(whys.filter((/** @type {string[]} */ [, , sentence]) => !said(sentence)).map(([why]) => why), [], 'reasons without a path here: add one')
  assert.ok(seen.said.length > 1000)
  const leaks = seen.said.map(([from, text]) => [from, leak(text)]).filter(([, found]) => found)
  assert.deepEqual(leaks.slice(0, 5), [], `${leaks.length} leaks`)
  assert.deepEqual(seen.unhandled, [])
  assert.deepEqual([...seen.trusted], [origin])
})
