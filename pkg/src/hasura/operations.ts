// The operations of one connection: which results of which socket their sinks get to see, and how they end.
import { conceal, CountersignError } from '../errors.js'
import type { Follow } from './follow.js'
import { told } from '../link.js'
import type { Message } from './wire.js'
import type { Result, WsSink } from './ws.js'

/** An operation under way. */
export interface Operation {
  readonly number: number
  id: string
  readonly sink: WsSink<Result>
  readonly follow: Follow
  on?: number | undefined
  to?: number | undefined
  /** Its results come from `on`; the machine knows. */
  arrived: boolean
  /** Its sink has heard of the end. */
  done: boolean
}

/** What a sink or a listener throws is its own: it is reported as an unhandled rejection, and neither the socket nor other operations are harmed. */
export const guarded = (act: () => void): void => {
  try {
    act()
  } catch (error) {
    void Promise.reject(error)
  }
}

/** The payload of an `error` message: an array by the specification; Hasura sends an object or a text, too. A server that repeats what it was sent puts no token into a log. */
const errorsOf = (payload: unknown): readonly unknown[] => {
  const list = Array.isArray(payload) ? payload : [payload && typeof payload === 'object' ? payload : { message: String(payload ?? 'the server gave no reason') }]
  const text = JSON.stringify(list)
  const shown = conceal(text)
  return shown === text ? list : JSON.parse(shown)
}

export class Operations {
  readonly #all = new Map<number, Operation>()
  readonly #ids = new Map<string, Operation>()
  readonly #tell: (what: number, operation: number, socket?: number) => void
  #numbers = 0

  /** @param tell  tells the machine */
  constructor(tell: (what: number, operation: number, socket?: number) => void) {
    this.#tell = tell
  }

  add(follow: Follow, sink: WsSink<Result>, id?: string): Operation {
    const number = ++this.#numbers
    const operation: Operation = { number, id: id ?? String(number), sink, follow, arrived: false, done: false }
    this.#all.set(number, operation)
    this.#ids.set(operation.id, operation)
    return operation
  }

  get(number: number): Operation | undefined {
    return this.#all.get(number)
  }

  named(id: string): Operation | undefined {
    return this.#ids.get(id)
  }

  /** How many are under way. */
  get count(): number {
    let count = 0
    for (const { done } of this.#all.values()) if (!done) count++
    return count
  }

  /** Forgets all of them: which ones. */
  clear(): Operation[] {
    const all = [...this.#all.values()]
    this.#all.clear()
    return all
  }

  rename(operation: Operation): void {
    this.#ids.delete(operation.id)
    operation.id = `${operation.id}+`
    this.#ids.set(operation.id, operation)
  }

  /** Takes an operation out, and tells its sink. The machine may still want `complete` to be sent for it. */
  leave(operation: Operation, what: number | undefined, tell: () => void): void {
    if (operation.done) return
    operation.done = true
    if (what !== undefined) this.#tell(what, operation.number)
    this.#all.delete(operation.number)
    if (this.#ids.get(operation.id) === operation) this.#ids.delete(operation.id)
    guarded(tell)
  }

  fail(operation: Operation, error: unknown, what?: number): void {
    // On a server nothing is asked and nobody is there to be told.
    this.leave(operation, what, () => CountersignError.is(error, 'on_server') || operation.sink.error(error))
  }

  /** A socket is gone. The machine says `take` where there is another one. */
  lost(socket: number): void {
    for (const operation of this.#all.values()) {
      if (operation.to === socket) operation.to = undefined
      if (operation.on === socket && operation.to === undefined) operation.on = undefined
    }
  }

  /** A result, on one of its sockets. */
  next(operation: Operation, socket: number, value: Result, frame: string): void {
    const { follow } = operation
    if (operation.to === undefined) {
      if (!operation.arrived) this.#arrive(operation, socket)
      return this.#deliver(operation, () => follow.take(value, frame))
    }
    this.#deliver(operation, () => (operation.on === socket ? follow.take(value, frame) : follow.fresh(value, frame)))
    if (operation.to === undefined || !follow.even()) return
    operation.on = operation.to
    operation.to = undefined
    this.#arrive(operation, operation.on)
  }

  #arrive(operation: Operation, socket: number): void {
    operation.arrived = true
    if (!operation.done) this.#tell(told.arrived, operation.number, socket)
  }

  #deliver(operation: Operation, result: () => Result | undefined): void {
    let value: Result | undefined
    try {
      value = result()
    } catch (error) {
      return this.fail(operation, error, told.unsubscribe)
    }
    if (value !== undefined && !operation.done) guarded(() => operation.sink.next(value))
  }

  /** The server ended it. */
  ended(operation: Operation, socket: number, { type, payload }: Message): void {
    if (type === 'complete') return this.leave(operation, told.ended, () => operation.sink.complete())
    if (operation.to !== socket) return this.leave(operation, told.ended, () => operation.sink.error(errorsOf(payload)))
    // The first one works: many at once may be more than the database has connections for, and that passes.
    operation.to = undefined
    this.#tell(told.declined, operation.number, socket)
  }
}
