// Verification of tokens against a remote key set, with the reason of a refusal told apart: each vendor words it differently.
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'

/**
 * A remote key set that notices a rotation at once: an unknown `kid` is looked up again unless the last fetch is < 50 ms old.
 * Call it once per issuer and keep the result.
 * @param {string} jwksUri
 */
export function remoteKeys(jwksUri) {
  return createRemoteJWKSet(new URL(jwksUri), { cooldownDuration: 50, timeoutDuration: 3000 })
}

/**
 * @typedef {'malformed' | 'algorithm' | 'no_key' | 'signature' | 'issuer' | 'audience' | 'expired' | 'not_yet' | 'claim' | 'unreachable'} Refusal
 * @typedef {{ ok: true, payload: import('jose').JWTPayload & Record<string, any>, header: Record<string, any> }
 *   | { ok: false, reason: Refusal, claim?: string, message: string, payload?: Record<string, any>, header?: Record<string, any> }} Verdict
 *   On refusal `payload` and `header` are what the token says of itself, unverified: for wording the answer only.
 */

/**
 * Checks signature, then issuer, audience, nbf and exp; each only if asked for. Never throws.
 * @param {string} token
 * @param {object} expect
 * @param {ReturnType<typeof remoteKeys>} expect.keys
 * @param {string | string[]} [expect.issuer]
 * @param {string | string[]} [expect.audience]
 * @param {string[]} [expect.algorithms]   default RS256
 * @param {number} [expect.toleranceS]     default 0
 * @param {string[]} [expect.requiredClaims]
 * @returns {Promise<Verdict>}
 */
export async function verifyJwt(token, { keys, issuer, audience, algorithms = ['RS256'], toleranceS = 0, requiredClaims }) {
  const said = peek(token)
  if (!said) return { ok: false, reason: 'malformed', message: 'not a JWT' }
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer, audience, algorithms, clockTolerance: toleranceS, requiredClaims })
    return { ok: true, payload, header: protectedHeader }
  } catch (error) {
    return { ok: false, ...why(error), ...said }
  }
}

/** What a token says of itself, unverified; undefined when it is not a JWT. @param {string} token */
export function peek(token) {
  try {
    return { payload: /** @type {Record<string, any>} */ (decodeJwt(token)), header: decodeProtectedHeader(token) }
  } catch {
    return undefined
  }
}

/** The token of `Authorization: Bearer <token>`, undefined without one. @param {{ headers: Record<string, string | undefined> }} req */
export function bearer(req) {
  return /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
}

/** @returns {{ reason: Refusal, claim?: string, message: string }} */
function why(error) {
  const message = error?.message ?? 'unknown'
  if (error instanceof errors.JWTExpired) return { reason: 'expired', claim: 'exp', message }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const reasons = { iss: 'issuer', aud: 'audience', nbf: 'not_yet' }
    return { reason: reasons[error.claim] ?? 'claim', claim: error.claim, message }
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) return { reason: 'no_key', message }
  if (error instanceof errors.JWSSignatureVerificationFailed) return { reason: 'signature', message }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) return { reason: 'algorithm', message }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return { reason: 'malformed', message }
  // What remains is the key set itself: refused connections, timeouts, an answer that is not a key set.
  return { reason: 'unreachable', message }
}
