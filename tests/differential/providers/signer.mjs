// Tokens that are really signed, and a backend that believes only them, by the servers' clock and without leeway.
import { compactVerify, createLocalJWKSet } from 'jose'
import { createKeys } from '../../backends/issuer/keys.mjs'

const keys = await createKeys({ rotateEveryS: Infinity })
const jwks = createLocalJWKSet(/** @type {any} */ (keys.jwks()))
/** Expiry of tokens whose signature was verified. @type {Map<string, number>} */
const genuine = new Map()
let made = 0

/** @param {() => number} now   the servers' clock */
export const signer = (now) => {
  let working = 0
  const work = async (promise) => {
    working++
    return promise.finally(() => working--)
  }
  return {
    /** Whether a signature is being made or verified: time that is not real has to wait. */
    busy: () => working > 0,
    /** @param {Record<string, unknown>} claims @param {number} lifeS */
    sign(claims, lifeS) {
      const iat = Math.floor(now() / 1000)
      return work(keys.sign({ iat, exp: iat + lifeS, jti: `${++made}`, ...claims }))
    },
    /** @param {string} token */
    async accepts(token) {
      if (!genuine.has(token)) genuine.set(token, JSON.parse(new TextDecoder().decode((await work(compactVerify(token, jwks))).payload)).exp)
      return now() < /** @type {number} */ (genuine.get(token)) * 1000
    },
  }
}

/** The claims of a token. @param {string} token */
export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
