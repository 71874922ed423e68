// Several sessions on one page: two names, two copies of the package, one replaced by the next (H21).
import assert from 'node:assert/strict'
import { after, afterEach, before, suite, test } from 'node:test'
import { until } from '../differential/until.mjs'
import { openWorld } from './world.mjs'

/** @typedef {import('./tabs.mjs').Tab} Tab */

/** Another copy of the package; `globalThis.tab` is its own from then on, and the first one's is `globalThis.first`. @param {Tab} tab */
const another = (tab) => tab.run(async () => {
  globalThis.first = globalThis.tab
  await import(/** @type {string} */ ('/copy/tab.js'))
  if (globalThis.first === globalThis.tab) throw new Error('the same copy')
})
const request = (/** @type {Tab} */ tab) => tab.run(() => globalThis.tab.request())
const requestOfFirst = (/** @type {Tab} */ tab) => tab.run(() => globalThis.first.request())

suite('copies', { concurrency: 1 }, () => {
  /** @type {Awaited<ReturnType<typeof openWorld>>} */
  let world
  before(async () => void (world = await openWorld()), { timeout: 60_000 })
  afterEach(() => world.settle())
  after(() => world?.close())

  test('two copies with a session each, of different names: neither disturbs the other', async () => {
    const { app, open } = await world.visit()
    const tab = await open('first', { own: 'alice' })
    assert.equal(await request(tab), 200)
    await another(tab)
    await tab.run((name) => globalThis.tab.start({ name, tab: 'second', session: 'second', own: 'alice' }), app.name)
    assert.deepEqual([await request(tab), await requestOfFirst(tab)], [200, 200])
    // The same person, so the mark is the same: only the channel's name keeps them apart.
    assert.equal(await tab.run(() => globalThis.first.session.identityKey === globalThis.tab.session.identityKey), true)
    await tab.run(() => globalThis.tab.session.signOut())
    assert.deepEqual([await request(tab), await requestOfFirst(tab)], ['signed_out', 200])
    await tab.run(() => globalThis.tab.session.dispose())
    assert.deepEqual([await request(tab), await requestOfFirst(tab)], ['disposed', 200])
    assert.deepEqual(app.asked.map(({ tab, force }) => [tab, force]), [['first', false], ['second', false]])
    assert.deepEqual(await tab.run(() => globalThis.first.provider.counts.watched), 1)
  })

  test('hot reload: the module is evaluated again, its session replaces the old one, and only the new one hears and speaks', async () => {
    const { app, open } = await world.visit()
    const [tab, other] = [await open('old'), await open('other')]
    assert.deepEqual([await request(tab), await request(other)], [200, 200])
    await another(tab)
    await tab.run((name) => globalThis.tab.start({ name, tab: 'new' }), app.name)
    assert.equal(await request(tab), 200)
    await until(async () => (await requestOfFirst(tab)) === 'disposed')
    await other.run(() => globalThis.tab.session.signOut())
    await until(() => tab.run(() => globalThis.tab.session.status === 'anonymous'))
    assert.equal(await tab.run(() => globalThis.first.provider.counts.watched), 1, 'the old one is deaf')
    // And mute: its provider says that somebody came, and nobody is told twice.
    await other.run((name) => {
      const heard = (globalThis.heard = [])
      globalThis.channel = new BroadcastChannel(`countersign:${name}`)
      globalThis.channel.onmessage = ({ data }) => heard.push(data)
    }, app.name)
    await tab.run(() => globalThis.first.provider.become('alice'))
    await tab.run(() => globalThis.tab.provider.become('alice'))
    await until(() => other.run(() => globalThis.tab.session.status === 'signedIn'))
    assert.equal(await other.run(() => globalThis.heard.length), 1)
  })

  test('replaced a hundred times: what is left are the listeners of one', async () => {
    const { app, open } = await world.visit()
    const tab = await open('one')
    assert.equal(await request(tab), 200)
    const listeners = async () => {
      await tab.send('HeapProfiler.collectGarbage')
      const { metrics } = await tab.send('Performance.getMetrics')
      return metrics.find((/** @type {{ name: string }} */ { name }) => name === 'JSEventListeners').value
    }
    await tab.send('Performance.enable')
    const replace = (/** @type {number} */ times) => tab.run(async ({ name, times }) => {
      for (let n = 0; n < times; n++) {
        globalThis.tab.start({ name, tab: 'one' })
        if ((await globalThis.tab.request()) !== 200) throw new Error('no answer')
      }
    }, { name: app.name, times })
    await replace(5)
    const before = await listeners()
    await replace(100)
    assert.ok((await listeners()) - before < 10, `${before}, then ${await listeners()}`)
  })
})
