// What the core's guard makes of an error: a trap ends the instance, anything else is the call's own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../differential/until.mjs'
import { entry, name } from './world.mjs'

const { createSession } = await entry('index')
const { fakeProvider } = await entry('testing')
const { guarded } = await entry('core/failures')
const { loadCore, trapped } = await entry('core/core')

/** How often a trap is told while `act` runs. */
const told = async (act) => {
  let times = 0
  const tell = () => times++
  trapped.add(tell)
  try {
    await act()
  } finally {
    trapped.delete(tell)
  }
  return times
}

test('a trap is told to every session and thrown; the next load makes another instance', async () => {
  const trap = new WebAssembly.RuntimeError('unreachable')
  const core = guarded({ f() { throw trap } }, 1, () => false)
  const before = loadCore()
  assert.equal(loadCore(), before, 'one load for all')
  assert.equal(await told(() => assert.throws(() => core.f(), trap)), 1)
  assert.notEqual(loadCore(), before)
  await loadCore()
})

test('a real trap of a real module is one', async () => {
  // (module (func (export "f") unreachable))
  const bytes = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11])
  const { instance } = await WebAssembly.instantiate(bytes)
  const core = guarded(instance.exports, 1, () => false)
  assert.equal(await told(() => assert.throws(() => core.f(), WebAssembly.RuntimeError)), 1)
})

test('an error that is no trap is thrown as it is, and ends nothing', async () => {
  const own = new TypeError('unreachable')
  const before = loadCore()
  assert.equal(await told(() => assert.throws(() => guarded({ f() { throw own } }, 1, () => false).f(), own)), 0)
  assert.equal(loadCore(), before)
})

test('the session, arguments and answers pass; of a dead instance nothing is asked any more', () => {
  let dead = false
  let asked = 0
  const core = guarded({ add: (session, a, b) => (asked++, session + a + b) }, 1, () => dead)
  assert.equal(core.add(2, 3), 6)
  dead = true
  assert.equal(core.add(2, 3), undefined)
  assert.equal(asked, 1)
})

test('a session in whose core an export traps rejects what waits, and serves the next call from a new one', async () => {
  const session = createSession({ name: name(), logger: false })
  let asked = false
  session.connect({ ...fakeProvider(), getToken: () => ((asked = true), new Promise(() => {})) })
  const waiting = session.getToken('x')
  waiting.catch(() => {})
  await until(() => asked)
  assert.throws(() => guarded({ f() { throw new WebAssembly.RuntimeError('unreachable') } }, 1, () => false).f())
  await assert.rejects(waiting, { code: 'wasm_trapped', retryable: true })
  session.connect(fakeProvider())
  assert.match(await session.getToken('x'), /^ey/)
  session.dispose()
})
