// createUseAuth under React: one fetcher per identity, no flash, and null from a fetcher whose user has gone.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { JSDOM } from 'jsdom'
import { dist } from '../dist.mjs'
import { stubSession } from '../stub-session.mjs'

const dom = new JSDOM('<body></body>', { url: 'http://localhost/' })
for (const [name, value] of Object.entries({ window: dom.window, document: dom.window.document, navigator: dom.window.navigator, IS_REACT_ACT_ENVIRONMENT: true }))
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
const { StrictMode, createElement } = await import('react')
const { act, renderHook } = await import('@testing-library/react')
const { createUseAuth } = await dist('convex-react.js')
after(() => dom.window.close())

const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 5)))
const wrapper = (/** @type {any} */ { children }) => createElement(StrictMode, null, children)

test('loading, signed in, another user, signed out', async () => {
  const session = stubSession()
  const { result, rerender, unmount } = renderHook(createUseAuth(session, { template: 'convex' }), { wrapper })
  assert.deepEqual([result.current.isLoading, result.current.isAuthenticated], [true, false])
  session.become('alice')
  await settle()
  const alice = result.current
  assert.deepEqual([alice.isLoading, alice.isAuthenticated], [false, true])
  rerender()
  session.emit('token', { template: 'convex' })
  await settle()
  assert.equal(result.current.fetchAccessToken, alice.fetchAccessToken, 'stable while the identity is')
  assert.equal(await alice.fetchAccessToken({ forceRefreshToken: false }), session.last)
  session.become('bob')
  await settle()
  assert.notEqual(result.current.fetchAccessToken, alice.fetchAccessToken)
  assert.equal(await alice.fetchAccessToken({ forceRefreshToken: false }), null, 'Alice’s fetcher has nothing of Bob')
  session.become(null)
  await settle()
  assert.deepEqual([result.current.isLoading, result.current.isAuthenticated], [false, false])
  assert.equal(await result.current.fetchAccessToken({ forceRefreshToken: true }), null)
  unmount()
  assert.equal(session.listeners(), 0)
})
