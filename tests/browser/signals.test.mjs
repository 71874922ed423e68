// What tabs tell each other (H18, H12): signals, never tokens, and whoever hears one asks its own provider.
import assert from 'node:assert/strict'
import { after, afterEach, before, suite, test } from 'node:test'
import { until } from '../differential/until.mjs'
import { openWorld } from './world.mjs'

/** @typedef {import('./tabs.mjs').Tab} Tab */

const status = (/** @type {Tab} */ tab) => tab.run(() => globalThis.tab.session.status)
const asked = (/** @type {Tab} */ tab) => tab.run(() => globalThis.tab.provider.counts)
const request = (/** @type {Tab} */ tab, /** @type {string} */ template = 'a') => tab.run((t) => globalThis.tab.request(t), template)

/** Hears, and says, what goes over the channel of an app. @param {Tab} tab @param {string} name */
const spy = (tab, name) => tab.run((name) => {
  const heard = (globalThis.heard = [])
  globalThis.channel = new BroadcastChannel(`countersign:${name}`)
  globalThis.channel.onmessage = ({ data }) => heard.push(data)
}, name)
const heard = (/** @type {Tab} */ tab) => tab.run(() => globalThis.heard)
const say = (/** @type {Tab} */ tab, /** @type {unknown} */ message) => tab.run((m) => globalThis.channel.postMessage(m), message)

