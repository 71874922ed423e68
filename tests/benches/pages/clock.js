// Time that passes when it is told to: what our package and its peers read from the globals when they are called.

/** @param {number} [start]  milliseconds since the epoch */
export const virtualClock = (start = 1_800_000_000_000) => {
  const { Date: RealDate, setTimeout: realSet, clearTimeout: realClear } = globalThis
  let now = start
  let id = 0
  const timers = new Map()
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length ? args : [now]))
    }
    static now = () => now
  }
  performance.now = () => now - start
  globalThis.setTimeout = (run, ms = 0, ...args) => {
    timers.set(++id, { at: now + Math.max(0, Number(ms) || 0), run: () => run(...args) })
    return id
  }
  globalThis.clearTimeout = (timer) => void timers.delete(timer)

  // A turn of the real event loop: everything that waits for a promise has gone on.
  const channel = new MessageChannel()
  const turn = () => new Promise((resolve) => {
    channel.port1.onmessage = () => resolve(undefined)
    channel.port2.postMessage(0)
  })
  const next = () => [...timers].reduce((first, each) => (!first || each[1].at < first[1].at ? each : first), /** @type {[number, { at: number, run(): void }] | undefined} */ (undefined))
  return {
    turn,
    get now() {
      return now
    },
    timers,
    wait: (ms) => new Promise((resolve) => globalThis.setTimeout(resolve, ms)),
    /** Lets so much time pass, timer by timer. */
    async pass(ms) {
      const end = now + ms
      await turn()
      for (let due = next(); due && due[1].at <= end; due = next()) {
        timers.delete(due[0])
        now = Math.max(now, due[1].at)
        due[1].run()
        await turn()
      }
      now = end
    },
    restore() {
      channel.port1.close()
      Object.assign(globalThis, { Date: RealDate, setTimeout: realSet, clearTimeout: realClear })
      delete performance.now
    },
  }
}
