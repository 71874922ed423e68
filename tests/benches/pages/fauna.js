// The codec beside the driver's and beside a bare JSON.parse.
import * as ours from 'countersign/fauna'
import * as driver from 'fauna'
import { page } from '../../differential/fauna/measure.mjs'
import { assert, interleave, jwt } from './kit.js'

/** Time of one of several in a row. The first is not counted: it clears up after whoever ran before. */
const time = (act, times) => {
  act()
  const at = performance.now()
  for (let i = 0; i < times; i++) act()
  return (performance.now() - at) / times
}

/** The same values under the same names. (Written as JSON ours look different, on purpose; and the driver's documents carry a `ttl` that is undefined.) */
const same = (a, b) => {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  const [mine, theirs] = [a, b].map((o) => Object.keys(o).filter((key) => o[key] !== undefined))
  return mine.length === theirs.length && mine.every((key) => same(a[key], b[key]))
}

export const decode = async ({ megabytes, rounds }) => {
  const text = page(megabytes * 1e6)
  const options = { long_type: 'number' }
  const times = megabytes > 1 ? 2 : 5
  const [a, b] = [ours, driver].map(({ TaggedTypeFormat }) => TaggedTypeFormat.decode(text, options))
  assert(same(a, b), 'the two decoders do not agree')
  return interleave(
    {
      ours: () => time(() => ours.TaggedTypeFormat.decode(text, options), times),
      peer: () => time(() => driver.TaggedTypeFormat.decode(text, options), times),
      bare: () => time(() => JSON.parse(text), times),
    },
    { rounds },
  )
}

/** 10,000 arguments of five kinds. */
const args = (l) => Object.fromEntries(Array.from({ length: 10_000 }, (_, i) =>
  [`a${i}`, [i, i * 0.5, `text ${i}`, true, { at: new Date(i * 1e9), ref: new l.DocumentReference({ coll: 'Order', id: String(i) }), big: BigInt(i) }][i % 5]]))

export const encode = async ({ rounds }) => {
  const [a, b] = [args(ours), args(driver)]
  assert(JSON.stringify(ours.TaggedTypeFormat.encode(a)) === JSON.stringify(driver.TaggedTypeFormat.encode(b)), 'the two encoders do not agree')
  return interleave({ ours: () => time(() => ours.TaggedTypeFormat.encode(a), 5), peer: () => time(() => driver.TaggedTypeFormat.encode(b), 5) }, { rounds })
}

/** Until the last of the events was seen; they must be all, and in order. */
const listen = async ({ Client }, count) => {
  const client = new Client({ secret: jwt(), endpoint: new URL(location.origin) })
  const source = client.stream({ token: String(count) })
  const at = performance.now()
  let seen = 0
  for await (const { data } of source) {
    if (data.total !== seen || data.coll.name !== 'Order') throw new Error(`event ${seen} is another: ${data.total}`)
    if (++seen === count) break
  }
  const took = performance.now() - at
  source.close()
  client.close()
  return took
}

export const stream = ({ events, rounds }) => interleave({ ours: () => listen(ours, events), peer: () => listen(driver, events) }, { rounds, warm: 1 })
