import { CountersignError, scrub } from '../errors.js'
import type { Explained } from '../internal.js'
import { InstantAPIError, type InstantErrorBody } from './errors.js'

const text = (value: unknown): string | undefined => (typeof value === 'string' && value ? scrub(value) : undefined)

/** What the page has to change, where the server's own words do not say it. */
const advice = (body: InstantErrorBody, clientName: string): string | undefined => {
  const host = (globalThis as { location?: { host?: string } }).location?.host
  if (body.type === 'validation-failed' && body.dataType === 'origin')
    return `Register ${host ? `"${host}"` : "this page's host"} under Auth > Origins of the Instant app: it checks the origin of every sign-in, also for Clerk`
  if (body.recordType === 'app-oauth-client') return `The Instant app has no OAuth client named "${clientName}". Add it under Auth, or change \`clientName\``
  if (body.type === 'app-read-only') return 'The Instant app is read-only: existing sessions go on, new sign-ins and writes do not'
  if (body.type === 'app-disabled') return 'The Instant app is switched off: it answers neither reads nor writes'
  if (body.type === 'permission-denied') return 'A permission rule of the Instant app refused this (for a sign-in: `$users` `create`)'
  return undefined
}

/** The server looked at the identity token and did not like it. */
export const isAboutToken = (body: InstantErrorBody): boolean => body.type === 'oauth-error' || (body.type === 'validation-failed' && body.dataType === 'id_token')

/** Reads the body of a failed request: the server's, or the one that the vendor's client puts on its errors. */
export const readBody = (raw: unknown): InstantErrorBody & { retryAfterMs: number } => {
  const body = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>
  const hint = (typeof body['hint'] === 'object' && body['hint'] !== null ? body['hint'] : {}) as Record<string, unknown>
  const nested = Array.isArray(hint['errors']) ? text((hint['errors'][0] as { message?: unknown } | undefined)?.message) : undefined
  const said = text(body['message']) ?? text(body['error'])
  const message = said && nested && !said.includes(nested) ? `${said} ${nested}` : (said ?? nested)
  const dataType = text(hint['data-type']) ?? /^Validation failed for ([\w-]+)/.exec(said ?? '')?.[1]
  const after = Number(hint['retry-after'])
  const found: InstantErrorBody = {}
  for (const [key, value] of Object.entries({ type: text(body['type']), message, recordType: text(hint['record-type']), dataType }))
    if (value !== undefined) found[key as keyof InstantErrorBody] = value
  return { ...found, retryAfterMs: after > 0 ? after * 1000 : 0 }
}

/** The error for an answer other than 200. `explain` is asked only when the token is at fault. */
export const apiError = async (status: number, raw: unknown, clientName: string, explain?: () => Promise<Explained | undefined>): Promise<InstantAPIError> => {
  const { retryAfterMs, ...body } = readBody(raw)
  const token = isAboutToken(body)
  const code = token ? 'token_rejected' : body.type && new CountersignError(body.type, '').kind === 'backend' ? body.type : 'backend'
  const known = token ? await explain?.() : undefined
  const hint = advice(body, clientName) ?? known?.hint
  return new InstantAPIError(status, body, retryAfterMs, { code, kind: token ? 'token' : 'backend', retryable: status === 429 || status >= 500, hint, token: known?.token })
}
