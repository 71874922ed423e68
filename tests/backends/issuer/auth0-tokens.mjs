// /oauth/token and what hangs on it: codes, refresh tokens, access and ID tokens, userinfo, revocation.
import { createHash, randomUUID } from 'node:crypto'
import { AUTH0_CLIENT_ID, AUTH0_SCRIPT, FAUNA_AUDIENCE, HASURA_AUDIENCE, HASURA_NAMESPACE, hasuraClaims } from '../accounts.mjs'
import { bearer } from '../lib/index.mjs'

/**
 * @typedef {{ account: import('../accounts.mjs').Account, audience: string | undefined, scope: string, nonce?: string, challenge: string, redirectUri: string, sid: string, madeAt: number }} Code
 * @typedef {{ account: import('../accounts.mjs').Account, audience: string | undefined, scope: string, family: string, sid: string, usedAt?: number }} Refresh
 */

/** The APIs of the tenant and the scopes each defines. @type {Record<string, string[]>} */
const APIS = {
  [FAUNA_AUDIENCE]: ['read:orders', 'write:orders'],
  [HASURA_AUDIENCE]: ['read:messages', 'write:messages'],
}
const OIDC_SCOPES = ['openid', 'profile', 'email', 'offline_access']
const CODE_LIFETIME_MS = 60_000
const OPAQUE_LIFETIME_MS = 24 * 3600_000

export const isApi = (audience) => Object.hasOwn(APIS, audience)

/** Scopes nobody defined are dropped without a word, as Auth0 does. */
export function grantedScope(asked, audience) {
  const known = [...OIDC_SCOPES, ...(audience ? APIS[audience] : [])]
  return [...new Set(asked.split(/\s+/))].filter((scope) => known.includes(scope)).join(' ')
}

