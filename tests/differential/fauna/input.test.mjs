// Bad input: what cannot be sent is refused before anything is, with the driver's class and the place; what is no answer is said to be none.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { both, driver, fields, lib, open, outcome } from './compare.mjs'
import { stub } from './stub.mjs'

const { Client, fql } = lib
const SECRET = 'fn-sésame'.normalize()

/** Each row of protocols/fauna.md §2.2 that throws. @type {[what: string, make: (l: any) => unknown, class: string][]} */
const refused = [
  ['Infinity', () => Infinity, 'RangeError'],
  ['-Infinity', () => -Infinity, 'RangeError'],
  ['a bigint beyond 64 bits', () => 2n ** 63n, 'RangeError'],
  ['a bigint below 64 bits', () => -(2n ** 63n) - 1n, 'RangeError'],
  ['an invalid date', () => new Date(NaN), 'RangeError'],
  ['a view of 16 bits', () => new Uint16Array(2), 'ClientError'],
  ['a DataView', () => new DataView(new ArrayBuffer(2)), 'ClientError'],
  ['a page', (l) => new l.Page({ data: [1], after: 'c' }), 'ClientError'],
  ['a set', (l) => new l.EmbeddedSet('c'), 'ClientError'],
  ['a function', () => () => 1, 'TypeError'],
  ['a symbol', () => Symbol('x'), 'TypeError'],
  ['an array with a hole in its data', () => [1, undefined], 'TypeError'],
  ['a URL', () => new URL('https://x.test'), 'TypeError'],
]
/** Where a value may stand, and what its place is called there. @type {[where: string, ask: (l: any, v: unknown) => [any, any], place: string][]} */
const places = [
  ['arguments', (l, v) => [l.fql`x`, { arguments: { x: v } }], 'arguments.x'],
  ['arguments, deep', (l, v) => [l.fql`x`, { arguments: { ok: 1, x: { a: [0, { 'b c': v }] } } }], 'arguments.x.a[1]["b c"]'],
  ['a hole', (l, v) => [l.fql`f(${1}, ${v})`, {}], '${1}'],
  ['a hole, deep', (l, v) => [l.fql`f(${{ a: [0, v] }})`, {}], '${0}.a[1]'],
  ['a query in a query', (l, v) => [l.fql`1 + ${2} + ${l.fql`g(${v})`}`, {}], '${1}${0}'],
  ['a query in an object in a query', (l, v) => [l.fql`f(${[{ q: l.fql`g(${v})` }]})`, {}], '${0}[0].q${0}'],
]

test('what cannot be encoded: the driver\'s class, the place, and no request', async () => {
  const server = await stub(() => undefined)
  const clients = [[open(lib, server.url), lib], [open(driver, server.url), driver]]
  for (const [what, make, name] of refused)
    for (const [where, ask, place] of places) {
      const [a, b] = await Promise.all(clients.map(async ([client, l]) => (await outcome(() => client.query(...ask(l, make(l))))).error))
      assert.equal(b?.name, name, `${what} in ${where}: the driver`)
      assert.equal(a?.name, name, `${what} in ${where}`)
      assert.equal(a.constructor === lib.ClientError, name === 'ClientError')
      assert.ok(a.message.includes(` (at ${place}`), `${what} in ${where}: ${a.message}`)
    }
  // A query is a value in a template only.
  for (const [client, l] of clients) await assert.rejects(client.query(l.fql`x`, { arguments: { a: [l.fql`1`] } }), TypeError)
  await assert.rejects(clients[0][0].query(fql`x`, { arguments: { a: [fql`1`] } }), /at arguments\.a\[0\]/)
  assert.equal(server.log.length, 0)
  await server.stop()
})

test('the simple format: what plain JSON cannot say names its path', async () => {
  const client = new Client({ secret: 's', endpoint: 'https://fauna.example', format: 'simple' })
  const coll = new lib.Module('Order')
  const ref = new lib.DocumentReference({ coll, id: '1' })
  const references = [coll, ref, new lib.NamedDocumentReference({ coll, name: 'n' }), new lib.Document({ coll, id: '1', ts: lib.TimeStub.from('2024-05-01T00:00:00Z'), total: 5 }), new lib.NullDocument(ref, 'not found')]
  for (const value of [NaN, 2n ** 60n, ...references]) {
    const { error } = await outcome(() => client.query(fql`x`, { arguments: { deep: { list: [1, value] } } }))
    assert.ok(error instanceof lib.ClientError)
    assert.match(error.message, /arguments\.deep\.list\[1\]/)
  }
})

