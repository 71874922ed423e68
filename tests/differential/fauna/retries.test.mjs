// Attempts: how many, when, and what ends them. The driver repeats throttled queries only; ours repeats more where a query says that it may run twice.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { both, driver, failure, fast, lib, open, sameRequests, stats } from './compare.mjs'
import { fakeSession, stub } from './stub.mjs'

const { Client, fql, NetworkError } = lib
/** A server for one test, stopped however that ends. */
const serve = async (t, script) => {
  const server = await stub(script)
  t.after(server.stop)
  return server
}
const ok = { json: { data: 'ok', stats } }
const LIMIT = 10_000

/**
 * Runs with `random` for Math.random and answers for every fetch; none is waited for.
 * @returns the waits between attempts, in milliseconds
 */
const waits = async (random, answer, run) => {
  const real = [Math.random, globalThis.setTimeout, globalThis.fetch]
  const seen = []
  let n = 0
  Math.random = () => random
  globalThis.setTimeout = /** @type {any} */ ((f, ms, ...rest) => {
    // Not a wait: the time limit of an attempt, and what the platform's fetch still has to do for the test before.
    if (ms === LIMIT || new Error().stack?.includes('undici')) return real[1](f, ms, ...rest)
    seen.push(ms)
    return real[1](f, 0, ...rest)
  })
  globalThis.fetch = /** @type {any} */ (async () => {
    const { status = 200, json } = answer(n++)
    if (!json) throw new TypeError('fetch failed')
    return Response.json(json, { status })
  })
  try {
    await run()
  } finally {
    ;[Math.random, globalThis.setTimeout, globalThis.fetch] = /** @type {any} */ (real)
  }
  return seen
}
const nowhere = new URL('https://fauna.example')

/** Asks once of a server that answers this. @returns how often it was asked, and the error */
const asked = async (answer, options = {}, config = {}) => {
  const server = await stub(typeof answer === 'function' ? answer : () => answer)
  const client = open(lib, server.url, config)
  const result = await fast(() => client.query(fql`x`, options).then((value) => ({ value }), (error) => ({ error })))
  await server.stop()
  return { n: server.log.length, ...result }
}

test('429 is tried again, as often and after the same waits as by the driver', async (t) => {
  for (const [throttled, attempts, config] of [[1, 2], [2, 3], [9, 3], [9, 1, { max_attempts: 1 }], [9, 7, { max_attempts: 7, max_backoff: 5 }]]) {
    const pair = await fast(() => both((_, n) => (n < throttled ? failure('limit_exceeded', 429) : ok), (client, l) => client.query(l.fql`x`), config))
    sameRequests(pair)
    assert.equal(pair[0].log.length, attempts)
    assert.equal(pair[0].value?.stats.attempts, pair[1].value?.stats.attempts)
    assert.equal(pair[0].error?.name, pair[1].error?.name)
  }
  for (const [random, expected] of [[0.5, [500, 1000, 2000, 4000, 5000, 5000]], [0.999, [999, 1998, 3996, 5000, 5000, 5000]], [0, [0, 0, 0, 0, 0, 0]]]) {
    for (const l of [lib, driver])
      assert.deepEqual(await waits(random, () => failure('limit_exceeded', 429), () => assert.rejects(open(l, nowhere, { max_attempts: 7, max_backoff: 5 }).query(l.fql`x`))), expected)
  }
})

test('a number of attempts that is none ends after the first; a wait beyond 32 bits is not cut to nothing', async (t) => {
  assert.equal((await asked(failure('limit_exceeded', 429), {}, { max_attempts: NaN })).n, 1)
  const seen = await waits(0.999, (n) => (n < 23 ? failure('limit_exceeded', 429) : ok), () => open(lib, nowhere, { max_attempts: 30, max_backoff: Infinity }).query(fql`x`))
  assert.equal(seen.length, 23)
  assert.equal(seen.at(-1), 2147483647)
})

