// Who is signed in, told by React: what a child may see in which moment, and what the session is told, once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ready, CountersignProvider, createRoot, fakeProvider, fakeToken, h, library, mount, open, React, SessionSignedIn, turn, until, useIdentityKey, useSessionStatus, whose } from './react-world.mjs'

const { flushSync } = await import('react-dom')
const { Suspense, startTransition, use, useDeferredValue, useEffect, useInsertionEffect, useLayoutEffect, useState } = React

/** A session, its auth library, and a tree that tells who is signed in with new objects at every render. */
const world = (t) => {
  const session = open(t, { policy: { timeoutMs: 400 } })
  const auth = library(undefined)
  const events = []
  const tree = (user, ...children) => {
    auth.user = user
    return h(CountersignProvider, { session, getToken: (request) => auth.getToken(request), identity: user && { user, org: null } }, ...children)
  }
  t.after(session.subscribe((event) => event.type !== 'decision' && events.push(event.type)))
  return { session, auth, events, tree }
}

/** Notes, in every kind of effect, for whom it was rendered and whose token is at hand then. */
const Watcher = ({ session, user, seen }) => {
  const note = (kind) => void seen.push([kind, user, whose(session)])
  const key = useIdentityKey()
  useInsertionEffect(() => note('insertion'))
  useLayoutEffect(() => note('layout'))
  useEffect(() => note('effect'))
  return h('b', { ref: (node) => void (node && note('ref')), 'data-key': String(key) }, user)
}
const stale = (seen) => seen.filter(([, user, owner]) => owner !== null && owner !== user)

test('no effect of a child sees the previous user: insertion, ref, layout, passive; mounted before, with, or after the change', async (t) => {
  const { session, tree } = world(t)
  const seen = []
  const page = (user, later = false) => tree(user, h(Watcher, { session, user, seen }), h(Watcher, { key: user, session, user, seen }), later && h(Watcher, { session, user, seen }))
  const { render } = await mount(t, page('alice'))
  await session.getToken('x')
  assert.equal(whose(session), 'alice')
  await render(page('alice'))
  assert.ok(seen.some(([, , owner]) => owner === 'alice'), 'the watchers do see tokens')
  seen.length = 0
  await render(page('bob'))
  await render(page('bob', true))
  assert.deepEqual([...new Set(seen.map(([kind]) => kind))].sort(), ['effect', 'insertion', 'layout', 'ref'])
  assert.deepEqual(stale(seen), [])
  await session.getToken('x')
  seen.length = 0
  await render(page(null))
  assert.deepEqual(stale(seen), [])
})

test('nor in a transition, behind a deferred value, or after Suspense; and until it commits the old page is the old user’s', async (t) => {
  const { session, auth, tree } = world(t)
  const seen = []
  const clicks = []
  let go
  let arrive
  const arrived = new Promise((resolve) => (arrive = resolve))
  const Slow = ({ user }) => (user === 'bob' && use(arrived), h(Watcher, { session, user, seen }))
  const App = () => {
    const [user, setUser] = useState('alice')
    const deferred = useDeferredValue(user)
    go = () => startTransition(() => setUser('bob'))
    return tree(user, h(Suspense, { fallback: '...' }, h(Slow, { user })), h('button', { onClick: () => clicks.push([user, whose(session)]) }), h(Watcher, { session, user: deferred, seen }))
  }
  const { host } = await mount(t, h(App))
  await session.getToken('x')
  go()
  await turn()
  auth.user = 'alice' // rendering for bob has set it; that render is not on the page
  assert.match(host.textContent, /^alice/, 'the transition waits for what suspends')
  host.querySelector('button').click()
  assert.deepEqual(clicks, [['alice', 'alice']])
  seen.length = 0
  arrive()
  await until(() => host.textContent === 'bobbob')
  host.querySelector('button').click()
  assert.deepEqual(clicks[1], ['bob', null])
  assert.deepEqual(seen.filter(([, user, owner]) => user === 'bob' && owner === 'alice'), [])
  assert.ok(seen.some(([, user]) => user === 'bob'))
})

