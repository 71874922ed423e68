// Clerk judges expiry by the device's clock (since 6.0). The same Clerk, the same clock, with and without a session over it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { markdown, measure, PAGE, SHIFTS, table, TABLE } from './clock-table.mjs'
import { LIFE_S } from './frontend-api.mjs'

const SECONDS = 600
const LEAD_S = LIFE_S / 5
// tokens.md H1: provider calls, of which those that Clerk answers from its cache mint nothing.
const MINTS = 3 + SECONDS / (LIFE_S - LEAD_S)

test('ten minutes on wrong clocks: nothing expired is sent, and no more tokens are minted than the bound; the page tells what was measured', async (t) => {
  const rows = await table()
  t.diagnostic(`\n${markdown(rows)}`)
  for (const { aheadS, focused, ours } of rows) {
    const where = `${aheadS} s ahead, ${focused ? 'focused' : 'not focused'}: ${JSON.stringify(ours)}`
    assert.equal(ours.expired, 0, where)
    assert.equal(ours.failed, 0, where)
    // Unforced first, as Clerk may have renewed by itself; then forced.
    assert.ok(ours.asked <= 2 * MINTS, where)
    // 30 to 43 s ahead, a focused Clerk renews every few seconds by a timer of its own, which nobody who asks it can stop.
    if (!(focused && aheadS === 40)) assert.ok(ours.mints <= MINTS, where)
    else assert.ok(ours.asked <= MINTS, where)
  }
  const bare = (aheadS, focused) => rows.find((row) => row.aheadS === aheadS && row.focused === focused)?.bare
  assert.equal(bare(60, false)?.mints, SECONDS, 'what it is measured against: Clerk alone asks at every call')
  assert.ok(bare(-60, true).expired > SECONDS / 3, 'and sends expired tokens')
  assert.equal(TABLE.exec(readFileSync(PAGE, 'utf8'))?.[0], markdown(rows), 'run tests/differential/providers/clock-table.mjs')
})

test('a token that Clerk has kept past its end costs one rejection, and no second', async () => {
  for (const aheadS of SHIFTS) for (const agedS of [30, 70]) {
    const ours = await measure({ aheadS, agedS, focused: false, ours: true })
    const where = `${aheadS} s ahead, aged ${agedS} s: ${JSON.stringify(ours)}`
    assert.ok(ours.expired <= 1, where)
    assert.equal(ours.failed, 0, where)
    assert.ok(ours.mints <= MINTS, where)
  }
})
