// The signing keys of an issuer: RSA-2048, replaced now and then, the replaced key published for a while longer
// so that tokens it signed stay verifiable.
import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** @typedef {{ kid: string, privateKey: CryptoKey, jwk: import('jose').JWK, madeAt: number, retiredAt?: number }} Key */

/**
 * @param {object} [options]
 * @param {number} [options.graceS]        how long a replaced key stays in the key set
 * @param {number} [options.rotateEveryS]  a key this old is replaced by the next token that is signed
 */
export async function createKeys({ graceS = 600, rotateEveryS = 3600 } = {}) {
  let current = await makeKey()
  /** @type {Key[]} */
  let retired = []
  /** @type {Promise<Key> | undefined} */
  let rotating
  /** Never published; signs tokens that every verifier must refuse. @type {Promise<Key> | undefined} */
  let foreign

  /** Old keys leave when their grace is over; no timer needs to run for that. */
  function published() {
    retired = retired.filter((key) => Date.now() - /** @type {number} */ (key.retiredAt) < graceS * 1000)
    return [current, ...retired]
  }

  /** @param {{ dropOld?: boolean }} [options] dropOld: forget the replaced keys at once, as after a leak */
  function rotate({ dropOld = false } = {}) {
    rotating ??= makeKey().then((next) => {
      retired = [{ ...current, retiredAt: Date.now() }, ...retired]
      current = next
      rotating = undefined
      return next
    })
    return rotating.then((key) => {
      if (dropOld) retired = []
      return key
    })
  }

  return {
    rotate,
    kids: () => published().map((key) => key.kid),
    jwks: () => ({ keys: published().map((key) => key.jwk) }),
    /**
     * Signs the claims as they are; nothing is added.
     * @param {Record<string, unknown>} claims
     * @param {{ typ?: string, foreign?: boolean }} [options]  foreign: with a key that is not in the key set
     */
    async sign(claims, options = {}) {
      if (Date.now() - current.madeAt > rotateEveryS * 1000) await rotate()
      const key = options.foreign ? await (foreign ??= makeKey()) : current
      return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid, typ: options.typ ?? 'JWT' }).sign(key.privateKey)
    },
  }
}

/** The key set as a reply. Short-lived in caches: verifiers that obey cache-control must notice a rotation soon. */
export const jwksReply = (keys) => ({ headers: { ...PUBLIC, 'cache-control': 'public, max-age=15, stale-while-revalidate=15' }, body: keys.jwks() })

/** Discovery documents and key sets are public, whatever the issuer's CORS rules are. */
export const PUBLIC = { 'access-control-allow-origin': '*' }

/** @returns {Promise<Key>} */
async function makeKey() {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { modulusLength: 2048 })
  const kid = `key_${randomUUID().replaceAll('-', '').slice(0, 20)}`
  const jwk = { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' }
  return { kid, privateKey, jwk, madeAt: Date.now() }
}
