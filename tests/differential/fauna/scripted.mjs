// Streams without a server, without a network and without waiting: a transport in this process, and a clock that is moved.
import { lib } from './compare.mjs'
import { eventStats } from './listening.mjs'

/** Time for everything that waits for nothing but promises: enough to say that something does not happen. */
export const turns = async (n = 20) => {
  for (let i = 0; i < n; i++) await new Promise(setImmediate)
}

/**
 * A transport of one's own. `request` and `stream` are given the data of the n-th request of their kind (from 0): the one answers `{ status?, json }`, the other
 * lines, each when it comes. What they throw is what went wrong.
 * @param {{ request?: (data: any, n: number) => any, stream?: (data: any, n: number) => Iterable<string> | AsyncIterable<string> }} script
 */
export const transport = ({ request = () => never, stream = () => quiet() }) => {
  const log = { request: [], stream: [], closed: 0 }
  return {
    log,
    async request({ data, headers }) {
      const n = log.request.push({ ...data, authorization: headers.Authorization }) - 1
      const { status = 200, json } = await request(data, n)
      return { status, headers: {}, body: typeof json === 'string' ? json : JSON.stringify(json) }
    },
    stream({ data, headers }) {
      const n = log.stream.push({ ...data, authorization: headers.Authorization }) - 1
      const read = (async function* () {
        yield* stream(data, n)
      })()
      return { read, close: () => log.closed++ }
    },
    close() {},
  }
}

export const never = new Promise(() => {})
/** A stream that stays open. */
export const quiet = async function* (...lines) {
  yield* lines
  // Not `never`, which would hold whoever waits for it.
  await new Promise(() => {})
}
/** What the network does. */
export const dropped = async function* (...lines) {
  yield* lines
  throw Object.assign(new Error('gone'), { name: 'NetworkError' })
}
export const page = (events = [], cursor = 'p1', has_next = false) => ({ json: { events, cursor, has_next, stats: eventStats } })

/** A client with a secret, or with a session. @param {any} http @param {any} [session] */
export const clientOf = (http, session) => new lib.Client({ endpoint: new URL('http://127.0.0.1:1'), ...(session ? { session, template: 'fauna' } : { secret: 'fn-secret' }) }, http)

let release = () => {}

/**
 * Takes the clocks, and the timers of a tenth of a second and more, until the test is over. `pass` moves both clocks and runs the timers that are due then; `waiting`: for how long
 * each of the others is set. Pauses are half as long as they may be, so that none is too short to be taken.
 * @param {import('node:test').TestContext} t
 */
export const clock = (t) => {
  // One at a time, also within a test.
  release()
  const { now } = performance
  const { now: date } = Date
  const { setTimeout: set, clearTimeout: clear } = globalThis
  const { random } = Math
  const timers = new Map()
  let mono = 0
  let wall = 0
  performance.now = () => now.call(performance) + mono
  Date.now = () => date() + wall
  Math.random = () => 0.5
  globalThis.setTimeout = (run, ms = 0, ...rest) => {
    if (ms < 100) return set(run, ms, ...rest)
    const timer = { unref: () => timer, ref: () => timer }
    timers.set(timer, { run, at: performance.now() + ms })
    return timer
  }
  globalThis.clearTimeout = (timer) => timers.delete(timer) || clear(timer)
  release = () => {
    performance.now = now
    Date.now = date
    Math.random = random
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear })
    release = () => {}
  }
  t.after(() => release())
  return {
    waiting: () => [...timers.values()].map(({ at }) => at - performance.now()),
    /** Each of the clocks may be moved alone. */
    set: (ahead) => ([mono, wall] = [ahead.mono ?? mono, ahead.wall ?? wall]),
    pass(ms) {
      mono += ms
      wall += ms
      // A timer may go off a little early or late.
      for (const [timer, { run, at }] of [...timers]) if (at <= performance.now() + 1 && timers.delete(timer)) run()
    },
  }
}
