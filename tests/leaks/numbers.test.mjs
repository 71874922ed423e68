// Sessions are numbers on the wasm side: what is given back is used again, and a number never means another session.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entry } from '../package/world.mjs'

const { loadCore } = await entry('core/core')
const op = await entry('core/op')
const { createSession } = await entry('index')

/** What the wasm calls; keeps who was told what. */
const host = () => {
  const told = []
  return { told, now: () => performance.now(), ...Object.fromEntries(['ask', 'drop', 'give', 'lend', 'fail', 'send', 'read', 'mirror', 'notice', 'wake', 'fence'].map((name) => [name, (...values) => void told.push([name, ...values])])) }
}

test('40,000 sessions opened and disposed: no byte more, and the others go on', async () => {
  const memories = []
  const { instantiate } = WebAssembly
  WebAssembly.instantiate = async (...args) => {
    const made = await instantiate.apply(WebAssembly, args)
    const { exports } = made.instance ?? made
    // Node has wasm of its own, for HTTP.
    if (exports.__wbindgen_start) memories.push(exports.memory)
    return made
  }
  const core = await loadCore()
  WebAssembly.instantiate = instantiate
  const [first, last] = [host(), host()]
  const living = core.open(first)
  const cycle = (count) => {
    for (let i = 0; i < count; i++) core.command(core.open(host()), op.dispose, 0, 0)
  }
  cycle(1_000)
  const before = memories[0].buffer.byteLength
  cycle(40_000)
  assert.equal(memories[0].buffer.byteLength, before)

  // A session whose options are wrong is begun and given up at every call.
  const failing = async (count) => {
    for (let i = 0; i < count; i++) {
      const session = createSession({ name: `wrong ${i}`, logger: false, templates: { a: 'a' }, routes: [{ url: 'https://api.test', template: 'nosuch' }], getToken: () => null })
      await assert.rejects(session.getToken('a'), { code: 'template_unknown' })
    }
  }
  await failing(10)
  const sound = memories[0].buffer.byteLength
  await failing(2_000)
  assert.equal(memories[0].buffer.byteLength, sound)

  // A provider that answers a session that is gone, when another has taken its place.
  const gone = core.open(host())
  core.command(gone, op.addKey, 0, 0)
  core.command(gone, op.dispose, 0, 0)
  const next = core.open(last)
  assert.notEqual(next, gone)
  const key = core.command(next, op.addKey, 0, 0)
  core.command(next, op.connect, 1, 0)
  core.identity(next, 2, 'alice', '')
  assert.equal(core.token(next, 1, key, 0, 0), undefined)
  const flight = last.told.find(([name]) => name === 'ask')[1]
  core.answered(gone, flight, 'the-token-of-another', 'the-token-of-another', 0)
  assert.equal(last.told.some(([name]) => name === 'give'), false)
  core.answered(next, flight, 'its-own-token', 'its-own-token', 0)
  assert.deepEqual(last.told.find(([name]) => name === 'give'), ['give', 1, 'its-own-token'])
  assert.equal(core.command(living, op.addKey, 0, 0), 0, 'the one that lived through it all')
})
