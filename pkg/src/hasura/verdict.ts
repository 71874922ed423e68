// Hasura's words. Apart from classify.ts: a bundler that splits by file would let every page load them beside what it exports.

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

/** The errors of one GraphQL answer. /v1alpha1, /api/rest and engines before v2 have a single flat one: { path, error, code }. */
export const errorsOf = (body: any): any[] => {
  if (Array.isArray(body?.errors)) return body.errors
  const { path, error, code, internal } = body ?? {}
  return typeof error === 'string' && typeof code === 'string' ? [{ message: error, extensions: { path, code, ...(internal !== undefined && { internal }) } }] : []
}
