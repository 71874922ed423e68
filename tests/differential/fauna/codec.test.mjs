// The tagged format, ours against npm fauna: equal, except for the listed differences.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driver, ours } from './load.mjs'
import { plan, prng, wire } from './random.mjs'

const lib = await ours()
const { TaggedTypeFormat: T, fql, TimeStub, DateStub, Document, DocumentReference, NamedDocument, NamedDocumentReference, NullDocument, Module, Page, EmbeddedSet, StreamToken } = lib

/** A value as something comparable across the two libraries: class names, sorted keys, no undefined fields (the driver's documents own a `ttl: undefined`). */
const canonical = (v) => {
  if (typeof v === 'bigint') return `bigint ${v}`
  if (typeof v === 'number') return Object.is(v, -0) ? 'number -0' : `number ${v}`
  if (typeof v !== 'object' || v === null) return v
  if (v instanceof Uint8Array) return { bytes: [...v] }
  if (Array.isArray(v)) return v.map(canonical)
  const name = Object.getPrototypeOf(v)?.constructor?.name ?? 'Object'
  const keys = Object.keys(v).filter((k) => v[k] !== undefined).sort()
  return [name.replace(/^_+|\d+$/g, ''), keys.map((k) => [k, canonical(v[k])])]
}
const outcome = (f) => {
  try {
    return { value: f() }
  } catch (e) {
    return { error: e.name }
  }
}
const quietly = (f) => {
  const warn = console.warn
  console.warn = () => {}
  try {
    return f()
  } finally {
    console.warn = warn
  }
}

test('5,000 random values encode to the same bytes', () => {
  const r = prng(1)
  for (let i = 0; i < 5000; i++) {
    const make = plan(r)
    assert.equal(JSON.stringify(T.encode(make(lib))), JSON.stringify(driver.TaggedTypeFormat.encode(make(driver))), `value ${i}`)
  }
})

test('5,000 random templates encode to the same bytes', () => {
  const r = prng(2)
  for (let i = 0; i < 5000; i++) {
    const make = plan(r, 0, { queries: true })
    assert.equal(JSON.stringify(T.encodeInterpolation(make(lib))), JSON.stringify(driver.TaggedTypeFormat.encodeInterpolation(make(driver))), `template ${i}`)
  }
})

test('3,000 random answers decode to equal values, with each long_type', () => {
  const r = prng(3)
  for (let i = 0; i < 3000; i++) {
    const text = JSON.stringify(wire(r))
    for (const long_type of ['number', 'bigint'])
      assert.deepEqual(canonical(T.decode(text, { long_type })), canonical(driver.TaggedTypeFormat.decode(text, { long_type })), text)
  }
})

test('what cannot be encoded throws the same class, and the message names the path', () => {
  const cases = (l) => ({
    infinity: Infinity, minusInfinity: -Infinity, big: 2n ** 63n, small: -(2n ** 63n) - 1n, undefined: undefined, symbol: Symbol('s'), fn: () => {},
    item: [1, undefined], view: new Uint16Array(2), dataView: new DataView(new ArrayBuffer(1)), invalidDate: new Date(NaN), page: new l.Page({ data: [] }), set: new l.EmbeddedSet('c'),
    url: new URL('https://a.example'), deep: { a: [{ b: { 'c d': Infinity } }] },
  })
  const [a, b] = [cases(lib), cases(driver)]
  for (const name of Object.keys(a)) {
    const mine = outcome(() => T.encode(a[name])), theirs = outcome(() => driver.TaggedTypeFormat.encode(b[name]))
    assert.equal(mine.error, theirs.error, name)
    assert.equal(outcome(() => T.encodeInterpolation(a[name])).error, outcome(() => driver.TaggedTypeFormat.encodeInterpolation(b[name])).error, `${name} in a template`)
  }
  assert.equal(outcome(() => T.encode(fql`1`)).error, 'TypeError')
  assert.throws(() => T.encode(a.deep), /at a\[0\]\.b\["c d"\]/)
  assert.throws(() => T.encode(a.item), /at \[1\]/)
  for (const value of [new Map([[1, 2]]), new Set([1]), /x/]) assert.equal(JSON.stringify(T.encode(value)), '{}')
  const cyclic = {}
  cyclic.self = cyclic
  assert.throws(() => T.encode(cyclic), RangeError)
})

