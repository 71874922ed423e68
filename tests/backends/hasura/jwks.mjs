// The engine's key sets: fetched again when the provider's own cache lifetime has passed and at no other time. An unknown
// `kid` does not cause a fetch, so after a rotation every token is refused until `max-age` lapses, as on the real server.
import { createLocalJWKSet, importSPKI, importX509 } from 'jose'

/** @typedef {{ resolve: () => Promise<import('jose').JWTVerifyGetKey | undefined>, refetch: () => Promise<void>, stop: () => void }} KeySource */

/**
 * @param {string} url
 * @returns {KeySource} `resolve` gives undefined while no key set could be fetched yet
 */
export function remoteKeySet(url) {
  /** @type {import('jose').JWTVerifyGetKey | undefined} */
  let keys
  let expiresAt = 0
  /** @type {Promise<void> | undefined} */
  let flight

  const refetch = () => (flight ??= fetchKeys().finally(() => { flight = undefined }))
  async function fetchKeys() {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
      if (!response.ok) return // the old keys stay in use, the next tick tries again
      keys = createLocalJWKSet(/** @type {any} */ (await response.json()))
      expiresAt = expiry(response.headers, Date.now()) ?? (expiresAt || Infinity)
    } catch {
      // The same: an unreachable provider changes nothing.
    }
  }
  // The engine looks once a second whether the lifetime has passed.
  const tick = setInterval(() => { if (keys && Date.now() >= expiresAt) void refetch() }, 1000)
  tick.unref()
  return {
    refetch,
    stop: () => clearInterval(tick),
    async resolve() {
      // The engine refuses to start without keys; here the provider may start later than the server.
      if (!keys) await refetch()
      return keys
    },
  }
}

/**
 * When a fetched key set expires; undefined: the answer does not say, so it is kept as it was.
 * @param {Headers} headers @param {number} now milliseconds
 */
export function expiry(headers, now) {
  const control = (headers.get('cache-control') ?? '').toLowerCase()
  const seconds = /(?:^|[\s,])(?:s-maxage|max-age)\s*=\s*"?(\d+)/.exec(control)?.[1]
  if (/must-revalidate/.test(control)) return seconds === undefined ? now : now + Number(seconds) * 1000
  if (/no-cache|no-store/.test(control)) return now
  if (seconds !== undefined) return now + Number(seconds) * 1000
  const expires = Date.parse(headers.get('expires') ?? '')
  return Number.isNaN(expires) ? undefined : expires
}

/**
 * `type` and `key` instead of `jwk_url`: an HMAC secret, or a public key or certificate in PEM.
 * @param {string} type @param {string} key @returns {KeySource}
 */
export function fixedKey(type, key) {
  const imported = type.startsWith('HS')
    ? Promise.resolve(new TextEncoder().encode(key))
    : key.includes('CERTIFICATE') ? importX509(key, type) : importSPKI(key, type)
  imported.catch(() => {}) // reported by the first request that needs it
  return {
    refetch: async () => {},
    stop() {},
    async resolve() {
      const value = await imported
      return async (header) => {
        if (header?.alg !== type && !(type === 'Ed25519' && header?.alg === 'EdDSA')) throw new WrongKeyType()
        return value
      }
    },
  }
}

export class WrongKeyType extends Error {}
