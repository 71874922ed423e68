// Time that passes only when a test says so, on a device whose clock may be wrong. Replaces Date, performance.now and the timers of this process.
// The servers' clock is the right one: `clock.server()`.

const real = { Date, setTimeout, clearTimeout, setInterval, clearInterval, now: performance.now.bind(performance) }
const START = real.Date.UTC(2026, 5, 1, 12)

/**
 * @param {object} [options]
 * @param {number} [options.aheadMs]   how far the device's clock is ahead of the servers'; negative: behind
 * @param {() => boolean} [options.busy]   true while real work (a signature) is under way that time has to wait for
 */
export const virtualClock = ({ aheadMs = 0, busy = () => false } = {}) => {
  let passed = 0
  let made = 0
  /** @type {Map<number, { at: number, run: () => void, every?: number }>} */
  const timers = new Map()
  const device = () => START + aheadMs + passed

  class DeviceDate extends real.Date {
    constructor(...args) {
      super(...(args.length ? args : [device()]))
    }
    static now = device
  }
  /** @param {boolean} repeat */
  const starter = (repeat) => (run, ms = 0, ...args) => {
    const id = ++made
    const wait = Math.max(1, Number(ms) || 0)
    timers.set(id, { at: passed + wait, run: () => run(...args), ...(repeat && { every: wait }) })
    return { id, unref: () => {}, ref: () => {}, [Symbol.toPrimitive]: () => id }
  }
  const stop = (timer) => void timers.delete(Number(timer))

  Object.assign(globalThis, { Date: DeviceDate, setTimeout: starter(false), setInterval: starter(true), clearTimeout: stop, clearInterval: stop })
  performance.now = () => passed

  /** Lets everything run that needs no time. */
  const settle = async () => {
    for (let turns = 0; turns < 4 || busy(); turns++) await new Promise((done) => setImmediate(done))
  }

  return {
    server: () => START + passed,
    settle,
    /** What is set to run later, by how long from now. */
    pending: () => [...timers.values()].map(({ at }) => at - passed),
    /** @param {number} ms */
    async advance(ms) {
      const until = passed + ms
      await settle()
      for (;;) {
        const next = [...timers].filter(([, { at }]) => at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0]
        if (!next) break
        const [id, timer] = next
        passed = Math.max(passed, timer.at)
        if (timer.every) timer.at = passed + timer.every
        else timers.delete(id)
        timer.run()
        await settle()
      }
      passed = until
      await settle()
    },
    /** What `work` gives, and time passes until it does. @template T @param {PromiseLike<T> | T} work @returns {Promise<T>} */
    async through(work, stepMs = 50, limitMs = 600_000) {
      let over = false
      const end = () => (over = true)
      Promise.resolve(work).then(end, end)
      await settle()
      for (let waited = 0; !over; waited += stepMs) {
        if (waited > limitMs) throw new Error(`not done after ${limitMs} ms of virtual time`)
        await this.advance(stepMs)
      }
      return work
    },
    /** Somebody sets the device's clock. @param {number} ms */
    set: (ms) => void (aheadMs = ms),
    restore() {
      const { now, ...globals } = real
      Object.assign(globalThis, globals)
      performance.now = now
    },
  }
}
