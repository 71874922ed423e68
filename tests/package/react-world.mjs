// The real React in jsdom. To be imported before react-dom: it looks for a document when it is loaded.
import assert from 'node:assert/strict'
import { JSDOM } from 'jsdom'

export const dom = new JSDOM('<!doctype html>', { url: 'http://localhost/' })
for (const key of ['window', 'document', 'navigator', 'HTMLElement', 'Element', 'Node']) Object.defineProperty(globalThis, key, { value: key === 'window' ? dom.window : dom.window[key], configurable: true, writable: true })

export const React = await import('react')
export const { createElement: h } = React
export const { createRoot, hydrateRoot } = await import('react-dom/client')
const { entry, name } = await import('./world.mjs')
const { until: holds } = await import('../differential/until.mjs')
export const { createSession, ready } = await entry('index')
export const { fakeProvider, fakeToken } = await entry('testing')
export const { CountersignProvider, SessionLoading, SessionSignedIn, SessionSignedOut, useCountersign, useIdentityKey, useLive, useSessionStatus } = await entry('react')

/** What React complained about. The same tree rendered by a server's and a browser's React in one process is the tests' own doing. */
export const complaints = []
console.error = (...words) => {
  if (!/multiple renderers/.test(words[0])) complaints.push(words.map(String).join(' '))
}

/** A session that is disposed after the test, when no complaint may have been heard. @param {import('node:test').TestContext} t */
export const open = (t, options = {}) => {
  const session = createSession({ name: name(), logger: false, ...options })
  t.after(() => {
    session.dispose()
    assert.deepEqual(complaints.splice(0), [])
  })
  return session
}

export const until = holds

/** A turn of the event loop, with everything that is due in it. */
export const turn = () => new Promise((resolve) => setTimeout(resolve))

const Committed = ({ done, children }) => (React.useEffect(done), children)

/**
 * Renders with React's own scheduler, without `act`: what is tested is the order in which things happen. Under StrictMode unless said otherwise.
 * `render` is over when the effects have run.
 * @param {import('node:test').TestContext} t
 */
export const mount = async (t, element, { strict = true, ...options } = {}) => {
  const host = document.createElement('div')
  document.body.append(host)
  const root = createRoot(host, options)
  const unmount = () => (root.unmount(), host.remove())
  t.after(unmount)
  const render = (next) => new Promise((done) => root.render(h(strict ? React.StrictMode : React.Fragment, null, h(Committed, { done }, next))))
  await render(element)
  return { host, root, render, unmount, shows: (text) => until(() => host.textContent === text).catch(() => assert.equal(host.textContent, text)) }
}

/** An auth library as a page has it: its answers are of whoever is signed in. */
export const library = (user) => {
  const self = {
    user, calls: [],
    getToken: async (request) => (self.calls.push(request), self.user ? fakeToken({ sub: self.user }) : null),
  }
  return self
}

/** Whose token a session has at hand. */
export const whose = (session) => {
  const token = session.peek('x')
  return token && JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub
}
