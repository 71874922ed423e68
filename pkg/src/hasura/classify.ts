import type { Classify } from '../types.js'

/** What the first error of an answer says about the token. `other`: nothing. */
export type Verdict = 'refresh' | 'clock' | 'config' | 'missing' | 'role' | 'other'

// Hasura prints a library's error as text, so these match parts, never whole messages.
const stale = /JWTExpired|JWSInvalidSignature|NoUsableKeys/
const early = /JWTNotYetValid|JWTIssuedAtFuture/
const absent = /^Missing .*Authorization|^Could not find .* in Cookie/

/** Reads one GraphQL error by Hasura's words (the note's table; the core has the same one for `request` and `fetch`). */
export const verdict = (error: { message?: unknown; extensions?: { code?: unknown } | null } | null | undefined): Verdict => {
  const message = String(error?.message ?? '')
  switch (error?.extensions?.code) {
    case 'invalid-jwt':
      return stale.test(message) ? 'refresh' : early.test(message) ? 'clock' : 'config'
    case 'invalid-headers':
      return absent.test(message) ? 'missing' : 'config'
    case 'jwt-invalid-claims':
    case 'jwt-missing-role-claims':
      return 'config'
    case 'access-denied':
      return message.includes('allowed roles') ? 'role' : 'other'
    default:
      return 'other'
  }
}

/** The errors of a GraphQL answer, or of the first failing answer of a batch. */
export const errorsOf = (body: unknown): unknown[] => {
  for (const one of Array.isArray(body) ? body : [body]) {
    const errors = (one as { errors?: unknown } | null)?.errors
    if (Array.isArray(errors) && errors.length) return errors
  }
  return []
}

/**
 * For `session.authFetch({ classify })` against a Hasura endpoint: Hasura refuses a token with status 200, so the status says nothing.
 * `refresh`: the token expired or its key is not known (any more). `fail`: the token is refused and a new one would be refused too.
 */
export const classify: Classify = async (response) => {
  if (!/json/i.test(response.headers.get('content-type') ?? '')) return response.status === 401 ? 'refresh' : 'ok'
  let body: unknown
  try {
    body = await response.json()
  } catch {
    return response.status === 401 ? 'refresh' : 'ok'
  }
  const errors = errorsOf(body)
  if (!errors.length) return response.status === 401 ? 'refresh' : 'ok'
  const says = verdict(errors[0] as object)
  return says === 'refresh' ? 'refresh' : says === 'other' || says === 'role' ? 'ok' : 'fail'
}