/** [what the server does, attempts of a query, attempts of one that may run twice] */
const counts = [
  [failure('contended_transaction', 409), 1, 3],
  [failure('limit_exceeded', 429), 3, 3],
  [failure('limit_exceeded', 400), 3, 3],
  [failure('time_out', 440), 1, 3],
  [failure('time_out', 503), 1, 3],
  [failure('internal_error', 500), 1, 3],
  [failure('internal_error', 540), 1, 3],
  [failure('bad_gateway', 502), 1, 3],
  [failure('gateway_timeout', 504), 1, 3],
  [{ status: 502, text: '<h1>Bad Gateway</h1>' }, 1, 3],
  [{ status: 200, text: '' }, 1, 3],
  [{ destroy: 'before' }, 1, 3],
  [{ destroy: 'middle' }, 1, 3],
  [failure('unauthorized', 401), 1, 1],
  [{ status: 401, text: '' }, 1, 1],
  [failure('forbidden', 403), 1, 1],
  [failure('forbidden', 410), 1, 1],
  [failure('request_size_exceeded', 413), 1, 1],
  ...['invalid_query', 'invalid_request', 'permission_denied', 'abort', 'constraint_failure', 'internal_failure'].map((code) => [failure(code, 400), 1, 1]),
  [{ status: 400, json: { error: 'bad request' } }, 1, 1],
  [{ status: 200, text: '<html>' }, 1, 1],
  [{ status: 302, headers: { location: '/' } }, 1, 1],
]

test('what is tried again: counts of requests, by what the server does', async (t) => {
  for (const [answer, plain, idempotent] of counts) {
    const what = JSON.stringify(answer)
    const [one, many] = [await asked(answer), await asked(answer, { idempotent: true })]
    assert.equal(one.n, plain, what)
    assert.equal(many.n, idempotent, `${what}, idempotent`)
    assert.equal(many.error.constructor, one.error.constructor, what)
    assert.deepEqual([many.error.code, many.error.httpStatus], [one.error.code, one.error.httpStatus])
  }
})

test('a client may say it for all its queries, and a query otherwise; attempts of both kinds are counted together', async (t) => {
  const answer = failure('contended_transaction', 409)
  assert.equal((await asked(answer, {}, { idempotent: true, max_attempts: 4 })).n, 4)
  assert.equal((await asked(answer, { idempotent: false }, { idempotent: true })).n, 1)
  const mixed = [failure('limit_exceeded', 429), { destroy: 'middle' }, failure('time_out', 503), failure('internal_error', 500), ok]
  assert.equal((await asked((_, n) => mixed[n], { idempotent: true }, { max_attempts: 4 })).error.name, 'ServiceInternalError')
  const cured = await asked((_, n) => mixed[n], { idempotent: true }, { max_attempts: 5 })
  assert.deepEqual([cured.value.data, cured.value.stats.attempts, cured.n], ['ok', 5, 5])
  // The waits are the throttled one's.
  assert.deepEqual(await waits(0.5, () => ({}), () => assert.rejects(open(lib, nowhere, { max_attempts: 5, max_backoff: 3 }).query(fql`x`, { idempotent: true }))), [500, 1000, 2000, 3000])
})

test('the time limit of an attempt is its own: a server that hangs is asked again', async (t) => {
  const server = await serve(t, (_, n) => (n < 1 ? { hang: true } : ok))
  const client = open(lib, server.url, { query_timeout_ms: 300, client_timeout_buffer_ms: 300 })
  assert.equal((await fast(() => client.query(fql`x`, { idempotent: true }))).stats.attempts, 2)
})

test('pages are asked for again, too', async (t) => {
  const pages = [{ json: { data: { '@set': { data: [1].map(String), after: 'c' } } } }, failure('time_out', 503), { json: { data: { data: ['2'] } } }]
  const server = await serve(t, (_, n) => pages[n])
  const seen = []
  await fast(async () => {
    for await (const item of open(lib, server.url).paginate(fql`x`, { idempotent: true }).flatten()) seen.push(item)
  })
  assert.deepEqual(seen, ['1', '2'])
})