test('queries', () => {
  const show = (q) => JSON.stringify(q.encode())
  assert.equal(show(fql``), '{"fql":[""]}')
  assert.equal(show(fql`f(${[1, fql`2`]})`), '{"fql":["f(",{"array":[{"value":{"@int":"1"}},{"fql":["2"]}]},")"]}')
  assert.equal(show(fql`x(${{ a: 1, '@b': true, gone: undefined }})`), '{"fql":["x(",{"object":{"a":{"value":{"@int":"1"}},"@b":{"value":true}}},")"]}')
  assert.equal(show(fql(['a', ' + ', ''], 1, fql(['b']))), '{"fql":["a",{"value":{"@int":"1"}}," + ",{"fql":["b"]}]}')
  assert.throws(() => fql([]), /invalid query constructed/)
  assert.throws(() => fql(['a', 'b']), /invalid query constructed/)
})

test('decoding, by the row', () => {
  const d = (text, long_type = 'number') => T.decode(text, { long_type })
  const doc = d('{"@doc":{"id":"1","coll":{"@mod":"Order"},"ts":{"@time":"2024-05-01T00:00:00Z"},"total":{"@int":"5"}}}')
  assert.ok(doc instanceof Document && doc instanceof DocumentReference)
  assert.deepEqual(doc, new Document({ coll: 'Order', id: '1', ts: TimeStub.from('2024-05-01T00:00:00Z'), total: 5 }))
  assert.deepEqual(Object.keys(doc).sort(), ['coll', 'id', 'total', 'ts'])
  assert.equal(JSON.stringify(doc.toObject()), JSON.stringify(doc))
  const named = d('{"@doc":{"name":"r","coll":{"@mod":"Role"},"ts":{"@time":"2024-05-01T00:00:00Z"}}}')
  assert.ok(named instanceof NamedDocument && named instanceof NamedDocumentReference)
  assert.deepEqual(named.data, {})
  assert.deepEqual(d('{"@doc":{"@object":{"id":"1","coll":{"@mod":"C"},"ts":{"@time":"2024-05-01T00:00:00Z"},"@f":{"@int":"1"}}}}')['@f'], 1)
  assert.deepEqual(d('{"@doc":"Order:17"}'), new DocumentReference({ coll: 'Order', id: '17' }))
  assert.deepEqual(d('{"@ref":{"id":"1","coll":{"@mod":"C"},"exists":false,"cause":"deleted"}}'), new NullDocument(new DocumentReference({ coll: 'C', id: '1' }), 'deleted'))
  assert.deepEqual(d('{"@set":{"data":[{"@int":"1"}],"after":"x"}}'), new Page({ data: [1], after: 'x' }))
  assert.deepEqual(d('{"@set":"x"}'), new EmbeddedSet('x'))
  assert.equal(d('{"@long":"9223372036854775807"}', 'bigint'), 2n ** 63n - 1n)
  assert.equal(d('{"@long":"5"}', 'bigint'), 5n)
  assert.equal(d('{"@long":"5"}', 'auto'), 5)
  assert.equal(d('{"@long":"9007199254740993"}', 'auto'), 9007199254740993n)
  let warned = 0
  const warn = console.warn
  console.warn = () => warned++
  assert.equal(d('{"@long":"9223372036854775807"}'), 2 ** 63)
  console.warn = warn
  assert.equal(warned, 1)
})

test('the deliberate differences in decoding', () => {
  const d = (text) => T.decode(text, { long_type: 'number' })
  const theirs = (text) => canonical(outcome(() => quietly(() => driver.TaggedTypeFormat.decode(text, { long_type: 'number' }))).value)
  const list = [
    ['{"@object":{"@int":{"@int":"1"}}}', { '@int': 1 }], // an escaped object with a tag for a key
    ['{"@object":{"@mod":"x","b":{"@int":"2"}}}', { '@mod': 'x', b: 2 }],
    ['{"@object":{"@object":{"@int":"1"}}}', { '@object': 1 }],
    ['{"@bytes":""}', new Uint8Array(0)], // empty payloads
    ['{"@set":""}', new EmbeddedSet('')],
    ['{"@stream":""}', new StreamToken('')],
    ['{"@mod":""}', new Module('')],
    ['{"a":{"@int":"1"},"@int":"5"}', { a: 1, '@int': '5' }], // several keys are no tag
    ['{"@int":"5","a":{"@int":"1"}}', { '@int': '5', a: 1 }],
    ['{"@ref":"Order:17"}', new DocumentReference({ coll: 'Order', id: '17' })],
  ]
  for (const [text, value] of list) {
    assert.deepEqual(d(text), value, text)
    assert.notDeepEqual(canonical(d(text)), theirs(text), `no longer a difference: ${text}`)
  }
  assert.deepEqual(d('{"@uuid":"x"}'), { '@uuid': 'x' })
  assert.deepEqual(d('{"@unknown":{"@int":"1"}}'), { '@unknown': 1 })
  // A field called __proto__ is data, on both ways.
  const proto = d('{"@doc":{"id":"1","coll":{"@mod":"C"},"ts":{"@time":"2024-05-01T00:00:00Z"},"__proto__":{"admin":true}}}')
  assert.ok(proto instanceof Document && proto.admin === undefined && Object.hasOwn(proto, '__proto__'))
  assert.equal(JSON.stringify(T.encode(JSON.parse('{"__proto__":{"a":true}}'))), '{"__proto__":{"a":true}}')
  assert.equal({}.admin, undefined)
})

