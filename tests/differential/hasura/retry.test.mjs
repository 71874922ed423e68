// Opt-in attempts after failures that pass: which, how often, how long between, and what ends the waiting.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'graphql'
import { dist } from '../dist.mjs'
import { stubFetch, stubSession, until } from '../stub-session.mjs'

const { HasuraClient } = await dist('hasura.js')
const { reads } = await dist('hasura/kind.js')
const endpoint = 'https://hasura.test/v1/graphql'
const good = () => Response.json({ data: { a: 1 } })
const busy = () => Response.json({ errors: [{ message: 'later', extensions: { code: 'busy' } }] })
const html = (/** @type {number} */ status, headers = {}) => () => new Response('<html>', { status, headers })
const broken = () => {
  throw new TypeError('fetch failed')
}

/** A client, what its fetch is answered (the last answer again and again), and the pauses that it made. @param {import('node:test').TestContext} t */
const world = (t, /** @type {(() => any)[]} */ answers, /** @type {any} */ options = {}) => {
  const session = stubSession({ key: 'alice' })
  // The stub's channel says what the core would of a request without an answer.
  const { CountersignError } = errors
  const calls = stubFetch(t, () => {
    const answer = answers[Math.min(calls.length, answers.length) - 1]
    try {
      return answer()
    } catch (error) {
      throw new CountersignError('network', 'no answer', { cause: error })
    }
  })
  /** @type {number[]} */
  const pauses = []
  const real = globalThis.setTimeout
  /** @type {any} */
  const state = { held: false, release() {} }
  // Pauses are recorded and cut short; a held one lasts until it is released.
  t.mock.method(globalThis, 'setTimeout', (/** @type {() => void} */ f, /** @type {number} */ ms, /** @type {any[]} */ ...rest) => {
    if (ms < 100) return real(f, ms, ...rest)
    pauses.push(ms)
    if (!state.held) return real(f, 0)
    state.release = f
    return real(() => {}, 0)
  })
  return { client: new HasuraClient({ session, template: 'hasura', endpoint, ...options }), session, calls, pauses, state }
}
const errors = await dist('errors.js')
const retries = { attempts: 3 }

test('off unless asked for', async (t) => {
  const { client, calls } = world(t, [busy, good])
  await assert.rejects(client.request('{ a }'), { code: 'busy' })
  assert.equal(calls.length, 1)
})

for (const [what, failure] of /** @type {[string, () => any][]} */ ([
  ['no answer', broken], ['429', html(429)], ['502', html(502)], ['503', html(503)], ['504', html(504)], ['busy', busy],
  ['postgres-max-connections-error', () => Response.json({ path: '$', error: 'full', code: 'postgres-max-connections-error' }, { status: 500 })],
]))
  test(`${what}: again, with pauses that grow and are never the same`, async (t) => {
    const { client, calls, pauses } = world(t, [failure, failure, good], { retries })
    assert.deepEqual(await client.request('{ a }'), { a: 1 })
    assert.equal(calls.length, 3)
    assert.deepEqual(calls.map((c) => c.body), [calls[0].body, calls[0].body, calls[0].body])
    assert.ok(pauses[0] >= 250 && pauses[0] <= 500 && pauses[1] >= 500 && pauses[1] <= 1000, String(pauses))
  })

test('as often as allowed, and the last error is the caller’s', async (t) => {
  const { client, calls } = world(t, [html(503), html(503), html(502)], { retries })
  await assert.rejects(client.request('{ a }'), { code: 'backend', message: /502/ })
  assert.equal(calls.length, 3)
  await assert.rejects(client.request('{ a }', {}, { retries: { attempts: 1 } }), { code: 'backend' })
  await assert.rejects(client.request('{ a }', {}, { retries: false }), { code: 'backend' })
  assert.equal(calls.length, 5)
  for (const wrong of [{}, { attempts: 0 }, { attempts: NaN }, 3, true]) await assert.rejects(client.request('{ a }', {}, { retries: /** @type {any} */ (wrong) }), { code: 'option_invalid', message: /retries/ })
  assert.equal(calls.length, 5)
})

for (const [what, failure, code] of /** @type {[string, () => any, string][]} */ ([
  ['a refused token', () => Response.json({ errors: [{ message: 'Could not verify JWT: JWTExpired', extensions: { code: 'invalid-jwt' } }] }), 'token_rejected'],
  ['a wrong query', () => Response.json({ errors: [{ message: 'no such field', extensions: { code: 'validation-failed' } }] }), 'validation-failed'],
  ['500', html(500), 'backend'], ['no GraphQL', html(200), 'protocol'],
]))
  test(`${what} is not sent again`, async (t) => {
    const { client, calls } = world(t, [failure, good], { retries: { attempts: 5, mutations: true } })
    await assert.rejects(client.request('{ a }'), { code })
    assert.equal(calls.length, 1)
  })

test('the time that a provider did not answer in is waited once', async (t) => {
  const { client, session } = world(t, [good], { retries })
  let asked = 0
  for (const code of ['timeout', 'provider_failed', 'identity_changed', 'signed_out']) {
    asked = 0
    session.provide = async () => {
      asked++
      throw new errors.CountersignError(code, 'no')
    }
    await assert.rejects(client.request('{ a }'), { code })
    assert.equal(asked, 1, code)
  }
})

