// Values on their way to a server, ours against npm fauna: every row of the format in both positions, argument and template, and the listed differences.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import { outcome } from './codec.mjs'
import { driver, ours } from './load.mjs'

const lib = await ours()
const { TaggedTypeFormat: T, fql } = lib
const ts = '2024-05-01T10:11:12.123456789Z'
const foreign = vm.createContext({})
/** A value of another realm: an iframe's, jsdom's. @param {string} code */
const elsewhere = (code) => vm.runInContext(code, foreign)
class Point {
  constructor() {
    this.x = 1
  }
  get length() {
    return 2
  }
  norm() {
    return 3
  }
}
const sparse = [1, , 3] // eslint-disable-line no-sparse-arrays
const withUndefinedAt = { '@gone': undefined, a: 1 }
const int = (n) => ({ '@int': String(n) }), long = (n) => ({ '@long': String(n) }), double = (n) => ({ '@double': String(n) })
const collRef = (fields) => ({ '@ref': { ...fields, coll: { '@mod': 'C' } } })

/** Of each row: its name, the value, its form as an argument, and the form in a template where that is not `{ value: <the former> }`. @type {[string, (l: any) => unknown, unknown, unknown?][]} */
const rows = [
  ...['', 'text', '@int', '"\\', '\u0000', '\ud800', '\udc00x', '🚀', 'x'.repeat(100_000)].map((s) => /** @type {any} */ ([`string ${JSON.stringify(s.slice(0, 9))}`, () => s, s])),
  ['true', () => true, true], ['false', () => false, false], ['null', () => null, null],
  ...[0, 1, -1, 2147483647, -2147483648].map((n) => /** @type {any} */ ([`int ${n}`, () => n, int(n)])),
  ['-0', () => -0, int(0)],
  ...[2147483648, -2147483649, 5e9, 9007199254740991, -9007199254740991].map((n) => /** @type {any} */ ([`long ${n}`, () => n, long(n)])),
  ...[9007199254740992, -9007199254740992, 1e21, -1e300, 2 ** 63, 0.5, 4.14, 1e-7, 5e-324, Number.MAX_VALUE, NaN].map((n) => /** @type {any} */ ([`double ${n}`, () => n, double(n)])),
  ...[0n, -1n, 2147483647n, -2147483648n].map((n) => /** @type {any} */ ([`bigint ${n}`, () => n, int(n)])),
  ...[2147483648n, -2147483649n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)].map((n) => /** @type {any} */ ([`bigint ${n}`, () => n, long(n)])),
  ['Date', () => new Date(1714558272123), { '@time': '2024-05-01T10:11:12.123Z' }],
  ['Date before year 0', () => new Date(-8.64e15), { '@time': '-271821-04-20T00:00:00.000Z' }],
  ['TimeStub', (l) => l.TimeStub.from(ts), { '@time': ts }],
  ['DateStub', (l) => l.DateStub.from('+99999-01-01'), { '@date': '+99999-01-01' }],
  ['Module', (l) => new l.Module('Order'), { '@mod': 'Order' }],
  ['DocumentReference', (l) => new l.DocumentReference({ coll: 'C', id: '1' }), collRef({ id: '1' })],
  ['Document', (l) => new l.Document({ coll: 'C', id: '1', ts: l.TimeStub.from(ts), total: Infinity, f() {} }), collRef({ id: '1' })],
  ['NamedDocumentReference', (l) => new l.NamedDocumentReference({ coll: new l.Module('C'), name: 'r' }), collRef({ name: 'r' })],
  ['NamedDocument', (l) => new l.NamedDocument({ coll: 'C', name: 'r', ts: l.TimeStub.from(ts), data: { a: Infinity } }), collRef({ name: 'r' })],
  ['NullDocument', (l) => new l.NullDocument(new l.DocumentReference({ coll: 'C', id: '1' }), 'deleted'), collRef({ id: '1' })],
  ['NullDocument of a name', (l) => new l.NullDocument(new l.NamedDocumentReference({ coll: 'C', name: 'r' }), 'deleted'), collRef({ name: 'r' })],
  ['a class that extends Document', (l) => new (class Order extends l.Document {})({ coll: 'C', id: '1' }), collRef({ id: '1' })],
  ['StreamToken', (l) => new l.StreamToken('token'), 'token'],
  ['empty StreamToken', (l) => new l.StreamToken(''), ''],
  ['Uint8Array', () => Uint8Array.of(251, 255, 0), { '@bytes': '+/8A' }],
  ['empty Uint8Array', () => new Uint8Array(0), { '@bytes': '' }],
  ['Uint8Array in a larger buffer', () => new Uint8Array(Uint8Array.of(1, 97, 2).buffer, 1, 1), { '@bytes': 'YQ==' }],
  ['Buffer', () => Buffer.from('a'), { '@bytes': 'YQ==' }],
  ['ArrayBuffer', () => Uint8Array.of(97).buffer, { '@bytes': 'YQ==' }],
  ['many bytes', () => new Uint8Array(100_000), { '@bytes': Buffer.alloc(100_000).toString('base64') }],
  ['array', () => [1, 'a', [null]], [int(1), 'a', [null]], { array: [{ value: int(1) }, { value: 'a' }, { array: [{ value: null }] }] }],
  ['empty array', () => [], [], { array: [] }],
  ['array with a hole', () => sparse, [int(1), null, int(3)], { array: [{ value: int(1) }, null, { value: int(3) }] }],
  ['object', () => ({ b: 1, a: { c: 'd' }, gone: undefined }), { b: int(1), a: { c: 'd' } }, { object: { b: { value: int(1) }, a: { object: { c: { value: 'd' } } } } }],
  ['empty object', () => ({}), {}, { object: {} }],
  ['object with a key that begins with @', () => ({ '@home': 1, b: 2 }), { '@object': { '@home': int(1), b: int(2) } }, { object: { '@home': { value: int(1) }, b: { value: int(2) } } }],
  ['the same where that field is undefined', () => withUndefinedAt, { '@object': { a: int(1) } }, { object: { a: { value: int(1) } } }],
  ['escapes in escapes', () => ({ '@a': { '@b': { '@int': '5' } } }), { '@object': { '@a': { '@object': { '@b': { '@object': { '@int': '5' } } } } } }, { object: { '@a': { object: { '@b': { object: { '@int': { value: '5' } } } } } } }],
  ['object without a prototype', () => Object.assign(Object.create(null), { a: 1 }), { a: int(1) }, { object: { a: { value: int(1) } } }],
  ['inherited keys', () => Object.assign(Object.create({ a: 1, '@up': undefined }), { b: 2 }), { '@object': { b: int(2), a: int(1) } }, { object: { b: { value: int(2) }, a: { value: int(1) } } }],
  ['instance of a class', () => new Point(), { x: int(1) }, { object: { x: { value: int(1) } } }],
  ['keys that are numbers come first', () => ({ b: 1, 17: 2, 2: 3 }), { 2: int(3), 17: int(2), b: int(1) }, { object: { 2: { value: int(3) }, 17: { value: int(2) }, b: { value: int(1) } } }],
  ['keys called like members', () => ({ constructor: 1, toString: 'x', hasOwnProperty: null }), { constructor: int(1), toString: 'x', hasOwnProperty: null }, { object: { constructor: { value: int(1) }, toString: { value: 'x' }, hasOwnProperty: { value: null } } }],
  ['symbol keys and hidden ones stay here', () => Object.defineProperty({ [Symbol('s')]: 1, a: 1 }, 'hidden', { value: 2 }), { a: int(1) }, { object: { a: { value: int(1) } } }],
  ['getter', () => ({ get a() { return 5 } }), { a: int(5) }, { object: { a: { value: int(5) } } }],
  ['Proxy', () => new Proxy({ a: 1 }, {}), { a: int(1) }, { object: { a: { value: int(1) } } }],
  ['String object', () => new String('ab'), { 0: 'a', 1: 'b' }, { object: { 0: { value: 'a' }, 1: { value: 'b' } } }],
  ...[['Number object', new Number(5)], ['Boolean object', new Boolean(true)], ['Map', new Map([[1, 2]])], ['Set', new Set([1])], ['RegExp', /x/g], ['Promise', Promise.resolve(1)], ['Error', new Error('e')]].map(([name, value]) => /** @type {any} */ ([name, () => value, {}, { object: {} }])),
  ['plain object of another realm', () => elsewhere('({ a: 1, b: [2, null] })'), { a: int(1), b: [int(2), null] }, { object: { a: { value: int(1) }, b: { array: [{ value: int(2) }, { value: null }] } } }],
]

