// What happens to a tab: hidden, asleep, frozen, offline, put aside by "back" (H2, H3, H12, H19).
import assert from 'node:assert/strict'
import { after, afterEach, before, suite, test } from 'node:test'
import { until } from '../differential/until.mjs'
import { openWorld } from './world.mjs'

/** @typedef {import('./tabs.mjs').Tab} Tab */

const status = (/** @type {Tab} */ tab) => tab.run(() => globalThis.tab.session.status)
const request = (/** @type {Tab} */ tab, /** @type {string} */ template = 'a') => tab.run((t) => globalThis.tab.request(t), template)
/** Kinds of events that the session told of. @param {Tab} tab @param {string} type */
const told = (tab, type) => tab.run((type) => globalThis.tab.events.filter((event) => event.type === type).length, type)

/** The wall clock jumps while the other one stands, as when a machine has slept. @param {Tab} tab @param {number} ms */
const sleep = (tab, ms) => tab.run((ms) => {
  const now = Date.now.bind(Date)
  Date.now = () => now() + ms
}, ms)

suite('the life of a tab', { concurrency: 1 }, () => {
  /** @type {Awaited<ReturnType<typeof openWorld>>} */
  let world
  before(async () => void (world = await openWorld()), { timeout: 60_000 })
  afterEach(() => world.settle())
  after(() => world?.close())

  test('a hidden tab refreshes nothing ahead of need, and does when it is seen again', async () => {
    const { app, open } = await world.visit()
    const behind = await open('behind', { apart: false })
    const later = await open('later', { apart: false })
    const front = await open('front', { apart: false })
    assert.deepEqual([await behind.visibility(), await later.visibility(), await front.visibility()], ['hidden', 'hidden', 'visible'])
    // The lead of the one behind has passed when the one in front is renewed; that of the other passes a little later.
    app.life = 6
    assert.equal(await request(behind), 200)
    app.life = 8
    assert.equal(await request(front), 200)
    assert.equal(await request(later), 200)
    const asked = (/** @type {string} */ tab) => app.asked.filter((call) => call.tab === tab).length
    await until(() => asked('front') === 2)
    assert.deepEqual([asked('behind'), asked('later'), await told(later, 'wake')], [1, 1, 0])
    await later.front()
    await until(() => asked('later') === 2)
    assert.equal(await told(later, 'wake'), 1, 'seen again: told once')
  })

  test('asleep for eight hours: one call for the template that is asked for, none for the other', async () => {
    const { app, open } = await world.visit()
    const tab = await open('one', { templates: ['a', 'b'] })
    assert.deepEqual(await tab.run(() => globalThis.tab.requests(['a', 'b'])), [200, 200])
    await sleep(tab, 8 * 3_600_000)
    app.life = 10 * 3_600
    assert.equal(await request(tab, 'a'), 200)
    assert.deepEqual(app.asked.slice(2).map(({ template }) => template), ['a'])
    assert.notEqual(app.seen.at(-1).jti, app.seen.find((r) => r.template === 'a').jti, 'the token of before the sleep was not sent')
    assert.equal(await told(tab, 'wake'), 1)
  })

  test('six tabs with three templates come back online: one call per visible tab and template', async () => {
    const { app, open } = await world.visit()
    const templates = ['a', 'b', 'c']
    const ids = ['1', '2', '3', '4', '5', '6']
    app.life = 8
    const tabs = []
    // Three behind one another in a window, three in windows of their own.
    for (const id of ids) tabs.push(await open(id, { templates, apart: Number(id) > 3 }))
    const all = (/** @type {(tab: Tab) => Promise<any>} */ work) => Promise.all(tabs.map(work))
    assert.deepEqual((await all((tab) => tab.run((t) => globalThis.tab.requests(t), templates))).flat(), Array(18).fill(200))
    assert.deepEqual(await all((tab) => tab.visibility()), ['hidden', 'hidden', ...Array(4).fill('visible')])
    await all((tab) => tab.offline(true))
    // Past the lead: each that is seen has tried, and failed.
    await until(async () => (await all((tab) => told(tab, 'refreshFailed'))).slice(2).every((n) => n >= 3))
    const before = app.asked.length
    assert.equal(before, 18)
    await all((tab) => tab.offline(false))
    // Everything that can be seen reads everything, again and again for two seconds.
    await Promise.all(tabs.slice(2).map((tab) => tab.run(async (templates) => {
      const { session } = globalThis.tab
      const got = new Set()
      for (const end = performance.now() + 2000; performance.now() < end || got.size < templates.length; await new Promise((done) => setTimeout(done, 20)))
        await Promise.all(templates.map((template) => session.getToken(template).then(() => got.add(template), () => {})))
    }, templates)))
    const calls = app.asked.slice(before).map(({ tab, template }) => tab + template)
    assert.deepEqual(calls.sort(), ['3a', '3b', '3c', '4a', '4b', '4c', '5a', '5b', '5c', '6a', '6b', '6c'], 'one each, and none of the hidden tabs')
  })

  test('online again: what failed offline is tried at once, however long it has failed', async () => {
    const { app, open } = await world.visit()
    const tab = await open('one', { templates: ['a', 'b'] })
    assert.equal(await request(tab, 'b'), 200)
    await tab.offline(true)
    // By then it is left alone for two seconds at least.
    await until(async () => {
      assert.notEqual(await request(tab), 200)
      return (await told(tab, 'refreshFailed')) >= 4
    })
    await tab.offline(false)
    await until(() => told(tab, 'wake'))
    assert.equal(await request(tab), 200)
    assert.deepEqual(app.asked.map(({ template }) => template), ['b', 'a'])
  })

  test('frozen while the user leaves: thawed, the tab asks before it sends', async () => {
    const { app, open } = await world.visit()
    const frozen = await open('frozen', { apart: false })
    assert.equal(await request(frozen), 200)
    await frozen.run(() => document.addEventListener('resume', () => (globalThis.first = globalThis.tab.request())))
    const front = await open('front', { apart: false })
    assert.equal(await request(front), 200)
    await frozen.freeze()
    app.user = null
    await front.run(() => globalThis.tab.session.signOut())
    await frozen.resume()
    await until(() => frozen.run(() => !!globalThis.first))
    assert.equal(await frozen.run(() => globalThis.first), 'signed_out')
    assert.equal(app.of('frozen').length, 1)
    await until(async () => (await status(frozen)) === 'anonymous')
  })

  test('put aside by "back": eligible while idle, the same page comes back, and the provider is asked before anything is sent', async () => {
    const { app, open } = await world.visit()
    const tab = await open('one')
    assert.equal(await request(tab), 200)
    await tab.run(() => {
      globalThis.mark = 'the same page'
      globalThis.order = []
      // What apps do when they are seen again. These listen to what comes before `pageshow`.
      for (const type of ['resume', 'visibilitychange', 'pageshow'])
        document.addEventListener(type, () => document.visibilityState === 'visible' && void globalThis.order.push(globalThis.tab.request()))
    })
    await tab.go(`${app.page}?elsewhere`)
    await tab.back()
    await until(() => tab.run(() => globalThis.mark && globalThis.order?.length).catch(() => 0))
    await tab.run(() => Promise.all(globalThis.order))
    assert.equal(await request(tab), 200)
    const [first, ...later] = app.of('one')
    assert.ok(later.length >= 2)
    assert.ok(later.every(({ jti }) => jti !== first.jti), 'nothing was sent with the token of before')
    assert.deepEqual(app.asked.map(({ force }) => force), [false, true])
    assert.equal(await tab.run(() => /** @type {any} */ (performance.getEntriesByType('navigation')[0]).notRestoredReasons), null)
  })

  test('put aside while the user leaves in another tab', async () => {
    const { app, open } = await world.visit()
    const [tab, other] = [await open('one'), await open('other')]
    assert.deepEqual([await request(tab), await request(other)], [200, 200])
    await tab.run(() => {
      globalThis.mark = true
      addEventListener('visibilitychange', () => document.visibilityState === 'visible' && (globalThis.first = globalThis.tab.request()))
    })
    await tab.go(`${app.page}?elsewhere`)
    app.user = null
    await other.run(() => globalThis.tab.session.signOut())
    await tab.back()
    await until(() => tab.run(() => globalThis.mark && !!globalThis.first).catch(() => false))
    assert.equal(await tab.run(() => globalThis.first), 'signed_out')
    assert.equal(app.of('one').length, 1)
    await until(async () => (await status(tab)) === 'anonymous')
    // And it hears the others again: by then it has asked who is there for the last time of its own accord.
    await until(async () => (await tab.run(() => globalThis.tab.provider.counts.watched)) === 3)
    app.user = 'bob'
    await other.run(() => globalThis.tab.provider.become('bob'))
    await until(async () => (await status(tab)) === 'signedIn')
    assert.equal(await request(tab), 200)
    assert.equal(app.of('one').at(-1).sub, 'bob')
  })

  test('put aside with a request in the air: nothing of ours ends it, and the page that comes back has its answer', async () => {
    const { app, open } = await world.visit()
    const tab = await open('one')
    assert.equal(await request(tab), 200)
    let answer = () => {}
    app.holds = () => new Promise((resolve) => (answer = () => resolve(undefined)))
    await tab.run(() => void (globalThis.flight = globalThis.tab.request()))
    await until(() => app.of('one').length === 2)
    await tab.go(`${app.page}?elsewhere`)
    app.holds = () => undefined
    answer()
    await tab.back()
    await until(() => tab.run(() => !!globalThis.flight).catch(() => false))
    assert.equal(await tab.run(() => globalThis.flight), 200)
  })

  test('the timer comes back with the page', async () => {
    const { app, open } = await world.visit()
    app.life = 8
    const tab = await open('one')
    assert.equal(await request(tab), 200)
    await tab.run(() => void (globalThis.mark = true))
    await tab.go(`${app.page}?elsewhere`)
    await tab.back()
    await until(() => tab.run(() => !!globalThis.mark).catch(() => false))
    assert.equal(await request(tab), 200)
    const calls = app.asked.length
    await until(() => app.asked.length > calls)
  })
})
