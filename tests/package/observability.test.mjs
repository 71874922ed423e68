// What a session tells about itself: each event exactly when it should, in order; the trace in words; inspect(); the facts on errors.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../differential/until.mjs'
import { api, entry, name } from './world.mjs'

const { createSession, CountersignError } = await entry('index')
const { fakeProvider, fakeToken } = await entry('testing')
const { HasuraClient } = await entry('hasura')
const { decision } = await entry('core/trace')
const { claimsOf } = await entry('core/claims')
const { onTrap } = await entry('core/core')
await entry('core/words')

const turn = () => new Promise((resolve) => setImmediate(resolve))
/** An event as one line. @param {any} e */
const line = (e) =>
  e.type === 'decision' ? e.text.replace(/ \([^)]*\)|:.*/, '')
  : e.type === 'token' ? `token ${e.template} ${e.reason}`
  : e.type === 'status' ? `status ${e.status}`
  : e.type === 'identity' ? `identity ${e.key ? 'somebody' : e.key}`
  : e.error ? `${e.type} ${e.template} ${e.error.code}` : e.type

/** @param {import('node:test').TestContext} t @param {any} [provider] @param {any} [options] */
const open = (t, provider = fakeProvider({ user: 'alice' }), options = {}) => {
  const session = createSession({ name: name(), logger: false, ...options })
  const events = /** @type {any[]} */ ([])
  session.subscribe((/** @type {any} */ e) => events.push(e))
  session.connect(provider)
  t.after(() => session.dispose())
  /** What has happened since it was last asked. */
  const since = async () => (await turn(), events.splice(0).map(line))
  return { session, provider, events, since }
}

test('each event exactly when it should, in order', async (t) => {
  const { session, provider, since } = open(t)
  const go = async (/** @type {() => any} */ act, /** @type {string[]} */ expected, what = '') => {
    await act()
    assert.deepEqual(await since(), expected, what)
  }
  await go(() => session.getToken('x'), ['identity somebody', 'status signedIn', 'asked for x', 'refreshed x', 'token x first'], 'the start, without `forget`')
  await go(() => session.getToken('x'), [], 'a hit tells nothing')
  await go(() => session.getToken('x', { force: true }), ['asked for x', 'refreshed x', 'token x forced'])
  provider.failNext(new Error('down'))
  // The words of the first error of a page are loaded for it; here they are made to be there.
  await session.getToken('x', { force: true }).catch(() => {})
  await until(() => session.inspect().events.some((/** @type {any} */ e) => e.type === 'refreshFailed'))
  await session.getToken('x', { force: true })
  await since()
  provider.failNext(new Error('down'))
  const failing = () => session.getToken('x', { force: true }).catch(() => {})
  await go(failing, ['asked for x', 'failed to refresh x', 'refreshFailed x provider_failed', 'status degraded'])
  await go(() => session.getToken('x', { force: true }), ['asked for x', 'refreshed x', 'token x forced', 'status signedIn'])
  const leases = session.leases('x', {})
  const lease = (await leases.next()).value
  await go(() => (session.reject(lease.id), leases.next()), ['rejected x token_rejected', 'asked for x', 'refreshed x', 'token x rejected'])
  await go(() => session.reject(lease.id), [], 'an old lease is rejected without effect')
  await go(() => provider.signIn('alice'), [], 'the same identity is no news')
  await go(() => provider.loading(), ['identity undefined', 'status unknown'])
  await go(() => provider.signIn('alice'), ['identity somebody', 'status signedIn'], 'the same after a hold: nobody has left')
  await go(() => provider.signIn('bob'), ['forget', 'identity somebody'], 'forget comes before the new identity')
  await go(() => session.getToken('x'), ['asked for x', 'refreshed x', 'token x first'])
  await go(() => session.invalidate('x'), [])
  await go(() => provider.signOut(), ['forget', 'identity null', 'status anonymous'])
  await go(() => session.getToken('x'), [], 'nobody is asked for nobody')
  await go(() => provider.signIn('carol'), ['identity somebody', 'status signedIn'], 'nobody left')
  await go(() => session.dispose(), ['identity undefined', 'status unknown', 'disposed'])
})