/** Runs one query and expects it to be refused before anything is sent. @returns the error */
const unsent = async (options, config = {}) => {
  const server = await stub(() => undefined)
  const { error } = await outcome(() => open(lib, server.url, config).query(fql`1`, options))
  await server.stop()
  assert.ok(error, JSON.stringify(options))
  assert.equal(server.log.length, 0, 'nothing was sent')
  return error
}
const sent = async (options) => {
  const server = await stub(() => undefined)
  await open(lib, server.url).query(fql`1`, options)
  await server.stop()
  return server.log[0].headers
}
const tags = (n, k, v) => Object.fromEntries(Array.from({ length: n }, (_, i) => [String(i).padEnd(k, 'k'), 'v'.repeat(v)]))

test('tags: every rule of the header, and the longest that is allowed', async () => {
  const wrong = [{ a: 'with space' }, { 'a-b': 'c' }, { 'ä': 'c' }, { a: 'ä' }, { 'a=b': 'c' }, { a: 'b=c' }, { 'a,b': 'c' }, { a: 'b,c=d' }, { '': 'x' }, { a: '' }, { a: 'b\n' }, { a: undefined }, tags(1, 41, 1), tags(1, 1, 81), tags(26, 2, 1), tags(25, 40, 80)]
  for (const query_tags of wrong) {
    const error = await unsent({ query_tags })
    assert.ok(error instanceof lib.ClientError, JSON.stringify(query_tags))
    assert.match(error.message, /^query_tags: /)
    await unsent({}, { query_tags })
  }
  assert.match((await unsent({ query_tags: { fine: 'yes', 'not fine': 'x' } })).message, /'not fine=x'/)
  assert.match((await unsent({ query_tags: tags(26, 2, 1) })).message, /these are 26/)
  for (const query_tags of [tags(25, 40, 78), tags(1, 40, 80), { _: '_' }]) assert.ok((await sent({ query_tags }))['x-query-tags'].length <= 3000)
  assert.equal((await sent({ query_tags: {} }))['x-query-tags'], undefined, 'none is no empty header')
})

test('numbers that Fauna refuses', async () => {
  for (const [option, most, least] of [['query_timeout_ms', 600_000, 1], ['max_contention_retries', 7, 0]]) {
    for (const value of [least - 1, most + 1, 1.5, NaN, Infinity, '5', null]) {
      if (value === null && option === 'query_timeout_ms') continue
      const error = await unsent({ [option]: value })
      assert.ok(error instanceof RangeError && error.message.includes(`'${option}' must be a whole number from ${least} to ${most}`), `${option} ${value}: ${error}`)
    }
    for (const value of [least, most]) assert.equal(Object.values(await sent({ [option]: value })).filter((text) => text === String(value)).length, 1)
  }
  // The client's own value is held against the same limits when it is first used.
  assert.ok((await unsent({}, { query_timeout_ms: 600_001 })) instanceof RangeError)
})

test('what no header can carry names the option', async () => {
  for (const option of ['traceparent', 'format'])
    for (const value of ['a\nb', 'ä', 'x\u0000']) {
      const error = await unsent({ [option]: value })
      assert.ok(error instanceof lib.ClientError && error.message.includes(`'${option}'`), String(error))
    }
  for (const secret of [SECRET, 'fn-one\nfn-two', '\u0000fn-secret']) {
    for (const error of [await unsent({}, { secret }), await unsent({ secret })]) {
      assert.equal(error.code, 'option_invalid')
      assert.match(error.message, /`secret`/)
      assert.ok(!`${error.message} ${JSON.stringify(error.cause)}`.includes('fn-'), 'the secret is not repeated')
    }
  }
  const server = await stub(() => undefined)
  await open(lib, server.url, { secret: 'fn-read-from-a-file\n' }).query(fql`1`)
  assert.equal(server.log[0].headers.authorization, 'Bearer fn-read-from-a-file')
  await server.stop()
})

/** What a server that is no Fauna may answer; the excerpt that is shown of it. */
const cut = Buffer.from('{"data":"grüße 🚀"}')
const answers = [
  ['malformed', { text: '{"data":1,}' }, '{"data":1,}'],
  ['truncated', { text: '{"data":["a","b' }, '{"data":["a","b'],
  ['HTML', { status: 503, text: '<html>\n\t<h1>Down for\u0000maintenance</h1>\r\n</html>' }, '<html> <h1>Down for maintenance</h1> </html>'],
  ['empty', { status: 404, text: '' }, 'and it is empty'],
  ['white space only', { text: ' \n ' }, 'and it is empty'],
  ['cut in the middle of ü', { text: cut.subarray(0, 12) }, '"gr'],
  ['cut in the middle of the rocket', { text: cut.subarray(0, 19) }, 'grüße'],
  ['Latin-1', { text: Buffer.from('{"data":"grüße"}', 'latin1') }, '"gr'],
  ['UTF-16', { text: Buffer.from('{"data":1}', 'utf16le') }, '{'],
  ['bytes', { text: Buffer.from([0xff, 0xfe, 0x00, 0x80]) }, ''],
  ['a code that is no text', { status: 400, json: { error: { code: 5, message: 'm' } } }, '{"error":{"code":5'],
  ['a message that is no text', { status: 400, json: { error: { code: 'x', message: { a: 1 } } } }, '{"error"'],
  ['a value that is none', { text: '{"data":{"a":[{"@int":"five"}]}}' }, 'a[0]'],
  ['no value at all', { json: { answer: 42 } }, '{"answer":42}'],
]

