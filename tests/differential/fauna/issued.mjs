// The local Fauna, an issuer that it trusts, and tokens that are really signed.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { exportJWK, SignJWT } from 'jose'
import { FAUNA_AUDIENCE } from '../../backends/accounts.mjs'
import { startFauna } from '../../backends/fauna/server.mjs'

export const audience = FAUNA_AUDIENCE
export const issuer = 'https://issuer.test'

const now = () => Math.floor(Date.now() / 1000)

/** @returns a server and the issuer's pen */
export const issued = async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keys = [{ ...(await exportJWK(rsa.publicKey)), kid: 'k1' }]
  const host = createServer((_, res) => res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })))
  await new Promise((resolve) => host.listen(0, '127.0.0.1', () => resolve(undefined)))
  const provider = { issuer, jwksUri: `http://127.0.0.1:${/** @type {any} */ (host.address()).port}/jwks` }
  const fauna = await startFauna({ port: 0, issuers: { clerk: provider }, secret: 'fn-local-secret' })
  return {
    fauna,
    url: new URL(fauna.url),
    /** A token of alice, with changes; undefined removes a claim. @param {Record<string, unknown>} claims @param {string} alg */
    token: async (claims = {}, alg = 'RS256') => {
      const key = alg.startsWith('HS') ? new TextEncoder().encode('a shared secret of thirty-two bytes') : alg === 'ES256' ? ec.privateKey : rsa.privateKey
      const payload = { iss: issuer, aud: audience, sub: 'user_alice', iat: now(), exp: now() + 60, ...claims }
      return new SignJWT(payload).setProtectedHeader({ alg, kid: 'k1' }).sign(key)
    },
    stop: async () => {
      await fauna.stop()
      await new Promise((resolve) => (host.close(resolve), host.closeAllConnections()))
    },
  }
}