test('malformed answers throw and say where', () => {
  const bad = ['{"a":[{"@int":"x"}]}', '{"a":[{"@int":""}]}', '{"a":[{"@int":5}]}', '{"a":[{"@int":"1.5"}]}', '{"a":[{"@long":"1e400"}]}', '{"a":[{"@double":"1,5"}]}', '{"a":[{"@time":"yesterday"}]}', '{"a":[{"@time":5}]}',
    '{"a":[{"@date":"2024-13-01"}]}', '{"a":[{"@bytes":"%%%"}]}', '{"a":[{"@bytes":null}]}', '{"a":[{"@doc":null}]}', '{"a":[{"@ref":[]}]}', '{"a":[{"@set":null}]}', '{"a":[{"@object":"x"}]}', '{"a":[{"@mod":{}}]}', '{"a":[{"@stream":1}]}']
  for (const text of bad) assert.throws(() => T.decode(text, { long_type: 'number' }), /at a\[0\]/, text)
  assert.throws(() => T.decode('{"@doc":{"id":"1","coll":{"@mod":"C"},"ts":{"@time":"x"}}}'), /at ts\)$/)
  assert.throws(() => T.decode('{', { long_type: 'number' }), SyntaxError)
})

test('value classes: checks, conversions, toJSON', () => {
  for (const l of [lib, driver]) {
    assert.throws(() => l.TimeStub.from(5), TypeError)
    assert.throws(() => l.TimeStub.from('2024-05-01'), RangeError)
    assert.throws(() => l.TimeStub.from('2024-05-01T25:00:00Z'), RangeError)
    assert.throws(() => l.DateStub.from('2024-5-1'), RangeError)
    assert.throws(() => l.TimeStub.from('+999999-01-01T00:00:00Z').toDate(), RangeError)
    assert.throws(() => l.DateStub.fromDate(new Date(NaN)), RangeError)
    assert.equal(l.TimeStub.fromDate(new Date(0)).isoString, '1970-01-01T00:00:00.000Z')
    assert.equal(l.DateStub.fromDate(new Date('2024-05-01T23:59:59Z')).dateString, '2024-05-01')
    assert.equal(String(l.TimeStub.from('2024-05-01T00:00:00Z')), 'TimeStub("2024-05-01T00:00:00Z")')
    assert.equal(l.DateStub.from('2024-05-01').toDate().getTime(), Date.UTC(2024, 4, 1))
  }
  const ts = TimeStub.from('2024-05-01T00:00:00Z')
  const value = { doc: new Document({ coll: 'Order', id: '1', ts, total: 5 }), ref: new DocumentReference({ coll: 'C', id: '2' }), gone: new NullDocument(new DocumentReference({ coll: 'C', id: '2' }), 'x'), page: new Page({ data: [1] }), set: new EmbeddedSet('c'), day: DateStub.from('2024-05-01'), mod: new Module('M'), stream: new StreamToken('t') }
  assert.equal(JSON.stringify(value), '{"doc":{"coll":"Order","id":"1","ts":"2024-05-01T00:00:00Z","total":5},"ref":{"coll":"C","id":"2"},"gone":null,"page":{"data":[1]},"set":"c","day":"2024-05-01","mod":"M","stream":"t"}')
  assert.equal(lib.LONG_MAX, driver.LONG_MAX)
  assert.equal(lib.LONG_MIN, driver.LONG_MIN)
})

test('a value made by another copy of the package is still a value', () => {
  const foreign = Object.assign(Object.create({ [Symbol.for('countersign.fauna')]: 'time' }), { isoString: '2024-05-01T00:00:00Z' })
  assert.deepEqual(T.encode(foreign), { '@time': '2024-05-01T00:00:00Z' })
})
