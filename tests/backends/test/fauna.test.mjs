// The Fauna-shaped server: what FQL it speaks, what it puts on the wire, and the official driver on it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as driver from 'fauna'
import { ALLOWED_HEADERS } from '../fauna/server.mjs'
import { smoke } from '../fauna/smoke.mjs'
import { now, SECRET, startPlace } from './fauna-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => (place = await startPlace()))
after(() => place.stop())
const ask = (query, options) => place.ask(query, options)
const token = (claims, header) => place.token(claims, header)
const knobs = (changes) => place.knobs(changes)

describe('FQL', () => {
  const int = (n) => ({ '@int': String(n) })
  /** [source, tagged result] */
  const RESULTS = [
    [`'it\\'s' + " #{1 + 1} \\u{1F680} \\#{x}"`, "it's 2 🚀 #{x}"],
    ['1 + 2 * 3 - 4 / 3 % 5', int(6)], ['2 ** 3 ** 2', int(512)], ['-7 / 2', int(-3)], ['7 / 2.0', { '@double': '3.5' }],
    ['2147483647 + 1', { '@long': '2147483648' }], ['9223372036854775807 + 1', { '@double': '9.223372036854776E18' }],
    ['[0x1F, 0b11, 1_000, 1.5e3]', [int(31), int(3), int(1000), { '@double': '1500.0' }]],
    ['1 == 1.0 && "a" < "b" || false', true], ['!(1 > 2) && null == null', true], ['[1, [2]] == [1, [2]]', true],
    ['null ?? "x"', 'x'], ['if (null) 1 else if (true) 2 else 3', int(2)], ['if (false) 1', null],
    ['let a = 1\nlet f = (x, y) => { let z = x * y; z + a }\nf(2, 3)', int(7)],
    ['{ a: 1, "b c": [null], }', { a: int(1), 'b c': [null] }], ['{}', {}], ['{ a: { b: 2 } }.a["b"]', int(2)],
    ['{ a: null }.a?.b.c.d', null], ['{ a: 1 }.nothing', null], ['"añ🚀".length', int(3)],
    ['"Hello".toUpperCase().concat("!").includes("LLO")', true], ['"a,b".split(",").map(x => x + "1")', ['a1', 'b1']],
    ['"12".parseInt()! + ("x".parseInt() ?? 1)', int(13)], ['"ff".parseInt(16)', int(255)], ['"b".toString() + 1 + null + 1.0', 'b1null1.0'],
    ['[3, 1, 2].order(desc(x => x)).first()', int(3)], ['[1, 2, 3].where(x => x > 1).length', int(2)],
    ['[1, 2, 3].fold(0, (a, b) => a + b)', int(6)], ['[{ n: 1 }, { n: 2 }].filter(.n > 1).map(.n)', [int(2)]], ['[{ n: 1, m: 2 }] { n, twice: .m * 2 }', [{ n: int(1), twice: int(4) }]],
    ['[[1], [2]].flatten().includes(2)', true], ['[].isEmpty()', true], ['[1, 1.0, 2].distinct().length', int(2)],
    ['Math.max(1, 2.5)', { '@double': '2.5' }], ['Math.abs(-3)', int(3)], ['Math.round(2.345, 2)', { '@double': '2.35' }], ['Math.sum([1, 2])', int(3)],
    ['Time("2020-01-01T00:00:00.100Z").add(1, "days")', { '@time': '2020-01-02T00:00:00.100Z' }], ['Time("2020-01-01T10:00:00+02:00").hour', int(8)],
    ['Date("2020-02-28").add(2, "days")', { '@date': '2020-03-01' }], ['Time.now() isa Time && Date.today() isa Date && 1 isa Number', true],
    ['Object.keys({ b: 1, a: 2 })', ['b', 'a']], ['Object.fromEntries([["k", 1]])', { k: int(1) }], ['x => x', '[function <lambda>]'],
    ['{ "@int": "x" }', { '@object': { '@int': 'x' } }], ['Bytes("AAE=")', { '@bytes': 'AAE=' }], ['Order', { '@mod': 'Order' }],
    ['Order.byId("7")', { '@ref': { id: '7', coll: { '@mod': 'Order' }, exists: false, cause: 'not found' } }],
    ['Order.pageSize(4).paginate().data.length + Order.paginate(1).data.length', int(5)],
    ['Order.where(.owner == "bob").order(.total).map(.total).toArray()', [int(17), int(210)]],
    ['Order.where(.total > 100).order(desc(.total)).pageSize(5).map(.total).toArray()', [int(890), int(210), int(128)]],
    ['Order.where(.total > 100).order(desc(.total)).paginate(2).data.map(.item)', ['Alice: a red bicycle', 'Bob: climbing rope']],
    ['// comment\n1 /* and */ + 1', int(2)], ['[1, 2]\n  .map(x => x)\n  .length', int(2)], ['1\n-1', int(-1)],
  ]
  for (const [source, expected] of RESULTS) {
    test(source, async () => assert.deepEqual((await ask(source)).data, expected))
  }
  /** [source, code, place, part of the message or summary] */
  const FAILURES = [
    ['', 'invalid_query', '1:1', 'Unexpected end of query'], ['1 +', 'invalid_query', '1:4', 'Expected an expression'], ['(1', 'invalid_query', '1:3', 'Expected `)`'],
    ['"abc', 'invalid_query', '1:1', 'Expected `"`'], ['a b', 'invalid_query', '1:3', 'Expected end of statement'], ['let x = 1', 'invalid_query', '1:1', 'must end with an expression'],
    ['let x = 1\n  y', 'invalid_query', '2:3', 'Unbound variable `y`'], ['{ a: 1, a: 2 }', 'invalid_query', '1:9', 'Duplicate object key'],
    ['(x, x) => 1', 'invalid_query', '1:5', 'Duplicate lambda argument'],
    ['.a', 'invalid_query', '1:1', 'Short form lambdas are not allowed here'], ['"x".nope()', 'invalid_query', '1:5', 'Type `String` does not have field `nope`'],
    ['at (Time.now()) 1', 'invalid_query', '1:1', 'does not support `at`'], ['"a" =~ "b"', 'invalid_query', '1:5', 'does not support regular expressions'],
    ['Order.all().order(.total).eventSource()', 'invalid_receiver', '1:1', "can't call `.eventSource()` because streaming is not supported on sets returned from `.order()`."],
    ['"\\ud800"', 'invalid_query', '1:2', 'surrogates'], [`${'('.repeat(20000)}1`, 'stack_overflow', undefined, ''],
    ['1 % 0', 'divide_by_zero', '1:3', 'division by zero'], ['null.a', 'invalid_null_access', '1:6', 'Cannot access `a` on null'], ['null!', 'null_value', '1:5', 'Null value'],
    ['1 + "a"', 'invalid_argument', '1:3', 'of type Number, received String'],
    ['[1][3]', 'index_out_of_bounds', '1:4', 'index 3 out of bounds for length 1'],
    ['(x => x)()', 'invalid_function_invocation', '1:1', 'exactly 1 argument, but 0 were provided'],
    ['if ("yes") 1', 'type_mismatch', '1:5', 'expected type: Boolean, received String'], ['Time("soon")', 'invalid_time', '1:1', 'is not a valid time'],
    ['Set.paginate("AAAA")', 'invalid_cursor', '1:1', 'invalid or expired'],
    ['Order.byId("x")', 'invalid_id', '1:1', 'not a valid ID'], ['Order.all().pageSize(0)', 'invalid_bounds', '1:1', 'pageSize'],
    ['(f => f(f))(f => f(f))', 'stack_overflow', '1:18', 'stack depth'],
    ['Order.create({ id: "9", owner: "bob", item: "a", total: 1 })\nOrder.create({ id: 9, owner: "bob", item: "a", total: 1 })', 'document_id_exists', '2:1', 'already contains'],
  ]
  for (const [source, code, at, text] of FAILURES) {
    test(`${source.slice(0, 60)}: ${code}`, async () => {
      const { status, error, summary, txn_ts, stats } = await ask(source)
      assert.deepEqual([status, error.code], [400, code])
      if (at) assert.match(summary, new RegExp(`^error: [^\\n]*\\nat \\*query\\*:${at}\\n`))
      assert.ok(`${error.message}\n${summary}`.includes(text), summary)
      assert.ok(txn_ts > 0 && stats.compute_ops >= 1)
    })
  }
  test('a query without end runs into its deadline: 440', async () => {
    const { status, error, stats } = await ask('let again = n => Set.sequence(0, 1000000).map(x => x + n).toArray()\n[1, 2, 3, 4, 5, 6, 7].map(again)', { headers: { 'x-query-timeout-ms': '40' } })
    assert.deepEqual([status, error.code], [440, 'time_out'])
    assert.ok(stats.query_time_ms >= 40)
  })
})

