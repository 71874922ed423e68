// From an Authorization header to the identity a function sees, or the refusal in the server's own words.
import { compactVerify, createLocalJWKSet } from 'jose'
import { peek } from '../lib/index.mjs'
import { badRequest, RequestError, TEXT, unauthenticated } from './errors.mjs'

/**
 * @typedef {{ domain: string, applicationID: string } | { type: 'customJwt', issuer: string, jwks: string, algorithm: 'RS256' | 'ES256', applicationID?: string }} AuthProvider
 * @typedef {{ issuer: string, subject: string, tokenIdentifier: string, [claim: string]: any }} Identity
 */

const OIDC_ALGORITHMS = ['RS256', 'EdDSA']
/** Seconds a custom JWT may be past `exp` or before `nbf`. An OIDC token gets none. */
const CUSTOM_LEEWAY = 5
const FETCH_TIMEOUT = 5000

const STANDARD = {
  name: 'name', given_name: 'givenName', family_name: 'familyName', nickname: 'nickname', preferred_username: 'preferredUsername',
  profile: 'profileUrl', picture: 'pictureUrl', website: 'website', email: 'email', email_verified: 'emailVerified', gender: 'gender',
  birthdate: 'birthday', zoneinfo: 'timezone', locale: 'language', phone_number: 'phoneNumber', phone_number_verified: 'phoneNumberVerified',
  address: 'address', updated_at: 'updatedAt',
}
/** Never part of an identity: they differ from token to token of one user. */
const DROPPED = new Set(['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'fva'])

/** The header's form only; the token is looked at later. @returns {string | undefined} the token, undefined for an anonymous call */
export function readAuthorization(/** @type {string | undefined} */ header) {
  if (header === undefined) return undefined
  if (header.length < 7) throw badRequest('InvalidHeaderFailure', TEXT.header)
  if (/^bearer /i.test(header)) return header.slice(7).trim()
  // No key is ever right here: admin keys are not for browsers, and nothing in this project sends one.
  if (/^convex /i.test(header)) throw unauthenticated('BadAdminKey', TEXT.adminKey)
  throw badRequest('InvalidAdminKey', TEXT.scheme)
}

const withScheme = (/** @type {string} */ url) => (/^https?:\/\//.test(url) ? url : `https://${url}`)
const sameIssuer = (/** @type {string} */ a, /** @type {string} */ b) => withScheme(a).replace(/\/+$/, '') === withScheme(b).replace(/\/+$/, '')
const isCustom = (/** @type {AuthProvider} */ p) => 'type' in p && p.type === 'customJwt'
const describe = (/** @type {any} */ p) => (isCustom(p) ? `CustomJWT(issuer=${p.issuer}, app_id=${p.applicationID ?? 'none'})` : `OIDC(domain=${p.domain}, app_id=${p.applicationID})`)

/**
 * @param {string} token
 * @param {{ providers: AuthProvider[], prod: boolean, now?: () => number }} config `now` in milliseconds
 * @returns {Promise<Identity>}
 */
export async function authenticate(token, { providers, prod, now = Date.now }) {
  const parts = peek(token)
  if (!parts) throw unauthenticated('InvalidAuthHeader', TEXT.notJwt)
  const { payload: claims, header } = parts
  if (typeof claims.iss !== 'string') throw unauthenticated('InvalidAuthHeader', TEXT.noIssuer)
  const audiences = [claims.aud ?? []].flat()
  const provider = /** @type {any} */ (providers.find((/** @type {any} */ p) =>
    sameIssuer(p.domain ?? p.issuer, claims.iss) && (p.applicationID === undefined || audiences.includes(p.applicationID))))
  if (!provider) throw unauthenticated('NoAuthProvider', noProvider(providers, prod))
  const seconds = Math.floor(now() / 1000)
  return isCustom(provider)
    ? custom(token, { header, claims, provider, prod, seconds })
    : oidc(token, { claims, audiences, provider, seconds })
}

/** @param {AuthProvider[]} providers @param {boolean} prod */
function noProvider(providers, prod) {
  if (prod) return TEXT.noProvider
  if (providers.length === 0) return `${TEXT.noProvider} (no providers configured). Check convex/auth.config.ts.`
  return `${TEXT.noProvider}. Check that your JWT's issuer and audience match one of your configured providers: [${providers.map(describe).join(', ')}]`
}

async function oidc(token, { claims, audiences, provider, seconds }) {
  const shaped = typeof claims.sub === 'string' && typeof claims.exp === 'number' && typeof claims.iat === 'number' && audiences.length > 0
  if (!shaped) throw unauthenticated('InvalidAuthHeader', TEXT.notOidc)
  const jwks = await discover(claims.iss)
  try {
    await compactVerify(token, createLocalJWKSet(jwks), { algorithms: OIDC_ALGORITHMS })
  } catch {
    throw unauthenticated('Unauthenticated', TEXT.oidcClaims)
  }
  // Strict: one audience, and a token is dead in the second it expires. `nbf` is not an OIDC claim and is not looked at.
  const audienceOk = audiences.every((/** @type {string} */ a) => a === provider.applicationID)
  if (!audienceOk || seconds >= claims.exp) throw unauthenticated('Unauthenticated', TEXT.oidcClaims)
  return identityOf(claims, (value) => (typeof value === 'string' ? value : JSON.stringify(value)))
}

/** The key set of an issuer, through its discovery document: both are read every time, as the real server does. */
async function discover(/** @type {string} */ iss) {
  const failed = (/** @type {string} */ why, status = 400) => new RequestError(status, 'AuthProviderDiscoveryFailed', TEXT.discovery(iss, why))
  const read = async (/** @type {string} */ url) => {
    const answer = await get(url).catch(() => undefined)
    if (!answer) throw failed('', 503)
    if (answer.status >= 500) throw failed(`${answer.status} ${answer.body}`, 503)
    if (answer.status !== 200) throw failed(`${answer.status} ${answer.body}`)
    try {
      return JSON.parse(answer.body)
    } catch {
      throw failed('')
    }
  }
  const document = await read(`${iss.replace(/\/$/, '')}/.well-known/openid-configuration`)
  if (document.issuer !== iss || typeof document.jwks_uri !== 'string') throw failed('')
  const jwks = await read(document.jwks_uri)
  if (!Array.isArray(jwks?.keys)) throw failed('')
  return jwks
}

async function custom(token, { header, claims, provider, prod, seconds }) {
  if (typeof header.kid !== 'string') throw unauthenticated('InvalidAuthHeader', TEXT.noKid)
  const jwks = await customKeys(provider.jwks)
  try {
    await compactVerify(token, createLocalJWKSet(jwks), { algorithms: [provider.algorithm] })
  } catch {
    throw unauthenticated('InvalidAuthHeader', prod ? TEXT.kidProd : TEXT.kid(header.kid))
  }
  const refuse = (/** @type {string} */ text) => unauthenticated('InvalidAuthHeader', text)
  if (claims.iss !== provider.issuer) throw refuse(TEXT.issuer(claims.iss, provider.issuer))
  if (typeof claims.sub !== 'string') throw refuse(TEXT.noSubject)
  if (typeof claims.exp !== 'number') throw refuse(TEXT.noExpiry)
  if (seconds >= claims.exp + CUSTOM_LEEWAY) throw refuse('Could not validate token: Token expired')
  if (typeof claims.nbf === 'number' && seconds < claims.nbf - CUSTOM_LEEWAY) throw refuse('Could not validate token: Token not valid yet')
  return identityOf(flatten(claims), (value) => value)
}

/** The keys of a custom provider: an address, or a `data:` URI that carries them. */
async function customKeys(/** @type {string} */ source) {
  if (source.startsWith('data:')) {
    try {
      return keySet(await (await fetch(source)).text())
    } catch {
      throw unauthenticated('InvalidAuthHeader', TEXT.jwksData)
    }
  }
  const answer = await get(source).catch(() => undefined)
  if (!answer) throw new RequestError(503, 'AuthProviderDiscoveryFailed', TEXT.discovery(source, ''))
  if (answer.status !== 200) throw badRequest('AuthProviderDiscoveryFailed', TEXT.jwksStatus(source, `${answer.status} ${answer.statusText}`))
  if (!/^application\/(json|jwk-set\+json)\s*(;|$)/i.test(answer.type)) throw unauthenticated('InvalidAuthHeader', TEXT.jwksType(source, answer.type))
  try {
    return keySet(answer.body)
  } catch {
    throw unauthenticated('InvalidAuthHeader', TEXT.jwksBody(source))
  }
}

function keySet(/** @type {string} */ text) {
  const set = JSON.parse(text)
  if (!Array.isArray(set?.keys)) throw new Error('no keys')
  return set
}

async function get(/** @type {string} */ url) {
  const response = await fetch(url, { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(FETCH_TIMEOUT) })
  return { status: response.status, statusText: response.statusText, type: response.headers.get('content-type') ?? '', body: await response.text() }
}

/** `{ a: { b: 1 } }` becomes `{ 'a.b': 1 }`: how a custom JWT's nested claims reach a function. */
function flatten(/** @type {Record<string, any>} */ claims, prefix = '') {
  return Object.entries(claims).reduce((flat, [key, value]) => {
    const nested = value !== null && typeof value === 'object' && !Array.isArray(value)
    return Object.assign(flat, nested ? flatten(value, `${prefix}${key}.`) : { [prefix + key]: value })
  }, /** @type {Record<string, any>} */ ({}))
}

/** @returns {Identity} */
function identityOf(/** @type {Record<string, any>} */ claims, /** @type {(value: unknown) => unknown} */ customClaim) {
  /** @type {Identity} */
  const identity = { issuer: claims.iss, subject: claims.sub, tokenIdentifier: `${claims.iss}|${claims.sub}` }
  for (const [claim, value] of Object.entries(claims)) {
    if (DROPPED.has(claim) || value === null) continue
    if (Object.hasOwn(STANDARD, claim)) identity[STANDARD[claim]] = value
    else identity[claim] = customClaim(value)
  }
  return identity
}
