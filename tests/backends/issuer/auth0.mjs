// An issuer shaped as an Auth0 tenant, complete enough for the real auth0-spa-js: /authorize with PKCE and an account
// picker, silent renewal in an iframe, rotating refresh tokens for several audiences, logout, userinfo.
import { cors, DEFAULT_PAGE_ORIGINS, serve } from '../lib/index.mjs'
import { AUTH0_CLIENT_ID, findAccount } from '../accounts.mjs'
import { createAuthorize } from './auth0-authorize.mjs'
import { createTokens } from './auth0-tokens.mjs'
import { createKeys, jwksReply, PUBLIC } from './keys.mjs'

/**
 * Knobs beside the shared ones (which touch /oauth/token and silent /authorize only, unless `affects` is 'all'):
 * `lifetimeS`, `idLifetimeS` (null: as lifetimeS), `clockOffsetS`, `claims: { [audience | 'id']: {...} }` merged over the
 * claims, `foreignKey` (sign with a key that is not published), `mrrt` (false: a refresh token serves its own audience only),
 * `reuseIntervalS` (so long may a used refresh token be used again).
 * Control: `POST /__rotate {dropOld?}`, `POST /__revoke {user}` (sessions and refresh tokens).
 * The default lifetime is not Clerk's 60 s: auth0-spa-js replaces what has less than 60 s left, so nothing would ever be cached.
 * @param {object} [options]
 * @param {number} [options.port]
 * @param {string[]} [options.pageOrigins]   allowed callback, logout and web origins
 * @param {number} [options.lifetimeS]
 * @param {number} [options.graceS]
 * @param {number} [options.rotateEveryS]
 */
export async function startAuth0({ port = 0, pageOrigins = DEFAULT_PAGE_ORIGINS, lifetimeS = 300, graceS, rotateEveryS } = {}) {
  const keys = await createKeys({ graceS, rotateEveryS })
  const server = await serve({
    port,
    name: 'auth0',
    cors: cors({ origins: pageOrigins, exposeHeaders: 'retry-after, www-authenticate', maxAge: 600 }),
    knobs: { lifetimeS, idLifetimeS: null, clockOffsetS: 0, claims: {}, foreignKey: false, mrrt: true, reuseIntervalS: 0, affects: 'tokens' },
    obeysKnobs,
    failBody: oauthFailure,
    counters: () => ({ mints: tokens.mints }),
    handler: (req) => handler(req),
  })
  const domain = server.url
  // Auth0's issuer ends in a slash; half the trouble with Auth0 tokens is a verifier that was told otherwise.
  const issuer = `${domain}/`
  const jwksUri = `${domain}/.well-known/jwks.json`
  const tokens = createTokens({ issuer, keys, knobs: server.knobs })
  const authorize = createAuthorize({ port: server.port, pageOrigins, tokens })

  return { ...server, domain, issuer, jwksUri, clientId: AUTH0_CLIENT_ID, keys }

  function obeysKnobs(req) {
    if (server.knobs.affects === 'all') return !req.path.startsWith('/.well-known/')
    return req.path === '/oauth/token' || (req.path === '/authorize' && req.url.searchParams.get('prompt') === 'none')
  }

  /** @param {import('../lib/server.mjs').Request} req */
  function handler(req) {
    switch (`${req.method} ${req.path}`) {
      case 'GET /.well-known/jwks.json': return jwksReply(keys)
      case 'GET /.well-known/openid-configuration': return { headers: PUBLIC, body: discovery() }
      case 'GET /authorize': return authorize.start(req)
      case 'POST /u/login': return authorize.pick(req)
      case 'GET /v2/logout': return authorize.logout(req)
      case 'POST /oauth/token': return tokens.grant(req)
      case 'POST /oauth/revoke': return tokens.revoke(req)
      case 'GET /userinfo':
      case 'POST /userinfo': return tokens.userinfo(req)
      case 'POST /__rotate': return keys.rotate(req.text ? req.json() : {}).then(({ kid }) => ({ body: { kid, kids: keys.kids() } }))
      case 'POST /__revoke': return { body: { revoked: revoke(req.json()) } }
      default: return { status: 404, body: 'Not found.' }
    }
  }

  function revoke({ user }) {
    const account = findAccount(user)
    return account ? authorize.endSessions(account) + tokens.revokeAll(account) : 0
  }

  function discovery() {
    return {
      issuer,
      authorization_endpoint: `${domain}/authorize`,
      token_endpoint: `${domain}/oauth/token`,
      userinfo_endpoint: `${domain}/userinfo`,
      revocation_endpoint: `${domain}/oauth/revoke`,
      jwks_uri: jwksUri,
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'web_message'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_post'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nonce', 'name', 'given_name', 'family_name', 'nickname', 'email', 'email_verified'],
    }
  }
}

/** What the token endpoint says with a status that a knob asks for. @param {{ status: number, code?: string }} fail */
function oauthFailure({ status, code }) {
  if (status === 429) return { error: code ?? 'too_many_requests', error_description: 'Global limit has been reached' }
  if (status >= 500) return { error: code ?? 'server_error', error_description: 'Internal error' }
  return { error: code ?? 'access_denied', error_description: 'Unauthorized' }
}