test('the key of the previous user is not rendered for the next one, not even once, and who stays signed in stays on the page', async (t) => {
  const { session, tree } = world(t)
  const keys = []
  const mounts = []
  const Keys = ({ user }) => {
    keys.push([user, useIdentityKey(), useSessionStatus()])
    useEffect(() => void mounts.push(user), [])
    return null
  }
  const statuses = []
  const Status = () => (statuses.push(useSessionStatus()), null)
  const page = (user) => tree(user, h(SessionSignedIn, null, h(Keys, { user })), h(Status))
  const { render } = await mount(t, page('alice'), { strict: false })
  assert.equal(statuses[0], 'unknown', 'not before the session says so')
  await until(() => keys.at(-1)?.[1])
  const alice = keys.at(-1)[1]
  keys.length = 0
  await render(page('bob'))
  await until(() => keys.at(-1)?.[1])
  assert.notEqual(keys.at(-1)[1], alice)
  assert.deepEqual(keys.filter(([, key]) => key === alice), [])
  assert.deepEqual([...new Set(keys.map(([, , status]) => status))], ['signedIn'])
  assert.deepEqual(mounts, ['alice'])
  assert.equal(session.status, 'signedIn')
})

test('equal identities and new functions at every render: no connection, no call, no event, no other key', async (t) => {
  const { session, auth, events, tree } = world(t)
  const keys = new Set()
  const Key = () => (keys.add(useIdentityKey()), null)
  const { render } = await mount(t, tree('alice', h(Key)))
  await session.getToken('x')
  await turn()
  const before = [...events]
  keys.clear()
  for (let i = 0; i < 20; i++) await render(tree('alice', h(Key)))
  assert.equal(await session.getToken('x'), session.peek('x'))
  assert.deepEqual(events, before)
  assert.equal(auth.calls.length, 1)
  assert.equal(keys.size, 1)
})

test('not known, nobody, alice, bob, alice: each change once, each user with a token of their own', async (t) => {
  const { session, auth, events, tree } = world(t)
  const { render } = await mount(t, tree(undefined))
  const waiting = session.getToken('x')
  await until(() => session.inspect().generation === 0)
  await render(tree(null))
  assert.equal(await waiting, null)
  const tokens = []
  const keys = []
  for (const user of ['alice', 'bob', 'alice']) {
    await render(tree(user))
    tokens.push(await session.getToken('x'))
    keys.push(session.identityKey)
    assert.equal(whose(session), user)
  }
  assert.equal(new Set(tokens).size, 3)
  assert.equal(keys[0], keys[2])
  assert.notEqual(keys[0], keys[1])
  assert.equal(auth.calls.length, 3)
  assert.deepEqual(events.filter((type) => type === 'forget').length, 2)
  assert.equal(session.inspect().generation, 3)
})

test('mounted, unmounted and mounted again in one turn: one call of the provider; unmounted for good: calls wait and say what is missing', async (t) => {
  const { session, auth, tree } = world(t)
  const Asks = () => (useEffect(() => void session.getToken('x')), null)
  const first = await mount(t, tree('alice', h(Asks)))
  await until(() => session.peek('x'))
  const second = createRoot(document.createElement('div'))
  first.unmount()
  flushSync(() => second.render(h(React.StrictMode, null, tree('alice', h(Asks)))))
  await session.getToken('x')
  const { render } = await mount(t, h(React.Fragment, { key: 1 }, tree('alice', h(Asks))))
  await render(h(React.Fragment, { key: 2 }, tree('alice', h(Asks))))
  await turn()
  assert.equal(auth.calls.length, 1)
  await render(null)
  second.unmount()
  await turn()
  await turn()
  assert.equal(session.peek('x'), null)
  await assert.rejects(session.getToken('x'), { code: 'timeout', message: /provider/ })
  assert.equal(auth.calls.length, 1)
})

test('unmounted while calls are under way: a flight is told, a waiter goes on with the provider that comes', async (t) => {
  const { session, auth, tree } = world(t)
  const real = auth.getToken
  auth.getToken = (request) => (auth.calls.push(request), new Promise(() => {}))
  const { render } = await mount(t, tree('alice'))
  const waiting = session.getToken('x')
  await until(() => auth.calls.length)
  await render(null)
  await until(() => auth.calls[0].signal.aborted)
  auth.getToken = real
  await render(tree('alice'))
  assert.match(await waiting, /^ey/)
})

test('two providers of one session: the latest news count, and one that leaves takes nothing away', async (t) => {
  const { session, auth, tree } = world(t)
  const one = await mount(t, tree('alice'))
  await session.getToken('x')
  const two = await mount(t, h(CountersignProvider, { session, getToken: auth.getToken, identity: undefined }))
  assert.equal(whose(session), 'alice', 'one that does not know yet changes nothing')
  const beside = library('alice')
  await two.render(h(CountersignProvider, { session, getToken: beside.getToken, identity: { user: 'alice' } }))
  await session.getToken('x', { force: true })
  assert.equal(beside.calls.length, 1, 'the latest function is asked')
  two.unmount()
  await turn()
  await turn()
  assert.equal(whose(session), 'alice')
  await session.getToken('x', { force: true })
  assert.deepEqual([auth.calls.length, beside.calls.length], [2, 1])
  await one.render(tree('bob'))
  assert.equal(whose(session), null)
  await session.getToken('x')
  assert.equal(whose(session), 'bob')
})

