import { CountersignError, scrub } from '../errors.js'
import type { Explained } from '../internal.js'
import { InstantAPIError, type InstantErrorBody } from './errors.js'

const text = (value: unknown): string | undefined => (typeof value === 'string' && value ? scrub(value) : undefined)
const object = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {})
const path = (value: unknown): string | undefined => (Array.isArray(value) ? text(value.filter((part) => typeof part === 'string').join(' ')) : undefined)

/** What a text of the server says of what it failed on, where the hint does not: `Record expired: app-oauth-code`. */
const named = (said: string | undefined, pattern: RegExp): string | undefined => pattern.exec(said ?? '')?.[1]

/** How long to wait: the server says seconds, an instant, or both. */
const waitOf = (hint: Record<string, unknown>): number => {
  const seconds = Number(hint['retry-after'])
  if (seconds > 0) return seconds * 1000
  const at = hint['retry-at']
  return Math.max(0, (typeof at === 'number' ? at : Date.parse(String(at))) - Date.now()) || 0
}

/** Reads the body of a failed request: the server's, or the one that the vendor's client puts on its errors. Only what is listed here is kept. */
export const readBody = (raw: unknown): InstantErrorBody & { retryAfterMs: number } => {
  const body = object(raw)
  const hint = object(body['hint'])
  const nested = Array.isArray(hint['errors']) ? text(object(hint['errors'][0])['message']) : undefined
  const said = text(body['message']) ?? text(body['error'])
  const trace = body['trace-id']
  const found: Record<keyof InstantErrorBody, string | undefined> = {
    type: text(body['type']),
    message: said && nested && !said.includes(nested) ? `${said} ${nested}` : (said ?? nested),
    recordType: text(hint['record-type']) ?? named(said, /^Record \w+(?: \w+)?: ([\w-]+)/),
    dataType: text(hint['data-type']) ?? named(said, /^Validation failed for ([\w-]+)/),
    // `input` is a rule's address here, and in every other type what was sent.
    about: path(hint['in']) ?? path(hint['rule']) ?? (body['type'] === 'permission-denied' ? path(hint['input']) : undefined),
    traceId: typeof trace === 'string' && /^[\da-f]{16,32}$/.test(trace) ? trace : undefined,
  }
  return { ...(Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as InstantErrorBody), retryAfterMs: waitOf(hint) }
}

/** Only the developer can mend these: an origin, a name, an option. */
const isConfig = ({ type, dataType, recordType }: InstantErrorBody): boolean =>
  (type === 'validation-failed' && (dataType === 'origin' || dataType === 'redirect-uri')) || (type === 'record-not-found' && (recordType === 'app-oauth-client' || recordType === 'app'))

/** The server's name for it, unless one of ours means something else by that word. */
const codeOf = (type: string | undefined): string => (type && new CountersignError(type, '').kind === 'backend' ? type : 'backend')

/**
 * The error for an answer other than 200. `explain`: the request was about an identity token; asked only when that is at fault.
 * `afterMs`: what the headers ask for, where the body says nothing.
 */
export const apiError = async (status: number, raw: unknown, clientName: string, explain?: () => Promise<Explained | undefined>, afterMs = 0): Promise<InstantAPIError> => {
  const { retryAfterMs: said, ...body } = readBody(raw)
  const retryAfterMs = said || afterMs
  // A page without its words has a right to the error all the same.
  const { adviceFor, isAboutToken } = await import('./advice.js').catch(() => ({ adviceFor: () => undefined, isAboutToken: ({ type }: InstantErrorBody) => type === 'oauth-error' }))
  const token = !!explain && isAboutToken(body)
  const advice = adviceFor({ status, body, clientName, retryAfterMs, signIn: !!explain })
  const known = token ? await explain() : undefined
  const details = { retryable: status === 429 || status >= 500, hint: advice ?? known?.hint, token: known?.token }
  return new InstantAPIError(status, body, retryAfterMs, token ? { code: 'token_rejected', kind: 'token', ...details } : { code: codeOf(body.type), kind: isConfig(body) ? 'config' : 'backend', ...details })
}
