// Sets are recipes: nothing is read until a page of them, or one of their results, is asked for. A cursor remembers
// the recipe, how far the caller came and the snapshot; the rows are read again with the rights of whoever continues.
import { randomBytes } from 'node:crypto'
import { fail, failures } from './errors.mjs'
import { int } from './values.mjs'

export const DEFAULT_PAGE = 16
const MAX_PAGE = 16_000
const MAX_CURSORS = 10_000

export class FSet {
  /**
   * @param {(run: any, at?: number) => any[]} items
   * @param {import('./source.mjs').EventSource | string} events what an event source of this set is, or why there is none
   * @param {number} [size] of a page
   */
  constructor(items, events, size = DEFAULT_PAGE) {
    this.items = items
    this.events = events
    this.size = size
  }
  /** @param {(items: any[], run: any) => any[]} change @param {FSet['events']} events */
  derive(change, events, size = this.size) {
    return new FSet((run, at) => change(this.items(run, at), run), events, size)
  }
  /** The elements a predicate keeps. @param {import('./values.mjs').Fn} predicate @param {any} span */
  where(predicate, span) {
    return this.derive((items, later) => items.filter((item) => later.truth(later.apply(predicate, [item], span), span)), after(this.events, 'where', predicate))
  }
  /** @param {import('./values.mjs').Fn} mapper @param {any} span */
  map(mapper, span) {
    return this.derive((items, later) => items.map((item) => later.apply(mapper, [item], span)), after(this.events, 'map', mapper))
  }
}
const after = (events, kind, fn) => (typeof events === 'string' ? events : events.with(kind, fn))

/** The server's memory of cursors; to the caller they are opaque base64. */
export class Cursors {
  constructor() {
    this.known = new Map()
  }
  add(position) {
    const cursor = randomBytes(48).toString('base64')
    this.known.set(cursor, position)
    if (this.known.size > MAX_CURSORS) this.known.delete(this.known.keys().next().value)
    return cursor
  }
  find(cursor, span) {
    const position = this.known.get(cursor)
    if (!position) throw failures.cursor(span)
    return position
  }
}

export function pageSize(size, span) {
  if (size < 1 || size > MAX_PAGE)
    throw fail('invalid_bounds', `expected \`pageSize\` to be within the range 1 to ${MAX_PAGE}, received ${size}`, span)
  return size
}

/** One page as a plain struct: `{ data, after? }`. */
export function page(run, { set, offset = 0, at, size = set.size }) {
  const items = set.items(run, at)
  const end = offset + size
  const result = new Map([['data', items.slice(offset, end)]])
  if (end < items.length) result.set('after', cursor(run, { set, offset: end, at, size }))
  return result
}
/** @returns {string} */
export const cursor = (run, position) => run.cursors.add({ offset: 0, ...position, at: position.at ?? run.tx.ts })

/** Fauna has no such limit; this server holds what it pages in memory. */
const MAX_SEQUENCE = 1_000_000
export function sequence(from, until, span) {
  const length = Math.max(0, until - from)
  if (length > MAX_SEQUENCE) throw fail('value_too_large', `range size ${length} exceeds limit ${MAX_SEQUENCE}`, span)
  return new FSet(() => Array.from({ length }, (_, i) => int(from + i)), 'streaming is not supported on sets created from `Set.sequence()`.')
}
