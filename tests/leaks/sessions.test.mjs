// A thousand sessions made, used and disposed: nothing of them is left, not even of those with calls under way.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { open } from './browser.mjs'
import { more } from './more.mjs'

const page = await open()
after(page.close)

test('1,000 sessions: collected, with their timers, listeners, controllers, references and memory', async (t) => {
  await page.run('sessions', 200)
  const before = await page.look()
  const { ends, listening } = await page.run('sessions', 1_000)
  const after = await page.look()
  t.diagnostic(`heap ${after.heap - before.heap} bytes, wasm ${after.wasmBytes - before.wasmBytes} bytes, wasm references ${after.wasmRefs - before.wasmRefs}`)
  assert.deepEqual(more(before, after), {})
  const { timers, listeners, jsListeners, channels, controllers, sessions } = after
  assert.deepEqual({ timers, listeners, jsListeners, channels, controllers, sessions, listening }, { timers: 0, listeners: 0, jsListeners: 0, channels: 0, controllers: 1, sessions: 0, listening: 0 }, 'the one controller is the page’s own')
  assert.deepEqual(Object.keys(ends), ['disposed'], 'every call that was under way has ended')
  assert.deepEqual(page.errors, [])
})