suite('tabs', { concurrency: 1 }, () => {
  /** @type {Awaited<ReturnType<typeof openWorld>>} */
  let world
  before(async () => void (world = await openWorld()), { timeout: 60_000 })
  afterEach(() => world.settle())
  after(() => world?.close())

  test('sign out in one tab: the other sends nothing with the old token a second later', async () => {
    const { app, open } = await world.visit()
    const [one, two] = [await open('one'), await open('two')]
    assert.deepEqual([await request(one), await request(two)], [200, 200])
    await two.run(() => void globalThis.tab.hurry())
    await one.run(() => globalThis.tab.session.signOut())
    const signedOut = performance.now()
    await until(() => two.run(() => globalThis.tab.ended))
    assert.equal(await status(two), 'anonymous')
    assert.ok(app.of('two').at(-1).at - signedOut < 1000, 'and not long after')
    assert.equal(await request(two), 'signed_out')
  })

  test('a provider that ends its session slowly: the other tabs are told again when it has', async () => {
    const { app, open } = await world.visit()
    const [one, two] = [await open('one'), await open('two')]
    assert.deepEqual([await request(one), await request(two)], [200, 200])
    await one.run(() => {
      const { provider, session } = globalThis.tab
      const end = new Promise((resolve) => (globalThis.end = resolve))
      session.connect({ ...provider, signOut: () => end.then(provider.signOut) })
      globalThis.leaving = session.getToken('a').then(() => session.signOut())
    })
    // The first signal: the provider in the other tab still says that she is there, twice.
    await until(async () => (await asked(two)).watched === 3)
    assert.deepEqual([await status(two), await request(two)], ['signedIn', 200])
    await one.run(() => (globalThis.end(), globalThis.leaving))
    await until(async () => (await status(two)) === 'anonymous')
    assert.equal(app.of('two').length, 2)
  })

  test('a signal that overtakes what the provider wrote down: it is asked once more', async () => {
    const { open } = await world.visit()
    const [one, two] = [await open('one'), await open('two')]
    await two.run(() => {
      const { provider, session } = globalThis.tab
      let n = 0
      session.connect({ ...provider, watch: (report) => (report(++n < 3 ? { user: 'alice' } : null), () => {}) })
    })
    assert.deepEqual([await request(one), await request(two)], [200, 200])
    await one.run(() => globalThis.tab.provider.signOut())
    await until(async () => (await status(two)) === 'anonymous')
  })

  test('B signs in in one tab while a request of A is in flight in the other', async () => {
    const { app, open } = await world.visit()
    const [one, two] = [await open('one'), await open('two')]
    await request(two)
    let answer = () => {}
    app.holds = (tab) => (tab === 'one' ? new Promise((resolve) => (answer = () => resolve(undefined))) : undefined)
    await one.run(() => void (globalThis.flight = globalThis.tab.request()))
    await until(() => app.of('one').length)
    app.user = 'bob'
    await two.run(() => globalThis.tab.provider.become('bob'))
    assert.equal(await one.run(() => globalThis.flight), 'identity_changed')
    app.holds = () => undefined
    answer()
    assert.equal(await request(one), 200)
    assert.deepEqual(app.of('one').map(({ sub }) => sub), ['alice', 'bob'])
  })

  test('not blind trust: a tab whose provider still vouches goes on, with a token that the provider gave after the signal', async () => {
    const { app, open } = await world.visit()
    const [one, two, ear] = [await open('one', { own: 'alice' }), await open('two', { own: 'alice' }), await open('ear', { session: 'another' })]
    await spy(ear, app.name)
    assert.deepEqual([await request(one), await request(two)], [200, 200])
    // Younger than the session's own channel, so it hears after that.
    await two.run((name) => {
      globalThis.channel = new BroadcastChannel(`countersign:${name}`)
      globalThis.channel.onmessage = () => (globalThis.watched ??= globalThis.tab.provider.counts.watched)
    }, app.name)
    await one.run(() => globalThis.tab.provider.become('bob'))
    await until(() => two.run(() => globalThis.watched))
    assert.equal(await two.run(() => globalThis.watched), 2, 'who is there is asked in the same moment')
    assert.deepEqual([await request(two), await status(two)], [200, 'signedIn'])
    const [old, now] = app.of('two')
    assert.equal(now.sub, 'alice')
    assert.notEqual(now.jti, old.jti)
    assert.equal(app.asked.findLast(({ tab }) => tab === 'two').force, true)
    assert.equal((await heard(ear)).length, 1, 'nobody answers a signal with another')
  })

  test('a provider that says "nobody" whenever it is watched cannot make two tabs answer each other for ever', async () => {
    const { app, open } = await world.visit()
    const ear = await open('ear', { session: 'another' })
    await spy(ear, app.name)
    const both = [await open('one'), await open('two')]
    for (const tab of both) {
      await request(tab)
      await tab.run(() => {
        const { provider, session } = globalThis.tab
        session.connect({ ...provider, watch: (report) => (globalThis.tab.provider.counts.watched++, report(null), report({ user: 'alice' }), () => {}) })
      })
      assert.equal(await request(tab), 200)
    }
    const before = (await heard(ear)).length
    await both[0].run(() => globalThis.tab.session.identityChanged(null))
    // It is settled when a message that is sent after all the others has been heard.
    const watched = async () => JSON.stringify(await Promise.all(both.map(asked)))
    for (let was = ''; was !== (was = await watched()); ) await Promise.all(both.map((tab) => request(tab)))
    assert.ok((await heard(ear)).length - before <= 3, `${(await heard(ear)).length - before} messages`)
  })

  test('what is said: four small members, no token', async () => {
    const { app, open } = await world.visit()
    const [one, two, ear] = [await open('one'), await open('two'), await open('ear', { session: 'another' })]
    await spy(ear, app.name)
    await request(one)
    const who = await one.run(() => globalThis.tab.session.identityKey)
    app.refuses = ({ jti }) => jti === 'a-1'
    assert.equal(await request(one), 200)
    await one.run(() => globalThis.tab.session.signOut())
    await until(async () => (await heard(ear)).length === 3)
    const said = await heard(ear)
    assert.deepEqual(said.map(({ at, ...rest }) => rest), [{ v: 1, type: 'rejected', who, template: 'a' }, { v: 1, type: 'left', who }, { v: 1, type: 'left', who }])
    for (const { at } of said) assert.ok(Math.abs(at - Date.now()) < 60_000)
    assert.doesNotMatch(JSON.stringify(said), /eyJ|alice/)
    await until(async () => (await status(two)) === 'anonymous')
  })

  test('other people’s, other versions’ and broken messages are ignored', async () => {
    const { app, open } = await world.visit()
    const [one, ear] = [await open('one', { templates: ['a', 'b'] }), await open('ear', { session: 'another' })]
    await spy(ear, app.name)
    await request(one)
    const who = await one.run(() => globalThis.tab.session.identityKey)
    const at = Date.now() + 1000
    const bad = [null, 7, 'left', [], {}, { v: 1 }, { v: 2, type: 'left', who, at }, { v: 1, type: 'left', who: 'x', at }, { v: 1, type: 'left', who: null, at }, { v: 1, type: 'left', at },
      { v: 1, type: 'other', who, at }, { v: 1, type: 'rejected', who, at }, { v: 1, type: 'rejected', who, template: 'none', at }, { v: 1, type: 'rejected', who, template: 'a' },
      { v: 1, type: 'rejected', who, template: 'a', at: 'later' }, { v: 1, type: 'rejected', who, template: 'a', at: 1 }, { v: 1, type: 'rejected', who: 'x', template: 'a', at }, { v: 1, type: 'rejected', who, template: 'b', at }]
    for (const message of bad) await say(ear, message)
    // In order: when a channel of that page has heard the last one, all have arrived.
    await spy(one, app.name)
    await say(ear, 'over')
    await until(async () => (await heard(one)).length)
    assert.deepEqual([await request(one), await request(one, 'b')], [200, 200])
    assert.deepEqual(app.asked.map(({ template, force }) => [template, force]), [['a', false], ['b', false]])
    assert.equal((await asked(one)).watched, 1)
  })

  test('a token that a backend refused in one tab is renewed in the others before they send it, once a minute', async () => {
    const { app, open } = await world.visit()
    const ids = ['1', '2', '3', '4', '5', '6']
    const all = await Promise.all([await open('1'), ...ids.slice(1).map((id) => open(id))])
    assert.deepEqual(await Promise.all(all.map((tab) => request(tab))), ids.map(() => 200))
    // A key was rotated: what was signed before is refused by the backend.
    const rotate = () => {
      const upTo = app.made
      app.refuses = ({ jti }) => Number(jti.split('-')[1]) <= upTo
    }
    rotate()
    assert.equal(await request(all[0]), 200)
    await until(async () => (await Promise.all(all.slice(1).map((tab) => tab.run(() => globalThis.tab.session.peek('a'))))).every((token) => token === null))
    assert.deepEqual(await Promise.all(all.map((tab) => request(tab))), ids.map(() => 200))
    assert.equal(app.seen.filter((r) => r.status === 401).length, 1)
    assert.equal(app.asked.length, 12)
    // Again within the minute: it is not said, and not heeded if somebody says it. Each finds out for itself.
    const ear = await open('ear', { session: 'another' })
    await spy(ear, app.name)
    await Promise.all(all.slice(1).map((tab) => spy(tab, app.name)))
    rotate()
    assert.equal(await request(all[0]), 200)
    await say(ear, { v: 1, type: 'rejected', who: await all[1].run(() => globalThis.tab.session.identityKey), template: 'a', at: Date.now() + 1000 })
    for (const tab of all.slice(1)) {
      await until(async () => (await heard(tab)).length)
      assert.equal((await heard(tab)).length, 1)
      assert.equal(await tab.run(() => typeof globalThis.tab.session.peek('a')), 'string')
    }
  })

  test('an end: a session that was disposed hears and says nothing', async () => {
    const { app, open } = await world.visit()
    const [one, ear] = [await open('one'), await open('ear', { session: 'another' })]
    await spy(ear, app.name)
    await request(one)
    const who = await one.run(() => {
      const { session, provider } = globalThis.tab
      const { identityKey } = session
      session.dispose()
      provider.become('bob')
      return identityKey
    })
    await say(ear, { v: 1, type: 'left', who, at: Date.now() })
    // What that could have done would be done when another channel of that page has heard it.
    await spy(one, app.name)
    await say(ear, 'over')
    await until(async () => (await heard(one)).length)
    assert.equal((await asked(one)).watched, 1)
    assert.deepEqual(await heard(ear), [])
  })
})
