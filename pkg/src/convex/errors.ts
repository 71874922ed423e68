import { CountersignError, type ErrorDetails } from '../errors.js'
import { show } from './show.js'

const mark = Symbol.for('ConvexError')

/**
 * An error that a Convex function threw on purpose, with its `data`. Marked as the vendor's is; `instanceof` also holds for the vendor's
 * own. To get instances of your own copy of the class, pass it to the client as `ConvexError`.
 */
export class ConvexError<Data = any> extends CountersignError {
  readonly data: Data

  constructor(data: Data) {
    super('backend', typeof data === 'string' ? data : show(data), { backend: 'convex' })
    this.name = 'ConvexError'
    this.data = data
    Object.defineProperty(this, mark, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === ConvexError ? (value as Record<symbol, unknown> | null | undefined)?.[mark] === true : Function.prototype[Symbol.hasInstance].call(this, value)
  }
}

/** A class like the vendor's `ConvexError`. */
export type ConvexErrorClass = new (data: any) => Error

/** The server refused a request, or a function failed without `ConvexError` (`status` 200 or 560 then). */
export class ConvexRequestError extends CountersignError {
  /** The HTTP status. */
  readonly status: number
  /** Convex's own word: `Unauthenticated`, `NoAuthProvider`, `BadConvexFunctionIdentifier`, ... `code` is the same, except `token_rejected` where it means that. */
  readonly serverCode?: string

  constructor(code: string, message: string, status: number, serverCode: string | undefined, details: ErrorDetails = {}) {
    super(code, message, { backend: 'convex', ...details })
    this.name = 'ConvexRequestError'
    this.status = status
    if (serverCode !== undefined) this.serverCode = serverCode
  }
}
