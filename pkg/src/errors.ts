import type { TokenRequest } from './types.js'

/** The stable codes. `code` is the contract; the words of a message may change. An abort rejects with `signal.reason` itself. */
export type ErrorCode =
  | 'signed_out' | 'identity_changed' | 'timeout' | 'offline' | 'network' | 'provider_failed' | 'provider_reentrant' | 'template_unknown'
  | 'option_invalid' | 'endpoint_missing' | 'origin_not_allowed' | 'redirect_refused' | 'on_server' | 'token_expired' | 'token_rejected' | 'budget_exhausted'
  | 'outcome_unknown' | 'backend' | 'protocol' | 'csp_blocks_wasm' | 'wasm_trapped' | 'disposed' | (string & {})

/** Who must act: the developer, the session, the network, the backend, or us. */
export type ErrorKind = 'config' | 'token' | 'network' | 'backend' | 'protocol'

/** What may be said of the token that an error is about: the claims a backend checks, read without verifying, and nothing about the user. */
export interface TokenFacts {
  /** Your name for it: the session's template; `''` for the session token. */
  key: string
  /** How many changes of identity the session had seen. */
  generation: number
  /** Why the provider had been asked for it. */
  reason: TokenRequest['reason']
  /** How long it had been at hand when the error was made, in milliseconds. */
  ageMs: number
  iss?: string | undefined
  aud?: string | string[] | undefined
  /** Seconds since the epoch, as in the token. */
  exp?: number | undefined
  kid?: string | undefined
  alg?: string | undefined
}

export interface ErrorDetails {
  kind?: ErrorKind | undefined
  retryable?: boolean | undefined
  backend?: string | undefined
  template?: string | undefined
  hint?: string | undefined
  token?: TokenFacts | undefined
  cause?: unknown
}

const mark = Symbol.for('countersign.error')

// Words in a text, because this table is in every page's eager bytes; tests/native/errors.rs holds it equal to the Rust table.
const table: [ErrorKind, string][] = [
  ['token', 'signed_out identity_changed provider_failed token_expired token_rejected budget_exhausted'],
  ['network', 'timeout offline network outcome_unknown'],
  ['protocol', 'protocol wasm_trapped'],
  ['config', 'provider_reentrant template_unknown option_invalid endpoint_missing origin_not_allowed redirect_refused on_server csp_blocks_wasm disposed'],
]
const among = (words: string, code: string) => ` ${words} `.includes(` ${code} `)
const again = 'timeout offline network provider_failed wasm_trapped identity_changed'

/** Cuts out what looks like a JWT, signed or encrypted: every message passes through here, whoever wrote it. */
export const conceal = (text: string): string => text.replace(/e[wy][\w-]{15,}(\.[\w-]*){2,4}/g, '[secret]')

/**
 * What somebody else wrote, as it may be shown: an error's message or a text. Long words with a digit in them are cut out as well (opaque
 * tokens, an Instant session is a UUID), and what is left is cut to 500 characters. Reads anything; never throws.
 */
export const scrub = (said: any): string => {
  try {
    // The first cut is for time only: the second pattern looks ahead.
    return conceal(String(said?.message ?? said).slice(0, 8000)).replace(/(?=[\w+=-]*\d)[\w+=-]{24,}/g, '[secret]').slice(0, 500)
  } catch {
    return '?'
  }
}

const copy = (cause: any): unknown => {
  try {
    const { name = typeof cause, code, status } = cause
    return { name: scrub(name), code: code && scrub(code), status: +status || undefined, message: scrub(cause) }
  } catch {
    // Nothing, or something that does not want to be read.
    return undefined
  }
}

/** The only root class. Vendor classes (Fauna's, Convex's, Hasura's) extend it under their vendor's names. */
export class CountersignError extends Error {
  // Declared, not initialised: what an error has nothing to say about is not among its fields.
  declare readonly kind: ErrorKind
  declare readonly code: ErrorCode
  declare readonly retryable: boolean
  declare readonly backend?: string
  declare readonly template?: string
  /** The doctor's sentence: what to change, and where. */
  declare readonly hint?: string
  /** The token that this is about, where one was at hand or sent: a wrong issuer or a slash at its end is seen at once. */
  declare readonly token?: TokenFacts

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(conceal(message))
    this.name = 'CountersignError'
    this.code = code
    this.kind = table.find(([, words]) => among(words, code))?.[0] ?? 'backend'
    this.retryable = among(again, code)
    const { cause, ...shown } = details
    for (const [key, value] of Object.entries(shown)) if (value !== undefined) (this as Record<string, unknown>)[key] = value
    const hide = (key: string | symbol, value: unknown) => value && Object.defineProperty(this, key, { value, configurable: true, writable: true })
    hide('cause', copy(cause))
    hide(mark, true)
  }

  /** Across entries and copies of the package. With codes: one of these. */
  static is(error: unknown, ...codes: ErrorCode[]): error is CountersignError {
    return !!error && (error as Record<symbol, unknown>)[mark] === true && (!codes.length || codes.includes((error as CountersignError).code))
  }

  /** Aborted or `identity_changed`: the asker is gone, show nothing. */
  static isQuiet(error: unknown): boolean {
    // Fauna has an AbortError of its own, for a query that called abort(): that one is an answer.
    return CountersignError.is(error) ? error.code === 'identity_changed' : (error as { name?: string } | null)?.name === 'AbortError'
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass keeps the ordinary rule; the root holds across copies of the package.
    return this === CountersignError ? CountersignError.is(value) : Function.prototype[Symbol.hasInstance].call(this, value)
  }
}