describe('wire', () => {
  const send = (query, options) => ask(undefined, { ...options, body: JSON.stringify({ query, ...options?.more }) })
  const value = (v) => ({ value: v })

  test('templates', async () => {
    const int = (n) => value({ '@int': String(n) })
    const data = async (query) => (await send(query, { format: 'tagged' })).data
    assert.equal(await data({ fql: [value('foo'), '.length == ', int(3)] }), true)
    assert.deepEqual(await data({ fql: [{ fql: ['1 + 2'] }, ' * 3'] }), { '@int': '7' }, 'nested fql is plain text')
    assert.deepEqual(await data({ fql: [{ array: [{ fql: ['1 + 2'] }, int(1), '4 * 2'] }, '.fold(0, (a, b) => a + b)'] }), { '@int': '12' })
    assert.deepEqual(await data({ object: { '@b': value(true), '#{x} "q"': { fql: ['1'] } } }), { '@object': { '@b': true, '#{x} "q"': { '@int': '1' } } })
    assert.deepEqual(await data(value({ '@object': { '@int': { '@int': '1' } } })), { '@object': { '@int': { '@int': '1' } } })
  })
  test('what cannot be a request', async () => {
    const code = async (body) => {
      const { status, error, summary } = await ask(undefined, { body })
      return [status, error.code, `${error.message}\n${summary ?? ''}`]
    }
    const fql = (...parts) => JSON.stringify({ query: { fql: parts } })
    for (const [body, expected, text] of [
      ['{', 'invalid_request', 'Invalid request body'], ['[]', 'invalid_request', ''], ['{}', 'invalid_request', 'missing field `query`'],
      ['{"query":"1","language":"x"}', 'invalid_request', 'unexpected field'],
      [fql('1\0'), 'invalid_request', 'NUL'], ['{"query":{"object":{"a":"1","a":"2"}}}', 'invalid_request', 'duplicate key'], ['{"query":{"fql":["1"],"value":1}}', 'invalid_request', ''],
      [`{"query":${'{"array":['.repeat(600)}"1"${']}'.repeat(600)}}`, 'invalid_request', 'nesting limit'],
      [fql('1 + ', value(1)), 'invalid_query', 'numbers must be tagged\nat *query*:1:5'], [fql(value({ '@int': '2147483648' })), 'invalid_query', 'invalid integer'],
      [fql(value({ '@nope': '' })), 'invalid_query', "invalid tag '@nope'"], [fql(value({ '@int': '1', b: '' })), 'invalid_query', 'too many keys'], [fql(value({ '@mod': 'Nope' })), 'invalid_query', "no such module 'Nope'"],
      [fql(value({ '@set': 'x' })), 'invalid_query', "invalid tag '@set'"], [fql(value({ '@time': '2020-01-01T00:00:00' })), 'invalid_query', 'invalid time'],
      ['{"query":"1","arguments":{"x":1}}', 'invalid_request', "Invalid argument 'x': numbers must be tagged"],
      ['{"query":"1","arguments":{"1x":"a"}}', 'invalid_request', 'invalid identifier'],
    ]) {
      const [status, found, message] = await code(body)
      assert.deepEqual([status, found], [400, expected], body.slice(0, 80))
      assert.ok(message.includes(text), message)
    }
  })
  test('simple: plain numbers in and out, no digit lost', async () => {
    const response = await fetch(`${place.server.url}/query/1`, {
      method: 'POST', headers: { authorization: `Bearer ${SECRET}` },
      body: '{"query":"{ a: n, b: n isa Long, c: m isa Int, d: f, o: o, t: Time(\\"2020-01-01T00:00:00Z\\"), x: Math.Infinity, r: Order.byId(\\"1\\") }","arguments":{"n":9007199254740993,"m":5,"f":1.5,"o":{"@int":"5"}}}',
    })
    assert.match(await response.text(), /^\{"data":\{"a":9007199254740993,"b":true,"c":true,"d":1.5,"o":\{"@int":"5"\},"t":"2020-01-01T00:00:00Z","x":"Infinity","r":null\},/)
  })
  test('decorated', async () => {
    const { data } = await ask('{ a: 1, "b c": ["x\\n", []], t: Date("2020-01-01"), n: Math.NaN, m: Order, g: Order.byId("1"), e: {} }', { format: 'decorated' })
    assert.equal(data, '{\n  a: 1,\n  "b c": [\n    "x\\n",\n    []\n  ],\n  t: Date("2020-01-01"),\n  n: Math.NaN,\n  m: Order,\n  g: Order("1") /* not found */,\n  e: {}\n}')
  })
  test('decorated: documents, references, sets, bytes and event sources', async () => {
    const { data: id } = await ask('Order.create({ owner: "alice", item: "\\#{no}", total: 1.5, note: { ref: Order.byId("7"), bytes: Bytes("AAE="), at: Time("2020-01-01T00:00:00.5Z") } }).id')
    const { data } = await ask('let o = Order.byId(id)!\n[o, Set.sequence(0, 3).pageSize(2), Set.single(o).eventSource(), x => x]', { format: 'decorated', args: { id } })
    const lines = data.replace(/ts: Time\("[^"]+"\)/, 'ts: TIME').replace(/(after: )?"[\w+/=]{40,}"/g, '$1"OPAQUE"').split('\n').map((line) => line.trim())
    assert.equal(lines.join(' '), `[ { id: "${id}", coll: Order, ts: TIME, owner: "alice", item: "\\#{no}", total: 1.5, note: { ref: Order("7"), bytes: Bytes("AAE="), at: Time("2020-01-01T00:00:00.500Z") } }, { data: [ 0, 1 ], after: "OPAQUE" }, "OPAQUE", "[function <lambda>]" ]`)
    await ask('Order.byId(id)!.delete()', { args: { id } })
  })
  test('a page that is sorted and filtered, by cursor, as the person who reads it', async () => {
    const secret = await token()
    const first = (await ask('Order.where(.total > 40).order(desc(.total)).pageSize(2)', { secret })).data['@set']
    assert.deepEqual(first.data.map((each) => each['@doc'].total['@int']), ['890', '128'])
    const { data: rest } = await ask('Set.paginate(after)', { secret, args: { after: first.after } })
    assert.deepEqual([rest.data.map((each) => each['@doc'].item), rest.after], [['Alice: oat milk'], undefined])
  })
  test('envelope: times grow, tags come back, headers are checked', async () => {
    const one = await ask('log("a")\nlog(1, null)\n1', { headers: { 'x-query-tags': 'k=v,k2=v2' } })
    const two = await ask('1', { headers: { 'x-last-txn-ts': String(one.txn_ts) } })
    assert.equal(one.query_tags, 'k=v,k2=v2')
    assert.equal(one.summary, 'info at *query*:1: a\ninfo at *query*:2: 1 null')
    assert.ok(two.txn_ts > one.txn_ts && Number.isInteger(two.schema_version))
    for (const [name, given, reason] of [
      ['x-query-timeout-ms', '0', ''], ['x-query-timeout-ms', '600001', ''], ['x-query-timeout-ms', 'x', ''], ['x-max-contention-retries', '8', ''],
      ['x-last-txn-ts', '1.5', ''], ['x-linearized', 'yes', ''], ['x-format', 'xml', ''],
      ['x-query-tags', 'a', 'invalid tags'], ['x-query-tags', 'a=b, c=d', 'invalid key'], ['x-query-tags', 'a=', 'invalid value'],
      ['x-query-tags', 'a=b,a=c', 'duplicate key'], ['x-query-tags', `${'k'.repeat(41)}=v`, 'invalid key'],
      ['x-query-tags', Array.from({ length: 26 }, (_, i) => `k${i}=v`).join(','), 'too many tags'], ['x-query-tags', `a=${'v'.repeat(3000)}`, 'header is too long'],
    ]) {
      const { status, error } = await ask('1', { headers: { [name]: given } })
      assert.deepEqual([status, error.code], [400, 'invalid_request'], `${name}: ${given.slice(0, 30)}`)
      assert.ok(error.message.startsWith(`Invalid header '${name}': ${reason}`), error.message)
    }
    const ahead = await ask('1', { headers: { 'x-last-txn-ts': String((Date.now() + 60_000) * 1000), 'x-query-timeout-ms': '30' } })
    assert.equal(ahead.status, 440)
  })
  test('headers over 8 KiB: 400 with a bare string', async () => {
    for (const size of [9_000, 40_000]) {
      const response = await fetch(`${place.server.url}/query/1`, { method: 'POST', headers: { authorization: `Bearer ${'x'.repeat(size)}` }, body: '{"query":"1"}' })
      assert.deepEqual([response.status, await response.json()], [400, { error: 'bad request' }])
    }
  })
  test('CORS: the fixed list of headers, and no other', async () => {
    const preflight = await fetch(`${place.server.url}/query/1`, {
      method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type,x-format,x-request-id' },
    })
    const header = (response, name) => response.headers.get(`access-control-${name}`)
    assert.deepEqual([preflight.status, await preflight.text()], [200, ''])
    assert.deepEqual(['allow-origin', 'allow-credentials', 'max-age', 'allow-methods'].map((name) => header(preflight, name)), ['https://app.example', 'true', '86400', 'GET, POST, PUT, PATCH, DELETE'])
    const allowed = header(preflight, 'allow-headers').split(', ')
    assert.deepEqual(allowed, ALLOWED_HEADERS)
    assert.ok(!allowed.includes('x-request-id') && allowed.includes('x-query-timeout-ms'))
    const { headers } = await ask('1', { headers: { origin: 'https://app.example' }, secret: 'wrong' })
    assert.deepEqual([headers.get('access-control-allow-origin'), headers.get('access-control-expose-headers')], ['https://app.example', 'x-faunadb-build'])
    const plain = await fetch(`${place.server.url}/feed/1`, { method: 'OPTIONS', headers: { origin: 'https://app.example' } })
    assert.deepEqual([plain.status, await plain.text(), header(plain, 'allow-credentials')], [200, '', 'true'])
  })
  test('knobs and the log', async () => {
    await knobs({ throttle: 1, rejectNext: 1 })
    assert.deepEqual((await ask('1')).error, { code: 'unauthorized', message: 'Access token required' })
    const throttled = await ask('1')
    assert.deepEqual([throttled.status, throttled.error.code, throttled.stats.rate_limits_hit], [429, 'limit_exceeded', ['read']])
    const secret = await token({ exp: now() + 30 })
    await knobs({ clockOffsetS: 31 })
    assert.equal((await ask('1', { secret })).status, 401)
    await knobs({ clockOffsetS: 0, latencyMs: 50 })
    const started = performance.now()
    assert.equal((await ask('1', { secret })).status, 200)
    assert.ok(performance.now() - started >= 48)
    await knobs({ latencyMs: 0 })
    await ask('Order.all().first()!.delete()')
    await knobs({ reset: true })
    assert.equal((await ask('Order.all().count()')).data['@int'], '5')
    const log = await (await fetch(`${place.server.url}/__log`)).text()
    assert.ok(log.includes('user_alice') && log.includes('refused: expired'))
    assert.ok(!log.includes(secret.split('.')[2]) && !log.includes(SECRET))
  })
})

describe('the official driver', () => {
  const run = (more) => smoke({ Client: driver.Client, fql: driver.fql, endpoint: place.server.url, secret: SECRET, ...more })
  test('over HTTP/2 (its default in Node), over fetch, and as a person: the same results', async () => {
    const http2 = await run()
    assert.equal(http2.values.text, 'grüße, 🚀 "#{no}" \\ \n')
    assert.deepEqual(http2.pages.sizes, [16, 16, 8])
    assert.equal(http2.document.created.kind, 'Document')
    assert.deepEqual(Object.values(http2.errors).map((error) => error.class), [
      'QueryCheckError', 'QueryCheckError', 'QueryCheckError', 'QueryRuntimeError', 'QueryRuntimeError', 'AbortError', 'ConstraintFailureError', 'InvalidRequestError', 'InvalidRequestError', 'AuthenticationError',
    ])
    assert.deepEqual(await run({ transport: (config) => new driver.FetchClient({ url: config.endpoint, fetch_keepalive: false }) }), http2)
    assert.deepEqual(await run({ secret: await token() }), http2)
  })
})