/** @param {{ issuer: string, keys: Awaited<ReturnType<typeof import('./keys.mjs').createKeys>>, knobs: Record<string, any> }} of */
export function createTokens({ issuer, keys, knobs }) {
  /** @type {Map<string, Code>} */
  const codes = new Map()
  /** @type {Map<string, Refresh>} */
  const refreshTokens = new Map()
  /** Access tokens by their text, for userinfo. @type {Map<string, { account: import('../accounts.mjs').Account, until: number }>} */
  const userinfoTokens = new Map()
  /** @type {Record<string, number>} */
  const mints = {}

  return { mints, issueCode, grant, revoke, userinfo, revokeAll }

  /** @param {Omit<Code, 'madeAt'>} code */
  function issueCode(code) {
    const text = secret()
    codes.set(text, { ...code, madeAt: Date.now() })
    return text
  }

  /** @param {import('../lib/server.mjs').Request} req */
  function grant(req) {
    const form = params(req)
    switch (form.grant_type) {
      case 'authorization_code': return byCode(req, form)
      case 'refresh_token': return byRefreshToken(req, form)
      case 'client_credentials': return byCredentials(req, form)
      default: return oauthError(403, 'unsupported_grant_type', `Unsupported grant type: ${form.grant_type ?? 'none'}`)
    }
  }

  function byCode(req, form) {
    if (form.client_id !== AUTH0_CLIENT_ID) return unknownClient(form)
    const code = codes.get(form.code)
    codes.delete(form.code)
    if (!code || Date.now() - code.madeAt > CODE_LIFETIME_MS) return oauthError(403, 'invalid_grant', 'Invalid authorization code')
    if (form.redirect_uri !== code.redirectUri) return oauthError(403, 'invalid_grant', 'The redirect URI is wrong.')
    if (sha256(form.code_verifier ?? '') !== code.challenge) return oauthError(403, 'invalid_grant', 'Failed to verify code verifier')
    const family = randomUUID()
    return answer(req, { ...code, family, refresh: code.scope.split(' ').includes('offline_access') })
  }

  /** Each refresh token works once. A second use means it was stolen: the whole family ends (unless within the reuse interval). */
  function byRefreshToken(req, form) {
    if (form.client_id !== AUTH0_CLIENT_ID) return unknownClient(form)
    const held = refreshTokens.get(form.refresh_token)
    if (!held || (held.usedAt !== undefined && Date.now() - held.usedAt >= knobs.reuseIntervalS * 1000)) {
      if (held) endFamily(held.family)
      return oauthError(403, 'invalid_grant', 'Unknown or invalid refresh token.')
    }
    // Without the multi-resource policy an audience in the request is ignored.
    const audience = knobs.mrrt && form.audience ? form.audience : held.audience
    if (audience && !isApi(audience)) return oauthError(403, 'access_denied', `Service not found: ${audience}`)
    const scope = form.scope ? grantedScope(form.scope, audience) : held.scope
    held.usedAt ??= Date.now()
    return answer(req, { account: held.account, audience, scope, family: held.family, sid: held.sid, refresh: true, held })
  }

  async function byCredentials(req, form) {
    if (form.client_id === AUTH0_CLIENT_ID) return oauthError(403, 'unauthorized_client', "Grant type 'client_credentials' not allowed for the client.")
    if (form.client_id !== AUTH0_SCRIPT.clientId || form.client_secret !== AUTH0_SCRIPT.clientSecret) return oauthError(401, 'access_denied', 'Unauthorized')
    if (!form.audience) return oauthError(403, 'access_denied', 'No audience parameter was provided, and no default audience has been configured')
    if (!isApi(form.audience)) return oauthError(403, 'access_denied', `Service not enabled within domain: ${form.audience}`)
    const sub = `${AUTH0_SCRIPT.clientId}@clients`
    req.note({ sub })
    const access = await sign(sub, form.audience, {
      ...audienceClaims(form.audience, sub), aud: form.audience, azp: AUTH0_SCRIPT.clientId, gty: 'client-credentials', scope: APIS[form.audience].join(' '),
    })
    return tokenReply({ access_token: access, scope: APIS[form.audience].join(' '), expires_in: knobs.lifetimeS, token_type: 'Bearer' })
  }

  /**
   * @param {import('../lib/server.mjs').Request} req
   * @param {{ account: import('../accounts.mjs').Account, audience: string | undefined, scope: string, nonce?: string, family: string, sid: string, refresh: boolean, held?: Refresh }} of
   *   `held` is the refresh token that was used, if one was
   */
  async function answer(req, { account, audience, scope, nonce, family, sid, refresh, held }) {
    const sub = account.auth0Sub
    req.note({ sub, note: `minted ${audience ?? 'opaque'}` })
    const scopes = scope.split(' ')
    const openid = scopes.includes('openid')
    let access
    if (audience) {
      access = await sign(sub, audience, {
        ...audienceClaims(audience, sub), aud: openid ? [audience, `${issuer}userinfo`] : audience, azp: AUTH0_CLIENT_ID, scope,
      })
    } else {
      access = secret()
      count(sub, 'opaque')
    }
    if (openid) remember(access, account, audience ? (knobs.lifetimeS + knobs.clockOffsetS) * 1000 : OPAQUE_LIFETIME_MS)
    /** @type {Record<string, unknown>} */
    const body = { access_token: access, scope, expires_in: audience ? knobs.lifetimeS : OPAQUE_LIFETIME_MS / 1000, token_type: 'Bearer' }
    if (openid) body.id_token = await idToken(account, scopes, { nonce, sid })
    if (refresh) {
      // The new one keeps what the grant was given for: a request for another audience does not narrow it.
      const text = `v1.${secret()}`
      body.refresh_token = text
      refreshTokens.set(text, { account, audience: held?.audience ?? audience, scope: held?.scope ?? scope, family, sid })
    }
    return tokenReply(body)
  }

  function idToken(account, scopes, { nonce, sid }) {
    const profile = userClaims(account, scopes)
    return sign(account.auth0Sub, 'id', { ...profile, aud: AUTH0_CLIENT_ID, sid, ...(nonce ? { nonce } : {}) }, knobs.idLifetimeS ?? knobs.lifetimeS)
  }

  function sign(sub, name, claims, lifetime = knobs.lifetimeS) {
    count(sub, name)
    const iat = Math.floor(Date.now() / 1000) + knobs.clockOffsetS
    return keys.sign({ ...claims, iss: issuer, sub, iat, exp: iat + lifetime, jti: secret().slice(0, 20), ...knobs.claims[name] }, { foreign: knobs.foreignKey })
  }

  function userinfo(req) {
    const known = userinfoTokens.get(bearer(req) ?? '')
    if (!known || known.until < Date.now()) {
      return { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, body: 'Unauthorized' }
    }
    req.note({ sub: known.account.auth0Sub })
    return { body: { sub: known.account.auth0Sub, ...userClaims(known.account, OIDC_SCOPES) } }
  }

  function revoke(req) {
    const form = params(req)
    if (form.client_id !== AUTH0_CLIENT_ID) return unknownClient(form)
    const held = refreshTokens.get(form.token)
    if (held) endFamily(held.family)
    return { status: 200 }
  }

  /** Ends every refresh token of a person. */
  function revokeAll(account) {
    const families = new Set([...refreshTokens.values()].filter((held) => held.account === account).map((held) => held.family))
    families.forEach(endFamily)
    return families.size
  }

  function endFamily(family) {
    for (const [text, held] of refreshTokens) if (held.family === family) refreshTokens.delete(text)
  }

  function remember(token, account, ms) {
    for (const [text, { until }] of userinfoTokens) if (until < Date.now()) userinfoTokens.delete(text)
    userinfoTokens.set(token, { account, until: Date.now() + ms })
  }

  function count(sub, name) {
    mints[`${sub}/${name}`] = (mints[`${sub}/${name}`] ?? 0) + 1
  }
}

function audienceClaims(audience, sub) {
  return audience === HASURA_AUDIENCE ? { [HASURA_NAMESPACE]: hasuraClaims(sub) } : {}
}

function userClaims(account, scopes) {
  const profile = { name: account.name, given_name: account.givenName, family_name: account.familyName, nickname: account.person }
  return {
    ...(scopes.includes('profile') ? profile : {}),
    ...(scopes.includes('email') ? { email: account.email, email_verified: true } : {}),
  }
}

/** Forms (the default of auth0-spa-js) or JSON; always strings. @returns {Record<string, string>} */
export function params(req) {
  if (!req.headers['content-type']?.includes('json')) return Object.fromEntries(new URLSearchParams(req.text))
  return Object.fromEntries(Object.entries(req.json() ?? {}).filter(([, value]) => typeof value === 'string'))
}

const oauthError = (status, error, description) => ({ status, body: { error, error_description: description } })
const unknownClient = (form) => oauthError(401, 'access_denied', form.client_id === AUTH0_SCRIPT.clientId ? 'Unauthorized' : 'Unknown client')
const tokenReply = (body) => ({ headers: { 'cache-control': 'no-store' }, body })
const secret = () => `${randomUUID()}${randomUUID()}`.replaceAll('-', '')
const sha256 = (text) => createHash('sha256').update(text).digest('base64url')
