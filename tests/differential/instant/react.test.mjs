// useBridge under StrictMode, in several components: the bridge runs as long as one of them shows it.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import 'fake-indexeddb/auto'
import { JSDOM } from 'jsdom'
import { dist } from '../dist.mjs'
import { stubSession, until } from '../stub-session.mjs'

const dom = new JSDOM('<body></body>', { url: 'http://localhost/' })
for (const [name, value] of Object.entries({ window: dom.window, document: dom.window.document, navigator: dom.window.navigator, IS_REACT_ACT_ENVIRONMENT: true }))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
const { StrictMode, createElement } = await import('react')
const { act, renderHook } = await import('@testing-library/react')
const { renderToString } = await import('react-dom/server')
const { bridge } = await dist('instant.js')
const { useBridge } = await dist('instant-react.js')
after(() => dom.window.close())

test('one sign-in for two components under StrictMode; idle on a server', async () => {
  const session = stubSession({ key: 'alice' })
  let exchanges = 0
  const auth = {
    signInWithIdToken: async () => ({ user: { id: 'a', refresh_token: `t${++exchanges}` } }),
    signInWithToken: async () => ({}),
    signOut: async () => ({}),
  }
  const made = bridge({ auth }, { session, template: 'instant', clientName: 'react' })
  assert.equal(renderToString(createElement(() => useBridge(made).status)), 'idle')
  assert.equal(session.calls.length, 0)
  const wrapper = (/** @type {any} */ { children }) => createElement(StrictMode, null, children)
  const one = renderHook(() => useBridge(made), { wrapper })
  const two = renderHook(() => useBridge(made), { wrapper })
  await act(() => until(() => made.state.status === 'signedIn'))
  assert.deepEqual([one.result.current.status, two.result.current.status, exchanges], ['signedIn', 'signedIn', 1])
  one.unmount()
  two.unmount()
  await until(() => session.listeners() === 0)
})
