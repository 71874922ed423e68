// Which results of an operation are delivered, while it is on one socket, on two, or on a new one.
import { CountersignError } from '../errors.js'
import { cursorOf, type Cursor } from './cursor.js'
import type { Payload, Result } from './ws.js'

/** What comes as a result: parsed, and the frame that it came in. */
type Came = { value: Result; frame: string }

/** Follows the results of one operation. Each method that is given a result answers with what is to be delivered, if anything. */
export interface Follow {
  /** What is sent now. */
  payload(): Payload
  /** Sent on another socket, while the first one goes on. */
  moving(): void
  /** The first one is gone, or none of its results count any more; what was sent on the other one counts. */
  moved(): Result | undefined
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
  moving() {},
  moved: () => undefined,
  take: (value) => value,
  even: () => true,
  fresh: (value) => value,
})

const equal = (a: any, b: any): boolean => {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b || Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
}

/** Frames are compared, not values that the application has and may have changed. Members of objects come in any order. */
const same = (a: string | undefined, b: string): boolean => a === b || (a !== undefined && equal(JSON.parse(a).payload, JSON.parse(b).payload))

/**
 * A live query: each result is the whole one, and the first one after a subscribe always comes, also if nothing has changed.
 * On two sockets the second may be behind the first: it counts when it says what the first one said last, or when the first one said nothing meanwhile.
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
  #held: Came | undefined

  constructor(payload: Payload) {
    this.#payload = payload
  }

  payload(): Payload {
    this.#again = true
    return this.#payload
  }

  moving(): void {
    this.#again = this.#spoke = this.#even = false
    this.#held = undefined
  }

  #deliver(value: Result, frame: string): Result | undefined {
    if (same(this.#last, frame)) return undefined
    this.#last = frame
    return value
  }

  moved(): Result | undefined {
    const held = this.#held
    this.#held = undefined
    this.#again = !held
    return held && this.#deliver(held.value, held.frame)
  }

  take(value: Result, frame: string): Result | undefined {
    this.#spoke = true
    if (this.#again) {
      this.#again = false
      return this.#deliver(value, frame)
    }
    this.#last = frame
    this.#even = !!this.#held && same(this.#held.frame, frame)
    return value
  }

  even(): boolean {
    return this.#even
  }

  fresh(value: Result, frame: string): Result | undefined {
    this.#even = !this.#spoke || same(this.#last, frame)
    if (this.#even) {
      this.#held = undefined
      return this.#deliver(value, frame)
    }
    this.#held = { value, frame }
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
  /** Cursors that the second socket will bring once more. */
  #overlap: Set<string> | undefined
  #moving = false

  constructor(payload: Payload, cursor: Cursor) {
    this.#payload = payload
    this.#cursor = cursor
  }

  payload(): Payload {
    return this.#at ? this.#cursor.from(this.#at.value) : this.#payload
  }

  moving(): void {
    this.#moving = true
    this.#overlap = new Set()
  }

  moved(): undefined {
    this.#moving = false
  }

  #key(row: any): string {
    const { column } = this.#cursor
    const value: unknown = row?.[column]
    if (value === undefined)
      throw new CountersignError('option_invalid', `hasura: the rows of this stream have no \`${column}\`, the column of its cursor, so it could not go on after a reconnect. Select it, or say in the option \`cursor\` under which name it is selected`, { backend: 'hasura' })
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
    let rows = all
    if (this.#moving) for (const row of rows) this.#overlap!.add(this.#key(row))
    else if (this.#overlap?.size) rows = rows.filter((row) => !this.#overlap!.delete(this.#key(row)))
    const last = rows.at(-1)
    if (last !== undefined) {
      this.#key(last)
      this.#at = { value: last[this.#cursor.column] }
    }
    if (rows === all) return value
    return rows.length ? { ...value, data: { ...value.data, [name]: rows } } : undefined
  }

  even(): boolean {
    return !this.#moving
  }

  fresh(value: Result): Result | undefined {
    this.#moving = false
    return this.take(value)
  }
}

/** A subscription to Hasura. `name`: under which name a stream selects the column of its cursor. Throws `option_invalid` for a stream that could not go on. */
export const followed = (payload: Payload, name: string | undefined): Follow => {
  const cursor = cursorOf(payload, name)
  return cursor ? new Rows(payload, cursor) : new Whole(payload)
}
