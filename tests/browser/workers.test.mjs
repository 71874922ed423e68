// Sessions where there is no page: dedicated, shared and service workers (H20).
import assert from 'node:assert/strict'
import { after, afterEach, before, suite, test } from 'node:test'
import { until } from '../differential/until.mjs'
import { openWorld } from './world.mjs'

/** @typedef {'dedicated' | 'shared' | 'service'} Kind */
const KINDS = /** @type {const} */ (['dedicated', 'shared', 'service'])

suite('workers', { concurrency: 1 }, () => {
  /** @type {Awaited<ReturnType<typeof openWorld>>} */
  let world
  before(async () => void (world = await openWorld(['worker', 'service-worker'])), { timeout: 60_000 })
  afterEach(() => world.settle())
  after(() => world?.close())

  /** A tab with a worker, and a session of the same name in each. @param {Kind} kind */
  const employed = async (kind) => {
    const { app, open } = await world.visit()
    const tab = await open('page')
    await tab.run((kind) => globalThis.tab.employ(kind), kind)
    const ask = (/** @type {string} */ what, /** @type {unknown} */ options) => tab.run(([kind, ...message]) => globalThis.tab.workers[kind](...message), [kind, what, options])
    await ask('start', { name: app.name, tab: kind })
    return { app, tab, ask }
  }

  for (const kind of KINDS) {
    test(`${kind}: hears that the user left the page, and asks its own provider before it sends`, async () => {
      const { app, tab, ask } = await employed(kind)
      assert.equal(await ask('request'), 200)
      await tab.run(() => globalThis.tab.request())
      await tab.run(() => globalThis.tab.session.signOut())
      await until(async () => (await ask('watched')) >= 2)
      // Its provider still vouches.
      assert.equal(await ask('request'), 200)
      const [old, now] = app.of(kind)
      assert.notEqual(now.jti, old.jti)
      assert.equal(app.asked.at(-1).force, true)
    })

    test(`${kind}: another user in the middle of a request, and the right token right after it`, async () => {
      const { app, tab, ask } = await employed(kind)
      let answer = () => {}
      app.holds = () => new Promise((resolve) => (answer = () => resolve(undefined)))
      await tab.run((kind) => void (globalThis.flight = globalThis.tab.workers[kind]('request')), kind)
      await until(() => app.of(kind).length)
      app.user = 'bob'
      app.holds = () => undefined
      await ask('become', 'bob')
      assert.deepEqual([await tab.run(() => globalThis.flight), await ask('request')], ['identity_changed', 200])
      answer()
      assert.deepEqual(app.of(kind).map(({ sub }) => sub), ['alice', 'bob'])
    })
  }

  test('a service worker sets no timer ahead of need, the others do; what a caller set for itself runs out all the same', async () => {
    for (const kind of KINDS) {
      const { app, ask } = await employed(kind)
      // The lead of such a token is in six seconds, a call waits for ten.
      app.life = 8
      assert.equal(await ask('request'), 200)
      const ahead = (await ask('delays')).filter((/** @type {number} */ ms) => ms < 9000)
      assert.equal(ahead.length > 0, kind !== 'service', `${kind}: ${ahead}`)
      assert.equal(await ask('hang', 50), 'timeout')
      await world.settle()
    }
  })
})
