// The Auth0-shaped issuer by plain fetch: code flow with PKCE, refresh tokens, client credentials, logout, knobs.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { AUTH0_CLIENT_ID, AUTH0_SCRIPT, FAUNA_AUDIENCE, HASURA_AUDIENCE } from '../accounts.mjs'
import { startAuth0 } from '../issuer/auth0.mjs'
import { peek, remoteKeys, verifyJwt } from '../lib/index.mjs'

const PAGE = 'http://127.0.0.1:3000'

describe('auth0-shaped issuer', () => {
  /** @type {Awaited<ReturnType<typeof startAuth0>>} */
  let auth0
  let keys
  before(async () => {
    auth0 = await startAuth0()
    keys = remoteKeys(auth0.jwksUri)
  })
  after(() => auth0.stop())

  const control = (path, body = {}) => fetch(auth0.url + path, { method: 'POST', body: JSON.stringify(body) }).then((r) => r.json())
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')

  function authorize(extra = {}, cookie) {
    const query = new URLSearchParams({
      client_id: AUTH0_CLIENT_ID, redirect_uri: `${PAGE}/`, response_type: 'code', state: 'st<at>e', nonce: 'n-1',
      scope: 'openid profile email offline_access', code_challenge: challenge, code_challenge_method: 'S256', ...extra,
    })
    return fetch(`${auth0.url}/authorize?${query}`, { redirect: 'manual', headers: cookie ? { cookie } : {} })
  }

  /** Goes through the picker as a browser would. */
  async function login(account, extra) {
    const page = await (await authorize(extra)).text()
    assert.match(page, new RegExp(`data-testid="pick-${account}"`))
    const id = /name="id" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const reply = await fetch(`${auth0.url}/u/login`, { method: 'POST', body: new URLSearchParams({ id, account }), redirect: 'manual' })
    const location = new URL(reply.headers.get('location') ?? '')
    assert.equal(location.searchParams.get('state'), 'st<at>e')
    return { code: location.searchParams.get('code'), cookie: reply.headers.getSetCookie()[0].split(';')[0] }
  }

  async function token(form) {
    const response = await fetch(`${auth0.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form), headers: { origin: PAGE } })
    return { status: response.status, headers: response.headers, body: await response.json() }
  }
  const redeem = (code, extra = {}) => token({ grant_type: 'authorization_code', client_id: AUTH0_CLIENT_ID, redirect_uri: `${PAGE}/`, code, code_verifier: verifier, ...extra })
  const refresh = (refresh_token, extra = {}) => token({ grant_type: 'refresh_token', client_id: AUTH0_CLIENT_ID, refresh_token, ...extra })

  test('discovery: the issuer ends in a slash', async () => {
    const document = await (await fetch(`${auth0.url}/.well-known/openid-configuration`)).json()
    assert.equal(document.issuer, `${auth0.url}/`)
    assert.equal((await fetch(document.jwks_uri)).status, 200)
  })

  test('code flow: access token for the audience and userinfo, ID token with the nonce', async () => {
    const { code } = await login('alice', { audience: HASURA_AUDIENCE })
    const { status, body, headers } = await redeem(code)
    assert.equal(status, 200)
    assert.equal(headers.get('access-control-allow-origin'), PAGE)
    const access = await verifyJwt(body.access_token, { keys, issuer: auth0.issuer, audience: HASURA_AUDIENCE })
    assert.ok(access.ok)
    assert.deepEqual(access.payload.aud, [HASURA_AUDIENCE, `${auth0.url}/userinfo`])
    assert.equal(access.payload['https://hasura.io/jwt/claims']['x-hasura-user-id'], 'auth0|alice')
    const id = await verifyJwt(body.id_token, { keys, issuer: auth0.issuer, audience: AUTH0_CLIENT_ID })
    assert.ok(id.ok)
    assert.deepEqual([id.payload.nonce, id.payload.email, id.payload.email_verified, id.payload.name], ['n-1', 'alice@example.com', true, 'Alice Archer'])
    const info = await fetch(`${auth0.url}/userinfo`, { headers: { authorization: `Bearer ${body.access_token}` } })
    assert.equal((await info.json()).sub, 'auth0|alice')
    assert.equal((await fetch(`${auth0.url}/userinfo`, { headers: { authorization: 'Bearer x' } })).status, 401)
  })

  test('without an audience the access token is opaque; without openid the audience is alone', async () => {
    const { body } = await redeem((await login('bob')).code)
    assert.equal(peek(body.access_token), undefined)
    const plain = await redeem((await login('bob', { audience: FAUNA_AUDIENCE, scope: 'read:orders unheard:of' })).code)
    assert.deepEqual([peek(plain.body.access_token)?.payload.aud, plain.body.scope, plain.body.id_token], [FAUNA_AUDIENCE, 'read:orders', undefined])
  })

  test('codes: once, with the right verifier and redirect', async () => {
    const { code } = await login('alice')
    assert.equal((await redeem(code)).status, 200)
    assert.deepEqual((await redeem(code)).body.error, 'invalid_grant')
    const wrong = await redeem((await login('alice')).code, { code_verifier: 'guess' })
    assert.deepEqual([wrong.status, wrong.body.error], [403, 'invalid_grant'])
    assert.equal((await redeem((await login('alice')).code, { redirect_uri: `${PAGE}/other` })).status, 403)
  })

  test('bad requests: client and redirect stay here, the rest goes back to the page', async () => {
    assert.equal((await authorize({ client_id: 'other' })).status, 403)
    assert.equal((await authorize({ redirect_uri: 'http://evil.example/' })).status, 403)
    for (const [extra, error] of [[{ audience: 'https://nope/' }, 'access_denied'], [{ code_challenge_method: 'plain' }, 'invalid_request'], [{ prompt: 'none' }, 'login_required']]) {
      const location = new URL((await authorize(extra)).headers.get('location') ?? '')
      assert.equal(location.searchParams.get('error'), error)
    }
  })

  test('silent renewal: web_message with a session, login_required without, nothing after logout or revocation', async () => {
    const silent = { prompt: 'none', response_mode: 'web_message' }
    assert.match(await (await authorize(silent)).text(), /"error":"login_required"/)
    const { cookie } = await login('bob')
    const page = await (await authorize(silent, cookie)).text()
    assert.match(page, /"code":"[0-9a-f]+"/)
    assert.ok(page.includes('\\u003cat>'), 'state cannot end the script')
    const out = await fetch(`${auth0.url}/v2/logout?${new URLSearchParams({ client_id: AUTH0_CLIENT_ID, returnTo: PAGE })}`, { headers: { cookie }, redirect: 'manual' })
    assert.equal(new URL(out.headers.get('location') ?? '').origin, PAGE)
    assert.match(await (await authorize(silent, cookie)).text(), /login_required/)

    const second = await login('bob')
    await control('/__revoke', { user: 'bob' })
    assert.match(await (await authorize(silent, second.cookie)).text(), /login_required/)
  })

  test('refresh tokens: rotation, several audiences, reuse ends the family', async () => {
    const first = await redeem((await login('alice', { audience: FAUNA_AUDIENCE })).code)
    const hasura = await refresh(first.body.refresh_token, { audience: HASURA_AUDIENCE, scope: 'openid profile email offline_access read:messages' })
    assert.equal(hasura.status, 200)
    assert.equal(peek(hasura.body.access_token)?.payload.aud[0], HASURA_AUDIENCE)
    assert.match(hasura.body.scope, /read:messages/)
    assert.notEqual(hasura.body.refresh_token, first.body.refresh_token)
    const fauna = await refresh(hasura.body.refresh_token)
    assert.equal(peek(fauna.body.access_token)?.payload.aud[0], FAUNA_AUDIENCE)
    assert.equal(peek(fauna.body.id_token)?.payload.sub, 'auth0|alice')
    assert.equal((await refresh(fauna.body.refresh_token, { audience: 'https://nope/' })).body.error, 'access_denied')

    assert.equal((await refresh(first.body.refresh_token)).body.error, 'invalid_grant')
    assert.equal((await refresh(fauna.body.refresh_token)).body.error, 'invalid_grant')
  })

  test('refresh tokens: the mrrt knob, the reuse interval, revocation', async () => {
    const { body } = await redeem((await login('bob', { audience: FAUNA_AUDIENCE })).code)
    await control('/__knobs', { mrrt: false, reuseIntervalS: 30 })
    const narrow = await refresh(body.refresh_token, { audience: HASURA_AUDIENCE })
    assert.equal(peek(narrow.body.access_token)?.payload.aud[0], FAUNA_AUDIENCE)
    assert.equal((await refresh(body.refresh_token)).status, 200)
    await control('/__knobs', { mrrt: true, reuseIntervalS: 0 })
    const revoked = await fetch(`${auth0.url}/oauth/revoke`, { method: 'POST', body: new URLSearchParams({ client_id: AUTH0_CLIENT_ID, token: narrow.body.refresh_token }) })
    assert.equal(revoked.status, 200)
    assert.equal((await refresh(narrow.body.refresh_token)).body.error, 'invalid_grant')
  })

  test('client credentials are for the script client only', async () => {
    const form = { grant_type: 'client_credentials', client_id: AUTH0_SCRIPT.clientId, client_secret: AUTH0_SCRIPT.clientSecret, audience: HASURA_AUDIENCE }
    const { body } = await token(form)
    const verdict = await verifyJwt(body.access_token, { keys, issuer: auth0.issuer, audience: HASURA_AUDIENCE })
    assert.equal(verdict.ok && verdict.payload.sub, 'local-script@clients')
    assert.equal((await token({ ...form, client_secret: 'guess' })).status, 401)
    assert.equal((await token({ ...form, client_id: AUTH0_CLIENT_ID })).body.error, 'unauthorized_client')
    assert.equal((await token({ ...form, audience: 'https://nope/' })).status, 403)
  })

  test('knobs: failures in the words of an OAuth server, lifetimes, clock; counters per user and audience', async () => {
    const { code } = await login('alice', { audience: FAUNA_AUDIENCE })
    await control('/__knobs', { fail: { status: 429, retryAfter: 2, times: 1 }, lifetimeS: 9, clockOffsetS: 100 })
    const limited = await redeem(code)
    assert.deepEqual([limited.status, limited.headers.get('retry-after'), limited.body.error], [429, '2', 'too_many_requests'])
    const { body, status } = await redeem(code)
    assert.equal(status, 200, 'a failure by knob does not use up the code')
    const { payload } = peek(body.access_token) ?? { payload: {} }
    assert.deepEqual([payload.exp - payload.iat, body.expires_in], [9, 9])
    assert.ok(payload.iat > Date.now() / 1000 + 90)
    const { counters } = await control('/__knobs', { lifetimeS: 300, clockOffsetS: 0 })
    assert.ok(counters.mints[`auth0|alice/${FAUNA_AUDIENCE}`] >= 1)
    const rotated = await control('/__rotate')
    assert.equal(rotated.kids.length, 2)
  })
})