const show = (value) => JSON.stringify(value)

test('every row has the same bytes in both, as an argument and in a template', () => {
  for (const [name, value, argument, template = { value: argument }] of rows)
    for (const l of [lib, driver]) {
      const who = `${name}, ${l === lib ? 'ours' : 'the driver'}`
      assert.equal(show(l.TaggedTypeFormat.encode(value(l))), show(argument), who)
      assert.equal(show(l.TaggedTypeFormat.encodeInterpolation(value(l))), show(template), `${who} in a template`)
      assert.equal(show(l.TaggedTypeFormat.encode({ deep: [value(l)] })), show({ deep: [argument] }), `${who}, deep`)
    }
})

test('queries nest in templates: in arrays, in objects, in one another', () => {
  for (const { fql } of [lib, driver]) {
    assert.equal(show(fql``.encode()), '{"fql":[""]}')
    assert.equal(show(fql`${null}`.encode()), '{"fql":[{"value":null}]}')
    assert.equal(show(fql`${'foo'}.length == ${8}`.encode()), '{"fql":[{"value":"foo"},".length == ",{"value":{"@int":"8"}}]}')
    assert.equal(show(fql`f(${[1, fql`2`]})`.encode()), '{"fql":["f(",{"array":[{"value":{"@int":"1"}},{"fql":["2"]}]},")"]}')
    assert.equal(show(fql`x(${{ a: 1, '@b': true, gone: undefined }})`.encode()), '{"fql":["x(",{"object":{"a":{"value":{"@int":"1"}},"@b":{"value":true}}},")"]}')
    assert.equal(show(fql(['a', ' + ', ''], 1, fql(['b'])).encode()), '{"fql":["a",{"value":{"@int":"1"}}," + ",{"fql":["b"]}]}')
    assert.equal(show(fql`"a\n#{name}"`.encode()), '{"fql":["\\"a\\n#{name}\\""]}', 'cooked, and with the interpolation of FQL untouched')
    assert.throws(() => fql([]), /invalid query constructed/)
    assert.throws(() => fql(['a', 'b']), /invalid query constructed/)
  }
})

