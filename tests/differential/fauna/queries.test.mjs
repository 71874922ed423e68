// Whole queries at random, through both clients: the same templates and arguments, options and answers; requests, results and errors
// are compared. `fetch` is stubbed, so that thousands take seconds; the wire itself is under test in client.test.mjs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonical, driver, failure, fast, fields, lib, open, outcome, quietly, stats } from './compare.mjs'
import { build, pick, plan, prng, SEED, upTo, wire } from './random.mjs'

const CLIENTS = 250
const QUERIES = 10

const formats = ['tagged', 'tagged', 'tagged', 'simple', 'decorated']
const codes = `invalid_query invalid_request abort constraint_failure unauthorized forbidden contended_transaction time_out internal_error bad_gateway permission_denied null_value
  limit_exceeded anything_else`.split(/\s+/)
const garbage = ['', '{', '<html><body>Welcome to the hotel</body></html>', '[]', 'null', '"text"', '{"error":"bad request"}', '{"error":{"code":"x"}}', '{"data":{"@time":"noon"}}', '{"data":"gr\ufffd']
const word = (r) => pick(r, ['a', 'b_1', 'K'.repeat(40), '0', 'x9'])

/** Some of these fields. @param {() => number} r @param {Record<string, () => unknown>} from */
const some = (r, from, how = 0.3) => Object.fromEntries(Object.entries(from).filter(() => r() < how).map(([name, make]) => [name, make()]))
const flag = (r) => pick(r, [true, false, undefined])
const tags = (r) => Object.fromEntries(Array.from({ length: 1 + upTo(r, 4) }, (_, i) => [`${word(r).slice(0, 38)}${i}`, word(r)]))

/** What a client and a query may both be given. */
const shared = (r) => ({
  linearized: () => flag(r), typecheck: () => flag(r), performance_hints: () => flag(r), max_contention_retries: () => pick(r, [0, 3, 7]),
  query_tags: () => tags(r), traceparent: () => '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', query_timeout_ms: () => pick(r, [1, 1234, 600_000]),
  format: () => pick(r, formats), long_type: () => pick(r, ['number', 'bigint']),
})
const configuration = (r) => some(r, { ...shared(r), max_attempts: () => 1 + upTo(r, 4), max_backoff: () => 1, client_timeout_buffer_ms: () => 1 + upTo(r, 9999) })

/** What the server says: `{ status, text }`. Values that the driver decodes otherwise on purpose are not among them: they have tests of their own. */
const answer = (r, format) => {
  const value = () => {
    for (;;) {
      const { json, plain, odd } = wire(r)
      if (format === 'tagged' && odd.size) continue
      return format === 'tagged' ? json : format === 'simple' ? (plain === undefined ? json : plain) : `{ a: ${upTo(r, 9)} }`
    }
  }
  const info = some(r, { summary: () => pick(r, ['', 'error: no\nat *query*:1:1']), txn_ts: () => 1 + upTo(r, 1e6), stats: () => stats, query_tags: () => pick(r, ['', 'a=b', 'a=b,c=d']), schema_version: () => upTo(r, 100) }, 0.6)
  const kind = r()
  if (kind < 0.6) return { status: pick(r, [200, 200, 200, 400]), text: JSON.stringify({ data: value(), ...info, ...some(r, { static_type: () => 'Int' }) }) }
  if (kind < 0.75) return say(failure('limit_exceeded', 429, info))
  if (kind > 0.95) return { status: pick(r, [200, 400, 502]), text: pick(r, garbage) }
  const error = some(r, { abort: () => value(), constraint_failures: () => [{ paths: [['a', 0]], message: 'no' }] }, 0.5)
  return say(failure(pick(r, codes), pick(r, [400, 401, 403, 409, 440, 500, 503]), info, error))
}
const say = ({ status, json }) => ({ status, text: JSON.stringify(json) })

/** One query: a template, arguments, options, and the answers to its attempts. */
const question = (r, config) => {
  const template = { kind: 'query', ...(({ items, parts }) => ({ items, parts }))(query(r)) }
  const options = some(r, shared(r), 0.15)
  const format = options.format ?? config.format ?? 'tagged'
  // The simple format's arguments differ on purpose.
  const given = format !== 'simple' && r() < 0.4 ? plan(r, { refused: 0.015 }) : undefined
  const answers = [answer(r, format)]
  while (/limit_exceeded/.test(answers.at(-1).text) && answers.length < 4) answers.push(answer(r, format))
  return { template, options, given, answers }
}
const query = (r) => {
  for (;;) {
    const made = plan(r, { queries: true, refused: 0.015 })
    if (made.kind === 'query') return made
  }
}

/** Asks it of one library. @returns what was sent, and what came of it */
const ask = async (l, client, { template, options, given, answers }) => {
  const sent = []
  const real = globalThis.fetch
  globalThis.fetch = /** @type {any} */ (async (url, init) => {
    const { 'x-driver-env': _, ...headers } = Object.fromEntries(new Headers(init.headers))
    sent.push({ url: String(url), method: init.method, headers, body: init.body })
    const { status, text } = answers[sent.length - 1] ?? answers.at(-1)
    return new Response(text, { status })
  })
  try {
    const { value, error } = await outcome(() => client.query(build(template, l), { ...options, ...(given && { arguments: { it: build(given, l), n: 1 } }) }))
    const where = sent.length ? fields(error ?? {}) : { name: error?.name }
    return { sent, ...(error ? { error: where } : { value: canonical(value) }), lastTxnTs: client.lastTxnTs }
  } finally {
    globalThis.fetch = real
  }
}

test(`${CLIENTS * QUERIES} random queries: the same requests, results and errors`, async () => {
  const seen = new Map()
  const count = (name) => seen.set(name, (seen.get(name) ?? 0) + 1)
  await quietly(() => fast(async () => {
    for (let n = 0; n < CLIENTS; n++) {
      const r = prng(SEED * 1e6 + n)
      const config = configuration(r)
      const clients = [lib, driver].map((l) => [l, open(l, new URL('https://fauna.example'), config)])
      for (let i = 0; i < QUERIES; i++) {
        const asked = question(r, config)
        const [a, b] = [await ask(clients[0][0], clients[0][1], asked), await ask(clients[1][0], clients[1][1], asked)]
        try {
          assert.deepEqual(a, b)
        } catch (error) {
          const told = JSON.stringify({ config, ...asked }, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))
          throw new Error(`COUNTERSIGN_SEED=${SEED}, client ${n}, query ${i}: ${told}`, { cause: error })
        }
        count(a.error ? `${a.sent.length ? '' : 'unsent '}${a.error.name}` : 'a result')
        if (a.sent.length > 1) count('several attempts')
        if (a.sent[0]?.headers['x-last-txn-ts']) count('with a time')
      }
    }
  }))
  // It has to have been about something.
  for (const [name, least] of Object.entries({
    'a result': 900, 'several attempts': 200, 'with a time': 400, 'unsent TypeError': 10, 'unsent RangeError': 5, 'unsent ClientError': 10, ProtocolError: 50, ThrottlingError: 30, AbortError: 10, ConstraintFailureError: 10, QueryRuntimeError: 30,
    QueryCheckError: 10, InvalidRequestError: 10, AuthenticationError: 10, AuthorizationError: 10, ContendedTransactionError: 10, QueryTimeoutError: 10, ServiceInternalError: 10,
  }))
    assert.ok((seen.get(name) ?? 0) >= least, `${name}: ${seen.get(name)}`)
})
