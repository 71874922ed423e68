// The live queries of one session: each is evaluated again after every transaction, and only what came out differently is told.
import { processed } from './ops.mjs'

/** @typedef {import('./session.mjs').Session} Session @typedef {{ q: any, evaluate: () => { result: any, meta: any }, last: string }} Live */

export class Queries {
  /** @param {Session} session */
  constructor(session) {
    this.session = session
    /** @type {Map<string, Live>} */
    this.live = new Map()
    /** @type {import('../catalog.mjs').Attr[] | undefined} the attributes that the client was last told */
    this.attrs = undefined
  }

  /** @param {any} q */
  has(q) { return this.live.has(keyOf(q)) }

  /** @param {any} q @param {'tree' | 'join-rows'} form @param {boolean} inference */
  add(q, form, inference) {
    const { data } = this.session.place
    const auth = this.session.identity?.auth ?? null
    const evaluate = () => (form === 'tree' ? data.tree(auth, q, { inference }) : data.joinRows(auth, q))
    const first = evaluate()
    this.live.set(keyOf(q), { q, evaluate, last: JSON.stringify(first) })
    this.count()
    return first
  }

  /** @param {any} q */
  remove(q) {
    this.live.delete(keyOf(q))
    this.count()
  }

  count() { this.session.record.running = this.live.size }

  /** After a transaction. A client that does not say its version is told of every one, with all attributes. */
  refresh() {
    const { session } = this
    if (!this.live.size || session.place.status() === 'disabled') return
    const computations = [...this.live.values()].flatMap((live) => {
      const began = performance.now()
      const { result, meta } = live.evaluate()
      const now = JSON.stringify({ result, meta })
      if (now === live.last) return []
      live.last = now
      return [{ 'instaql-query': live.q, 'instaql-result': result, 'result-meta': meta, 'result-changed?': true, 'duration-ms': Math.round(performance.now() - began) }]
    })
    const attrs = session.place.data.attrs()
    const tellAttrs = !session.features.skipAttrs || attrs !== this.attrs
    this.attrs = attrs
    if (!computations.length && !tellAttrs) return
    session.send({ op: 'refresh-ok', ...processed(session), ...(tellAttrs && { attrs }), computations })
  }
}

/** The same for two objects that differ in the order of their keys only. @param {any} q @returns {string} */
const keyOf = (q) => JSON.stringify(q, (_, value) => (value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value))