/** What both refuse, with the class of the error. @type {[string, (l: any) => unknown, string][]} */
const refused = [
  ['Infinity', () => Infinity, 'RangeError'], ['-Infinity', () => -Infinity, 'RangeError'],
  ['bigint above', () => 2n ** 63n, 'RangeError'], ['bigint below', () => -(2n ** 63n) - 1n, 'RangeError'],
  ['undefined', () => undefined, 'TypeError'], ['symbol', () => Symbol('s'), 'TypeError'], ['function', () => () => 1, 'TypeError'], ['class', () => class {}, 'TypeError'],
  ['invalid Date', () => new Date(NaN), 'RangeError'],
  ...[Uint16Array, Int8Array, Uint8ClampedArray, Float64Array, BigInt64Array].map((Class) => /** @type {any} */ ([Class.name, () => new Class(2), 'ClientError'])),
  ['DataView', () => new DataView(new ArrayBuffer(1)), 'ClientError'],
  ['Page', (l) => new l.Page({ data: [] }), 'ClientError'], ['EmbeddedSet', (l) => new l.EmbeddedSet('c'), 'ClientError'],
  ['URL', () => new URL('https://a.example'), 'TypeError'],
  ['an item that is undefined', () => [1, undefined], 'TypeError'],
]

test('what both refuse throws the same class, and ours names the path', () => {
  for (const [name, value, error] of refused)
    for (const method of ['encode', 'encodeInterpolation']) {
      for (const l of [lib, driver]) {
        assert.equal(outcome(() => l.TaggedTypeFormat[method](value(l))).error, error, `${name}, ${method}, ${l === lib ? 'ours' : 'the driver'}`)
        assert.equal(outcome(() => l.TaggedTypeFormat[method]({ a: [[value(l)]] })).error, error, `${name}, deep, ${method}`)
      }
      assert.throws(() => T[method]({ ok: 1, a: [0, { 'c d': [value(lib)] }] }), ({ message }) => message.includes('(at a[1]["c d"][0]'), `${name}, ${method}`)
    }
  for (const l of [lib, driver]) assert.equal(outcome(() => l.TaggedTypeFormat.encode({ a: l.fql`1` })).error, 'TypeError', 'a query among the arguments')
  assert.throws(() => fql`f(${1}, ${[fql`g(${{ a: Infinity }})`]})`.encode(), /\(at \$\{1\}\[0\]\$\{0\}\.a\)$/, 'through the queries of a query')
  assert.throws(() => fql`f(${Infinity})`.encode(), /\(at \$\{0\}\)$/)
})

