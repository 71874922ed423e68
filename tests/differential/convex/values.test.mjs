// Our value encoding beside npm convex/values: random values, wrong values, and every deliberate difference by name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { convexToJson as theirEncode, jsonToConvex as theirDecode } from 'convex/values'
import { dist } from '../dist.mjs'

const { convexToJson: encode, jsonToConvex: decode } = await dist('convex/values.js')

/** A small generator with a seed, so that a failure can be seen again. @param {number} seed */
const random = (seed) => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (/** @type {number} */ below) => Math.floor(next() * below)
  const pick = (/** @type {any[]} */ list) => list[int(list.length)]
  return { next, int, pick }
}

const strings = ['', 'a', 'hello', 'Grüße', '日本語', '👩‍👩‍👧', '\u0000', '"\\', ' ', '$', '__proto__']
const fields = ['a', 'b', 'B', '_id', '_creationTime', 'a b', '10', '9', 'z!', '~', 'constructor', 'toString', 'x'.repeat(1024)]
const numbers = [0, -0, 1, -1, 0.1, 1e308, 5e-324, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53) - 2, 1 / 3]
const bigints = [0n, 1n, -1n, 5151996n, 2n ** 63n - 1n, -(2n ** 63n), 255n, 256n, -256n]

const value = (/** @type {ReturnType<typeof random>} */ r, depth = 0) => {
  switch (r.int(depth > 4 ? 7 : 9)) {
    case 0: return null
    case 1: return r.int(2) === 0
    case 2: return r.int(2) ? r.pick(numbers) : (r.next() - 0.5) * 10 ** r.int(300)
    case 3: return r.int(2) ? r.pick(bigints) : BigInt.asIntN(64, BigInt(Math.floor(r.next() * 2 ** 53)) << BigInt(r.int(12)))
    case 4: case 5: return r.pick(strings)
    case 6: return Uint8Array.from({ length: r.int(40) }, () => r.int(256)).buffer
    case 7: return Array.from({ length: r.int(5) }, () => value(r, depth + 1))
    default: return Object.fromEntries(Array.from({ length: r.int(6) }, () => [r.pick(fields), r.int(8) ? value(r, depth + 1) : undefined]))
  }
}

test('3,000 random values: the same text, and the same value back', () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const v = value(random(seed))
    if (v === undefined) continue
    const [ours, theirs] = [encode(v), theirEncode(v)]
    assert.equal(JSON.stringify(ours), JSON.stringify(theirs), `seed ${seed}`)
    const wire = JSON.parse(JSON.stringify(ours))
    assert.deepEqual(decode(wire), theirDecode(wire), `seed ${seed}`)
  }
})

test('the vectors of the note', () => {
  for (const [v, json] of /** @type {[any, any][]} */ ([
    [5151996n, { $integer: '/JxOAAAAAAA=' }], [1n, { $integer: 'AQAAAAAAAAA=' }], [-1n, { $integer: '//////////8=' }],
    [-(2n ** 63n), { $integer: 'AAAAAAAAAIA=' }], [2n ** 63n - 1n, { $integer: '/////////38=' }],
    [-0, { $float: 'AAAAAAAAAIA=' }], [Infinity, { $float: 'AAAAAAAA8H8=' }], [Uint8Array.of(0, 16, 131).buffer, { $bytes: 'ABCD' }],
  ])) {
    assert.deepEqual(encode(v), json)
    assert.deepEqual(decode(json), v)
  }
})

test('a megabyte of bytes goes through', () => {
  const bytes = new Uint8Array(1 << 20).map((_, i) => i * 7).buffer
  assert.deepEqual(encode(bytes), theirEncode(bytes))
  assert.deepEqual(decode(encode(bytes)), bytes)
})

const messageOf = (/** @type {() => unknown} */ act) => {
  try {
    act()
    return undefined
  } catch (error) {
    return /** @type {Error} */ (error).message
  }
}

