// auth0-spa-js with its cache filled as after a sign-in, so that it answers from memory or refreshes over a stubbed fetch.
import { Auth0Client, InMemoryCache } from '@auth0/auth0-spa-js'
import { jwt } from './kit.js'

const clientId = 'bench'
const audience = 'https://api.example/'

/**
 * @param {{ fresh: boolean, token: string }} state  not `fresh`: the access token has expired and a refresh token is at hand
 */
export const auth0 = ({ fresh, token }) => {
  const cache = new InMemoryCache().enclosedCache
  const scope = fresh ? 'openid profile email' : 'openid profile email offline_access'
  const seconds = Math.floor(Date.now() / 1000)
  const idToken = jwt({ iss: 'https://tenant.example/', aud: clientId })
  const claims = { sub: 'bench', exp: seconds + 3600, __raw: idToken }
  // Without the second entry it takes the user for signed out and goes to the network.
  cache.set(`@@auth0spajs@@::${clientId}::${audience}::${scope}`, {
    body: { access_token: token, token_type: 'Bearer', expires_in: 3600, audience, scope, client_id: clientId, ...(fresh ? {} : { refresh_token: 'kept' }) },
    expiresAt: fresh ? seconds + 3600 : seconds - 60,
  })
  cache.set(`@@auth0spajs@@::${clientId}::@@user@@`, { id_token: idToken, decodedToken: { claims, user: { sub: 'bench' } } })
  return new Auth0Client({ domain: 'tenant.example', clientId, cache, useRefreshTokens: !fresh, authorizationParams: { audience } })
}

/** The body of the issuer's token endpoint. */
export const granted = (token, life = 3600) => ({ access_token: token, id_token: jwt({ iss: 'https://tenant.example/', aud: clientId }), token_type: 'Bearer', expires_in: life, scope: 'openid profile email offline_access', refresh_token: 'kept' })
