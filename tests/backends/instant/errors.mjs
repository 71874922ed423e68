import { randomBytes } from 'node:crypto'

/** A refusal with the body the real server would send. */
export class ApiError extends Error {
  /** @param {Record<string, any>} body @param {number} [status] @param {Record<string, string>} [headers] */
  constructor(body, status = 400, headers = {}) {
    super(body.message ?? body.error)
    this.status = status
    this.headers = headers
    /** @type {Record<string, any>} */
    this.body = { ...body, 'trace-id': randomBytes(16).toString('hex') }
  }
}

/** `["body" "id_token"]`: how the real server prints a path. */
const printed = (/** @type {string[]} */ path) => `[${path.map((p) => JSON.stringify(p)).join(' ')}]`

/** @param {string[]} path */
export const missing = (path) => new ApiError({ type: 'param-missing', message: `Missing parameter: ${printed(path)}`, hint: { in: path } })
/** The value that was sent comes back in the hint, secret or not: so does the real server's. @param {string[]} path @param {unknown} value */
export const malformed = (path, value) => new ApiError({ type: 'param-malformed', message: `Malformed parameter: ${printed(path)}`, hint: { in: path, 'original-input': value } })
/** `args` are those of the failed lookup, a refresh token among them if it was looked up by one. @param {string} record @param {Record<string, unknown>} args */
export const notFound = (record, args) => new ApiError({ type: 'record-not-found', message: `Record not found: ${record}`, hint: { args: [args], 'record-type': record } }, args['auth?'] ? 401 : 400)
/** @param {string} record @param {Record<string, unknown>} args */
export const expired = (record, args) => new ApiError({ type: 'record-expired', message: `Record expired: ${record}`, hint: { args: [args] } })
/** @param {string} dataType @param {unknown} input echoed @param {string[]} texts @param {Record<string, unknown>} [where] */
export const invalid = (dataType, input, texts, where = {}) => new ApiError({
  type: 'validation-failed',
  message: `Validation failed for ${dataType}: ${texts.join(', ')}`,
  hint: { 'data-type': dataType, input, errors: texts.map((message) => ({ message, ...where })) },
})
/** No message and no hint: the text is in `error`. @param {string} text */
export const oauthError = (text) => new ApiError({ type: 'oauth-error', error: text })
/** @param {string} etype @param {string} action */
export const denied = (etype, action) => new ApiError({ type: 'permission-denied', message: 'Permission denied: not perms-pass?', hint: { input: [etype, action], expected: 'perms-pass?' } })
/** @param {'read-only' | 'disabled'} status */
export const appStatus = (status) => new ApiError({ type: `app-${status}`, message: status === 'disabled' ? 'This app is disabled.' : 'This app is read-only.', hint: { status } })
/** @param {number} seconds */
export const rateLimited = (seconds) => new ApiError({
  type: 'rate-limited',
  message: "You're making too many requests.",
  hint: { 'retry-after': seconds, 'retry-at': new Date(Date.now() + seconds * 1000).toISOString(), 'remaining-tokens': 0 },
}, 429, { 'retry-after': String(seconds) })
export const unknown = () => new ApiError({ type: 'unknown', message: 'Something went wrong. Sorry about this!', hint: { 'debug-uri': `https://ui.trace.invalid/${randomBytes(8).toString('hex')}` } }, 500)

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
export const asUuid = (/** @type {unknown} */ v) => (typeof v === 'string' && UUID.test(v) ? v.toLowerCase() : undefined)
export const asText = (/** @type {unknown} */ v) => (typeof v === 'string' && v.trim() !== '' ? v : undefined)
export const asEmail = (/** @type {unknown} */ v) => (typeof v === 'string' && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(v.trim()) ? v.trim().toLowerCase() : undefined)

/**
 * Reads one parameter. `coerce` answers undefined for a value it cannot take.
 * @template T @param {Record<string, any> | undefined} from @param {string} where @param {string} name @param {(v: unknown) => T | undefined} coerce @returns {T}
 */
export function param(from, where, name, coerce) {
  const value = optional(from, where, name, coerce)
  if (value === undefined) throw missing([where, name])
  return value
}

/** @template T @param {Record<string, any> | undefined} from @param {string} where @param {string} name @param {(v: unknown) => T | undefined} coerce @returns {T | undefined} */
export function optional(from, where, name, coerce) {
  const raw = from?.[name]
  if (raw === undefined || raw === null || raw === false) return undefined
  const value = coerce(raw)
  if (value === undefined) throw malformed([where, name], raw)
  return value
}
