// What the tests of the codec share: how two libraries' values are compared, and the list of where they differ on purpose.

/** A value as something comparable across the two libraries: class names, sorted keys, no undefined fields (the driver's documents own a `ttl: undefined`). */
export const canonical = (v) => {
  if (typeof v === 'bigint') return `bigint ${v}`
  if (typeof v === 'number') return Object.is(v, -0) ? 'number -0' : `number ${v}`
  if (typeof v !== 'object' || v === null) return v
  if (v instanceof Uint8Array) return { bytes: [...v] }
  if (Array.isArray(v)) return v.map(canonical)
  const name = Object.getPrototypeOf(v)?.constructor?.name ?? 'Object'
  const keys = Object.keys(v).filter((k) => v[k] !== undefined).sort()
  return [name.replace(/^_+|\d+$/g, ''), keys.map((k) => [k, canonical(v[k])])]
}

/** What a call gave: its value, or the name of its error. @param {() => any} call */
export const outcome = (call) => {
  try {
    return { value: call() }
  } catch (error) {
    return { error: error.name }
  }
}

/** Without the warnings on the console; answers how many there were. @template R @param {() => R} call @returns {{ value: R, warnings: number }} */
export const quietly = (call) => {
  const warn = console.warn
  let warnings = 0
  console.warn = () => void warnings++
  try {
    return { value: call(), warnings }
  } finally {
    console.warn = warn
  }
}

const ref = '{"id":"1","coll":{"@mod":"C"}'

/**
 * Where ours decodes otherwise than the driver, on purpose. A case is a text and what ours makes of it; `Error`: ours is a RangeError or
 * a TypeError that names the path. The tests hold ours to it, and see that the driver does something else.
 * @type {{ name: string, why: string, cases: [text: string, value: (l: any) => unknown][] }[]}
 */
export const decodeDifferences = [
  {
    name: 'escaped tags', why: 'The driver decodes from the inside out and takes a field of yours, escaped by the server, for a tag.',
    cases: [
      ['{"@object":{"@int":{"@int":"1"}}}', () => ({ '@int': 1 })],
      ['{"@object":{"@mod":"x","b":{"@int":"2"}}}', () => ({ '@mod': 'x', b: 2 })],
      ['{"@object":{"@object":{"@int":"1"}}}', () => ({ '@object': 1 })],
      ['{"@object":{"@object":{"@object":{"@time":"no time"}}}}', () => ({ '@object': { '@time': 'no time' } })],
      ['{"@object":{"@ref":{"@object":{"@doc":"a:1"}}}}', () => ({ '@ref': { '@doc': 'a:1' } })],
      [`{"@doc":{"@object":${ref},"@int":{"@int":"5"}}}}`, (l) => Object.assign(new l.Document({ coll: 'C', id: '1' }), { '@int': 5, ts: undefined })],
      [`{"@set":{"data":[{"@object":{"@set":"x"}}]}}`, (l) => new l.Page({ data: [{ '@set': 'x' }] })],
    ],
  },
  {
    name: 'empty payloads', why: 'The driver asks whether a payload is truthy.',
    cases: [
      ['{"@bytes":""}', () => new Uint8Array(0)],
      ['{"@set":""}', (l) => new l.EmbeddedSet('')],
      ['{"@stream":""}', (l) => new l.StreamToken('')],
      ['{"@mod":""}', (l) => new l.Module('')],
      ...['@int', '@long', '@double', '@time', '@date', '@doc', '@ref'].map((tag) => /** @type {[string, any]} */ ([`{"${tag}":""}`, () => Error])),
      ['{"@int":null}', () => Error],
    ],
  },
  {
    name: 'several keys', why: 'A tag is an object with exactly one key; the driver takes the first that it knows, in its own order.',
    cases: [
      ['{"a":{"@int":"1"},"@int":"5"}', () => ({ a: 1, '@int': '5' })],
      ['{"@int":"5","a":{"@int":"1"}}', () => ({ '@int': '5', a: 1 })],
      ['{"@int":"5","@mod":"x"}', () => ({ '@int': '5', '@mod': 'x' })],
    ],
  },
  {
    name: 'malformed payloads', why: 'The driver makes NaN, zero, other bytes, or a reference to nowhere of them.',
    cases: [
      ...['x', ' ', ' 5', '0x10', '1e3', '1.5', '5.0', '2147483648', '--1'].map((n) => `{"@int":"${n}"}`),
      ...['1e3', '1.5', 'x', ' ', '0x10', '9223372036854775808', '-9223372036854775809', '1'.repeat(400)].map((n) => `{"@long":"${n}"}`),
      ...['1,5', ' ', 'x', '0x1F', '1_0', '.', '1e', 'infinity'].map((n) => `{"@double":"${n}"}`),
      ...['%%%%', '-_8=', 'YQ', 'YWJ ', 'Y===', 'YQ==YQ=='].map((n) => `{"@bytes":"${n}"}`),
      '{"@int":5}', '{"@int":{"@int":"1"}}', '{"@int":["5"]}', '{"@long":5}', '{"@double":1.5}', '{"@double":true}', '{"@bytes":[]}', '{"@bytes":5}',
      '{"@mod":{"a":1}}', '{"@mod":5}', '{"@stream":1}', '{"@stream":{"a":1}}', '{"@object":"x"}', '{"@object":[1]}',
      '{"@doc":{}}', '{"@doc":{"id":"1"}}', '{"@doc":{"coll":{"@mod":"C"}}}', '{"@doc":[1]}', '{"@doc":"Order"}', '{"@doc":":1"}', '{"@doc":"Order:"}',
      '{"@doc":{"id":{"@int":"5"},"coll":{"@mod":"C"}}}', '{"@doc":{"id":"1","coll":{"@int":"5"}}}',
      '{"@ref":{}}', '{"@ref":{"id":"1"}}', '{"@ref":{"coll":{"@mod":"C"}}}', '{"@ref":[1]}', '{"@ref":{"name":{"a":1},"coll":{"@mod":"C"}}}',
      '{"@set":{}}', '{"@set":[1]}', '{"@set":5}', '{"@set":{"data":"x"}}',
    ].map((text) => [text, () => Error]),
  },
  {
    name: 'references in text', why: 'The older form "Coll:id" is read under both tags, and whole.',
    cases: [
      ['{"@ref":"Order:17"}', (l) => new l.DocumentReference({ coll: 'Order', id: '17' })],
      ['{"@doc":"Order:17:x"}', (l) => new l.DocumentReference({ coll: 'Order', id: '17:x' })],
    ],
  },
  {
    name: 'fields called __proto__', why: 'They are data. In the driver they become the prototype of the document.',
    cases: [[`{"@doc":${ref},"__proto__":{"admin":true}}}`, (l) => Object.defineProperty(new l.Document({ coll: 'C', id: '1' }), '__proto__', { value: { admin: true }, enumerable: true })]],
  },
]
