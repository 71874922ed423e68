// A tiny issuer for this server's own tests: keys, a JWKS over HTTP with a chosen cache lifetime, and tokens of any shape.
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import { HASURA_NAMESPACE, hasuraClaims } from '../accounts.mjs'
import { serve } from '../lib/index.mjs'

/**
 * @param {object} [options]
 * @param {string} [options.issuer]        default: the address of the key server
 * @param {string} [options.cacheControl]  of the key set, default `max-age=300`
 */
export async function tinyIssuer({ issuer, cacheControl = 'max-age=300' } = {}) {
  let made = 0
  let fetches = 0
  const newKey = async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const kid = `key-${++made}`
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } }
  }
  let current = await newKey()
  const server = await serve({
    name: 'tiny issuer',
    handler: () => {
      fetches += 1
      return { headers: { 'cache-control': cacheControl }, body: { keys: [current.jwk] } }
    },
  })
  const iss = issuer ?? server.url

  /** Signs exactly these claims. @param {Record<string, unknown>} claims @param {{ kid: string, privateKey: any }} [key] */
  const sign = (claims, key = current) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(key.privateKey)
  return {
    issuer: iss,
    jwksUri: `${server.url}/.well-known/jwks.json`,
    sign,
    newKey,
    get fetches() { return fetches },
    rotate: async () => { current = await newKey() },
    /** A good token for `sub`; `change` overrides claims, `undefined` removes one. @param {string} sub @param {Record<string, unknown>} [change] */
    token(sub, change = {}) {
      const now = Math.floor(Date.now() / 1000)
      return sign({ iss, sub, iat: now, nbf: now - 5, exp: now + 60, [HASURA_NAMESPACE]: hasuraClaims(sub), ...change })
    },
    stop: () => server.stop(),
  }
}
