// Auth0, by its own single-page client, against the local issuer or a real tenant.
import { Auth0Client } from '@auth0/auth0-spa-js'
import type { Auth0Like } from 'countersign/auth0'
import { config } from './config'

let client: Auth0Client | undefined
/** Made at first use, in the browser. Tokens stay in its worker's memory; a reload asks again with the issuer's cookie. */
export const auth0 = () => (client ??= new Auth0Client({
  domain: config.auth0.domain,
  clientId: config.auth0.clientId,
  useRefreshTokens: true,
  useRefreshTokensFallback: true,
  useMrrt: true, // one refresh token for Fauna's audience and for Hasura's
  authorizationParams: { audience: config.fauna.audience, scope: 'openid profile email offline_access', redirect_uri: home() },
}))

/** What countersign is given: the client, and a sign-out that comes back to this page. */
export const auth0Source = (): Auth0Like => ({
  getTokenSilently: (options) => auth0().getTokenSilently(options),
  getUser: () => auth0().getUser(),
  logout: () => auth0().logout({ logoutParams: { returnTo: home() } }),
})

/** True when this page load is the way back from Auth0's sign-in. */
export const isCallback = () => {
  const query = new URLSearchParams(location.search)
  return query.has('state') && (query.has('code') || query.has('error'))
}

/** Ends the sign-in that the address bar holds, and takes it out of the address bar. */
export async function finishCallback(): Promise<void> {
  try {
    await auth0().handleRedirectCallback()
  } finally {
    history.replaceState(history.state, '', location.pathname)
  }
}

const home = () => `${location.origin}/`