test('a token that did not change is kept, and is no token event', async (t) => {
  const same = fakeToken({ sub: 'u' })
  const { session, since } = open(t, { getToken: () => same, watch: (/** @type {any} */ tell) => (tell({ user: 'u' }), () => {}) })
  await session.getToken('x')
  await since()
  await session.getToken('x', { force: true })
  assert.deepEqual(await since(), ['asked for x', 'kept x'])
})

test('a trap is news: status and identity are unknown until the provider is heard again', async (t) => {
  const { session, since } = open(t)
  await session.getToken('x')
  await since()
  onTrap()
  assert.deepEqual([session.status, session.identityKey], ['unknown', undefined])
  const told = await since()
  assert.deepEqual(told.slice(0, 2), ['status unknown', 'identity undefined'])
  await session.getToken('x')
  assert.deepEqual([...told.slice(2), ...(await since())].slice(0, 2), ['identity somebody', 'status signedIn'])
})

test('on() hears its own type only, and nothing after it was told to stop, also from inside', async (t) => {
  const { session } = open(t)
  const heard = /** @type {string[]} */ ([])
  const stop = session.on('token', (/** @type {any} */ e) => heard.push(e.type))
  const first = session.subscribe(() => {
    first()
    second()
    stopped = true
  })
  let stopped = false
  const second = session.subscribe(() => heard.push(stopped ? 'told after the stop' : 'second'))
  await session.getToken('x')
  await turn()
  assert.deepEqual(heard, ['token'])
  stop()
  stop()
  await session.getToken('x', { force: true })
  await turn()
  assert.deepEqual(heard, ['token'])
})

test('whoever starts to listen hears what happens from then on', async (t) => {
  const { session, provider } = open(t)
  await session.getToken('x')
  provider.signIn('bob')
  const heard = /** @type {any[]} */ ([])
  session.subscribe((/** @type {any} */ e) => heard.push(e))
  await turn()
  assert.deepEqual(heard, [], 'bob had come before')
  const added = /** @type {any[]} */ ([])
  const once = session.subscribe(() => (once(), session.subscribe((/** @type {any} */ e) => added.push(line(e)))))
  provider.signOut()
  await turn()
  assert.deepEqual(heard.map(line), ['forget', 'identity null', 'status anonymous'])
  assert.deepEqual(added, [])
})

test('a listener that throws is logged, and the others are told all the same; so is one whose logger throws', async (t) => {
  for (const broken of [false, true]) {
    const log = /** @type {string[]} */ ([])
    const say = (/** @type {string} */ text) => {
      log.push(text)
      if (broken) throw new Error('no log')
    }
    const { session, since } = open(t, undefined, { logger: { debug() {}, info() {}, warn: say, error: say } })
    session.on('token', () => { throw new Error('mine') })
    session.on('token', () => { throw Object.create(null) })
    let last = 0
    session.on('token', () => last++)
    await session.getToken('x')
    assert.ok((await since()).includes('token x first'))
    assert.deepEqual([last, log], [1, ['countersign: listener for token: mine', 'countersign: listener for token: ?']])
  }
})

test('a listener may call back into the session; what that causes comes later', async (t) => {
  const { session, provider } = open(t)
  const order = /** @type {string[]} */ ([])
  const quiet = (/** @type {any} */ e) => assert.ok(CountersignError.isQuiet(e), e)
  session.on('token', (/** @type {any} */ e) => {
    order.push(`token ${e.template}`)
    if (e.template === 'x') {
      session.getToken('y').catch(quiet)
      provider.signIn('bob')
      order.push(String(session.peek('x')))
      session.invalidate()
      session.inspect()
    }
  })
  session.on('forget', () => order.push('forget'))
  await session.getToken('x').catch(quiet)
  await until(() => order.length > 2)
  assert.deepEqual(order, ['token x', 'null', 'forget'])
  session.on('identity', () => session.dispose())
  provider.signIn('carol')
  await turn()
  await assert.rejects(session.getToken('x'), { code: 'disposed' })
})