test('what is no answer of Fauna: ProtocolError with the status and a short excerpt', async () => {
  for (const [what, answer, shown] of answers) {
    const [{ error, log }] = await both(() => answer, (client, l) => client.query(l.fql`x`))
    assert.ok(error instanceof lib.ProtocolError, `${what}: ${error}`)
    assert.equal(error.httpStatus, answer.status ?? 200, what)
    assert.equal(error.code, 'protocol')
    assert.ok(error.message.includes(`status ${answer.status ?? 200}`) && error.message.includes(shown), `${what}: ${error.message}`)
    assert.doesNotMatch(error.message, /[\u0000-\u001f]/, what)
    assert.equal(log.length, 1)
  }
})

test('every cut of an answer, byte by byte: an error or the whole', async () => {
  const whole = Buffer.from('{"data":{"Grüße":"🚀","n":{"@int":"5"}},"txn_ts":5}')
  let at = 0
  const server = await stub(() => ({ text: whole.subarray(0, at) }))
  const client = open(lib, server.url)
  for (; at < whole.length; at++) {
    const { error } = await outcome(() => client.query(fql`x`))
    assert.ok(error instanceof lib.ProtocolError, `cut at ${at}: ${error}`)
  }
  assert.deepEqual((await client.query(fql`x`)).data, { Grüße: '🚀', n: 5 })
  await server.stop()
})

test('an excerpt is at most 120 characters, on one line, and without a secret', async () => {
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'
  const secret = 'open sesame'
  for (const text of ['x'.repeat(5000), `${' '.repeat(9000)}<p>${'y'.repeat(200)}`, `<pre>Authorization: Bearer ${secret}</pre>`, `<pre>Authorization: Bearer ${jwt}</pre>`, `{"data": "${secret}`, `${'a'.repeat(119)}🚀${'b'.repeat(50)}`]) {
    const [{ error }] = await both(() => ({ text }), (client, l) => client.query(l.fql`x`), { secret })
    const [, shown] = /status 200[^:]*: ?(.*)$/s.exec(error.message)
    assert.ok(shown.length <= 120 && shown.isWellFormed?.() !== false, `${shown.length}: ${shown}`)
    assert.doesNotMatch(error.message, /sesame|eyJ|\n/)
  }
  // A query's own secret, too.
  const server = await stub(() => ({ text: 'you sent open sesame' }))
  const { error } = await outcome(() => open(lib, server.url).query(fql`x`, { secret }))
  assert.match(error.message, /you sent \[secret\]/)
  await server.stop()
})

test('an HTTPClient of one\'s own that fails or answers nonsense: ClientError; its NetworkError stays one', async () => {
  const ask = async (request, options) => (await outcome(() => new Client({ secret: 'fn-secret', endpoint: 'https://fauna.example' }, { request, close() {} }).query(fql`1`, options))).error
  for (const request of [async () => { throw new Error('broken') }, () => { throw new Error('broken at once') }, async () => { throw 'a text' }, async () => undefined, async () => ({ status: 200 }), async () => ({ status: 200, body: { data: 1 }, headers: {} }), async () => ({ body: '', headers: {} }), async () => ({ status: 200, body: '{}' })]) {
    const error = await ask(request)
    assert.ok(error instanceof lib.ClientError && /HTTPClient given to this client/.test(error.message), String(error))
  }
  const { url, stop } = await stub(() => undefined)
  await stop()
  const nowhere = new driver.FetchClient({ url: url.href, fetch_keepalive: false })
  const error = await ask((request) => nowhere.request(request))
  assert.ok(error instanceof lib.NetworkError)
  assert.deepEqual([error.code, error.cause.code], ['network', 'ECONNREFUSED'])
  // The driver, asked the same way, calls it what it is as well.
  const theirs = await outcome(() => new driver.Client({ secret: 's', endpoint: url }, nowhere).query(driver.fql`1`))
  assert.equal(theirs.error.name, 'NetworkError')
  const answered = await ask(async () => ({ status: 400, body: '{"error":{"code":"invalid_query","message":"no"}}', headers: {} }))
  assert.equal(fields(answered).name, 'QueryCheckError')
})
