/** What the server answers before, or instead of, running a function: a status and `{code, message}`. */
export class RequestError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {Record<string, string>} [headers] */
  constructor(status, code, message, headers = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

export const badRequest = (/** @type {string} */ code, /** @type {string} */ message) => new RequestError(400, code, message)
export const unauthenticated = (/** @type {string} */ code, /** @type {string} */ message) => new RequestError(401, code, message)
export const internalError = () => new RequestError(500, 'InternalServerError', "Your request couldn't be completed. Try again later.")

/** The texts about tokens, in one place so that the tests can hold them against the note. */
export const TEXT = {
  header: 'Invalid authentication header',
  scheme: 'Invalid admin key',
  adminKey: 'The provided admin key was invalid for this instance',
  notJwt: 'Could not parse JWT payload. Check that the token is a valid JWT format with three base64-encoded parts separated by dots.',
  noIssuer: "Missing issuer claim ('iss') in JWT payload. The JWT must include an 'iss' claim that matches one of your configured auth providers.",
  noProvider: 'No auth provider found matching the given token',
  notOidc: 'Could not parse as OIDC ID token. Token might not be an OIDC-compliant JWT.',
  oidcClaims: "Could not verify OIDC token claim. Check that the token signature is valid and the token hasn't expired.",
  noKid: "Could not decode token. JWT may be missing a 'kid' (key ID) header.",
  kid: (/** @type {string} */ kid) => `Could not decode token. The JWT's 'kid' (key ID) header is '${kid}', does this key match any key in the provider's JWKS?`,
  kidProd: "Could not decode token. The JWT's 'kid' (key ID) header doesn't match any key in the provider's JWKS, or the JWT signature is invalid.",
  noSubject: 'Missing subject',
  noExpiry: 'Missing expiry',
  issuer: (/** @type {string} */ got, /** @type {string} */ want) => `Invalid issuer: ${got} != ${want}`,
  discovery: (/** @type {string} */ iss, /** @type {string} */ why) => `Auth provider discovery of ${iss} failed${why ? `: ${why}` : ''}`,
  jwksStatus: (/** @type {string} */ url, /** @type {string} */ status) => `Could not fetch JWKS from URL '${url}': HTTP ${status}. Check that the URL is correct and accessible.`,
  jwksType: (/** @type {string} */ url, /** @type {string} */ type) => `Invalid Content-Type '${type}' when fetching JWKS from '${url}'. Expected 'application/json' or 'application/jwk-set+json'.`,
  jwksBody: (/** @type {string} */ url) => `Invalid JWKS response body from '${url}'. The body must be a JSON Web Key Set.`,
  jwksData: 'Invalid JWKS data URL. It must carry a JSON Web Key Set.',
}
