// Live queries and streams as the engine runs them: everything that is subscribed is read again once per refetch interval, and
// a subscriber hears of it when the result is another one. Equal subscriptions of equal identities are read once.
import { fromPostgres } from '../failure.mjs'
import { isStream } from '../streams.mjs'

const BATCH = 100

/**
 * @typedef {object} Sink
 * @property {(data: string) => void} next   the result as JSON text
 * @property {(error: import('../failure.mjs').HasuraError, first: boolean) => void} failed   `first`: nothing came of it yet
 *
 * @typedef {object} Cohort
 * @property {string} key
 * @property {string} identity
 * @property {import('../execute.mjs').Plan} plan
 * @property {Set<Sink>} sinks
 * @property {Set<Sink>} fresh     those that have had no result yet
 * @property {number} version      of the database, when it was read last
 * @property {string} [last]       the last result
 * @property {import('../streams.mjs').Place} [stream]
 */

export class Poller {
  /**
   * @param {import('../execute.mjs').Executor} executor
   * @param {() => { refetchMs: number, liveError: string | null }} knobs
   */
  constructor(executor, knobs) {
    this.executor = executor
    this.knobs = knobs
    /** @type {Map<string, Cohort>} */
    this.cohorts = new Map()
    this.streams = 0
    this.running = false
    this.stopped = false
  }

  /** @param {import('../execute.mjs').Plan} plan @param {Sink} sink @returns {() => void} stops it */
  add(plan, sink) {
    const { request, identity, schema } = plan
    const who = JSON.stringify([identity.role, identity.variables])
    const streaming = isStream(plan)
    // Each stream has its own cursor. The schema tells the two endpoints apart, and the rights of yesterday from today's.
    const key = streaming ? `stream ${this.streams++}` : `${serial(schema)} ${who} ${JSON.stringify([request.query, request.operationName, request.variables])}`
    let cohort = this.cohorts.get(key)
    if (!cohort) {
      cohort = { key, identity: who, plan, sinks: new Set(), fresh: new Set(), version: -1, ...(streaming && { stream: { rows: 0, full: false } }) }
      this.cohorts.set(key, cohort)
    }
    cohort.sinks.add(sink)
    cohort.fresh.add(sink)
    this.wake(0)
    return () => {
      cohort.sinks.delete(sink)
      cohort.fresh.delete(sink)
      if (!cohort.sinks.size && this.cohorts.get(key) === cohort) this.cohorts.delete(key)
    }
  }

  /** The next look, in so many ms or sooner. */
  wake(ms) {
    if (this.stopped) return
    const at = performance.now() + ms
    if (this.timer && this.at <= at) return
    clearTimeout(this.timer)
    this.at = at
    this.timer = setTimeout(() => {
      this.timer = undefined
      void this.poll()
    }, ms)
  }

  async poll() {
    if (this.running) return void (this.again = true)
    this.running = true
    this.again = false
    try {
      const { version } = this.executor
      const error = this.knobs().liveError
      // A new subscriber does not have to wait for the interval; the others do.
      const turn = performance.now() >= (this.due ?? 0)
      const stale = [...this.cohorts.values()].filter((cohort) => cohort.fresh.size > 0 || (turn && (error || cohort.version !== version)))
      if (turn) this.due = performance.now() + this.knobs().refetchMs
      for (const cohorts of batches(stale)) await this.read(cohorts, version, error)
    } finally {
      this.running = false
    }
    if (this.stopped || !this.cohorts.size) return
    this.wake(this.again ? 0 : Math.max(0, this.due - performance.now()))
  }

  /** @param {Cohort[]} cohorts of one identity */
  async read(cohorts, version, error) {
    if (error) return cohorts.forEach((cohort) => this.settle(cohort, -1, fromPostgres({ code: '53000', message: error })))
    const current = cohorts.filter((cohort) => cohort.version === version && cohort.last !== undefined)
    for (const cohort of current) this.settle(cohort, version, cohort.last)
    const asked = cohorts.filter((cohort) => !current.includes(cohort))
    if (!asked.length) return
    try {
      const places = asked.map(({ stream }) => stream && { ...stream })
      const answers = await this.executor.poll(asked.map(({ plan }, i) => ({ plan, stream: places[i] })))
      asked.forEach((cohort, i) => {
        if (places[i]) cohort.stream = places[i]
        this.settle(cohort, places[i]?.full ? -1 : version, JSON.stringify(answers[i].data))
      })
    } catch (failure) {
      // One that fails takes the transaction with it: alone, each gets its own answer.
      if (asked.length > 1) for (const cohort of asked) await this.read([cohort], version, null)
      else this.settle(asked[0], -1, fromPostgres(failure))
    }
  }

  /** @param {Cohort} cohort @param {number} version @param {string | import('../failure.mjs').HasuraError} result */
  settle(cohort, version, result) {
    if (this.stopped) return
    const fresh = [...cohort.fresh]
    cohort.fresh.clear()
    cohort.version = version
    if (typeof result !== 'string') {
      cohort.last = undefined
      // An error is told at every look, as long as it lasts.
      for (const sink of [...cohort.sinks]) sink.failed(result, fresh.includes(sink))
      return
    }
    if (cohort.stream) {
      // No rows, nothing to say: not even the first time.
      if (cohort.stream.rows) for (const sink of [...cohort.sinks]) sink.next(result)
      return
    }
    const told = result === cohort.last ? fresh : [...cohort.sinks]
    cohort.last = result
    for (const sink of told) if (cohort.sinks.has(sink)) sink.next(result)
  }

  /** The knobs have changed: the interval may be shorter now. */
  turned() {
    if (!this.cohorts.size) return
    this.due = Math.min(this.due ?? Infinity, performance.now() + this.knobs().refetchMs)
    this.wake(Math.max(0, this.due - performance.now()))
  }

  stop() {
    this.stopped = true
    clearTimeout(this.timer)
    this.cohorts.clear()
  }
}

/** @param {Cohort[]} cohorts @returns {Cohort[][]} */
function batches(cohorts) {
  /** @type {Map<string, Cohort[]>} */
  const groups = new Map()
  for (const cohort of cohorts) {
    const same = groups.get(cohort.identity)
    if (same) same.push(cohort)
    else groups.set(cohort.identity, [cohort])
  }
  return [...groups.values()].flatMap((same) => Array.from({ length: Math.ceil(same.length / BATCH) }, (_, i) => same.slice(i * BATCH, (i + 1) * BATCH)))
}

/** @type {WeakMap<object, number>} */
const serials = new WeakMap()
let made = 0
/** A number for an object. @param {object} object */
function serial(object) {
  let number = serials.get(object)
  if (number === undefined) serials.set(object, (number = made++))
  return number
}
