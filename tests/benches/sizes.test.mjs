// node --test tests/benches/sizes.test.mjs: the size gate, on the package as built.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { gates, sizes } from './sizes.mjs'

describe('bytes after gzip -9', () => {
  /** @type {Awaited<ReturnType<typeof sizes>>} */
  let measured
  before(async () => void (measured = await sizes()))

  const within = (what, bytes, budget) => assert.ok(bytes <= budget, `${what}: ${bytes} bytes, ${bytes - budget} more than the gate of ${budget}`)

  for (const name of Object.keys(gates.eager)) test(`eager: ${name}`, () => within(name, measured.eager[name], gates.eager[name]))
  test('eager: what an application imports of fauna', () => within('fauna, as imported', measured.used, gates.used))
  test('a page with Clerk and Hasura over HTTP', () => within('page', measured.page, gates.page))
  test('the same page with a live query', () => within('live page', measured.live, gates.live))
  test('all four backends, beside the vendors\' clients', () => within('total', measured.total, gates.total * measured.peers))
  test('the doctor is not part of a healthy page', () => {
    assert.ok(measured.diagnose > 0, 'there is no chunk that only an error loads')
    for (const file of Object.keys({ ...measured.files.page, ...measured.files.live, ...measured.files.total })) assert.doesNotMatch(file, /diagnose/)
  })
})
