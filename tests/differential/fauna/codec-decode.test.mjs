// The tagged format as it comes from a server, ours against npm fauna: every row of the format, and the listed differences.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonical, decodeDifferences, outcome, quietly } from './codec.mjs'
import { driver, ours } from './load.mjs'

const lib = await ours()
const { TaggedTypeFormat: T } = lib
const ts = '2024-05-01T10:11:12.123456789Z', at = `{"@time":"${ts}"}`
const time = (l) => l.TimeStub.from(ts)
const bytes = (...list) => () => Uint8Array.from(list)
const self = (value) => [JSON.stringify(value), () => value]

/** What both make of a text. Of each row: the text, the value, and, where it is not the default, the long_type. @type {[string, (l: any) => unknown, string?][]} */
const rows = [
  ...['5', '-5', '0', '2147483647', '-2147483648'].map((n) => /** @type {any} */ ([`{"@int":"${n}"}`, () => Number(n)])),
  ...['22.2', '-0.0', '0.0', '1.0E10', '1.0E-7', '1e+21', '4.9E-324', '1.7976931348623157E308', 'NaN', 'Infinity', '-Infinity', '5'].map((n) => /** @type {any} */ ([`{"@double":"${n}"}`, () => Number(n)])),
  ['{"@long":"5"}', () => 5],
  ['{"@long":"-0"}', () => 0],
  ['{"@long":"5"}', () => 5n, 'bigint'],
  ['{"@long":"9007199254740991"}', () => 9007199254740991],
  ['{"@long":"9007199254740993"}', () => 9007199254740992],
  ['{"@long":"9223372036854775807"}', () => 2 ** 63],
  ['{"@long":"9223372036854775807"}', () => 2n ** 63n - 1n, 'bigint'],
  ['{"@long":"-9223372036854775808"}', () => -(2n ** 63n), 'bigint'],
  ...[ts, '2024-05-01T10:11:12Z', '2024-05-01T10:11:12+02:00', '2024-05-01T10:11:12-0330', '2024-02-31T00:00:00z', '+12345-01-01T00:00:00Z', '-0001-01-01T00:00:00.1Z', '2024-05-01T10:11:12+02:00:01']
    .map((text) => /** @type {any} */ ([`{"@time":"${text}"}`, (l) => l.TimeStub.from(text)])),
  ...['2024-05-01', '2024-02-31', '0001-01-01', '-1234-12-31', '+99999-01-01'].map((text) => /** @type {any} */ ([`{"@date":"${text}"}`, (l) => l.DateStub.from(text)])),
  ['{"@bytes":"YQ=="}', bytes(97)],
  ['{"@bytes":"+/8="}', bytes(251, 255)],
  ['{"@bytes":"AAECAwQF"}', bytes(0, 1, 2, 3, 4, 5)],
  ['{"@mod":"Order"}', (l) => new l.Module('Order')],
  [`{"@doc":{"id":"1","coll":{"@mod":"Order"},"ts":${at},"total":{"@int":"5"},"deep":[{"@date":"2024-05-01"}]}}`, (l) => new l.Document({ coll: 'Order', id: '1', ts: time(l), total: 5, deep: [l.DateStub.from('2024-05-01')] })],
  [`{"@doc":{"id":"1","coll":{"@mod":"Order"},"ts":${at},"ttl":${at}}}`, (l) => new l.Document({ coll: 'Order', id: '1', ts: time(l), ttl: time(l) })],
  [`{"@doc":{"@object":{"id":"1","coll":{"@mod":"Order"},"ts":${at},"@home":{"@int":"5"}}}}`, (l) => new l.Document({ coll: 'Order', id: '1', ts: time(l), '@home': 5 })],
  [`{"@doc":{"name":"r","coll":{"@mod":"Role"},"ts":${at},"data":{"a":{"@long":"1"}}}}`, (l) => new l.NamedDocument({ coll: 'Role', name: 'r', ts: time(l), data: { a: 1 } })],
  [`{"@doc":{"name":"r","coll":{"@mod":"Role"},"ts":${at}}}`, (l) => new l.NamedDocument({ coll: 'Role', name: 'r', ts: time(l), data: {} })],
  [`{"@doc":{"name":"r","coll":{"@mod":"Role"},"ts":${at},"data":null,"privileges":[]}}`, (l) => Object.assign(new l.NamedDocument({ coll: 'Role', name: 'r', ts: time(l) }), { privileges: [] })],
  [`{"@doc":{"id":"","name":"r","coll":{"@mod":"Role"},"ts":${at}}}`, (l) => Object.assign(new l.NamedDocument({ coll: 'Role', name: 'r', ts: time(l) }), { id: '' })],
  ['{"@doc":"Order:17"}', (l) => new l.DocumentReference({ coll: 'Order', id: '17' })],
  ['{"@ref":{"id":"1","coll":{"@mod":"Order"}}}', (l) => new l.DocumentReference({ coll: 'Order', id: '1' })],
  ['{"@ref":{"id":"9223372036854775807","coll":"Order"}}', (l) => new l.DocumentReference({ coll: 'Order', id: '9223372036854775807' })],
  ['{"@ref":{"name":"r","coll":{"@mod":"Role"}}}', (l) => new l.NamedDocumentReference({ coll: 'Role', name: 'r' })],
  ...['not found', 'deleted', 'permission denied', 'collection deleted'].map((cause) => /** @type {any} */ ([`{"@ref":{"id":"1","coll":{"@mod":"Order"},"exists":false,"cause":"${cause}"}}`, (l) => new l.NullDocument(new l.DocumentReference({ coll: 'Order', id: '1' }), cause)])),
  ['{"@ref":{"name":"r","coll":{"@mod":"Role"},"exists":false,"cause":"deleted"}}', (l) => new l.NullDocument(new l.NamedDocumentReference({ coll: 'Role', name: 'r' }), 'deleted')],
  ['{"@ref":{"id":"1","coll":{"@mod":"Order"},"exists":true}}', (l) => new l.DocumentReference({ coll: 'Order', id: '1' })],
  ['{"@set":{"data":[{"@int":"1"},{"@set":"x"}],"after":"c"}}', (l) => new l.Page({ data: [1, new l.EmbeddedSet('x')], after: 'c' })],
  ['{"@set":{"data":[]}}', (l) => new l.Page({ data: [] })],
  ['{"@set":"cursor"}', (l) => new l.EmbeddedSet('cursor')],
  ['{"@stream":"token"}', (l) => new l.StreamToken('token')],
  ['{"@object":{"@home":{"@int":"1"},"b":{"@object":{"@away":[{"@long":"2"}]}}}}', () => ({ '@home': 1, b: { '@away': [2] } })],
  ['{"@object":{}}', () => ({})],
  // Everything else is itself; the result of `.paginate()` too, which has no tag.
  self('text'), self(''), self(true), self(null), self([]), self({}), self({ data: [1], after: 'x' }), self({ '@uuid': '3b8' }), self([[[null]]]),
  ['{"@unknown":{"@int":"1"}}', () => ({ '@unknown': 1 })],
  ['{"@":{"@int":"1"},"constructor":{"@int":"2"},"toString":"x","":[{"@int":"3"}]}', () => ({ '@': 1, constructor: 2, toString: 'x', '': [3] })],
  ['"[function <lambda>]"', () => '[function <lambda>]'],
  ['"\\ud800 \\u0000 ü 🚀"', () => '\ud800 \u0000 ü 🚀'],
]

