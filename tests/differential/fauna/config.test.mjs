// The client's options and its log, against npm fauna's.
// Different on purpose: `secret` and `endpoint` are looked at when first used, are never taken from the environment, and the secret is not
// among what `clientConfiguration` shows; the log leaves `Authorization` out, where the driver writes it down.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driver, ours } from './load.mjs'
import { stub } from './stub.mjs'

const lib = await ours()
const sides = [lib, driver]
const base = () => ({ secret: 'fn-secret', endpoint: new URL('http://127.0.0.1:1') })
const outcome = (run) => {
  try {
    return { value: run() }
  } catch ({ constructor, message }) {
    return { name: constructor.name, message }
  }
}

test('every option that the driver checks, with its words', () => {
  const numbers = ['client_timeout_buffer_ms', 'http2_session_idle_ms', 'http2_max_streams', 'query_timeout_ms', 'max_attempts', 'max_backoff']
  const others = ['format', 'long_type', 'fetch_keepalive', 'linearized', 'max_contention_retries', 'query_tags', 'traceparent', 'typecheck', 'performance_hints']
  const rows = [...numbers.flatMap((name) => [undefined, null, 0, -1, 0.5, NaN, Infinity].map((value) => [name, value])), ...others.map((name) => [name, undefined])]
  let refused = 0
  for (const [name, value] of rows) {
    const [a, b] = sides.map((l) => outcome(() => void new l.Client({ ...base(), [name]: value })))
    assert.deepEqual(a, b, `${name}: ${value}`)
    if (b.name) refused++
  }
  assert.equal(refused, 24)
  // The driver forgets the quotes here.
  assert.deepEqual(outcome(() => new lib.Client({ ...base(), logger: undefined })), { name: 'TypeError', message: "ClientConfiguration option 'logger' must be defined." })
  assert.throws(() => new driver.Client({ ...base(), logger: undefined }), TypeError)
})

test('clientConfiguration: a copy with the defaults, without the secret', () => {
  const logger = new lib.ConsoleLogHandler(lib.LOG_LEVELS.OFF)
  const given = { ...base(), logger, query_timeout_ms: 1234, query_tags: { a: 'b' }, typecheck: true, long_type: 'bigint', format: 'simple', http2_max_streams: 7, fetch_keepalive: true }
  for (const config of [{ ...base(), logger }, given]) {
    const [a, b] = sides.map((l) => new l.Client(config).clientConfiguration)
    const { secret, ...rest } = b
    assert.equal(secret, 'fn-secret')
    assert.deepEqual(a, rest)
  }
  const client = new lib.Client(given)
  client.clientConfiguration.query_timeout_ms = 5
  assert.equal(client.clientConfiguration.query_timeout_ms, 1234)
  assert.equal(new lib.Client({ ...base(), endpoint: 'https://fauna.example/x' }).clientConfiguration.endpoint.href, 'https://fauna.example/x')
  for (const endpoint of [undefined, 'nonsense']) assert.equal(new lib.Client({ ...base(), endpoint }).clientConfiguration.endpoint, endpoint)
})

test('what a query sends and answers follows the client\'s options', async () => {
  const config = { linearized: true, max_contention_retries: 2, query_tags: { a: 'b' }, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', typecheck: false, performance_hints: true, query_timeout_ms: 777, long_type: 'bigint' }
  const seen = []
  for (const l of sides) {
    const server = await stub(() => ({ json: { data: { '@long': '5' } } }))
    const client = new l.Client({ secret: 's', endpoint: server.url, ...config }, new l.FetchClient({ url: server.url.href, fetch_keepalive: false }))
    const first = await client.query(l.fql`1`)
    const second = await client.query(l.fql`1`, { long_type: 'number', linearized: false, query_tags: { c: 'd' } })
    seen.push([first.data, second.data, server.log.map(({ headers }) => Object.fromEntries(Object.entries(headers).filter(([name]) => /^(x-(?!driver)|traceparent)/.test(name))))])
    await server.stop()
  }
  assert.deepEqual(seen[0], seen[1])
  assert.deepEqual(seen[0].slice(0, 2), [5n, 5])
})

test('levels', () => {
  for (const text of ['0', '1', '2', '3', '4', '5', '6', '7', '-1', '00', ' 1', '1\n', '', 'DEBUG', undefined, null])
    assert.equal(lib.parseDebugLevel(text), driver.parseDebugLevel(text), String(text))
  const real = { ...console }
  const methods = ['trace', 'debug', 'info', 'warn', 'error', 'log']
  const lines = (l, level) => {
    const out = []
    for (const method of methods) console[method] = (...args) => out.push([method, ...args])
    try {
      const log = new l.ConsoleLogHandler(level)
      for (const method of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) log[method](`${method} %s`, 1, { two: 2 })
    } finally {
      Object.assign(console, real)
    }
    return out
  }
  const counts = Object.values(driver.LOG_LEVELS).map((level) => {
    assert.deepEqual(lines(lib, level), lines(driver, level), level)
    return lines(lib, level).length
  })
  assert.deepEqual(counts, [6, 5, 4, 3, 2, 1, 0])
})

test('the log of a query: the driver\'s lines, without the secret', async () => {
  const secret = 'fnAE-very-secret'
  const seen = []
  const real = Math.random
  Math.random = () => 0.001
  try {
    for (const l of sides) {
      const lines = []
      const logger = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, (...args) => lines.push([level, ...args])]))
      const server = await stub((_, n) => (n ? { json: { data: 1, txn_ts: 5 } } : { status: 429, json: { error: { code: 'limit_exceeded', message: 'slow' } } }))
      const client = new l.Client({ secret, endpoint: server.url, logger, query_timeout_ms: 1000 }, new l.FetchClient({ url: server.url.href, fetch_keepalive: false }))
      await client.query(l.fql`1`)
      await client.query(l.fql`1`, { secret: `${secret}-2` })
      await server.stop()
      seen.push({ lines, text: JSON.stringify(lines) })
    }
  } finally {
    Math.random = real
  }
  assert.match(seen[1].text, /very-secret/, 'the driver logs it')
  assert.doesNotMatch(seen[0].text, /very-secret|authorization/i)
  // Equal but for what it must not say, and for what differs from request to request.
  const common = (lines) => lines.map(([level, ...line]) => [level, ...line.slice(0, -1), Object.keys(JSON.parse(line.at(-1))).filter((name) => name.toLowerCase() !== 'authorization')])
  assert.equal(seen[0].lines.length, 6)
  assert.deepEqual(common(seen[0].lines.slice(0, 4)), common(seen[1].lines.slice(0, 4)))
})

test('without a logger nothing is written', async () => {
  const real = { ...console }
  const written = []
  for (const method of ['trace', 'debug', 'info', 'warn', 'error', 'log']) console[method] = (...args) => written.push(args)
  const server = await stub((_, n) => (n ? { json: { data: 1 } } : { status: 400, json: { error: { code: 'invalid_query', message: 'no' } } }))
  try {
    const client = new lib.Client({ secret: 's', endpoint: server.url })
    await client.query(lib.fql`1`).catch(() => {})
    await client.query(lib.fql`1`)
  } finally {
    Object.assign(console, real)
    await server.stop()
  }
  assert.deepEqual(written, [])
})
