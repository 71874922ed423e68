// Who is asking: the admin secret, a verified token, or nobody (if the configuration has a role for that).
import { hasuraClaims, sessionVariables } from './claims.mjs'
import { HasuraError } from './failure.mjs'
import { decode, notVerified, verify } from './verify.mjs'

/**
 * @typedef {object} Identity
 * @property {string} role
 * @property {Record<string, string>} variables   session variables, lower case, x-hasura-role among them
 * @property {'token' | 'admin-secret' | 'unauthorized'} by
 * @property {number} [exp]   the token's raw expiry: a socket is cut then, whatever the allowed skew
 * @property {string} [sub]
 */

/**
 * A header that a socket's first message and its handshake both have is a list of two, the message's first.
 * @typedef {Record<string, string | string[] | undefined>} Headers
 */

/** @param {Headers} headers @param {string} name */
const first = (headers, name) => [headers[name]].flat()[0]

/**
 * @param {Headers} headers lower-case names
 * @param {ReturnType<typeof import('./config.mjs').resolveConfig>} config
 * @param {number} now seconds, of the server's own clock
 * @returns {Promise<Identity>} @throws {HasuraError}
 */
export async function authenticate(headers, config, now) {
  const secret = first(headers, 'x-hasura-admin-secret') ?? first(headers, 'x-hasura-access-key')
  if (secret !== undefined) {
    if (secret !== config.adminSecret) throw new HasuraError('access-denied', 'invalid x-hasura-admin-secret/x-hasura-access-key', '$', 401)
    return plain(headers, first(headers, 'x-hasura-role') ?? 'admin', 'admin-secret')
  }
  if (!config.secrets.length) {
    if (config.unauthorizedRole) return plain(headers, config.unauthorizedRole, 'unauthorized')
    throw new HasuraError('access-denied', 'x-hasura-admin-secret/x-hasura-access-key required, but not found', '$', 401)
  }
  const chosen = choose(headers, config.secrets)
  if (!chosen) {
    // No token at all. A token that fails never gets here: an expired user is not an anonymous one.
    if (config.unauthorizedRole) return plain(headers, config.unauthorizedRole, 'unauthorized')
    throw new HasuraError('invalid-headers', "Missing 'Authorization' or 'Cookie' header in JWT authentication mode")
  }
  const claims = await verify(chosen.token, chosen.secret, now)
  const { allowed, fallback, variables } = hasuraClaims(claims, chosen.secret)
  const role = first(headers, 'x-hasura-role') ?? fallback
  if (!allowed.includes(role)) throw new HasuraError('access-denied', 'Your requested role is not in allowed roles')
  return { role, variables: { ...variables, 'x-hasura-role': role }, by: 'token', exp: claims.exp, sub: claims.sub }
}

/** Whether the request carries a token that is over, accepted or not. @param {Parameters<typeof authenticate>} all */
export function carriesExpired(...[headers, { secrets }, now]) {
  try {
    return candidates(headers, secrets).some(({ token }) => decode(token).payload?.exp <= now)
  } catch {
    return false // no token at all
  }
}

/** Session variables as the request states them: trusted with the admin secret, worth nothing otherwise. */
function plain(headers, role, by) {
  const { 'x-hasura-admin-secret': _a, 'x-hasura-access-key': _b, ...variables } = sessionVariables(headers)
  for (const name of Object.keys(variables)) variables[name] = first(variables, name)
  return { role, variables: { ...variables, 'x-hasura-role': role }, by }
}

/** Every token at the place where some secret reads one. @returns {{ secret: any, token: string }[]} */
const candidates = (headers, secrets) => secrets.flatMap((secret) => tokensAt(headers, secret.header).map((token) => ({ secret, token })))

/**
 * The secret whose token location is filled and whose issuer is the token's.
 * @returns {{ secret: any, token: string } | undefined}
 */
function choose(headers, secrets) {
  const present = candidates(headers, secrets)
  // One secret: its issuer is compared after the signature, by ./verify.mjs. The claims read here are unverified.
  if ((secrets.length === 1 && present.length === 1) || !present.length) return present[0]
  const matching = present.filter(({ secret, token }) => {
    const iss = decode(token).payload?.iss
    return secret.issuer === undefined || iss === undefined || iss === secret.issuer
  })
  if (matching.length > 1) throw new HasuraError('invalid-headers', 'Could not verify JWT: Multiple JWTs found')
  if (!matching.length) throw notVerified('JWTNotInIssuer')
  return matching[0]
}

/** @param {Headers} headers @param {{ type: string, name?: string }} location @returns {string[]} */
function tokensAt(headers, { type, name = '' }) {
  const values = /** @type {string[]} */ ([headers[type === 'CustomHeader' ? name.toLowerCase() : type.toLowerCase()]].flat().filter((value) => value !== undefined))
  if (type === 'CustomHeader') return values
  if (type === 'Cookie') return values.flatMap((value) => cookie(value, name) ?? [])
  return values.map((value) => {
    const words = value.trim().split(/\s+/)
    if (words.length !== 2 || words[0] !== 'Bearer') throw new HasuraError('invalid-headers', 'Malformed Authorization header')
    return words[1]
  })
}

/** @param {string} header @param {string} name */
function cookie(header, name) {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}
