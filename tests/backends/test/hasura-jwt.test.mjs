// The Hasura-shaped server's tokens against the note's own table: texts, codes and modes of configuration; key sets.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { SignJWT } from 'jose'
import { HASURA_AUDIENCE, HASURA_NAMESPACE } from '../accounts.mjs'
import { authenticate } from '../hasura/authenticate.mjs'
import { resolveConfig } from '../hasura/config.mjs'
import { expiry, remoteKeySet } from '../hasura/jwks.mjs'
import { tinyIssuer } from '../hasura/testing.mjs'
import { verify as verifyToken } from '../hasura/verify.mjs'
import { now, refused, startPlace } from './hasura-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
let clerk, auth0, hasura, post, as, data

before(async () => {
  place = await startPlace()
  ;({ clerk, auth0, hasura, post, as, data } = place)
})
after(() => place?.stop())
const Q = { query: '{ messages { body owner } }' }

describe('tokens', () => {
  const verify = (name, change, message, code = 'invalid-jwt') => test(name, async () => {
    refused(await post(Q, { authorization: `Bearer ${await clerk.token('user_alice', change())}` }), code, message)
  })
  verify('expired', () => ({ exp: now() - 1 }), 'Could not verify JWT: JWTExpired')
  verify('not yet valid', () => ({ nbf: now() + 60 }), 'Could not verify JWT: JWTNotYetValid')
  verify('issued in the future', () => ({ iat: now() + 60 }), 'Could not verify JWT: JWTIssuedAtFuture')
  verify('of no known issuer', () => ({ iss: 'http://elsewhere' }), 'Could not verify JWT: JWTNotInIssuer')
  verify('whose exp is text', () => ({ exp: 'soon' }), /^Could not verify JWT: JWTClaimsSetDecodeError "Error in \$\.exp: /)
  verify('without iss, which could be for either secret', () => ({ iss: undefined }), 'Could not verify JWT: Multiple JWTs found', 'invalid-headers')
  verify('without the namespace', () => ({ [HASURA_NAMESPACE]: undefined }), `claims key: '${HASURA_NAMESPACE}' not found`, 'jwt-invalid-claims')
  verify('whose namespace is text', () => ({ [HASURA_NAMESPACE]: '{}' }), 'expecting a json object when claims_format is json', 'jwt-invalid-claims')
  const claims = (more) => () => ({ [HASURA_NAMESPACE]: { 'X-Hasura-Allowed-Roles': ['user'], 'x-hasura-default-role': 'user', 'x-hasura-user-id': 'user_alice', ...more } })
  verify('without allowed roles', claims({ 'X-Hasura-Allowed-Roles': undefined }), 'JWT claim does not contain x-hasura-allowed-roles', 'jwt-missing-role-claims')
  verify('without a default role', claims({ 'x-hasura-default-role': undefined }), 'JWT claim does not contain x-hasura-default-role', 'jwt-missing-role-claims')
  verify('whose roles are no list', claims({ 'X-Hasura-Allowed-Roles': 'user' }), /^invalid x-hasura-allowed-roles; should be a list of roles: /, 'jwt-invalid-claims')
  verify('whose default role is a list', claims({ 'x-hasura-default-role': ['user'] }), /^invalid x-hasura-default-role; should be a single role name: /, 'jwt-invalid-claims')
  verify('with a number among the variables', claims({ 'x-hasura-org': 7 }), /^x-hasura-\* claims: /, 'jwt-invalid-claims')
  verify('whose default role is not allowed', claims({ 'x-hasura-default-role': 'editor' }), 'Your requested role is not in allowed roles', 'access-denied')
  verify('without the variable a policy needs', claims({ 'x-hasura-user-id': undefined }), 'missing session variable: "x-hasura-user-id"', 'not-found')

  test('of another audience', async () => {
    refused(await post(Q, { authorization: `Bearer ${await auth0.token('auth0|alice', { aud: 'other' })}` }), 'invalid-jwt', 'Could not verify JWT: JWTNotInAudience')
    const aud = ['other', HASURA_AUDIENCE]
    assert.equal((await data(Q.query, { authorization: `Bearer ${await auth0.token('auth0|alice', { aud })}` })).messages.length, 3)
  })
  test('badly signed, unsigned, or no token at all', async () => {
    const bearer = (token) => post(Q, { authorization: `Bearer ${token}` })
    const good = await clerk.token('user_alice')
    const stranger = await clerk.newKey()
    const [head, body] = good.split('.')
    const kid = JSON.parse(Buffer.from(head, 'base64url')).kid
    const claims = JSON.parse(Buffer.from(body, 'base64url'))
    refused(await bearer(await clerk.sign(claims, { ...stranger, kid })), 'invalid-jwt', 'Could not verify JWT: JWSError JWSInvalidSignature')
    refused(await bearer(await clerk.sign(claims, stranger)), 'invalid-jwt', 'Could not verify JWT: JWSError NoUsableKeys')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    refused(await bearer(`${none}.${body}.`), 'invalid-jwt', 'Could not verify JWT: JWSError JWSNoValidSignatures')
    const hmac = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32))
    refused(await bearer(hmac), 'invalid-jwt', 'Could not verify JWT: JWSError NoUsableKeys')
    refused(await bearer('opaque'), 'invalid-jwt', 'Could not verify JWT: JWSError (CompactDecodeError Invalid number of parts: Expected 3 parts; got 1)')
    refused(await bearer('a.b.c.d.e'), 'invalid-jwt', /CompactDecodeError .*got 5/)
    refused(await bearer('!!.b.c'), 'invalid-jwt', /^Could not verify JWT: JWSError \(JSONDecodeError /)
  })
  test('headers', async () => {
    const token = await clerk.token('user_alice')
    for (const authorization of [token, `bearer ${token}`, `Bearer ${token} x`, 'Bearer', 'Bearer null null']) {
      refused(await post(Q, { authorization }), 'invalid-headers', 'Malformed Authorization header')
    }
    refused(await post(Q), 'invalid-headers', "Missing 'Authorization' or 'Cookie' header in JWT authentication mode")
    refused(await post(Q, { 'x-hasura-admin-secret': 'wrong' }), 'access-denied', 'invalid x-hasura-admin-secret/x-hasura-access-key')
  })
  test('after a rotation: refused, without a fetch, until the keys are fetched again', async () => {
    await clerk.rotate()
    const headers = await as('user_alice')
    const before = clerk.fetches
    for (let i = 0; i < 2; i++) refused(await post(Q, headers), 'invalid-jwt', 'Could not verify JWT: JWSError NoUsableKeys')
    assert.equal(clerk.fetches, before, 'an unknown kid must not cause a fetch')
    await fetch(new URL('/__knobs', hasura.url), { method: 'POST', body: '{"refetchKeys":true}' })
    assert.equal((await data(Q.query, headers)).messages.length, 3)
  })
  test('a key set is fetched again by itself once its max-age has passed', async () => {
    const issuer = await tinyIssuer({ cacheControl: 'max-age=1' })
    const keys = remoteKeySet(issuer.jwksUri)
    try {
      await keys.resolve()
      await issuer.rotate()
      const token = await issuer.token('s')
      const accepted = () => verifyToken(token, { keys }, now()).then(() => true, () => false)
      for (let tries = 0; tries < 150 && !(await accepted()); tries++) await new Promise((resolve) => setTimeout(resolve, 100))
      assert.ok(await accepted())
    } finally {
      keys.stop()
      await issuer.stop()
    }
  })
})