test('every row of the format decodes to the same value in both', () => {
  for (const [text, value, long_type = 'number'] of rows)
    for (const l of [lib, driver])
      assert.deepEqual(canonical(quietly(() => l.TaggedTypeFormat.decode(text, { long_type })).value), canonical(value(l)), `${l === lib ? 'ours' : 'the driver'}: ${text}`)
})

test('they are instances of their classes, with own fields and nothing else', () => {
  for (const [text, value, long_type = 'number'] of rows) {
    const [mine, made] = [quietly(() => T.decode(text, { long_type })).value, value(lib)]
    // Strict: prototypes and own enumerable properties. A document without a `ts` of its own is none that a server sends.
    assert.deepEqual(mine, made, text)
    if (typeof made === 'object' && made !== null) assert.equal(Object.getPrototypeOf(mine), Object.getPrototypeOf(made), text)
  }
  const doc = T.decode(rows.find(([text]) => text.includes('"total"'))[0])
  assert.ok(doc instanceof lib.Document && doc instanceof lib.DocumentReference)
  assert.deepEqual(Object.keys(doc).sort(), ['coll', 'deep', 'id', 'total', 'ts'])
})

test('a long is a number, a bigint, or with auto whichever is exact; a lossy number is warned of', () => {
  const decode = (text, long_type) => quietly(() => T.decode(`{"a":{"@long":"${text}"}}`, { long_type }).a)
  for (const [text, n, big] of /** @type {const} */ ([['5', 5, 5n], ['9007199254740991', 9007199254740991, 9007199254740991n], ['-9007199254740991', -9007199254740991, -9007199254740991n]])) {
    assert.deepEqual(decode(text, 'number'), { value: n, warnings: 0 })
    assert.deepEqual(decode(text, 'auto'), { value: n, warnings: 0 })
    assert.deepEqual(decode(text, 'bigint'), { value: big, warnings: 0 })
  }
  for (const text of ['9007199254740992', '-9007199254740992', '9007199254740993', '9223372036854775807', '-9223372036854775808']) {
    assert.deepEqual(decode(text, 'number'), { value: Number(text), warnings: 1 })
    assert.deepEqual(decode(text, 'auto'), { value: BigInt(text), warnings: 0 })
    assert.deepEqual(decode(text, 'bigint'), { value: BigInt(text), warnings: 0 })
  }
  assert.equal(T.decode('{"@long":"5"}'), 5, 'number is the default')
})

