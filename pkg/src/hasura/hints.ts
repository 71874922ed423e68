// What to change, and where, for each text of the engine about a token. Parts of texts: the engine prints a library's words.
const secret = 'HASURA_GRAPHQL_JWT_SECRET'
const roles = '"x-hasura-allowed-roles": ["user"], "x-hasura-default-role": "user"'

/** `%` is the template. */
const fixes: readonly (readonly [text: RegExp, fix: string])[] = [
  [/JWTExpired/, `The provider's newest token has expired for Hasura: give the template % a longer lifetime, or set "allowed_skew" (seconds) in ${secret} if the clocks differ`],
  [/JWTNotYetValid|JWTIssuedAtFuture/, `Hasura's clock is behind that of the issuer, by more than the moment that was waited: set "allowed_skew": 5 (seconds) in ${secret}, or set the server's clock`],
  [/JWSInvalidSignature|NoUsableKeys/, `Hasura does not have the key that signed the token. After a rotation the engine refetches keys when the provider's max-age lapses, not before; otherwise "jwk_url" or "key" in ${secret} belongs to another issuer or instance`],
  [/JWTNotInAudience/, `"audience" in ${secret} is not in the token's aud: make them equal, or ask the provider for that audience (\`templates\`)`],
  [/JWTNotInIssuer/, `"issuer" in ${secret} is not the token's iss: they must be equal to the letter, a slash at the end included`],
  [/CompactDecodeError|JSONDecodeError/, 'What was sent is no JWT. With Auth0 an access token without `audience` is opaque: name one in `templates`; with Clerk name a JWT template'],
  [/ClaimsSetDecodeError/, 'One of the registered claims has a wrong type: exp, nbf and iat must be numbers, iss and sub texts'],
  [/Multiple JWTs/, 'A second token reached Hasura, in a cookie or put on by a proxy: send one only, or give each entry of HASURA_GRAPHQL_JWT_SECRETS an issuer and a header of its own'],
  [/^Malformed Authorization/, 'The Authorization header was changed on its way (it was sent as "Bearer <token>"): look at the proxy before Hasura'],
  [/^Missing |in Cookie header$/, `A token was sent in the Authorization header but Hasura reads it elsewhere: see "header" in ${secret}; or a proxy took it away`],
  [/^claims not found at/, `"claims_namespace_path" in ${secret} names a place where the token has nothing: correct it, or the template %`],
  [/^claims key/, `The template % lacks Hasura's claims: add "https://hasura.io/jwt/claims": { ${roles}, "x-hasura-user-id": ... }, or name their place as "claims_namespace" in ${secret}`],
  [/claims_format|stringified json/, `The claims are a text where an object is expected, or the reverse: make "claims_format" in ${secret} ("json" or "stringified_json") say what the template % writes`],
  [/^invalid x-hasura-allowed-roles/, 'x-hasura-allowed-roles must be a list of texts: correct the template %'],
  [/^invalid x-hasura-default-role/, 'x-hasura-default-role must be one text: correct the template %'],
  [/^x-hasura-\* claims/, 'Each x-hasura claim apart from the allowed roles must be a text (a list as a Postgres array literal, "{1,2}"): correct the template %'],
  [/claims_map/, `The token lacks a claim that "claims_map" in ${secret} reads: give it a "default" there, or add the claim to the template %`],
  [/^JWT claim does not contain/, `The template % lacks the roles: add ${roles}`],
]

/** Where it is not the token that was refused, by code. Others may say the same words in errors of their own. */
const others: Record<string, typeof fixes> = {
  'access-denied': [
    [/required, but not found$/, `This Hasura knows no tokens, only its admin secret: set ${secret}`],
    [/^invalid x-hasura-admin-secret/, 'Something adds an x-hasura-admin-secret (or x-hasura-access-key) header: take it away. It belongs to servers, never in a browser'],
  ],
  'unexpected-payload': [[/subscriptions/, 'A subscription goes over a socket: use `live`, `subscribe` or `iterate`']],
  'not-found': [[/^missing session variable/, 'A permission of this role reads a session variable that the token lacks: add it to the template %, as a text']],
}

const find = (list: typeof fixes | undefined, message: string, template: string) => list?.find(([text]) => text.test(message))?.[1].replace('%', () => `"${template}"`)

/** For a refused token, by the engine's message. */
export const tokenHint = (message: string, template: string): string => find(fixes, message, template) ?? `Compare the token with ${secret}`

/** For any other error, if there is something to change. */
export const otherHint = (code: unknown, message: string, template: string): string | undefined => find(Object.hasOwn(others, String(code)) ? others[String(code)] : undefined, message, template)