describe('configuration', () => {
  const auth = async (config, headers, issuers = {}) => {
    const { secrets, ...rest } = resolveConfig(issuers, config)
    try { return await authenticate(headers, { secrets, ...rest }, now()) } finally { secrets.forEach(({ keys }) => keys.stop()) }
  }
  const secret = (more) => ({ secrets: [{ jwk_url: clerk.jwksUri, ...more }] })
  const says = (code, message) => ({ code, message })

  test('claims_namespace_path, claims_format, claims_map', async () => {
    const roles = { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' }
    const nested = { authorization: `Bearer ${await clerk.token('s', { a: { b: roles }, text: JSON.stringify(roles), bad: 'no json' })}` }
    assert.equal((await auth(secret({ claims_namespace_path: '$.a.b' }), nested)).role, 'user')
    assert.equal((await auth(secret({ claims_namespace: 'text', claims_format: 'stringified_json' }), nested)).role, 'user')
    await assert.rejects(auth(secret({ claims_namespace_path: '$.a.c' }), nested), says('jwt-invalid-claims', "claims not found at claims_namespace_path: '$.a.c'"))
    await assert.rejects(auth(secret({ claims_namespace: 'a', claims_format: 'stringified_json' }), nested), says('jwt-invalid-claims', 'expecting a string when claims_format is stringified_json'))
    await assert.rejects(auth(secret({ claims_namespace: 'bad', claims_format: 'stringified_json' }), nested), says('jwt-invalid-claims', "expecting stringified json at: 'claims_namespace bad', but found: no json"))
    const map = { 'x-hasura-allowed-roles': ['user', 'editor'], 'x-hasura-default-role': { path: '$.role', default: 'user' }, 'x-hasura-user-id': { path: '$.sub' } }
    assert.deepEqual((await auth(secret({ claims_map: map }), nested)).variables, { 'x-hasura-user-id': 's', 'x-hasura-role': 'user' })
    await assert.rejects(auth(secret({ claims_map: { ...map, 'x-hasura-org': { path: '$.org' } } }), nested), says('jwt-invalid-claims', 'JWT claim from claims_map, x-hasura-org not found'))
    assert.throws(() => resolveConfig({}, secret({ claims_namespace: 'a', claims_namespace_path: '$' })), /both cannot be set/)
  })
  test('header, audience, issuer, allowed_skew, type and key', async () => {
    const token = await clerk.token('user_alice', { exp: now() - 1, iss: undefined })
    const skewed = { allowed_skew: 5, issuer: 'http://only-compared-when-there' }
    assert.equal((await auth(secret({ ...skewed, header: { type: 'Cookie', name: 'tok' } }), { cookie: `a=b; tok=${token}` })).sub, 'user_alice')
    assert.equal((await auth(secret({ ...skewed, header: { type: 'CustomHeader', name: 'X-Token' } }), { 'x-token': token })).sub, 'user_alice')
    await assert.rejects(auth(secret({ audience: 'a' }), { authorization: `Bearer ${await clerk.token('s')}` }), says('invalid-jwt', 'Could not verify JWT: JWTNotInAudience'))
    await assert.rejects(auth(secret({ issuer: 'x' }), { authorization: `Bearer ${await clerk.token('s')}` }), says('invalid-jwt', 'Could not verify JWT: JWTNotInIssuer'))
    const key = 'a local secret of thirty-two bytes'
    const hs = await new SignJWT({ [HASURA_NAMESPACE]: { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' } }).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(key))
    assert.equal((await auth({ secrets: [{ type: 'HS256', key }] }, { authorization: `Bearer ${hs}` })).exp, undefined)
  })
  for (const [type, alg, pair] of /** @type {const} */ ([
    ['RS256', 'RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })], ['RS512', 'RS512', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', 'ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })], ['ES384', 'ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['Ed25519', 'EdDSA', () => generateKeyPairSync('ed25519')],
  ])) {
    test(`a public key of type ${type}, and a token of another algorithm`, async () => {
      const { publicKey, privateKey } = pair()
      const config = { secrets: [{ type, key: String(publicKey.export({ type: 'spki', format: 'pem' })) }] }
      const claims = { sub: 's', [HASURA_NAMESPACE]: { 'x-hasura-allowed-roles': ['user'], 'x-hasura-default-role': 'user' } }
      const signed = async (header, key) => ({ authorization: `Bearer ${await new SignJWT(claims).setProtectedHeader({ alg: header }).sign(key)}` })
      assert.equal((await auth(config, await signed(alg, privateKey))).sub, 's')
      await assert.rejects(auth(config, await signed('HS256', new Uint8Array(32))), says('invalid-jwt', 'Could not verify JWT: JWSError NoUsableKeys'))
    })
  }
  test('what the engine refuses at start', () => {
    const start = (secret) => () => resolveConfig({}, { secrets: [secret] })
    assert.throws(start({ type: 'PS256', key: 'x'.repeat(64) }), /not supported/)
    for (const [type, least] of [['HS256', 32], ['HS384', 48], ['HS512', 64]]) {
      assert.throws(start({ type, key: 'x'.repeat(least - 1) }), /at least/)
      start({ type, key: 'x'.repeat(least) })()
    }
    assert.throws(start({ type: 'HS256', key: 'x'.repeat(32), jwk_url: 'http://x' }), /both cannot be present/)
    assert.throws(start({}), /both cannot be empty/)
  })
  test('unauthorized role: only without any token; admin-secret mode', async () => {
    const config = { ...secret({}), unauthorizedRole: 'anonymous' }
    assert.deepEqual(await auth(config, { 'x-hasura-role': 'editor', 'x-hasura-user-id': 'me' }), { role: 'anonymous', by: 'unauthorized', variables: { 'x-hasura-user-id': 'me', 'x-hasura-role': 'anonymous' } })
    await assert.rejects(auth(config, { authorization: `Bearer ${await clerk.token('s', { exp: now() - 1 })}` }), says('invalid-jwt', 'Could not verify JWT: JWTExpired'))
    await assert.rejects(auth({ secrets: [] }, {}), says('access-denied', 'x-hasura-admin-secret/x-hasura-access-key required, but not found'))
  })
  test('how long a key set is kept', () => {
    const at = (value, more = {}) => expiry(new Headers({ ...(value && { 'cache-control': value }), ...more }), 1000)
    assert.deepEqual([at('max-age=2'), at('public, s-maxage=3'), at('no-store, max-age=9'), at('must-revalidate'), at('max-age=1, must-revalidate'), at('')], [3000, 4000, 1000, 1000, 2000, undefined])
    assert.equal(at('', { expires: 'Thu, 01 Jan 1970 00:01:00 GMT' }), 60_000)
  })
})