for (const { name, cases } of decodeDifferences)
  test(`different from the driver on purpose: ${name}`, () => {
    for (const [text, value] of cases)
      for (const long_type of ['number', 'bigint', 'auto']) {
        const expected = value(lib)
        const theirs = quietly(() => outcome(() => driver.TaggedTypeFormat.decode(text, { long_type }))).value
        if (expected === Error) {
          const nested = `{"a":[${text}]}`
          assert.throws(() => T.decode(nested, { long_type }), (error) => /^(Range|Type)Error$/.test(error.name) && /\(at a\[0\]/.test(error.message), nested)
          assert.ok(outcome(() => T.decode(text, { long_type })).error !== theirs.error, `no longer a difference: ${text}`)
        } else {
          assert.deepEqual(canonical(T.decode(text, { long_type })), canonical(expected), text)
          assert.notDeepEqual(canonical(T.decode(text, { long_type })), canonical(theirs.value), `no longer a difference: ${text}`)
        }
      }
  })

test('times and dates that are none throw in both', () => {
  for (const text of ['yesterday', '2024-05-01', '2024-05-01T25:00:00Z', '2024-05-01T10:60:00Z', '2024-05-01T10:11:12', '2024-13-01T00:00:00Z', '99999-01-01T00:00:00Z', '2024-05-01 10:11:12Z'])
    for (const l of [lib, driver]) assert.equal(outcome(() => l.TaggedTypeFormat.decode(`{"@time":"${text}"}`, { long_type: 'number' })).error, 'RangeError', text)
  for (const text of ['2024-5-1', '2024-05-32', '2024-00-01', '12345-01-01', '2024-05-01T00:00:00Z', '+2024-05-01'])
    for (const l of [lib, driver]) assert.equal(outcome(() => l.TaggedTypeFormat.decode(`{"@date":"${text}"}`, { long_type: 'number' })).error, 'RangeError', text)
  for (const l of [lib, driver]) assert.equal(outcome(() => l.TaggedTypeFormat.decode('{"@time":5}', { long_type: 'number' })).error, 'TypeError')
})

test('a path leads to the value, not through its tags', () => {
  const at = (text) => /\(at (.*)\)$/.exec(outcomeMessage(text))?.[1]
  const outcomeMessage = (text) => {
    try {
      T.decode(text)
    } catch (error) {
      return error.message
    }
    return 'no error'
  }
  assert.equal(at('{"@doc":{"id":"1","coll":{"@mod":"C"},"ts":{"@time":"x"}}}'), 'ts')
  assert.equal(at('{"@set":{"data":[1,{"@object":{"@a b":{"@int":"x"}}}]}}'), 'data[1]["@a b"]')
  assert.equal(at('[{"a":{"b":[[{"@doc":{}}]]}}]'), '[0].a.b[0][0]')
  assert.equal(at('{"@int":"x"}'), undefined, 'the whole answer has no path')
  assert.equal(at('{"a":{"@int":"1"},"b":{"@int":"x"},"c":{"@int":"y"}}'), 'b', 'the first')
})

test('the fields of a document come in the order of the driver\'s classes, whatever the server\'s', () => {
  const [coll, ts] = ['"coll":{"@mod":"C"}', '"ts":{"@time":"2024-05-01T00:00:00Z"}']
  const texts = [`"b":1,"id":"1",${coll},${ts},"a":2`, `"name":"n","b":1,${ts},"data":{"x":1},${coll}`, `${ts},"name":"n",${coll},"b":1`]
  for (const text of [...texts, ...texts.map((fields) => `"@object":{${fields}}`)]) {
    const [mine, his] = [lib, driver].map((l) => Object.keys(l.TaggedTypeFormat.decode(`{"@doc":{${text}}}`, { long_type: 'number' })))
    // What it owns beside: differences.mjs, `fields that are absent`.
    assert.deepEqual(mine, his.filter((key) => key !== 'ttl'), text)
  }
})

test('a user field called like a member is data, and hides no more than that member', () => {
  const text = '{"@doc":{"id":"1","coll":{"@mod":"C"},"ts":{"@time":"2024-05-01T00:00:00Z"},"toObject":{"@int":"1"},"toJSON":{"@int":"2"},"constructor":{"@int":"3"},"hasOwnProperty":null,"valueOf":{"@int":"4"},"__proto__":{"@int":"5"}}}'
  const doc = T.decode(text)
  assert.ok(doc instanceof lib.Document)
  assert.deepEqual(Object.entries(doc).slice(3), [['toObject', 1], ['toJSON', 2], ['constructor', 3], ['hasOwnProperty', null], ['valueOf', 4], ['__proto__', 5]])
  assert.equal(JSON.stringify(doc), '{"coll":"C","id":"1","ts":"2024-05-01T00:00:00Z","toObject":1,"toJSON":2,"constructor":3,"hasOwnProperty":null,"valueOf":4,"__proto__":5}')
  assert.deepEqual(lib.Document.prototype.toObject.call(doc), { ...doc })
  assert.deepEqual(T.encode(doc), { '@ref': { id: '1', coll: { '@mod': 'C' } } })
  assert.equal({}.admin, undefined)
})

test('only the values of an answer are decoded: the rest of the envelope is not', async () => {
  const body = { data: { '@int': '5' }, summary: '', txn_ts: 1, stats: { compute_ops: 1 }, static_type: { '@mod': 'Int' } }
  const answer = async (l, text, status = 200) => {
    const http = { request: async () => ({ status, headers: {}, body: text }), close() {} }
    return new l.Client({ secret: 's', endpoint: new URL('http://localhost:1') }, http).query(l.fql`x`).catch((error) => error)
  }
  const [mine, theirs] = [await answer(lib, JSON.stringify(body)), await answer(driver, JSON.stringify(body))]
  assert.equal(mine.data, 5)
  assert.deepEqual(mine.static_type, { '@mod': 'Int' })
  assert.equal(theirs.data, 5)
  assert.notDeepEqual(canonical(theirs.static_type), canonical(mine.static_type), 'no longer a difference')
  const abort = JSON.stringify({ error: { code: 'abort', message: 'm', abort: { a: { '@object': { '@int': 'x' } } }, constraint_failures: [{ message: 'f', paths: [['a']] }] } })
  assert.deepEqual((await answer(lib, abort, 400)).abort, { a: { '@int': 'x' } })
})