test('nested providers: of two sessions, and an inner one of the same session, whose children see nothing of the previous user either', async (t) => {
  const { session, tree } = world(t)
  const other = open(t)
  other.connect(fakeProvider({ user: 'carol' }))
  const seen = []
  const keys = []
  const Keys = ({ user }) => (keys.push([user, useIdentityKey()]), null)
  const page = (user) => tree(user,
    h(CountersignProvider, { session: other }, h(CountersignProvider, { session }, h(Watcher, { session, user, seen }))),
    h(CountersignProvider, { session }, h(Keys, { user })),
    h(CountersignProvider, { session: other }, h(SessionSignedIn, null, 'carol is in')))
  const { render, host } = await mount(t, page('alice'))
  await session.getToken('x')
  await until(() => /carol is in/.test(host.textContent))
  await until(() => keys.at(-1)[1])
  const alice = keys.at(-1)[1]
  keys.length = seen.length = 0
  await render(page('bob'))
  assert.deepEqual(stale(seen), [])
  assert.deepEqual(keys.filter(([, key]) => key === alice), [])
})

test('another session in the same place: the old one is left, the new one told', async (t) => {
  const [one, two] = [world(t), world(t)]
  const Shows = () => useSessionStatus()
  const { render, shows } = await mount(t, one.tree('alice', h(Shows)))
  await shows('signedIn')
  await render(two.tree(null, h(Shows)))
  await shows('anonymous')
  await until(() => one.session.status === 'unknown')
  await render(one.tree('alice', h(Shows)))
  await shows('signedIn')
  assert.match(await one.session.getToken('x'), /^ey/)
})

test('getToken without an identity: the tokens speak for themselves; identity without getToken: the session’s own provider is asked', async (t) => {
  const session = open(t)
  const auth = library('alice')
  const { render } = await mount(t, h(CountersignProvider, { session, getToken: undefined }))
  const waiting = session.getToken('x')
  await render(h(CountersignProvider, { session, getToken: auth.getToken }))
  assert.match(await waiting, /^ey/)
  assert.equal(session.status, 'signedIn')

  const own = library('alice')
  const mine = open(t, { getToken: own.getToken })
  const page = (user) => h(CountersignProvider, { session: mine, identity: user && { user } })
  const second = await mount(t, page(undefined))
  const held = mine.getToken('x')
  await second.render(page('alice'))
  assert.match(await held, /^ey/)
  assert.equal(whose(mine), 'alice')
  own.user = 'bob'
  await second.render(page('bob'))
  assert.equal(whose(mine), null)
  assert.match(await mine.getToken('x'), /^ey/)
  assert.equal(own.calls.length, 2)
})

test('a getToken that sets state is called when the commit is over', async (t) => {
  const session = open(t)
  let asked = 0
  const App = ({ user }) => {
    const [busy, setBusy] = useState(0)
    const getToken = () => (setBusy(++asked), fakeToken({ sub: user }))
    return h(CountersignProvider, { session, getToken, identity: user && { user } }, busy)
  }
  const { render, shows } = await mount(t, h(App, { user: undefined }))
  const waiting = session.getToken('x')
  // The session runs: what is told during the commit is asked for at once.
  await ready()
  await turn()
  await render(h(App, { user: 'alice' }))
  assert.match(await waiting, /^ey/)
  await shows('1')
  // What React says about an update from inside an insertion effect is a complaint, and fails the test when the session is closed.
})

test('comparable: a token that the auth library gives for the next user, before React has rendered them, is refused', async (t) => {
  const session = open(t)
  const auth = library('alice')
  const page = (user) => h(CountersignProvider, { session, getToken: auth.getToken, identity: { user }, comparable: true })
  const { render } = await mount(t, page('alice'))
  await session.getToken('x')
  auth.user = 'bob'
  await assert.rejects(session.getToken('x', { force: true }), { code: 'provider_failed' })
  await render(page('bob'))
  await session.getToken('x')
  assert.equal(whose(session), 'bob')
})
