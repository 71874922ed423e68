// The server's configuration: what HASURA_GRAPHQL_* variables are to the engine.
import { HASURA_AUDIENCE } from '../accounts.mjs'
import { ALLOWED, DEFAULT, steps } from './claims.mjs'
import { fixedKey, remoteKeySet } from './jwks.mjs'

/** For scripts against the local server; it guards nothing. */
export const LOCAL_ADMIN_SECRET = 'local-admin-secret'

/**
 * One member of HASURA_GRAPHQL_JWT_SECRETS, with the engine's own names.
 * @typedef {object} JwtSecret
 * @property {string} [jwk_url]   this, or `type` and `key`
 * @property {string} [type]      HS256 … ES512
 * @property {string} [key]
 * @property {string} [claims_namespace]        default https://hasura.io/jwt/claims
 * @property {string} [claims_namespace_path]   instead of claims_namespace
 * @property {'json' | 'stringified_json'} [claims_format]
 * @property {Record<string, any>} [claims_map]
 * @property {string | string[]} [audience]   unset: not checked
 * @property {string} [issuer]                unset: not checked
 * @property {number} [allowed_skew]          seconds, default 0
 * @property {{ type: 'Authorization' } | { type: 'Cookie' | 'CustomHeader', name: string }} [header]
 *
 * @typedef {object} HasuraConfig
 * @property {JwtSecret[]} [secrets]   default: one per issuer, see `secretsOf`; `[]` is admin-secret mode
 * @property {Partial<JwtSecret>} [jwt]   merged into every secret, e.g. `{ allowed_skew: 5 }`
 * @property {string} [adminSecret]   default LOCAL_ADMIN_SECRET
 * @property {string} [unauthorizedRole]   HASURA_GRAPHQL_UNAUTHORIZED_ROLE, e.g. `anonymous`
 * @property {'*' | string[] | false} [corsDomain]   HASURA_GRAPHQL_CORS_DOMAIN, default `*`; false is HASURA_GRAPHQL_DISABLE_CORS
 * @property {boolean} [wsReadCookie]   HASURA_GRAPHQL_WS_READ_COOKIE: a page's socket may bring a cookie although CORS is off
 * @property {import('./rest.mjs').Stored[]} [rest]   what /api/rest/ answers
 * @typedef {{ clerk?: { issuer: string, jwksUri: string }, auth0?: { issuer: string, jwksUri: string, clientId?: string } }} Issuers
 */

/** Clerk's template carries no audience of its own; Auth0's access token does. @param {Issuers} issuers @returns {JwtSecret[]} */
export function secretsOf({ clerk, auth0 }) {
  return [
    ...(clerk ? [{ jwk_url: clerk.jwksUri, issuer: clerk.issuer }] : []),
    ...(auth0 ? [{ jwk_url: auth0.jwksUri, issuer: auth0.issuer, audience: HASURA_AUDIENCE }] : []),
  ]
}

/** @param {Issuers} issuers @param {HasuraConfig} config */
export function resolveConfig(issuers, config) {
  const secrets = (config.secrets ?? secretsOf(issuers)).map((secret) => prepared({ ...secret, ...config.jwt }))
  return {
    secrets,
    adminSecret: config.adminSecret ?? LOCAL_ADMIN_SECRET,
    unauthorizedRole: config.unauthorizedRole,
    corsDomain: config.corsDomain ?? '*',
    wsReadCookie: config.wsReadCookie ?? false,
    rest: config.rest ?? [],
  }
}

/** The algorithms of `type`; for the HMACs the least length of the key, in bytes. */
const TYPES = { HS256: 32, HS384: 48, HS512: 64, RS256: 0, RS384: 0, RS512: 0, Ed25519: 0, ES256: 0, ES384: 0, ES512: 0 }

/** Refuses what the engine refuses at start. @param {JwtSecret} secret */
function prepared(secret) {
  const { jwk_url: url, type, key, claims_namespace: namespace, claims_namespace_path: path, claims_map: map } = secret
  if (url && key) throw new TypeError('key, jwk_url both cannot be present')
  if (!url && !(key && type)) throw new TypeError('key and jwk_url both cannot be empty')
  if (key && !Object.hasOwn(TYPES, String(type))) throw new TypeError(`the JWT type ${type} is not supported`)
  if (key && Buffer.byteLength(key) < TYPES[String(type)]) throw new TypeError(`the key of ${type} must have at least ${TYPES[String(type)]} bytes`)
  if (namespace !== undefined && path !== undefined) throw new TypeError('claims_namespace and claims_namespace_path both cannot be set')
  if (path !== undefined) steps(path)
  if (map && !(ALLOWED in map && DEFAULT in map)) throw new TypeError(`claims_map must contain ${ALLOWED} and ${DEFAULT}`)
  return { ...secret, header: secret.header ?? { type: 'Authorization' }, keys: url ? remoteKeySet(url) : fixedKey(String(type), String(key)) }
}
