// countersign/react with the real React under StrictMode, in jsdom.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JSDOM } from 'jsdom'

const dom = new JSDOM('<!doctype html><div id="root"></div>', { url: 'http://localhost/' })
for (const key of ['window', 'document', 'navigator', 'HTMLElement', 'Element', 'Node']) Object.defineProperty(globalThis, key, { value: key === 'window' ? dom.window : dom.window[key], configurable: true, writable: true })
globalThis.IS_REACT_ACT_ENVIRONMENT = true

const React = await import('react')
const { createElement: h, StrictMode, act, useEffect, useLayoutEffect } = React
const { createRoot } = await import('react-dom/client')
const { renderToString } = await import('react-dom/server')
const { entry, name, soon } = await import('./world.mjs')
const { createSession } = await entry('index')
const { fakeProvider, fakeToken } = await entry('testing')
const react = await entry('react')
const { CountersignProvider, SessionLoading, SessionSignedIn, SessionSignedOut, useIdentityKey, useLive, useSessionStatus } = react

const mount = async (element) => {
  const host = dom.window.document.createElement('div')
  const root = createRoot(host)
  const render = (next) => act(async () => (root.render(h(StrictMode, null, next)), await soon(60)))
  await render(element)
  return { host, render, unmount: () => act(async () => root.unmount()) }
}
/** What React renders is on the page when an `act` ends, so the page is looked at between them. */
const shows = async (host, text) => {
  for (const end = Date.now() + 15_000; host.textContent !== text && Date.now() < end; ) await act(() => soon(5))
  assert.equal(host.textContent, text)
}

test('shows the three states, and on a server always the first', async () => {
  const provider = fakeProvider()
  provider.loading()
  const session = createSession({ name: name(), logger: false })
  const states = h(React.Fragment, null, h(SessionLoading, null, 'loading'), h(SessionSignedIn, null, 'in'), h(SessionSignedOut, null, 'out'))
  const tree = h(CountersignProvider, { session }, states)
  assert.equal(renderToString(tree), 'loading')
  const { host, unmount } = await mount(tree)
  await act(async () => (session.connect(provider), await soon()))
  await shows(host, 'loading')
  for (const [news, text] of [[() => provider.signIn('alice'), 'in'], [() => provider.loading(), 'loading'], [() => provider.signIn('alice'), 'in'], [() => provider.signOut(), 'out']]) {
    await act(async () => news())
    await shows(host, text)
  }
  await unmount()
  assert.match(await (provider.signIn('bob'), session.getToken('x')), /^ey/, 'not disposed by the component')
  session.dispose()
})

test('getToken and identity as props: the latest function wins, equal identities change nothing, no effect of a child sees the previous user', async () => {
  const session = createSession({ name: name(), logger: false })
  const seen = []
  let asked = 0
  const Child = ({ user }) => {
    useLayoutEffect(() => void seen.push(['layout', user, session.peek('x')]))
    useEffect(() => void seen.push(['effect', user, session.peek('x')]))
    return useIdentityKey() ? 'somebody' : 'nobody'
  }
  const tree = (user, org = null) => h(CountersignProvider, { session, identity: user === undefined ? undefined : user && { user, org }, getToken: async () => (asked++, fakeToken({ sub: user })) }, h(Child, { user }))
  const { host, render, unmount } = await mount(tree(undefined))
  assert.equal(host.textContent, 'nobody')
  await render(tree('alice'))
  const alice = await session.getToken('x')
  await render(tree('alice'))
  await render(tree('alice'))
  assert.equal(session.peek('x'), alice)
  assert.equal(asked, 1)
  seen.length = 0
  await render(tree('bob'))
  assert.ok(seen.length >= 2)
  for (const [, user, token] of seen) if (user === 'bob') assert.notEqual(token, alice)
  await unmount()
  session.dispose()
})

test('useLive never shows another question’s or another user’s rows', async () => {
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ name: name(), logger: false })
  session.connect(provider)
  await session.getToken('x')
  const sinks = []
  const live = (key) => ({ key, subscribe: (sink) => (sinks.push({ key, sink }), () => void sinks.splice(sinks.findIndex((s) => s.sink === sink), 1)) })
  const shown = []
  const View = ({ question }) => {
    const { data, error, isLoading } = useLive(question)
    shown.push([useSessionStatus(), question?.key, data])
    return error ? error.message : isLoading ? 'loading' : String(data)
  }
  const tree = (question) => h(CountersignProvider, { session }, h(View, { question }))
  const { host, render, unmount } = await mount(tree(live('one')))
  assert.equal(host.textContent, 'loading')
  assert.equal(sinks.length, 1, 'StrictMode leaves one subscription')
  await act(async () => sinks.at(-1).sink.next('rows of one'))
  assert.equal(host.textContent, 'rows of one')
  await render(tree(live('one')))
  assert.equal(host.textContent, 'rows of one', 'an equal question goes on')
  await render(tree(live('two')))
  assert.equal(host.textContent, 'loading')
  await act(async () => sinks.at(-1).sink.next('rows of two'))
  await act(async () => provider.signIn('bob'))
  await shows(host, 'loading')
  assert.ok(!shown.some(([, key, data]) => data && data !== `rows of ${key}`))
  await unmount()
  assert.equal(sinks.length, 0)
  session.dispose()
})
