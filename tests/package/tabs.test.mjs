// What Node can show of the life of a session: its channel keeps no process alive, its absence hurts nobody, a server has none,
// and a server's request leaves nothing behind.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from '../differential/until.mjs'
import { entry, name } from './world.mjs'

const { createSession } = await entry('index')
const { forRequest } = await entry('server')
const { fakeProvider, fakeToken } = await entry('testing')
setFlagsFromString('--expose-gc')
const collect = /** @type {() => void} */ (runInNewContext('gc'))

/** With another BroadcastChannel, or none. @param {unknown} channel @param {() => Promise<void>} work */
const withChannel = async (channel, work) => {
  const { BroadcastChannel } = globalThis
  Object.assign(globalThis, { BroadcastChannel: channel })
  try {
    await work()
  } finally {
    globalThis.BroadcastChannel = BroadcastChannel
  }
}

test('an open channel does not keep a process alive', async () => {
  const world = fileURLToPath(new URL('world.mjs', import.meta.url))
  const child = spawn(process.execPath, ['--input-type=module', '-e', `
    const { entry } = await import(${JSON.stringify(world)})
    const { createSession } = await entry('index')
    const session = createSession({ logger: false, getToken: () => null, watch: (report) => (report(null), () => {}) })
    console.log(await session.getToken('x'))
    globalThis.kept = session`], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (text) => (said += text))
  const limit = setTimeout(() => child.kill(), 20_000)
  const [code] = await once(child, 'exit')
  clearTimeout(limit)
  assert.deepEqual([code, said], [0, 'null\n'])
})

test('no channel, or one that the browser refuses: a session works without', async () => {
  class Refused {
    constructor() {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    }
  }
  for (const channel of [undefined, Refused])
    await withChannel(channel, async () => {
      const session = createSession({ name: name(), logger: false, ...fakeProvider({ user: 'alice' }) })
      assert.match(await session.getToken('x'), /^ey/)
      await session.signOut()
      session.dispose()
    })
})

test('each session that is started has one channel, named by it, until it is disposed', async () => {
  const open = new Set()
  class Counted extends BroadcastChannel {
    constructor(/** @type {string} */ of) {
      super(of)
      open.add(of)
    }
    close() {
      super.close()
      open.delete(this.name)
    }
  }
  await withChannel(Counted, async () => {
    const called = name()
    const session = createSession({ name: called, logger: false, ...fakeProvider() })
    assert.deepEqual([...open], [], 'not before its first call')
    await session.getToken('x')
    assert.deepEqual([...open], [`countersign:${called}`])
    session.dispose()
    assert.deepEqual([...open], [])
  })
})

test('a request on a server opens no channel and listens to nothing', async () => {
  const { addEventListener } = globalThis
  let listeners = 0
  globalThis.addEventListener = () => void listeners++
  try {
    await withChannel(class { constructor() { assert.fail('a channel on a server') } }, async () => {
      const request = forRequest({ getToken: () => fakeToken(), templates: { x: 'x' } })
      assert.match(await request.getToken('x'), /^ey/)
    })
  } finally {
    globalThis.addEventListener = addEventListener
  }
  assert.equal(listeners, 0)
})

test('a request on a server leaves nothing behind: neither its provider nor a timer', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length
  const before = timers()
  const providers = /** @type {WeakRef<object>[]} */ ([])
  const serve = async () => {
    const getToken = async () => fakeToken()
    providers.push(new WeakRef(getToken))
    await forRequest({ getToken, templates: { x: 'x' } }).getToken('x')
  }
  for (let n = 0; n < 200; n++) await serve()
  // The engine may keep the last one on its stack.
  await until(() => (collect(), providers.filter((provider) => provider.deref()).length <= 1))
  assert.ok(timers() <= before)
})
