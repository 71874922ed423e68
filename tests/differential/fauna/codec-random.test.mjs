// Thousands of random values through our codec and through npm fauna's: the same bytes out, the same values in. Where ours differs on
// purpose (codec.mjs has the list) ours is still held to what the value was made from, and the driver to differ.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonical, decodeDifferences, outcome, quietly } from './codec.mjs'
import { driver, ours } from './load.mjs'
import { build, plan, prng, SEED, shrink, wire } from './random.mjs'

const lib = await ours()
const TIMES = process.env.COUNTERSIGN_FULL ? 20 : 1
const CASES = 3000 * TIMES

/** What a method makes of a plan: its bytes, or the class of its error. */
const sent = (l, method, each) => outcome(() => JSON.stringify(l.TaggedTypeFormat[method](build(each, l))))
const sameSent = (method) => (each) => {
  const [mine, theirs] = [sent(lib, method, each), sent(driver, method, each)]
  return mine.value === theirs.value && mine.error === theirs.error
}

for (const [method, options] of /** @type {const} */ ([['encode', { refused: 0.02 }], ['encodeInterpolation', { queries: true, refused: 0.02 }]]))
  test(`${CASES} random values: ${method} gives the same bytes, or the same class of error`, () => {
    const r = prng(SEED), same = sameSent(method)
    let refused = 0
    for (let i = 0; i < CASES; i++) {
      const each = plan(r, options)
      const { error } = sent(lib, method, each)
      if (error) refused++
      if (!same(each)) {
        const least = shrink(each, (smaller) => !same(smaller))
        assert.deepEqual(sent(lib, method, least), sent(driver, method, least), `seed ${SEED}, value ${i}, from ${JSON.stringify(least, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))}`)
      }
      if (error) assert.throws(() => lib.TaggedTypeFormat[method](build({ kind: 'array', items: [each] }, lib)), /\(at \[0\]/, `seed ${SEED}, value ${i}: the path is missing`)
    }
    assert.ok(refused > CASES / 100 && refused < CASES / 2, `${refused} refused: the generator is off`)
  })

test(`${CASES} random answers decode to what they were made from, and as the driver decodes them, with each long_type`, () => {
  const r = prng(SEED + 1)
  const seen = new Map()
  for (let i = 0; i < CASES; i++) {
    const { json, value, odd } = wire(r)
    const text = JSON.stringify(json)
    for (const long_type of /** @type {const} */ (['number', 'bigint', 'auto'])) {
      const say = `seed ${SEED}, answer ${i}, long_type ${long_type}: ${text}`
      const mine = quietly(() => lib.TaggedTypeFormat.decode(text, { long_type })).value
      assert.deepEqual(canonical(mine), canonical(value(lib, long_type)), say)
      if (long_type === 'auto') continue
      const theirs = quietly(() => outcome(() => driver.TaggedTypeFormat.decode(text, { long_type }))).value
      const equal = !theirs.error && JSON.stringify(canonical(mine)) === JSON.stringify(canonical(theirs.value))
      if (!odd.size) assert.deepEqual(canonical(mine), canonical(theirs.value ?? theirs.error), say)
      for (const name of odd) if (!equal) seen.set(name, (seen.get(name) ?? 0) + 1)
    }
  }
  // Each kind of difference that the generator makes did occur, and is in the list.
  assert.deepEqual([...seen.keys()].sort(), ['empty payloads', 'escaped tags', 'references in text', 'several keys'])
  for (const name of seen.keys()) assert.ok(decodeDifferences.some((each) => each.name === name), name)
})

test(`the JSON of ${CASES} random answers is what the simple format says`, () => {
  const r = prng(SEED + 2)
  let compared = 0
  for (let i = 0; i < CASES; i++) {
    const { json, plain } = wire(r)
    if (plain === undefined) continue
    compared++
    assert.deepEqual(JSON.parse(JSON.stringify(lib.TaggedTypeFormat.decode(JSON.stringify(json)))), JSON.parse(JSON.stringify(plain)), `seed ${SEED}, answer ${i}: ${JSON.stringify(json)}`)
  }
  assert.ok(compared > CASES / 3, `${compared} compared: the generator is off`)
})

test('what was decoded can be sent: as the references and values that it is', () => {
  const r = prng(SEED + 3)
  let sent = 0
  for (let i = 0; i < CASES / 4; i++) {
    const { json, value } = wire(r)
    const decoded = quietly(() => lib.TaggedTypeFormat.decode(JSON.stringify(json))).value
    const [mine, made] = [decoded, value(lib, 'number')].map((each) => outcome(() => JSON.stringify(lib.TaggedTypeFormat.encode(each))))
    assert.equal(mine.error, made.error, `seed ${SEED}, answer ${i}`)
    if (!mine.error) sent++
  }
  assert.ok(sent > CASES / 16)
})

test('the grammar of times and dates takes and refuses what the driver does', () => {
  const r = prng(SEED + 4)
  const alphabet = '0123456789-+:.TZz\u2212 '
  const seeds = ['2024-05-01T10:11:12Z', '2024-05-01T10:11:12.123456789+02:00', '+12345-12-31T23:59:59-0330', '-0001-01-01T00:00:00+02:00:01', '2024-05-01', '-12345-02-31', '+99999-01-01']
  let taken = 0
  for (let i = 0; i < CASES * 3; i++) {
    const text = [...seeds[Math.floor(r() * seeds.length)]]
    for (let n = Math.floor(r() * 3); n > 0; n--) text.splice(Math.floor(r() * (text.length + 1)), Math.floor(r() * 2), ...(r() < 0.7 ? [alphabet[Math.floor(r() * alphabet.length)]] : []))
    for (const name of /** @type {const} */ (['TimeStub', 'DateStub'])) {
      const [mine, theirs] = [lib, driver].map((l) => outcome(() => ({ ...l[name].from(text.join('')) })))
      assert.deepEqual(mine, theirs, `seed ${SEED}: ${name} ${text.join('')}`)
      if (!mine.error) taken++
    }
  }
  assert.ok(taken > CASES / 2)
})
