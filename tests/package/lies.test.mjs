// A provider that lies, hangs or plays tricks: every call ends, with a token or with a typed error that says what was wrong.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../differential/until.mjs'
import { entry, name } from './world.mjs'

const { createSession, CountersignError } = await entry('index')
const { fakeToken } = await entry('testing')

/** @param {import('node:test').TestContext} t @param {(request: any) => any} getToken @param {any} [more] */
const open = (t, getToken, more = {}) => {
  const session = createSession({ name: name(), logger: false, policy: { timeoutMs: 2_000 }, ...more.options })
  t.after(() => session.dispose())
  session.connect({ getToken, watch: (/** @type {any} */ tell) => (tell({ user: 'user' }), () => {}), ...more.provider })
  return session
}
const seconds = () => Math.floor(Date.now() / 1000)

for (const [what, expiresAt] of /** @type {[string, any][]} */ ([
  ['seconds', seconds() + 600], ['a lifetime in seconds', 3600], ['a text', new Date().toISOString()], ['a Date', new Date()], ['NaN', NaN], ['Infinity', Infinity],
  ['1e300', 1e300], ['negative', -1], ['zero', 0], ['true', true], ['a bigint', BigInt(Date.now())], ['just too early', 1e11 - 1], ['just too late', 8.64e15 + 2],
]))
  test(`expiresAt: ${what} is refused by name`, async (t) => {
    const words = /`expiresAt` that is no time in milliseconds.*Seconds\? Multiply by 1000/
    let asked = 0
    const session = open(t, () => (asked++, { token: 'opaque-1', expiresAt }))
    const error = await session.getToken('x').catch((/** @type {any} */ e) => e)
    assert.ok(CountersignError.is(error, 'provider_failed'), String(error))
    assert.match(error.message, words)
    await assert.rejects(session.getToken('x'), words, 'within the back-off, the same is said')
    assert.equal(asked, 1)
    assert.equal(session.peek('x'), null)
  })

for (const [what, expiresAt] of /** @type {[string, any][]} */ ([['null', null], ['undefined', undefined], ['milliseconds', Date.now() + 600_000], ['the last Date there is', 8.64e15]]))
  test(`expiresAt: ${what} is taken`, async (t) => {
    let asked = 0
    const session = open(t, () => (asked++, { token: 'opaque-1', expiresAt }))
    assert.equal(await session.getToken('x'), 'opaque-1')
    assert.equal(await session.getToken('x'), 'opaque-1')
    assert.equal(asked, 1, 'and kept')
    const { expiresAt: until } = session.inspect().tokens.x
    // Without one, an unreadable token is trusted for thirty seconds.
    const expected = typeof expiresAt === 'number' ? expiresAt : Date.now() + 30_000
    assert.ok(Math.abs(until - expected) < 5_000, `${until} ${expected}`)
  })

test('an empty token is nobody, whatever stands beside it', async (t) => {
  for (const answer of [{ token: '', expiresAt: 0 }, { token: null, expiresAt: 'x' }]) assert.equal(await open(t, () => answer).getToken('x'), null)
})

for (const [what, exp] of /** @type {[string, any][]} */ ([['1e300', 1e300], ['milliseconds', Date.now() + 600_000], ['null', null], ['a word', 'tomorrow'], ['an object', { at: 5 }], ['-1e300', -1e300], ['missing', undefined]]))
  test(`exp: ${what} is no time, and the token is kept for a minute`, async (t) => {
    let asked = 0
    const token = fakeToken({ sub: 'user', exp })
    const session = open(t, () => (asked++, token))
    assert.equal(await session.getToken('x'), token)
    assert.equal(await session.getToken('x'), token)
    assert.equal(asked, 1)
    assert.ok(Math.abs(session.inspect().tokens.x.expiresAt - Date.now() - 60_000) < 5_000)
  })

for (const [what, exp, left] of /** @type {[string, any, number][]} */ ([['a number in a text', String(seconds() + 600), 600_000], ['the year 5138', 99_999_999_999, 99_999_999_999_000 - Date.now()]]))
  test(`exp: ${what} is taken`, async (t) => {
    const session = open(t, () => fakeToken({ sub: 'user', exp }))
    await session.getToken('x')
    assert.ok(Math.abs(session.inspect().tokens.x.expiresAt - Date.now() - left) < 5_000)
  })

