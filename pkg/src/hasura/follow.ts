// Which results of an operation are delivered, while it is on one socket, on two, or on a new one.
import { equal } from '../equal.js'
import { CountersignError } from '../errors.js'
import { cursorOf, type Cursor } from './cursor.js'
import type { Payload, Result } from './ws.js'

/** Follows the results of one operation. Each method that is given a result answers with what is to be delivered, if anything. */
export interface Follow {
  /** What is sent now. `second`: on another socket, while the first one goes on. */
  payload(second: boolean): Payload
  /** The first one is gone, or none of its results count any more. Whether what was sent on the second one counts; if not, it is to be sent there once more. */
  moved(): boolean
  /** From the only socket, or the first one of two. */
  take(value: Result, frame: string): Result | undefined
  /** Whether the second socket has caught up with the first. */
  even(): boolean
  /** From the second one of two. It has taken over if `even()` afterwards. */
  fresh(value: Result, frame: string): Result | undefined
}

/** A query or mutation; and a subscription of a server about which nothing is known. Everything counts. */
export const plain = (payload: Payload): Follow => ({
  payload: () => payload,
  moved: () => true,
  take: (value) => value,
  even: () => true,
  fresh: (value) => value,
})

/** Frames are compared, not values that the application has and may have changed. Members of objects come in any order. */
const same = (a: string | undefined, b: string): boolean => a === b || (a !== undefined && equal(JSON.parse(a).payload, JSON.parse(b).payload))

/**
 * A live query: each result is the whole one, and the first one after a subscribe always comes, also if nothing has changed.
 * On two sockets the second may be behind the first: it counts when it says what the first one said last, or when the first one said nothing meanwhile. If that
 * cannot be waited for, it is asked once more, because what is read from now on is not older than what was delivered.
 */
class Whole implements Follow {
  readonly #payload: Payload
  /** The last one delivered. */
  #last: string | undefined
  /** The next one may be the last one once more. */
  #again = false
  /** The first socket spoke after the second was asked. */
  #spoke = false
  #even = false
  /** What the second said last. */
  #held: string | undefined

  constructor(payload: Payload) {
    this.#payload = payload
  }

  payload(second: boolean): Payload {
    this.#spoke = this.#even = false
    this.#held = undefined
    if (!second) this.#again = true
    return this.#payload
  }

  #deliver(value: Result, frame: string): Result | undefined {
    this.#again = false
    if (same(this.#last, frame)) return undefined
    this.#last = frame
    return value
  }

  moved(): boolean {
    this.#again = true
    return !this.#spoke
  }

  take(value: Result, frame: string): Result | undefined {
    this.#spoke = true
    this.#even = this.#held !== undefined && same(this.#held, frame)
    if (this.#again) return this.#deliver(value, frame)
    this.#last = frame
    return value
  }

  even(): boolean {
    return this.#even
  }

  fresh(value: Result, frame: string): Result | undefined {
    this.#even = !this.#spoke || same(this.#last, frame)
    if (this.#even) return this.#deliver(value, frame)
    this.#held = frame
    return undefined
  }
}

/**
 * A streaming subscription: each result is the rows after the last ones. It is sent again from the cursor of the last row delivered, and rows
 * that the first socket delivered after the second was asked are left out there.
 */
class Rows implements Follow {
  readonly #payload: Payload
  readonly #cursor: Cursor
  #at: { value: unknown } | undefined
  /** Cursors that the socket will bring once more, and how often. */
  #overlap = new Map<string, number>()
  /** The same of the second one; while there is one. */
  #next: Map<string, number> | undefined

  constructor(payload: Payload, cursor: Cursor) {
    this.#payload = payload
    this.#cursor = cursor
  }

  payload(second: boolean): Payload {
    if (second) this.#next = new Map()
    else {
      this.#next = undefined
      this.#overlap.clear()
    }
    return this.#at ? this.#cursor.from(this.#at.value) : this.#payload
  }

  moved(): boolean {
    this.#overlap = this.#next ?? this.#overlap
    this.#next = undefined
    return true
  }

  #key(row: any): string {
    const { column } = this.#cursor
    const value: unknown = row?.[column]
    if (value === undefined)
      throw new CountersignError('option_invalid', `hasura: the rows of this stream have no \`${column}\`, the column of its cursor, so it could not go on after a reconnect. Select it, or say in the option \`cursor\` under which name it is selected`, { backend: 'hasura' })
    // As a number of JavaScript it is another one than Hasura's: a stream that goes on from there leaves rows out, or repeats them.
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      throw new CountersignError('option_invalid', `hasura: a value of \`${column}\`, the column of this stream's cursor, is larger than a number of JavaScript can hold (2^53), so it could not go on from there. Set HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES, or take another column`, { backend: 'hasura' })
    return JSON.stringify(value)
  }

  #rows(value: Result): [name: string, rows: any[]] | undefined {
    const found = Object.entries(value.data ?? {}).find(([, rows]) => Array.isArray(rows))
    return found as [string, any[]] | undefined
  }

  take(value: Result): Result | undefined {
    const found = this.#rows(value)
    if (!found) return value
    const [name, all] = found
    const rows = this.#overlap.size ? all.filter((row) => !this.#twice(this.#key(row))) : all
    if (this.#next)
      for (const row of rows) {
        const key = this.#key(row)
        this.#next.set(key, (this.#next.get(key) ?? 0) + 1)
      }
    const last = rows.at(-1)
    if (last !== undefined) {
      this.#key(last)
      this.#at = { value: last[this.#cursor.column] }
    }
    if (rows.length === all.length) return value
    return rows.length ? { ...value, data: { ...value.data, [name]: rows } } : undefined
  }

  #twice(key: string): boolean {
    const count = this.#overlap.get(key)
    if (!count) return false
    if (count === 1) this.#overlap.delete(key)
    else this.#overlap.set(key, count - 1)
    return true
  }

  even(): boolean {
    return !this.#next
  }

  fresh(value: Result): Result | undefined {
    this.moved()
    return this.take(value)
  }
}

/** A subscription to Hasura. `name`: under which name a stream selects the column of its cursor. Throws `option_invalid` for a stream that could not go on. */
export const followed = (payload: Payload, name: string | undefined): Follow => {
  const cursor = cursorOf(payload, name)
  return cursor ? new Rows(payload, cursor) : new Whole(payload)
}
