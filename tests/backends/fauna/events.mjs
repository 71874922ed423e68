// From what was written to what a reader is told: each change of a document becomes add, update, remove or nothing, seen
// with the reader's own rights, and is replayed from the log of transactions exactly as it was told live.
import { isAfter, writeCursor } from './cursor.mjs'
import { QueryFailure } from './errors.mjs'
import { encode, materialize } from './formats.mjs'
import { Doc, equals } from './values.mjs'

/** @typedef {import('./cursor.mjs').Cursor} Cursor */
/** @typedef {{ event: Record<string, any> | undefined, cursor: Cursor, terminal: boolean }} Told `event` undefined: nothing to tell */

const NOTHING = Symbol('not in the set, or not for this reader')
export const NO_STATS = { read_ops: 0, storage_bytes_read: 0, compute_ops: 0, processing_time_ms: 0, rate_limits_hit: [] }

export class Reader {
  /**
   * @param {import('./database.mjs').Database} db
   * @param {import('./database.mjs').Session} session
   * @param {import('./source.mjs').EventSource} source
   */
  constructor(db, session, source) {
    Object.assign(this, { db, session, source })
  }

  /** What happened after `from`, in order. @param {Cursor} from @returns {Generator<Told>} */
  *replay(from) {
    for (const entry of this.db.store.since(from.ts)) yield* this.tell(entry, from)
  }
  /** What one transaction means. @param {import('./store.mjs').Entry} entry @param {Cursor} [from] @returns {Generator<Told>} */
  *tell({ ts, changes }, from) {
    const mine = changes.filter(({ coll, id }) => coll === this.source.coll && (!('doc' in this.source.root) || this.source.root.doc.id === id))
    for (const [ordinal, { id }] of mine.entries()) {
      const cursor = { ts, ordinal }
      if (!from || isAfter(cursor, from)) yield this.change(id, cursor)
    }
  }
  /** @returns {Told} */
  change(id, cursor) {
    const started = this.db.clock()
    // A whole transaction has one time, and times are whole numbers: whatever was there before it was there at `ts - 1`.
    const [before, after] = [cursor.ts - 1, cursor.ts].map((ts) => ({ ts, run: this.db.viewer(this.session, ts) }))
    const stats = () => eventStats([before.run, after.run], this.db.clock() - started)
    try {
      if (!this.watched(id, before.ts, after.ts)) return { event: undefined, cursor, terminal: false }
      const [old, now] = [before, after].map(({ run, ts }) => this.element(run, new Doc(this.source.coll, id, ts)))
      if (old === NOTHING && now === NOTHING) return { event: undefined, cursor, terminal: false }
      const type = now === NOTHING ? 'remove' : old === NOTHING ? 'add' : 'update'
      const data = now === NOTHING ? tagged(before.run, old) : tagged(after.run, now)
      return { event: { type, data, txn_ts: cursor.ts, cursor: writeCursor(cursor), stats: stats() }, cursor, terminal: false }
    } catch (thrown) {
      if (!(thrown instanceof QueryFailure)) throw thrown
      const { code, message, more } = thrown
      const error = { code, message, ...('abort' in more ? { abort: tagged(after.run, more.abort) } : {}) }
      return { event: { type: 'error', error, stats: stats() }, cursor, terminal: true }
    }
  }
  /** The document after all steps of the source. */
  element(run, doc) {
    if (!run.read(doc).fields) return NOTHING
    let item = doc
    for (const { kind, fn } of this.source.steps) {
      const result = run.apply(fn, [item])
      if (kind === 'map') item = result
      else if (!run.truth(result)) return NOTHING
    }
    return item
  }
  /** Whether a change touches a field that the source asks about. */
  watched(id, before, after) {
    const { fields, coll } = this.source
    if (!fields.length) return true
    const [old, now] = [before, after].map((ts) => this.db.store.view(ts).version(coll, id)?.fields ?? null)
    return fields.some((path) => !equals(at(old, path), at(now, path)))
  }
}

const tagged = (run, value) => encode(materialize(run, value), 'tagged')
const at = (value, path) => path.reduce((inner, step) => (inner instanceof Map ? inner.get(step) : Array.isArray(inner) ? inner[step] : undefined) ?? null, value)

/** Of the runs that made one event. @param {import('./evaluate.mjs').Run[]} runs @param {number} ms */
export function eventStats(runs, ms) {
  const sum = (name) => runs.reduce((total, run) => total + run.stats[name], 0)
  return { ...NO_STATS, read_ops: sum('read'), compute_ops: computeOps(sum('compute')), processing_time_ms: Math.max(0, Math.round(ms)) }
}

/** Units of work per compute operation, about as coarse as Fauna's. */
const STEPS_PER_OP = 50
export const computeOps = (steps) => Math.max(1, Math.ceil(steps / STEPS_PER_OP))