class Point { x = 1 }
/** @type {Record<string, () => any>} */
const wrong = {
  'undefined': () => undefined,
  'undefined in an array': () => ({ a: [undefined] }),
  'undefined deeper': () => ({ a: { b: [1, { c: [2, undefined] }] } }),
  'a Date': () => ({ at: new Date(0) }),
  'a Date at the top': () => new Date(0),
  'a Map': () => ({ m: new Map([[1, 2]]) }),
  'a Set': () => new Set([1]),
  'a class': () => ({ p: [new Point()] }),
  'a typed array': () => ({ b: new Uint8Array(2) }),
  'a function': () => ({ f() {} }),
  'a symbol': () => ({ s: Symbol('x') }),
  'a large BigInt': () => 2n ** 63n,
  'a small BigInt': () => -(2n ** 63n) - 1n,
  'a $ field': () => ({ $x: 1 }),
  'a long field': () => ({ ['x'.repeat(1025)]: 1 }),
  'a field in Greek': () => ({ αβ: 1 }),
  'a field with a newline': () => ({ 'a\nb': 1 }),
}
for (const [name, make] of Object.entries(wrong))
  test(`refused in the vendor's words: ${name}`, () => {
    const theirs = messageOf(() => theirEncode(make()))
    assert.ok(theirs)
    assert.equal(messageOf(() => encode(make())), theirs)
  })

for (const json of /** @type {any[]} */ ([
  { $integer: 'AA==' }, { $integer: 1 }, { $float: 'AAAAAAAA+D8=' }, { $float: 'AA==' }, { $bytes: null }, { $set: [] }, { $map: [] }, { $commitTs: 1 },
  { $x: 1 }, { a: 1, $integer: 'AQAAAAAAAAA=' }, { 'ä': 1 },
]))
  test(`not accepted from a server: ${JSON.stringify(json)}`, () => {
    const theirs = messageOf(() => theirDecode(json))
    assert.ok(theirs)
    assert.equal(messageOf(() => decode(json)), theirs)
  })

test('a commit timestamp that is not assigned yet arrives as an opaque object', () => {
  const [ours, theirs] = [decode({ at: { $commitTs: null } }).at, /** @type {any} */ (theirDecode({ at: { $commitTs: null } })).at]
  assert.equal(String(ours), String(theirs))
  assert.equal(messageOf(() => JSON.stringify(ours)), messageOf(() => JSON.stringify(theirs)))
})

// Deliberate differences: each is something that their encoding lets through and their server refuses, or that it silently changes.
test('difference: half a surrogate pair is refused, naming the path (theirs is sent and kills the connection)', () => {
  assert.ok(theirEncode({ a: ['\ud800'] }))
  assert.match(messageOf(() => encode({ a: ['\ud800'] })) ?? '', /at path \.a\[0\].*surrogate/)
  assert.match(messageOf(() => encode('x\udc00')) ?? '', /surrogate/)
  assert.equal(encode('👍'), '👍')
})
test('difference: a hole in an array is undefined and says so (theirs becomes null)', () => {
  // eslint-disable-next-line no-sparse-arrays
  const holes = { a: [1, , 3] }
  assert.equal(JSON.stringify(theirEncode(holes)), '{"a":[1,null,3]}')
  assert.match(messageOf(() => encode(holes)) ?? '', /^undefined is not a valid Convex value \(present at path \.a\[1\]/)
})
test('difference: a field named __proto__ stays a field in both directions (theirs becomes the prototype)', () => {
  const wire = JSON.parse('{"__proto__":{"a":1},"b":2}')
  assert.equal(/** @type {any} */ (theirDecode(wire)).a, 1)
  assert.deepEqual(Object.keys(decode(wire)), ['__proto__', 'b'])
  assert.equal(decode(wire).a, undefined)
  assert.equal(JSON.stringify(encode(wire)), '{"__proto__":{"a":1},"b":2}')
})
test('difference: more than 64 levels, or a circle, is refused (theirs overflows the stack or is refused by the server)', () => {
  const circle = /** @type {any} */ ({})
  circle.self = circle
  assert.throws(() => theirEncode(circle), RangeError)
  assert.match(messageOf(() => encode(circle)) ?? '', /nested 64 deep/)
})
test('difference: a commit timestamp placeholder is not an argument (theirs is sent and refused by the server)', () => {
  assert.match(messageOf(() => encode(decode({ $commitTs: null }))) ?? '', /is not a supported Convex type/)
})
test('difference: base64 is read strictly (theirs also takes the URL alphabet)', () => {
  assert.ok(theirDecode({ $bytes: 'A-_B' }))
  assert.match(messageOf(() => decode({ $bytes: 'A-_B' })) ?? '', /Invalid base64/)
  assert.match(messageOf(() => decode({ $bytes: 'ABC' })) ?? '', /Invalid base64/)
})
test('difference: errors are typed', () => {
  assert.throws(() => encode(undefined), { name: 'CountersignError', code: 'option_invalid', kind: 'config' })
  assert.throws(() => decode({ $set: [] }), { name: 'CountersignError', code: 'protocol' })
})
