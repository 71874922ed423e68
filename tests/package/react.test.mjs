// countersign/react with the real React under StrictMode, in jsdom: what is shown when, and on a server.
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { CountersignProvider, dom, fakeProvider, h, hydrateRoot, mount, open, React, SessionLoading, SessionSignedIn, SessionSignedOut, turn, until, useCountersign, useIdentityKey, useSessionStatus } from './react-world.mjs'

const { renderToPipeableStream, renderToString } = await import('react-dom/server')
const states = h(React.Fragment, null, h(SessionLoading, null, 'loading'), h(SessionSignedIn, null, 'in'), h(SessionSignedOut, null, 'out'))

test('shows the three states, and does not dispose the session', async (t) => {
  const provider = fakeProvider()
  provider.loading()
  const session = open(t)
  const { unmount, shows } = await mount(t, h(CountersignProvider, { session }, states))
  await shows('loading')
  session.connect(provider)
  for (const [news, text] of [[() => provider.signIn('alice'), 'in'], [() => provider.loading(), 'loading'], [() => provider.signIn('alice'), 'in'], [() => provider.signOut(), 'out'], [() => provider.signIn('bob'), 'in']]) {
    news()
    await shows(text)
  }
  unmount()
  assert.match(await session.getToken('x'), /^ey/)
})

test('a refresh, a failed one and the one after it: nothing is taken off the page, nothing is rendered for a refresh that works', async (t) => {
  const provider = fakeProvider({ user: 'alice' })
  const session = open(t)
  session.connect(provider)
  let renders = 0
  let mounts = 0
  const seen = []
  const Child = () => {
    renders++
    seen.push(useSessionStatus())
    React.useEffect(() => void mounts++, [])
    return h('b', null, useIdentityKey())
  }
  const tree = h(CountersignProvider, { session }, h(SessionSignedIn, null, h(Child)), h(SessionLoading, null, 'loading'), h(SessionSignedOut, null, 'out'))
  const { host } = await mount(t, tree, { strict: false })
  await until(() => host.querySelector('b'))
  const node = host.querySelector('b')
  const key = node.textContent
  await session.getToken('x')
  const before = renders
  await session.getToken('x', { force: true })
  assert.equal(provider.calls.length, 2)
  await turn()
  assert.equal(renders, before, 'a refresh is no news')
  provider.failNext(new Error('the network'))
  await session.getToken('x', { force: true }).catch(() => {})
  await until(() => seen.at(-1) === 'degraded')
  assert.equal(host.querySelector('b'), node)
  await session.getToken('x', { force: true })
  await until(() => seen.at(-1) === 'signedIn')
  assert.equal(host.querySelector('b'), node)
  assert.equal(host.textContent, key)
  assert.equal(mounts, 1)
  assert.deepEqual([...new Set(seen)], ['signedIn', 'degraded'], 'never unknown')
})

test('on a server: unknown, no call, no listener; hydrated without a mismatch by a session that knows already', async (t) => {
  const session = open(t, fakeProvider({ user: 'alice' }))
  await session.getToken('x')
  const seen = []
  const Child = () => {
    seen.push(useSessionStatus())
    return `${useIdentityKey() ? 'somebody' : 'nobody'}, ${useCountersign() === session} `
  }
  const tree = h(React.StrictMode, null, h(CountersignProvider, { session, identity: { user: 'alice' } }, h(Child), states))
  const html = renderToString(tree)
  assert.equal(html.replaceAll('<!-- -->', ''), 'nobody, true loading')
  const host = dom.window.document.createElement('div')
  host.innerHTML = html
  seen.length = 0
  const errors = []
  const root = hydrateRoot(host, tree, { onRecoverableError: (error) => errors.push(error) })
  await until(() => host.textContent === 'somebody, true in')
  assert.equal(seen[0], 'unknown')
  assert.deepEqual(errors, [])
  root.unmount()
})

test('streamed: a late boundary is written as unknown, and hydrated as unknown although the session knows by then', async (t) => {
  const session = open(t, fakeProvider({ user: 'alice' }))
  let arrive
  const late = new Promise((resolve) => (arrive = resolve))
  const seen = []
  const Late = () => (React.use(late), seen.push(useSessionStatus()), h('i', null, useSessionStatus()))
  const tree = h(CountersignProvider, { session }, h('b', null, h(SessionLoading, null, 'loading'), h(SessionSignedIn, null, 'in')), h(React.Suspense, { fallback: 'waiting' }, h(Late)))
  const written = new PassThrough()
  const { pipe } = renderToPipeableStream(tree)
  pipe(written)
  arrive()
  let html = ''
  for await (const chunk of written) html += chunk
  assert.match(html, /<i>unknown<\/i>/)
  await session.getToken('x')
  assert.equal(session.status, 'signedIn')
  seen.length = 0
  const host = dom.window.document.createElement('div')
  // As the stream's own script would do it.
  host.innerHTML = renderToString(tree)
  const errors = []
  const root = hydrateRoot(host, tree, { onRecoverableError: (error) => errors.push(error) })
  await until(() => host.querySelector('i')?.textContent === 'signedIn')
  assert.equal(seen[0], 'unknown')
  assert.deepEqual(errors, [])
  root.unmount()
})

test('hooks without a provider say which component is missing', async () => {
  assert.throws(() => renderToString(h(() => useSessionStatus())), { code: 'option_invalid', message: /CountersignProvider/ })
})

test('an error boundary below the provider, and one above it: the session goes on', async (t) => {
  const session = open(t)
  session.connect(fakeProvider({ user: 'alice' }))
  class Boundary extends React.Component {
    state = { failed: false }
    static getDerivedStateFromError = () => ({ failed: true })
    render() {
      return this.state.failed ? 'caught' : this.props.children
    }
  }
  const Fails = () => {
    if (useIdentityKey()) throw new Error('broken')
    return 'fine'
  }
  const provide = (...children) => h(CountersignProvider, { session }, ...children)
  for (const tree of [provide(h(Boundary, null, h(Fails)), ' ', h(SessionSignedIn, null, 'in')), h(React.Fragment, null, h(Boundary, null, provide(h(Fails))), ' ', provide(h(SessionSignedIn, null, 'in')))]) {
    const { shows, unmount } = await mount(t, tree, { onCaughtError() {} })
    await shows('caught in')
    assert.match(await session.getToken('x'), /^ey/)
    unmount()
  }
})
