// One token against one secret: signature, then exp, iat, nbf, issuer and audience in the engine's order, refused in its words.
import { compactVerify, errors } from 'jose'
import { HasuraError, parsing } from './failure.mjs'
import { WrongKeyType } from './jwks.mjs'

const ALGORITHMS = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'EdDSA', 'ES256', 'ES384', 'ES512']

/** @param {string} what @returns {HasuraError} */
export const notVerified = (what) => new HasuraError('invalid-jwt', `Could not verify JWT: ${what}`)

/**
 * Header and payload of a token, unverified; only to choose the secret and to tell a token from other text.
 * @param {string} token @returns {{ header: any, payload: any | undefined }}
 */
export function decode(token) {
  const parts = token.split('.')
  if (parts.length !== 3) {
    throw notVerified(`JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got ${parts.length})`)
  }
  const header = json(parts[0])
  if (typeof header?.alg !== 'string') throw notVerified('JWSError (JSONDecodeError "Error in $: not a valid JWS header")')
  return { header, payload: json(parts[1]) }
}

/** @param {string} part */
function json(part) {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

/**
 * @param {string} token
 * @param {object} secret
 * @param {import('./jwks.mjs').KeySource} secret.keys
 * @param {string} [secret.issuer]
 * @param {string | string[]} [secret.audience]
 * @param {number} [secret.allowed_skew]
 * @param {number} now seconds
 * @returns {Promise<Record<string, any>>} the claims
 */
export async function verify(token, { keys, issuer, audience, allowed_skew: skew = 0 }, now) {
  const { header } = decode(token)
  if (!ALGORITHMS.includes(header.alg)) throw notVerified('JWSError JWSNoValidSignatures')
  const claims = claimsOf(await signedPayload(token, await keys.resolve()))
  if (claims.exp !== undefined && now >= claims.exp + skew) throw notVerified('JWTExpired')
  if (claims.iat !== undefined && claims.iat > now + skew) throw notVerified('JWTIssuedAtFuture')
  if (claims.nbf !== undefined && now < claims.nbf - skew) throw notVerified('JWTNotYetValid')
  // A token without `iss` passes: the engine compares only what is there.
  if (issuer !== undefined && claims.iss !== undefined && claims.iss !== issuer) throw notVerified('JWTNotInIssuer')
  if (audience !== undefined) {
    const wanted = [audience].flat()
    if (![claims.aud ?? []].flat().some((aud) => wanted.includes(aud))) throw notVerified('JWTNotInAudience')
  }
  return claims
}

/** @param {string} token @param {import('jose').JWTVerifyGetKey | undefined} keys @returns {Promise<Uint8Array>} */
async function signedPayload(token, keys) {
  if (!keys) throw notVerified('JWSError NoUsableKeys')
  try {
    return (await compactVerify(token, keys)).payload
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) {
      // Without a `kid` the engine tries every key that fits.
      for await (const key of error) {
        const done = await compactVerify(token, key).catch(() => undefined)
        if (done) return done.payload
      }
      throw notVerified('JWSError JWSInvalidSignature')
    }
    const none = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported || error instanceof WrongKeyType
    throw notVerified(none ? 'JWSError NoUsableKeys' : 'JWSError JWSInvalidSignature')
  }
}

/** @param {Uint8Array} payload */
function claimsOf(payload) {
  let claims
  try {
    claims = JSON.parse(new TextDecoder().decode(payload))
  } catch {
    throw notVerified('JWTClaimsSetDecodeError "Error in $: not a valid json value"')
  }
  if (claims === null || typeof claims !== 'object' || Array.isArray(claims)) {
    throw notVerified(`JWTClaimsSetDecodeError "Error in $: ${parsing('JWT Claims Set', 'Object', claims)}"`)
  }
  for (const name of ['exp', 'nbf', 'iat']) {
    if (claims[name] !== undefined && typeof claims[name] !== 'number') {
      throw notVerified(`JWTClaimsSetDecodeError "Error in $.${name}: ${parsing('NumericDate', 'Number', claims[name])}"`)
    }
  }
  for (const name of ['iss', 'sub']) {
    if (claims[name] !== undefined && typeof claims[name] !== 'string') {
      throw notVerified(`JWTClaimsSetDecodeError "Error in $.${name}: ${parsing('StringOrURI', 'String', claims[name])}"`)
    }
  }
  return claims
}