test('what changes something only where the caller allows just that', async (t) => {
  const { client, calls } = world(t, [busy], { retries: { attempts: 2 } })
  const sent = async (/** @type {any} */ document, /** @type {any} */ options) => {
    const before = calls.length
    await assert.rejects(client.request(document, {}, options), { code: 'busy' })
    return calls.length - before
  }
  const change = 'mutation { b }'
  assert.deepEqual([await sent('{ a }'), await sent(change), await sent(parse(change)), await sent({ documentId: 'x' })], [2, 1, 1, 1])
  assert.equal(await sent(`query A { a } ${change}`, { operationName: 'A' }), 1, 'which of them runs is for the server to find out')
  assert.equal(await sent(change, { retries: { attempts: 2, mutations: true } }), 2)
  const before = calls.length
  // A batch that failed as a whole, with a mutation among its requests.
  for (const documents of [['{ a }', change], ['{ a }', '{ b }']]) await client.batch(documents.map((document) => ({ document }))).catch(() => {})
  assert.equal(calls.length - before, 2, 'its refusal is the result of each request, and nothing is sent again')
})

test('a batch that got no answer', async (t) => {
  const { client, calls } = world(t, [broken, html(503), () => Response.json([{ data: 1 }, { data: 2 }])], { retries })
  assert.deepEqual((await client.batch([{ document: '{ a }' }, { document: '{ b }' }])).map((/** @type {any} */ r) => r.value), [1, 2])
  assert.equal(calls.length, 3)
  await assert.rejects(world(t, [html(503)], { retries }).client.batch([{ document: '{ a }' }, { document: 'mutation { b }' }]), { code: 'backend' })
})

test('Retry-After: in seconds, as a date, and too long', async (t) => {
  const date = new Date(Date.now() + 20_000).toUTCString()
  for (const [header, from, to] of /** @type {[string, number, number][]} */ ([['7', 7000, 7000], [date, 15_000, 20_000], ['0', 250, 500], ['soon', 250, 500], ['-1', 250, 500]])) {
    const { client, pauses } = world(t, [html(429, { 'retry-after': header }), good], { retries })
    assert.deepEqual(await client.request('{ a }'), { a: 1 })
    assert.ok(pauses[0] >= from && pauses[0] <= to, `${header}: ${pauses}`)
    t.mock.restoreAll()
  }
  const { client, calls, pauses } = world(t, [html(503, { 'retry-after': '3600' }), good], { retries })
  await assert.rejects(client.request('{ a }'), { code: 'backend', retryable: true })
  assert.deepEqual([calls.length, pauses], [1, []])
})

test('an abort, a change of user and a disposal end the waiting', async (t) => {
  for (const [end, reason] of /** @type {[(w: ReturnType<typeof world>, controller: AbortController) => void, any][]} */ ([
    [(_, controller) => controller.abort(new Error('mine')), /mine/], [({ session }) => session.become('bob'), { code: 'identity_changed' }], [({ session }) => session.become(null), { code: 'identity_changed' }],
  ])) {
    const controller = new AbortController()
    const w = world(t, [busy, good], { retries })
    w.state.held = true
    const waiting = w.client.request('{ a }', {}, { signal: controller.signal })
    waiting.catch(() => {})
    await until(() => w.pauses.length)
    end(w, controller)
    await assert.rejects(waiting, reason)
    assert.deepEqual([w.calls.length, w.session.listeners()], [1, 0])
    t.mock.restoreAll()
  }
  const w = world(t, [busy, good], { retries })
  w.state.held = true
  const waiting = w.client.request('{ a }')
  waiting.catch(() => {})
  await until(() => w.pauses.length)
  w.client.dispose()
  w.state.release()
  await assert.rejects(waiting, { code: 'disposed' })
  assert.equal(w.calls.length, 1)
})

test('which documents only read', () => {
  /** @type {[string, boolean][]} */
  const table = [
    ['{ a }', true], ['query { a }', true], ['query A($n: Int = 1) @cached(ttl: 60) { a(n: $n) { mutation } }', true], ['mutation { a }', false], ['subscription { a }', false],
    ['fragment F on T { a } query { ...F }', true], ['query A { a } mutation B { b }', false], ['mutation B { b } query A { a }', false], ['fragment F on T { a } { ...F }', true],
    ['# mutation { a }\n{ a }', true], ['{ a(t: "mutation { b }") }', true], ['{ a(t: """\n" mutation { \\""" """) }', true], ['query mutation { a }', true], ['query($i: I = { a: "}" }) { a }', true],
    ['{ a(t: "\\"") } mutation M { b }', false], ['{ a } # }\nmutation M { b }', false], ['query Q { a } fragment F on T { b }', true], ['fragment F on mutation { a }', false], ['', false], ['type T { a: Int }', false], ['query Q', true],
    ['query Q($a: [Int!]! = [1, 2]) { a } mutation { b }', false], ['query Q @a(b: { c: [1] }) { a }', true], ['\ufeffquery Q { a }', true], ['query Q{a}mutation M{b}', false],
  ]
  for (const [text, expected] of table) assert.equal(reads(text), expected, text)
  for (const other of [undefined, null, 7, {}]) assert.equal(reads(other), false)
})