test('a value that contains itself, or is nested too deeply, is a RangeError that says so', () => {
  const self = {}
  self.self = [self]
  const deep = Array.from({ length: 100_000 }).reduce((value) => ({ a: value }), 1)
  for (const value of [self, deep])
    for (const method of ['encode', 'encodeInterpolation']) {
      assert.throws(() => T[method]({ x: value }), (error) => error.name === 'RangeError' && /^The value contains itself or is nested too deeply \(at x\.(self\[0\]\.|a\.a\.).{1,60}\.\.\.\)$/.test(error.message))
      assert.equal(outcome(() => driver.TaggedTypeFormat[method](value)).error, 'RangeError')
    }
  // As deep as a server reads.
  const thousand = Array.from({ length: 1000 }).reduce((value) => ({ a: value }), 1)
  assert.equal(show(T.encode(thousand)), show(driver.TaggedTypeFormat.encode(thousand)))
  assert.equal(show(T.encodeInterpolation(thousand)), show(driver.TaggedTypeFormat.encodeInterpolation(thousand)))
  // The same value twice is no circle.
  const shared = { a: 1 }
  assert.deepEqual(T.encode([shared, shared]), [{ a: int(1) }, { a: int(1) }])
})

test('what a getter or a proxy throws is what the caller gets, and a getter runs once', () => {
  const boom = new Error('boom')
  assert.throws(() => T.encode({ get b() { throw boom } }), (error) => error === boom)
  for (const thrown of [Object.freeze(new Error('frozen')), new DOMException('aborted', 'AbortError'), 'text', undefined])
    try {
      T.encode({ a: { get b() { throw thrown } } })
      assert.fail('nothing was thrown')
    } catch (error) {
      assert.equal(error, thrown)
    }
  let reads = 0
  assert.throws(() => T.encode({ get a() { reads++; return 1 }, b: Infinity }), RangeError)
  assert.equal(reads, 1)
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  assert.throws(() => T.encode({ proxy }), TypeError)
  const once = new Error('once')
  for (let i = 0; i < 2; i++) assert.throws(() => T.encode({ a: [{ get b() { throw once } }] }), { message: 'once (at a[0].b)' })
})

test('different from the driver on purpose: a field called __proto__ is sent; there it is lost, or the prototype', () => {
  const value = JSON.parse('{"__proto__":{"admin":true},"a":"b"}')
  assert.equal(show(T.encode(value)), '{"__proto__":{"admin":true},"a":"b"}')
  assert.equal(show(T.encodeInterpolation(value)), '{"object":{"__proto__":{"object":{"admin":{"value":true}}},"a":{"value":"b"}}}')
  assert.equal(show(driver.TaggedTypeFormat.encode(value)), '{"a":"b"}', 'no longer a difference')
})

test('different from the driver on purpose: built-ins of another realm are what they are; there objects without fields, or an error', () => {
  for (const [code, tagged] of /** @type {const} */ ([
    ['new Date(0)', { '@time': '1970-01-01T00:00:00.000Z' }], ['Uint8Array.of(97)', { '@bytes': 'YQ==' }], ['Uint8Array.of(97).buffer', { '@bytes': 'YQ==' }],
  ])) {
    assert.deepEqual(T.encode(elsewhere(code)), tagged, code)
    assert.deepEqual(T.encodeInterpolation(elsewhere(code)), { value: tagged }, code)
    assert.notDeepEqual(outcome(() => driver.TaggedTypeFormat.encode(elsewhere(code))).value, tagged, `no longer a difference: ${code}`)
  }
  assert.throws(() => T.encode({ a: elsewhere('new Date(NaN)') }), (error) => error instanceof RangeError && error.message.endsWith('(at a)'))
  assert.throws(() => T.encode({ a: elsewhere('new Uint16Array(1)') }), (error) => error instanceof lib.ClientError && error.message.endsWith('(at a)'))
})

test('a value made by another copy of the package is still a value', () => {
  const copy = Object.assign(Object.create({ [Symbol.for('countersign.fauna')]: 'time' }), { isoString: ts })
  assert.deepEqual(T.encode(copy), { '@time': ts })
})
