// A million calls of every kind on one session: everything that could stay behind is back where it was.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { open } from './browser.mjs'
import { more } from './more.mjs'

const page = await open()
after(page.close)

/** Runs once so that what is compiled and cached is there, then for good. */
const flat = async (t, run, warm, full) => {
  await run(warm)
  const before = await page.look()
  const answer = await run(full)
  const after = await page.look()
  t.diagnostic(`heap ${after.heap - before.heap} bytes, wasm ${after.wasmBytes - before.wasmBytes} bytes, wasm references ${after.wasmRefs - before.wasmRefs}`)
  assert.deepEqual(more(before, after), {})
  assert.deepEqual(page.errors, [])
  return answer
}

test('1,000,000 calls: hits, misses, forced, failing, aborted, fenced, refused; leases, other users, sign-outs', async (t) => {
  const { done, ends } = await flat(t, (n) => page.run('calls', n), 100_000, 1_000_000)
  assert.equal(done, 1_000_000)
  for (const [end, least] of Object.entries({ token: 5_000, 200: 40_000, 401: 1_000, AbortError: 10_000, identity_changed: 2_000, provider_failed: 5_000, network: 1_000, origin_not_allowed: 1_000, signed_out: 1_000, null: 1_000, budget_exhausted: 1 }))
    assert.ok(ends[end] >= least, `${end}: ${ends[end]}, not ${least}: ${JSON.stringify(ends)}`)
})

test('signed out with nothing under way: no timer', async () => {
  const { timers, controllers } = await page.look()
  assert.equal(timers, 0)
  // The fence of the generation and the page's own; and for each of three templates the last failure, whose stack holds on to its call.
  assert.ok(controllers <= 5, `${controllers} controllers`)
})

test('2,000 callers that a provider keeps waiting give up by time', async (t) => {
  assert.deepEqual(await flat(t, (n) => page.run('timeouts', n), 2, 20), { timeout: 2_000 })
})

test('30,000 requests of one user, bound to signals of their own, to one that lives as long as the page, to none', async (t) => {
  assert.deepEqual(await flat(t, (n) => page.run('requests', n), 5_000, 30_000), { 200: 30_000 })
})

test('40,000 callers that leave while the provider hangs: nothing waits for them, in the same generation', async (t) => {
  assert.deepEqual(await flat(t, (n) => page.run('dropped', n), 4_000, 40_000), { AbortError: 40_000 })
})

test('disposed after all that: nothing of it is left', async () => {
  await page.run('end')
  const { timers, listeners, jsListeners, channels, controllers } = await page.look()
  assert.deepEqual({ timers, listeners, jsListeners, channels, controllers }, { timers: 0, listeners: 0, jsListeners: 0, channels: 0, controllers: 1 }, 'the one controller is the page’s own')
})
