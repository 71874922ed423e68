// What the server does with an OIDC token, check by check in the real order; the first failure wins.
import { createHash } from 'node:crypto'
import { compactVerify, importJWK } from 'jose'
import { peek } from '../lib/index.mjs'
import { asEmail, invalid, oauthError, unknown } from './errors.mjs'

const ALGORITHMS = { RS256: 'RSA', ES256: 'EC' }
const FETCH_TIMEOUT = 5000
const HOUR = 3_600_000
const MAX_KEYS = 100

/** @typedef {{ name: string, provider: string, discovery: string, allowUnverifiedEmail?: boolean }} OAuthClient */

/**
 * Discovery documents and key sets of one server, cached as the real one caches them: discovery for an hour, keys until
 * `max-age` (an hour without). An unknown `kid` is looked up again only when the cache is about to expire, so after a
 * rotation good tokens can be refused for a while. The real server refuses private addresses; here they are the point.
 */
export function createIssuers() {
  /** @type {Map<string, { until: number, document: any }>} */
  const discovery = new Map()
  /** @type {Map<string, { until: number, keys: any[] }>} */
  const keySets = new Map()
  const getJson = async (/** @type {string} */ url) => {
    const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT) })
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return { headers: response.headers, body: await response.json() }
  }
  const readKeys = async (/** @type {string} */ uri) => {
    const { headers, body } = await getJson(uri)
    const maxAge = Number(/max-age=(\d+)/.exec(headers.get('cache-control') ?? '')?.[1] ?? NaN)
    const entry = { until: Date.now() + (Number.isNaN(maxAge) ? HOUR : maxAge * 1000), keys: body.keys.slice(0, MAX_KEYS) }
    keySets.set(uri, entry)
    return entry
  }
  return {
    /** @param {string} url */
    async discover(url) {
      const cached = discovery.get(url)
      if (cached && cached.until > Date.now()) return cached.document
      try {
        const { body } = await getJson(url)
        discovery.set(url, { until: Date.now() + HOUR, document: body })
        return body
      } catch {
        throw oauthError('Unable to fetch OAuth configuration.')
      }
    },
    /** @param {string} uri @param {string | undefined} kid */
    async key(uri, kid) {
      try {
        let set = keySets.get(uri)
        const fresh = set !== undefined && set.until > Date.now()
        if (!fresh) set = await readKeys(uri)
        const find = () => set?.keys.find((k) => k.kid === kid)
        if (!find() && fresh && set && set.until - Date.now() < 120_000) set = await readKeys(uri)
        return find()
      } catch {
        return undefined
      }
    },
    forget() {
      discovery.clear()
      keySets.clear()
    },
  }
}

/** An `Origin` header must name a registered host and port. None at all is a server, which may pass. */
export function checkOrigin(/** @type {string | undefined} */ origin, /** @type {string[]} */ registered) {
  if (origin === undefined) return
  const host = (/** @type {string} */ url) => {
    try {
      return new URL(url).host
    } catch {
      return undefined
    }
  }
  const asked = host(origin)
  if (asked === undefined || !registered.some((r) => host(r) === asked)) throw invalid('origin', origin, ['Unauthorized origin.'])
}

/**
 * @param {string} token @param {string | undefined} nonce @param {OAuthClient} client
 * @param {any} discovery the issuer's discovery document @param {ReturnType<typeof createIssuers>} issuers
 * @returns {Promise<{ sub: string, email?: string, imageURL?: string }>}
 */
export async function readIdToken(token, nonce, client, discovery, issuers) {
  const parts = peek(token)
  if (!parts) throw oauthError('Invalid JWT.')
  const { header, payload: claims } = parts
  const alg = String(header.alg)
  if (!Object.hasOwn(ALGORITHMS, alg)) throw oauthError(`Unsupported signing algorithm ${alg}`)
  const jwk = await issuers.key(discovery.jwks_uri, header.kid)
  if (!jwk) throw oauthError('Error validating JWT. Could not find signing key.')
  if (jwk.kty !== ALGORITHMS[alg]) throw oauthError('Error validating JWT. Algorithm Mismatch')
  try {
    await compactVerify(token, await importJWK(jwk, alg))
  } catch {
    throw oauthError('Error validating JWT. Signature is invalid.')
  }
  // Whole seconds and no leeway at all, as the library of the real server is configured.
  const now = Math.floor(Date.now() / 1000)
  if (typeof claims.exp === 'number' && now >= claims.exp) throw oauthError('Error validating JWT. Token is expired.')
  // A token from the future raises something the real server does not expect.
  if ([claims.nbf, claims.iat].some((t) => typeof t === 'number' && t > now)) throw unknown()

  // The whole token is echoed in the hint of these, which is why clients must scrub hints.
  const refuse = (/** @type {string} */ text) => invalid('id_token', token, [text])
  const nonceProblem = checkNonce(claims.nonce, nonce)
  if (nonceProblem) throw refuse(nonceProblem)
  if (claims.iss !== discovery.issuer) throw refuse(`The id_token wasn't issued by ${discovery.issuer}.`)
  const supported = discovery.id_token_signing_alg_values_supported ?? ['RS256', 'HS256']
  if (!supported.includes(alg)) throw refuse('The id_token used an unsupported algorithm.')
  // The audience is not looked at: effectively the real server does not either.
  if (typeof claims.sub !== 'string' || claims.sub === '') throw refuse('The id_token had no subject.')

  // Not an error: without a verified address the user is known by subject alone. The string "true" does not verify.
  const trusted = claims.email_verified === true || client.allowUnverifiedEmail
  return { sub: claims.sub, email: trusted ? asEmail(claims.email) : undefined, imageURL: typeof claims.picture === 'string' ? claims.picture : undefined }
}

/** @returns {string | undefined} what is wrong */
function checkNonce(/** @type {unknown} */ inToken, /** @type {string | undefined} */ sent) {
  const claimed = typeof inToken === 'string' && inToken !== '' ? inToken : undefined
  if (claimed === sent) return undefined
  if (claimed === undefined) return 'The id_token is missing a nonce.'
  if (sent === undefined) return 'The nonce parameter was not provided in the request.'
  return claimed === createHash('sha256').update(sent).digest('hex') ? undefined : 'The nonces do not match.'
}