test('every attempt has the transaction time of its moment, and asks for the current token', async (t) => {
  const server = await serve(t, (_, n) => (n ? ok : failure('time_out', 503)))
  const session = fakeSession(lib)
  const tokens = ['a', 'b']
  const door = session[lib.door]
  session[lib.door] = (spec) => ({ ...door(spec), fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${tokens.shift()}` } }) })
  const client = new Client({ session, template: 'fauna', endpoint: server.url, idempotent: true })
  const random = Math.random
  Math.random = () => ((client.lastTxnTs = 77), 0)
  try {
    await client.query(fql`x`)
  } finally {
    Math.random = random
  }
  assert.deepEqual(server.log.map(({ headers }) => [headers.authorization, headers['x-last-txn-ts']]), [['Bearer a', undefined], ['Bearer b', '77']])
})

/** A wait of 15 s in which something happens at once; what ends it must not wait for its end. */
const meanwhile = async (happens, run) => {
  const random = Math.random
  Math.random = () => (setTimeout(happens, 1), 15)
  const before = performance.now()
  try {
    await run()
  } finally {
    Math.random = random
  }
  assert.ok(performance.now() - before < 10_000, 'at once')
}

test('an abort during the wait between attempts ends it at once', async (t) => {
  for (const [answer, options] of [[failure('limit_exceeded', 429), {}], [{ destroy: 'before' }, { idempotent: true }]]) {
    const server = await serve(t, () => answer)
    const controller = new AbortController()
    const { signal } = controller
    const client = open(lib, server.url)
    await meanwhile(() => controller.abort(new Error('gone')), () => assert.rejects(client.query(fql`1`, { ...options, signal }), { message: 'gone' }))
    assert.equal(server.log.length, 1)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  }
})

test('another user ends the wait at once, and no attempt is made with their token', async (t) => {
  for (const options of [{}, { idempotent: true }]) {
    const server = await serve(t, () => failure(options.idempotent ? 'time_out' : 'limit_exceeded', options.idempotent ? 503 : 429))
    const session = fakeSession(lib)
    const client = new Client({ session, template: 'fauna', endpoint: server.url })
    await client.check()
    const listening = session.listeners.size
    await meanwhile(() => session.become('bob'), () => assert.rejects(client.query(fql`1`, options), { code: 'identity_changed', message: /under way/ }))
    assert.equal(server.log.length, 1)
    assert.equal(session.listeners.size, listening, 'nothing listens on')
  }
})

test('a closed client makes no further attempt', async (t) => {
  const server = await serve(t, () => failure('limit_exceeded', 429))
  const client = open(lib, server.url)
  const random = Math.random
  Math.random = () => (client.close(), 0)
  try {
    await assert.rejects(client.query(fql`1`), lib.ClientClosedError)
  } finally {
    Math.random = random
  }
  assert.equal(server.log.length, 1)
})

test('waiting for a token in vain is not tried again: it has its own limit', async (t) => {
  let calls = 0
  const session = fakeSession(lib)
  for (const [code, details, expected] of [['timeout', { template: 'fauna' }, 1], ['offline', { template: 'fauna' }, 3], ['signed_out', {}, 1], ['token_expired', {}, 1], ['provider_failed', {}, 1]]) {
    calls = 0
    const error = new lib.CountersignError(code, 'said by the session', details)
    session[lib.door] = () => ({ fetch: async () => { calls++; throw error }, clock() {}, explain: async () => undefined, check: async () => [] })
    const client = new Client({ session, template: 'fauna', endpoint: 'https://fauna.example', idempotent: true })
    const said = await fast(() => client.query(fql`1`).catch((e) => e))
    assert.equal(calls, expected, code)
    assert.equal(said.code, code)
    assert.equal(said instanceof NetworkError, code === 'timeout' || code === 'offline')
    // A transport of one's own asks the session for the token itself.
    calls = 0
    session.getToken = async () => { calls++; throw error }
    const own = await fast(() => new Client({ session, template: 'fauna', endpoint: 'https://fauna.example', idempotent: true }, { request: assert.fail, close() {} }).query(fql`1`).catch((e) => e))
    assert.deepEqual([calls, own.code, own.constructor], [expected, code, said.constructor])
  }
})

test('a signal that outlives many queries keeps nothing of them', async (t) => {
  const server = await serve(t, (_, n) => (n % 2 ? ok : failure('limit_exceeded', 429)))
  const { signal } = new AbortController()
  const client = open(lib, server.url)
  await fast(async () => {
    for (let i = 0; i < 5; i++) await client.query(fql`1`, { signal })
  })
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})