test('inspect(): what is known of each token and of the session, and no more than a hundred events', async (t) => {
  const { session, provider } = open(t, fakeProvider({ user: 'alice', claims: { email: 'alice@example.com', aud: ['a', 'b'] } }), { templates: { x: 'x', y: 'y' }, allowInsecureOrigin: true })
  assert.deepEqual(session.inspect(), { status: 'unknown', generation: 0, skew: [null, null], tokens: {}, events: [], insecureOrigins: [] }, 'before the start')
  const before = Date.now()
  await session.getToken('x')
  const { tokens, ...rest } = session.inspect()
  const { expiresAt, refreshAt, notAfter, obtainedAt, claims, decision: said, ...more } = tokens.x
  assert.deepEqual(Object.keys(tokens), ['x'], 'y was never asked for')
  assert.deepEqual(more, { refreshes: 1, generation: 0, reason: 'first' })
  assert.deepEqual(claims, { iss: 'https://fake.test', sub: 'alice', exp: claims.exp, iat: claims.iat, aud: ['a', 'b'], alg: 'RS256', kid: 'fake' })
  assert.equal(expiresAt, claims.exp * 1000)
  assert.equal(refreshAt, expiresAt - 12_000)
  assert.ok(notAfter > refreshAt && notAfter < expiresAt)
  assert.ok(rest.skew[0] <= 0 && rest.skew[0] > -5_000 && rest.skew[1] === null, 'the token shows one end only')
  assert.ok(obtainedAt >= before && obtainedAt <= Date.now())
  assert.match(said, /^refreshed x: (59|60)(\.\d)? s left, lead 12 s, skew \[/)
  assert.deepEqual([rest.status, rest.generation, rest.insecureOrigins, rest.events.length], ['signedIn', 0, ['x', 'y'], 5])
  const copy = session.inspect().events
  copy.length = 0
  assert.equal(session.inspect().events.length, 5, 'a copy')
  for (let i = 0; i < 120; i++) provider.signIn(i % 2 ? 'alice' : 'bob')
  provider.signOut()
  const { events, generation, tokens: none } = session.inspect()
  assert.deepEqual([events.length, events.at(-1), generation], [100, { type: 'status', status: 'anonymous' }, 121])
  assert.deepEqual([none.x.expiresAt, none.x.refreshAt, none.x.obtainedAt, none.x.refreshes, none.x.claims], [0, 0, 0, 1, {}])
})

test('claims that may be shown, of whatever is in the token', () => {
  const part = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const of = (/** @type {unknown} */ payload, /** @type {unknown} */ header = { alg: 'none' }) => claimsOf(`${part(header)}.${part(payload)}.x`)
  assert.deepEqual(of({ iss: 'ä', aud: ['x'], sub: 's', exp: '5', iat: 1, nbf: 2, email: 'e', jti: 'j', name: 'n' }, { alg: 'RS256', kid: 'k', typ: 'JWT', jku: 'u' }), { iss: 'ä', aud: ['x'], sub: 's', exp: '5', iat: 1, nbf: 2, alg: 'RS256', kid: 'k' })
  assert.deepEqual(of({ iss: { email: 'e' }, sub: null, exp: true, aud: undefined }), { alg: 'none' })
  for (const text of ['', 'opaque', 'a.b', 'a.b.c', 'a.b.c.d', 'a.b.c.d.e', `${part({ alg: 'x' })}.${part({ iss: 'x' })}.a.b.c`, '..', '.e30.', 'é.é.é']) assert.deepEqual(claimsOf(text), {}, text)
  for (const payload of [null, 5, 'text', [], true]) assert.deepEqual(of(payload, null), {})
})

test('the trace in words', () => {
  const said = [[0, [1, 0]], [0, [0, 1]], [0, [3, 1]], [1, [9_800, 12_000, 0, 400]], [1, [9_800, 12_000, -1_234, NaN]], [1, [60_000, 2_000, NaN, NaN]], [2, [9_800, 7_300]], [3, [0, 512]], [4, [0, 0]]]
  assert.deepEqual(said.map(([n, numbers]) => decision(n, 'hasura', numbers)), [
    'asked for hasura (expiring)', 'asked for hasura (first, forced)', 'asked for hasura (forced)',
    'refreshed hasura: 9.8 s left, lead 12 s, skew [0, 0.4] s', 'refreshed hasura: 9.8 s left, lead 12 s, skew [-1.2, ?] s', 'refreshed hasura: 60 s left, lead 2 s, skew [?, ?] s',
    'kept hasura: the same token, 9.8 s left, again in 7.3 s', 'failed to refresh hasura: 0 s left, next try in 0.5 s',
    "denied a forced refresh of hasura: the minute's budget is used up",
  ])
  assert.equal(decision(0, '% 0 # 3', [0, 0]), 'asked for % 0 # 3 (first)', 'a name is not read as a sentence')
})

test('the facts of the token are on every error that is about one, and on no other', async (t) => {
  const backend = await api(() => ({ status: 401, body: { n: 1 } }))
  t.after(() => backend.close())
  const { session, provider, events } = open(t, fakeProvider({ user: 'alice', claims: { iss: 'https://issuer.test/', aud: 'b' } }), { policy: { forcedPerMinute: 3 }, routes: [{ url: backend.url, template: 'x' }] })
  const facts = (/** @type {any} */ error, /** @type {any} */ reason) => {
    const { ageMs, exp, ...rest } = error.token ?? {}
    assert.deepEqual(rest, { key: 'x', generation: 0, reason, iss: 'https://issuer.test/', aud: 'b', kid: 'fake', alg: 'RS256' }, String(error))
    assert.ok(ageMs >= 0 && ageMs < 5_000 && exp > Date.now() / 1000)
    assert.ok(!JSON.stringify(error).includes('alice'), 'nothing about the user')
  }
  const response = await session.fetch(backend.url)
  assert.deepEqual([response.status, await response.json()], [401, { n: 1 }], 'the refusal is handed over as it is')
  await until(() => events.filter((e) => e.type === 'rejected').length === 2)
  const rejected = events.filter((e) => e.type === 'rejected')
  facts(rejected[0].error, 'first')
  facts(rejected[1].error, 'rejected')
  const hasura = new HasuraClient({ session, template: 'x', endpoint: backend.url })
  const refused = await hasura.request('{ a }').catch((/** @type {any} */ e) => e)
  assert.equal(refused.code, 'token_rejected')
  facts(refused, 'rejected')
  provider.failNext(new Error('down'))
  facts(await session.getToken('x', { force: true }).catch((/** @type {any} */ e) => e), 'rejected')
  await until(() => events.some((e) => e.type === 'refreshFailed'))
  facts(events.find((e) => e.type === 'refreshFailed').error, 'rejected')
  let broke = /** @type {any} */ (undefined)
  for (let i = 0; i < 4; i++) await session.getToken('x', { force: true }).catch((/** @type {any} */ e) => (broke = e))
  assert.equal(broke.code, 'budget_exhausted')
  facts(broke, broke.token?.reason)
  provider.signIn('bob')
  provider.failNext(new Error('down'))
  const bare = await session.getToken('x').catch((/** @type {any} */ e) => e)
  assert.deepEqual([bare.code, bare.token], ['provider_failed', undefined], 'none was at hand')
  await assert.rejects(session.fetch('https://evil.test/'), (/** @type {any} */ e) => CountersignError.is(e, 'origin_not_allowed') && !('token' in e))
})
