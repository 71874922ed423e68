/** The stable codes. `code` is the contract; the words of a message may change. An abort rejects with `signal.reason` itself. */
export type ErrorCode =
  | 'signed_out' | 'identity_changed' | 'timeout' | 'offline' | 'network' | 'provider_failed' | 'provider_reentrant' | 'template_unknown'
  | 'option_invalid' | 'endpoint_missing' | 'origin_not_allowed' | 'redirect_refused' | 'on_server' | 'token_expired' | 'token_rejected' | 'budget_exhausted'
  | 'outcome_unknown' | 'backend' | 'protocol' | 'csp_blocks_wasm' | 'wasm_trapped' | 'disposed' | (string & {})

/** Who must act: the developer, the session, the network, the backend, or us. */
export type ErrorKind = 'config' | 'token' | 'network' | 'backend' | 'protocol'

export interface ErrorDetails {
  kind?: ErrorKind | undefined
  retryable?: boolean | undefined
  backend?: string | undefined
  template?: string | undefined
  hint?: string | undefined
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

/** Anything that looks like a JWT, so that no message can carry one. */
const tokenLike = /[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi

/** Text that may be shown: JWT-shaped and UUID-shaped parts (an Instant session is a UUID) cut out, at most 500 characters. */
export const scrub = (text: unknown): string => String(text).slice(0, 2000).replace(tokenLike, '[secret]').slice(0, 500)

const copy = (cause: unknown): unknown => {
  if (cause === undefined || cause === null) return undefined
  const c = cause as Record<string, unknown>
  return { name: scrub(c['name'] ?? typeof cause), code: c['code'] === undefined ? undefined : scrub(c['code']), status: Number(c['status']) || undefined, message: scrub(c['message'] ?? cause) }
}

/** The only root class. Vendor classes (Fauna's, Convex's, Hasura's) extend it under their vendor's names. */
export class CountersignError extends Error {
  readonly kind: ErrorKind
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly backend?: string
  readonly template?: string
  /** The doctor's sentence: what to change, and where. */
  readonly hint?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message)
    this.name = 'CountersignError'
    this.code = code
    this.kind = details.kind ?? table.find(([, words]) => among(words, code))?.[0] ?? 'backend'
    this.retryable = details.retryable ?? among(again, code)
    for (const key of ['backend', 'template', 'hint'] as const) if (details[key] !== undefined) (this as Record<string, unknown>)[key] = details[key]
    const hide = (key: string | symbol, value: unknown) => Object.defineProperty(this, key, { value, configurable: true, writable: true })
    const cause = copy(details.cause)
    if (cause) hide('cause', cause)
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
