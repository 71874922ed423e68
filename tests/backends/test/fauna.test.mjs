// The Fauna-shaped server: who gets in, what FQL it speaks, what it puts on the wire, and the official driver on it.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { exportJWK, SignJWT } from 'jose'
import * as driver from 'fauna'
import { FAUNA_AUDIENCE } from '../accounts.mjs'
import { ALLOWED_HEADERS, startFauna } from '../fauna/server.mjs'
import { smoke } from '../fauna/smoke.mjs'

const SECRET = 'script-secret'
let keys, jwks, server, issuers

before(async () => {
  keys = { rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }), other: generateKeyPairSync('rsa', { modulusLength: 2048 }), ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
  const publish = async (pair, kid) => ({ ...(await exportJWK(pair.publicKey)), kid })
  const sets = { clerk: [await publish(keys.rsa, 'k1')], auth0: [await publish(keys.rsa, 'k1'), await publish(keys.ec, 'e1'), await publish(keys.other, 'k2')] }
  const host = createServer((req, res) => {
    jwks.requests.push(req.url)
    const set = sets[req.url.slice(1)]
    if (!set || jwks.down) return res.writeHead(500).end()
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ keys: set }))
  })
  await new Promise((resolve) => host.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${host.address().port}`
  jwks = { url, sets, publish, requests: [], down: false, stop: () => new Promise((resolve) => (host.close(resolve), host.closeAllConnections())) }
  issuers = {
    clerk: { issuer: 'http://127.0.0.1:4100', jwksUri: `${url}/clerk?ignored=1` },
    auth0: { issuer: 'http://127.0.0.1:4101/', jwksUri: `${url}/auth0`, clientId: 'local-spa' },
  }
  server = await startFauna({ port: 0, issuers, secret: SECRET })
})
after(async () => {
  await server.stop()
  await jwks.stop()
})

const now = () => Math.floor(Date.now() / 1000)
/** A token of alice from the Clerk-shaped issuer, with changes; undefined removes a claim. */
async function token(claims = {}, { key = keys.rsa.privateKey, ...header } = {}) {
  const payload = { iss: 'http://127.0.0.1:4100', aud: FAUNA_AUDIENCE, sub: 'user_alice', iat: now(), nbf: now() - 5, exp: now() + 60, ...claims }
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(key)
}
const asBob = () => token({ iss: 'http://127.0.0.1:4101/', sub: 'auth0|bob' })

async function ask(query, { secret = SECRET, format = 'tagged', args, headers = {}, body } = {}) {
  const response = await fetch(`${server.url}/query/1`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'x-format': format, ...headers },
    body: body ?? JSON.stringify({ query, arguments: args }),
  })
  return { status: response.status, headers: response.headers, ...JSON.parse(await response.text()) }
}
const knobs = (changes) => fetch(`${server.url}/__knobs`, { method: 'POST', body: JSON.stringify(changes) })

describe('JWTs', () => {
  const REFUSED = { error: { code: 'unauthorized', message: 'Access token required' } }
  const second = 'https://db.fauna.com/db/yxxeeaaqcydyb'
  /** [what, claims, header, accepted] */
  const TABLE = [
    ['as it should be', {}, {}, true],
    ['RS384', {}, { alg: 'RS384' }, true],
    ['RS512', {}, { alg: 'RS512' }, true],
    ['PS256', {}, { alg: 'PS256' }, false],
    ['HS256', {}, { alg: 'HS256', key: new TextEncoder().encode('a shared secret of thirty-two bytes') }, false],
    ['typ is ignored', {}, { typ: 'whatever' }, true],
    ['expired', { exp: 1 }, {}, false],
    ['expires this second', { exp: 'now' }, {}, false],
    ['no exp never expires', { exp: undefined }, {}, true],
    ['a fractional exp counts as absent', { exp: 1.5 }, {}, true],
    ['not yet valid, by one second', { nbf: 'soon' }, {}, false],
    ['no audience', { aud: undefined }, {}, false],
    ['an audience of another service', { aud: 'https://hasura.local/' }, {}, false],
    ['ours among others', { aud: ['https://tenant.example/userinfo', FAUNA_AUDIENCE] }, {}, true],
    ['two databases', { aud: [FAUNA_AUDIENCE, second] }, {}, false],
    ['another database', { aud: second }, {}, false],
    ['the audience with a slash', { aud: `${FAUNA_AUDIENCE}/` }, {}, false],
    ['no issuer', { iss: undefined }, {}, false],
    ['Clerk with a slash', { iss: 'http://127.0.0.1:4100/' }, {}, false],
    ['Auth0 with its slash', { iss: 'http://127.0.0.1:4101/', sub: 'auth0|alice' }, {}, true],
    ['Auth0 without its slash', { iss: 'http://127.0.0.1:4101', sub: 'auth0|alice' }, {}, false],
    ['unknown kid', {}, { kid: 'k9' }, false],
    ['no kid, one key in the set', {}, { kid: undefined }, true],
    ['no kid, several keys in the set', { iss: 'http://127.0.0.1:4101/' }, { kid: undefined }, false],
    ['signed by another key', {}, { key: 'other' }, false],
    ['nobody: every role predicate is false', { sub: 'user_mallory' }, {}, false],
    ['no role by person, but one by claim', { sub: 'user_mallory', org_role: 'manager' }, {}, true],
    ['a predicate that fails to run grants nothing', { sub: undefined }, {}, false],
  ]
  for (const [what, claims, header, accepted] of TABLE) {
    test(`${what}: ${accepted ? 200 : 401}`, async () => {
      let soon, answer
      do {
        soon = now() + 2
        const times = { exp: { now: now() }, nbf: { soon } }
        const given = Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, times[name]?.[value] ?? value]))
        answer = await ask('1', { secret: await token(given, header.key === 'other' ? { ...header, key: keys.other.privateKey } : header) })
      } while (claims.nbf && now() >= soon) // on a slow machine that time has come meanwhile
      const { status, headers, ...body } = answer
      assert.equal(status, accepted ? 200 : 401)
      if (!accepted) assert.deepEqual(body, REFUSED)
    })
  }
  test('elliptic, unsigned, cut, tampered and suffixed tokens', async () => {
    const good = await token()
    const [header, payload, signature] = good.split('.')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
    const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(payload, 'base64url')), sub: 'user_bob' })).toString('base64url')
    const elliptic = await token({ iss: 'http://127.0.0.1:4101/' }, { alg: 'ES256', kid: 'e1', key: keys.ec.privateKey })
    for (const secret of [elliptic, none, `${header}.${payload}`, `${header}.${forged}.${signature}`, `${good}:admin`, 'eyJ.x', `${good}.x`, 'wrong'])
      assert.equal((await ask('1', { secret })).status, 401)
    assert.equal((await ask('1', { headers: { authorization: '' } })).status, 401)
    assert.equal((await ask('1', { headers: { authorization: `bearer ${SECRET}` } })).status, 401, 'the scheme is case-sensitive')
    assert.equal((await ask('1', { headers: { authorization: `Basic ${Buffer.from(`${SECRET}:`).toString('base64')}` } })).status, 200)
  })
  test('a rotated key is found through one reload; the query of jwks_uri is dropped', async () => {
    const fresh = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await new Promise((resolve) => setTimeout(resolve, 520))
    jwks.sets.clerk = [await jwks.publish(fresh, 'k3'), ...jwks.sets.clerk]
    const secret = await token({}, { kid: 'k3', key: fresh.privateKey })
    jwks.requests.length = 0
    const answers = await Promise.all([1, 2, 3].map((n) => ask(String(n), { secret })))
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200])
    assert.deepEqual(jwks.requests, ['/clerk'])
  })
  test('key set down: 401 as everything else, and no crash', async () => {
    const lone = await startFauna({ port: 0, issuers })
    jwks.down = true
    const response = await fetch(`${lone.url}/query/1`, { method: 'POST', headers: { authorization: `Bearer ${await token()}` }, body: '{"query":"1"}' })
    jwks.down = false
    assert.equal(response.status, 401)
    assert.deepEqual(await response.json(), REFUSED)
    await lone.stop()
  })
  test('the payload in FQL: integers are Long, no identity', async () => {
    const secret = await token({ level: 3, share: 0.5, tags: ['a', 1] })
    const { data } = await ask('let t = Query.token()!\n[t.sub, t.level, t.share, t.tags, Query.identity(), Query.token() == null]', { secret })
    assert.deepEqual(data, ['user_alice', { '@long': '3' }, { '@double': '0.5' }, ['a', { '@long': '1' }], null, false])
  })
})

describe('roles', () => {
  test('rows differ by person, through either provider', async () => {
    const count = async (claims) => (await ask('Order.all().map(.item).toArray()', { secret: await token(claims) })).data
    assert.equal((await count()).length, 3)
    assert.deepEqual(await count(), await count({ iss: 'http://127.0.0.1:4101/', sub: 'auth0|alice' }))
    assert.deepEqual((await count({ sub: 'user_bob' })).map((item) => item.slice(0, 4)), ['Bob:', 'Bob:'])
    assert.equal((await ask('Order.all().count()', { secret: await token({ iss: 'http://127.0.0.1:4101/', sub: 'local-script@clients' }) })).data['@int'], '5')
  })
  test('forbidden reads vanish, forbidden writes are denied, nothing of a failed query stays', async () => {
    const secret = await asBob()
    const { data: id } = await ask('Order.firstWhere(.owner == "alice")!.id')
    const { data } = await ask('Order.byId(id)', { secret, args: { id } })
    assert.deepEqual(data, { '@ref': { id, coll: { '@mod': 'Order' }, exists: false, cause: 'permission denied' } })
    assert.equal((await ask('Order.byId(id)?.item', { secret, args: { id }, format: 'simple' })).data, null)
    for (const query of [
      'Order.create({ owner: "alice", item: "x", total: 1 })', 'Order.byId(id)!.update({ total: 1 })', 'Order.byId(id)!.delete()',
      'Order.all().first()!.update({ owner: "alice" })', 'Scratch.create({})',
      'let mine = Order.create({ owner: "bob", item: "x", total: 1 })\nScratch.create({ mine: mine.id })',
    ]) {
      const { status, error } = await ask(query, { secret, args: { id } })
      assert.deepEqual([status, error], [400, { code: 'permission_denied', message: 'Insufficient privileges to perform the action.' }], query)
    }
    assert.equal((await ask('Order.all().count()', { secret })).data['@int'], '2')
    const mine = await ask('let o = Order.create({ owner: "bob", item: "mine", total: 1 })\no.delete()\no.exists()', { secret })
    assert.equal(mine.data, false)
  })
  test('a cursor keeps its snapshot, and reads with the rights of whoever goes on', async () => {
    const { data } = await ask('Order.all().pageSize(2)', { secret: SECRET })
    const { data: added } = await ask('Order.create({ owner: "alice", item: "later", total: 0 }).id')
    const rest = await ask('Set.paginate(after, 9).data.map(.owner)', { args: { after: data['@set'].after } })
    assert.deepEqual(rest.data, ['alice', 'bob', 'bob'])
    const bobs = await ask('Set.paginate(after, 9).data.map(.owner)', { args: { after: data['@set'].after }, secret: await asBob() })
    assert.deepEqual(bobs.data, [])
    await ask('Order.byId(id)!.delete()', { args: { id: added } })
  })
})

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
    const response = await fetch(`${server.url}/query/1`, {
      method: 'POST', headers: { authorization: `Bearer ${SECRET}` },
      body: '{"query":"{ a: n, b: n isa Long, c: m isa Int, d: f, o: o, t: Time(\\"2020-01-01T00:00:00Z\\"), x: Math.Infinity, r: Order.byId(\\"1\\") }","arguments":{"n":9007199254740993,"m":5,"f":1.5,"o":{"@int":"5"}}}',
    })
    assert.match(await response.text(), /^\{"data":\{"a":9007199254740993,"b":true,"c":true,"d":1.5,"o":\{"@int":"5"\},"t":"2020-01-01T00:00:00Z","x":"Infinity","r":null\},/)
  })
  test('decorated', async () => {
    const { data } = await ask('{ a: 1, "b c": ["x\\n", []], t: Date("2020-01-01"), n: Math.NaN, m: Order, g: Order.byId("1"), e: {} }', { format: 'decorated' })
    assert.equal(data, '{\n  a: 1,\n  "b c": [\n    "x\\n",\n    []\n  ],\n  t: Date("2020-01-01"),\n  n: Math.NaN,\n  m: Order,\n  g: Order("1") /* not found */,\n  e: {}\n}')
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
      const response = await fetch(`${server.url}/query/1`, { method: 'POST', headers: { authorization: `Bearer ${'x'.repeat(size)}` }, body: '{"query":"1"}' })
      assert.deepEqual([response.status, await response.json()], [400, { error: 'bad request' }])
    }
  })
  test('CORS: the fixed list of headers, and no other', async () => {
    const preflight = await fetch(`${server.url}/query/1`, {
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
    const log = await (await fetch(`${server.url}/__log`)).text()
    assert.ok(log.includes('user_alice') && log.includes('refused: expired'))
    assert.ok(!log.includes(secret.split('.')[2]) && !log.includes(SECRET))
  })
})

describe('the official driver', () => {
  const run = (more) => smoke({ Client: driver.Client, fql: driver.fql, endpoint: server.url, secret: SECRET, ...more })
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
