// The browser's half: hydrates the document, or shows rows that change hands.
import * as React from 'react'
import { createRoot, hydrateRoot } from 'react-dom/client'
import { createSession } from 'countersign'
import * as countersign from 'countersign/react'
import { fakeProvider, fakeToken } from 'countersign/testing'
import { app } from './app.js'

const h = React.createElement

export const hydrate = async () => {
  const provider = fakeProvider({ user: 'alice' })
  const session = createSession({ ...provider, logger: false })
  await session.getToken('x')
  const seen = []
  const errors = []
  hydrateRoot(document, app(React, countersign, { session, late: Promise.resolve(), seen }), { onRecoverableError: (error) => errors.push(String(error)) })
  Object.assign(globalThis, { session, seen, errors })
}

/** Everything that was ever on the page, and in every frame. */
export const change = async () => {
  const { CountersignProvider, SessionLoading, SessionSignedIn, useLive, useSessionStatus } = countersign
  const session = createSession({ logger: false })
  const state = { user: 'alice', fails: false }
  const sinks = new Map()
  const live = { key: 'rows', subscribe: (sink) => (sinks.set(sink, state.user), sink.next(`rows of ${state.user}`), () => void sinks.delete(sink)) }
  const Rows = ({ user }) => {
    const { data } = useLive(live)
    return h('p', null, `${user}: ${data ?? 'none'}`)
  }
  let go
  const App = () => {
    const [user, setUser] = React.useState('alice')
    go = (next) => (state.user = next, setUser(next))
    const getToken = async () => {
      if (state.fails) throw new Error('the network')
      return fakeToken({ sub: user })
    }
    return h(CountersignProvider, { session, getToken, identity: { user } }, h(SessionLoading, null, 'loading'), h(SessionSignedIn, null, h(Rows, { user })), h(() => h('s', null, useSessionStatus())))
  }
  const host = document.body.appendChild(document.createElement('main'))
  createRoot(host).render(h(React.StrictMode, null, h(App)))
  const shown = new Set()
  const note = () => shown.add(host.querySelector('p')?.textContent ?? host.textContent)
  new MutationObserver(note).observe(host, { childList: true, subtree: true, characterData: true })
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => (note(), resolve())))
  const until = async (text) => {
    for (const end = Date.now() + 10_000; host.textContent !== text; await frame()) if (Date.now() > end) throw new Error(`${host.textContent}, not ${text}`)
  }
  await until('alice: rows of alicesignedIn')
  const paragraph = host.querySelector('p')
  let touched = 0
  const watch = new MutationObserver((records) => (touched += records.length))
  watch.observe(paragraph, { childList: true, subtree: true, characterData: true, attributes: true })
  await session.getToken('x')
  await session.getToken('x', { force: true })
  state.fails = true
  await session.getToken('x', { force: true }).catch(() => {})
  await until('alice: rows of alicedegraded')
  state.fails = false
  await session.getToken('x', { force: true })
  await until('alice: rows of alicesignedIn')
  const steady = { touched, same: host.querySelector('p') === paragraph }
  shown.clear()
  go('bob')
  await until('bob: rows of bobsignedIn')
  session.dispose()
  return { steady, shown: [...shown] }
}
