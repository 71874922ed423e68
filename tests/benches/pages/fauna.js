// The codec beside the driver's and beside a bare JSON.parse.
import * as ours from 'countersign/fauna'
import * as driver from 'fauna'
import { page } from '../../differential/fauna/measure.mjs'
import { assert, interleave } from './kit.js'

const time = (act) => {
  const at = performance.now()
  act()
  return performance.now() - at
}
// Each contender sweeps its own floor: without this one pays for the garbage of the one before.
const before = () => globalThis.gc?.()

export const decode = async ({ megabytes, rounds }) => {
  const text = page(megabytes * 1e6)
  const options = { long_type: 'number' }
  const [a, b] = [ours, driver].map(({ TaggedTypeFormat }) => TaggedTypeFormat.decode(text, options))
  assert(a.data.length === b.data.length && String(a.data.at(-1).id) === String(b.data.at(-1).id), 'the two decoders do not agree')
  return interleave(
    {
      ours: () => time(() => ours.TaggedTypeFormat.decode(text, options)),
      peer: () => time(() => driver.TaggedTypeFormat.decode(text, options)),
      bare: () => time(() => JSON.parse(text)),
    },
    { rounds, before },
  )
}

/** 10,000 arguments of five kinds. */
const args = (l) => Object.fromEntries(Array.from({ length: 10_000 }, (_, i) =>
  [`a${i}`, [i, i * 0.5, `text ${i}`, true, { at: new Date(i * 1e9), ref: new l.DocumentReference({ coll: 'Order', id: String(i) }), big: BigInt(i) }][i % 5]]))

export const encode = async ({ rounds }) => {
  const [a, b] = [args(ours), args(driver)]
  assert(JSON.stringify(ours.TaggedTypeFormat.encode(a)) === JSON.stringify(driver.TaggedTypeFormat.encode(b)), 'the two encoders do not agree')
  return interleave({ ours: () => time(() => ours.TaggedTypeFormat.encode(a)), peer: () => time(() => driver.TaggedTypeFormat.encode(b)) }, { rounds, before })
}