test('exp: negative or long past: asked twice, then sent or refused, never a storm', async (t) => {
  for (const exp of [-5, 5, seconds() - 600]) {
    let asked = 0
    const session = open(t, ({ template }) => (template === 'clock' ? fakeToken({ sub: 'user' }) : (asked++, fakeToken({ sub: 'user', exp, iat: exp - 600, jti: 'same' }))))
    await session.getToken('clock')
    const error = await session.getToken('x').catch((/** @type {any} */ e) => e)
    assert.ok(CountersignError.is(error, 'token_expired'), `${exp}: ${error}`)
    assert.equal(error.token?.exp, exp)
    assert.equal(asked, 2, 'once more, forced')
    await assert.rejects(session.getToken('x'), { code: 'token_expired' })
    assert.ok(asked <= 3, `${asked}`)
  }
})

test('a token for another user is refused where users can be told apart, and fenced where they cannot', async (t) => {
  const told = open(t, () => fakeToken({ sub: 'mallory' }), { provider: { comparable: true } })
  await assert.rejects(told.getToken('x'), { code: 'provider_failed', message: /another user's token/ })
  assert.equal(told.peek('x'), null)
  let sub = 'alice'
  const untold = createSession({ name: name(), logger: false, getToken: () => fakeToken({ sub }) })
  t.after(() => untold.dispose())
  const forgotten = /** @type {any[]} */ ([])
  untold.on('forget', (/** @type {any} */ e) => forgotten.push(e))
  await untold.getToken('x')
  const key = untold.identityKey
  sub = 'mallory'
  // Whoever asked as the one before may be told so; nobody gets a token of one user as another.
  await untold.getToken('x').catch((/** @type {any} */ e) => assert.ok(CountersignError.isQuiet(e), e))
  assert.equal(JSON.parse(atob((await untold.getToken('x')).split('.')[1])).sub, 'mallory')
  assert.notEqual(untold.identityKey, key)
  await until(() => forgotten.length === 1)
})

test('a promise or thenable that settles twice: the first counts', async (t) => {
  const [a, b] = [fakeToken({ sub: 'user' }), fakeToken({ sub: 'user' })]
  const boom = () => new Error('second')
  const cases = /** @type {[any, boolean][]} */ ([
    [{ then: (/** @type {any} */ yes) => (yes(a), yes(b)) }, true], [{ then: (/** @type {any} */ yes, /** @type {any} */ no) => (yes(a), no(boom())) }, true],
    [{ then: (/** @type {any} */ yes) => { yes(a); throw boom() } }, true], [{ then: (/** @type {any} */ yes, /** @type {any} */ no) => (no(boom()), yes(a)) }, false],
    [new Promise((yes, no) => (yes(a), no(boom()), yes(b))), true], [{ then() { throw boom() } }, false], [{ get then() { throw boom() } }, false],
    // One whose callback comes late and twice.
    [{ then: (/** @type {any} */ yes) => [1, 2].forEach((n) => setTimeout(yes, n, n === 1 ? a : b)) }, true],
  ])
  for (const [i, [answer, good]] of cases.entries()) {
    const session = open(t, () => answer)
    if (good) assert.equal(await session.getToken('x'), a, `${i}`)
    else await assert.rejects(session.getToken('x'), { code: 'provider_failed', message: /second/ })
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(session.peek('x'), good ? a : null)
  }
})

test('getters that throw, Proxies, huge and nested answers', async (t) => {
  const broken = () => { throw new Error('mine') }
  for (const answer of [
    { get token() { return broken() } }, { token: 'x', get expiresAt() { return broken() } }, new Proxy({}, { get: broken }), new Proxy({}, { get: (_, field) => (field === 'then' ? undefined : broken()) }), new Proxy(() => 1, {}), { token: 5 }, { token: {} }, { token: { token: 'x' } },
    [], ['a'], new String('x'), new Map(), Symbol('x'), 5n, -0, NaN, true, () => 'x', 'x'.repeat(64 * 1024 + 1), 'x'.repeat(1e7), { token: 'x'.repeat(1e7) }, 'a\0b', 'ä', '\u{1F600}', ' x',
  ]) {
    const session = open(t, () => answer)
    const error = await session.getToken('x').catch((/** @type {any} */ e) => e)
    assert.ok(CountersignError.is(error, 'provider_failed'), `${typeof answer}: ${String(error).slice(0, 80)}`)
    assert.ok(error.message.length < 700)
    session.dispose()
  }
})

test('called back from inside getToken: the same token is refused at once, another one works', async (t) => {
  for (const later of [false, true]) {
    const session = open(t, async ({ template }) => {
      if (template !== 'x') return fakeToken({ sub: 'user', template })
      if (later) await null
      return session.getToken('y')
    })
    assert.match(await session.getToken('x'), /^ey/)
  }
  const same = open(t, ({ template }) => same.getToken(template))
  const error = await same.getToken('x').catch((/** @type {any} */ e) => e)
  assert.equal(error.code, 'provider_failed')
  assert.equal(error.cause.code, 'provider_reentrant')
  const again = open(t, ({ template }) => again.getToken(template).catch((/** @type {any} */ e) => (assert.equal(e.code, 'provider_reentrant'), fakeToken({ sub: 'user' }))))
  assert.match(await again.getToken('x'), /^ey/)
})

test('waiting for the same token after a turn cannot be told from any other wait: it ends with the timeout, and that says so', async (t) => {
  const session = open(t, async ({ template }) => {
    await null
    return session.getToken(template)
  }, { options: { policy: { timeoutMs: 100 } } })
  await assert.rejects(session.getToken('x'), { code: 'timeout', message: /Does it wait for this very session/ })
})

test('fetch, leases, invalidate, identityChanged and dispose from inside getToken', async (t) => {
  for (const act of [
    (/** @type {any} */ s) => s.invalidate('x'), (/** @type {any} */ s) => s.invalidate(), (/** @type {any} */ s) => s.reject('1'), (/** @type {any} */ s) => s.peek('x'), (/** @type {any} */ s) => s.inspect(),
    (/** @type {any} */ s) => s.leases('x', {}).next().catch(() => {}), (/** @type {any} */ s) => s.fetch('https://nowhere.test/').catch(() => {}),
  ]) {
    const session = open(t, () => (act(session), fakeToken({ sub: 'user' })))
    assert.match(await session.getToken('x'), /^ey/)
  }
  const gone = open(t, () => (gone.dispose(), fakeToken({ sub: 'user' })))
  await assert.rejects(gone.getToken('x'), { code: 'disposed' })
  const changed = open(t, () => (changed.identityChanged(null), fakeToken({ sub: 'user' })))
  await assert.rejects(changed.getToken('x'), { code: 'identity_changed' })
})

test('an answer after dispose is nobody’s', async (t) => {
  const late = /** @type {any[]} */ ([])
  const session = open(t, () => new Promise((resolve, reject) => late.push({ resolve, reject })))
  const waiting = [session.getToken('x'), session.getToken('y')]
  waiting.forEach((each) => each.catch(() => {}))
  await until(() => late.length === 2)
  session.dispose()
  late[0].resolve(fakeToken())
  late[1].reject(new Error('late'))
  for (const each of waiting) await assert.rejects(each, { code: 'disposed' })
  assert.equal(session.peek('x'), null)
  assert.equal(session.inspect().events.filter((/** @type {any} */ e) => e.type === 'token' || e.type === 'refreshFailed').length, 0)
})

test('watch and isSignedOut that lie', async (t) => {
  let tell = (/** @type {any} */ _) => {}
  const session = open(t, () => fakeToken({ sub: 'user' }), { provider: { watch: (/** @type {any} */ report) => ((tell = report), report({ user: 'user' }), 'no function') } })
  await session.getToken('x')
  for (const nonsense of [{}, { user: 5 }, { user: '' }, 'user', 5, [], true]) {
    tell(nonsense)
    assert.equal(session.peek('x'), null, `${JSON.stringify(nonsense)}: held`)
  }
  tell({ user: 'user' })
  assert.match(await session.getToken('x'), /^ey/)
  session.connect({ getToken: () => { throw new Error('mine') }, isSignedOut: () => 'yes', watch: (/** @type {any} */ report) => (report({ user: 'user' }), () => {}) })
  await assert.rejects(session.getToken('x'), { code: 'provider_failed' }, 'only `true` is yes')
})
