// What a page says of itself: that nobody looks at it, that it is seen again, that the network is back. A document that is none, of this file alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../until.mjs'
import { clientOf, clock, dropped, page, quiet, transport, turns } from './scripted.mjs'
import { listen, status } from './listening.mjs'
import { signedIn } from './signed-in.mjs'

/** An event target that counts who listens. */
class Counting extends EventTarget {
  listeners = new Map()
  addEventListener(type, ...rest) {
    this.listeners.set(type, (this.listeners.get(type) ?? 0) + 1)
    super.addEventListener(type, ...rest)
  }
  removeEventListener(type, ...rest) {
    this.listeners.set(type, this.listeners.get(type) - 1)
    super.removeEventListener(type, ...rest)
  }
  get count() {
    return [...this.listeners.values()].reduce((sum, n) => sum + n, 0)
  }
}

/** A page for the time of a test. @param {import('node:test').TestContext} t */
const open = (t, hidden = false) => {
  const view = new Counting()
  const document = Object.assign(new Counting(), { hidden, visibilityState: hidden ? 'hidden' : 'visible' })
  const mine = { document, addEventListener: view.addEventListener.bind(view), removeEventListener: view.removeEventListener.bind(view) }
  Object.assign(globalThis, mine)
  t.after(() => {
    for (const name of Object.keys(mine)) delete globalThis[name]
  })
  const tell = (type) => {
    document.dispatchEvent(new Event(type))
    // As in a browser it bubbles.
    view.dispatchEvent(new Event(type))
  }
  return {
    online: () => view.dispatchEvent(new Event('online')),
    look(seen) {
      Object.assign(document, { hidden: !seen, visibilityState: seen ? 'visible' : 'hidden' })
      tell('visibilitychange')
    },
    listeners: () => view.count + document.count,
  }
}

const source = { token: 'source' }
const EVERY = 60_000

for (const hidden of [false, true])
  test(`a page that nobody looks at is not polled; seen again it is, at once (${hidden ? 'hidden from the beginning' : 'hidden later'})`, async (t) => {
    const { look, listeners } = open(t, hidden)
    const { pass } = clock(t)
    const http = transport({ request: () => page() })
    const { log } = http
    const states = []
    const stream = clientOf(http).stream(source, { via: 'feed', poll_ms: EVERY, onState: ({ status }) => states.push(status) })
    const done = listen(stream)
    await until(() => states.includes('open'))
    await turns()
    let polled = 1
    if (!hidden) {
      pass(EVERY)
      await turns()
      assert.equal(log.request.length, ++polled)
      look(false)
    }
    for (let i = 0; i < 3; i++) {
      pass(EVERY)
      await turns()
    }
    assert.equal(log.request.length, polled)
    look(true)
    await turns()
    assert.equal(log.request.length, polled + 1)
    pass(EVERY)
    await turns()
    assert.equal(log.request.length, polled + 2)
    stream.close()
    await done
    assert.equal(listeners(), 0)
  })

/** A stream of its own connection, which breaks; then one that is there. */
const breaking = () => transport({ stream: (_, n) => (n === 0 ? dropped(status(1)) : quiet(status(2))) })

test('the network is back: a stream with a secret does not wait any longer', async (t) => {
  const { online, listeners } = open(t)
  clock(t)
  const http = breaking()
  const states = []
  const stream = clientOf(http).stream(source, { onState: (state) => states.push(state) })
  const done = listen(stream)
  await until(() => states.at(-1)?.status === 'waiting')
  online()
  await turns()
  assert.deepEqual(states.slice(-2).map(({ status, cause, connects }) => [status, cause, connects]), [['connecting', 'woken', 2], ['open', 'woken', 2]])
  stream.close()
  await done
  assert.equal(listeners(), 0)
})

for (const [what, act] of [['the page is seen again', ({ look }) => look(true)], ['the network is back', ({ online }) => online()]])
  test(`${what}: the session says it, to a stream that waits, and to one that heard nothing for long`, async (t) => {
    const here = open(t)
    const { session } = await signedIn(t)
    const { pass } = clock(t)
    const http = breaking()
    const states = []
    const before = here.listeners()
    const stream = clientOf(http, session).stream(source, { onState: (state) => states.push(state) })
    const done = listen(stream)
    await until(() => states.at(-1)?.status === 'waiting')
    act(here)
    await turns()
    assert.deepEqual([states.at(-1).status, states.at(-1).cause, http.log.stream.length], ['open', 'woken', 2])
    act(here)
    await turns()
    assert.equal(http.log.stream.length, 2, 'it was heard a moment ago')
    pass(31_000)
    act(here)
    await turns()
    assert.deepEqual([states.at(-1).status, states.at(-1).cause, http.log.stream.length], ['open', 'woken', 3])
    stream.close()
    await done
    assert.equal(here.listeners(), before)
  })
