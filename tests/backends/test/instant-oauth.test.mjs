// The OAuth redirect of the local Instant, step by step.
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, test } from 'node:test'
import { INSTANT_APP_ID as APP } from '../accounts.mjs'
import { ORIGIN, startPlace } from './instant-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */ let place
beforeEach(async () => {
  place = await startPlace({ issuers: { clerk: { issuer: 'http://127.0.0.1:1' } }, knobs: { oauthAnswer: 'alice' } })
})
afterEach(() => place.stop())

const follow = (/** @type {string} */ url, cookie = '') => fetch(url, { redirect: 'manual', headers: { cookie } })
const startUrl = (/** @type {Record<string, string>} */ more = {}, path = '/runtime/oauth/start') => `${place.instant.url}${path}?${new URLSearchParams({ app_id: APP, client_name: 'clerk', redirect_uri: `${ORIGIN}/back?tab=1`, ...more })}`
const next = (/** @type {Response} */ response) => response.headers.get('location') ?? ''
/** From the app to the provider and back. */
async function roundTrip(more = {}, path = undefined) {
  const started = await follow(startUrl(more, path))
  const cookie = (started.headers.get('set-cookie') ?? '').split(';')[0]
  const answered = await follow(next(started))
  return new URL(next(await follow(next(answered), cookie)))
}
const exchange = (/** @type {any} */ code, /** @type {any} */ more = {}) => place.post('/runtime/oauth/token', { app_id: APP, code, ...more })
const S256 = (/** @type {string} */ verifier) => createHash('sha256').update(verifier).digest('base64url')

test('there and back: the app’s own state, a code that works once, a user', async () => {
  const started = await follow(startUrl())
  assert.match(started.headers.get('set-cookie') ?? '', /^__session=instantdb_[0-9a-f-]{36}; Path=\/runtime\/oauth; HttpOnly; Max-Age=3600$/)
  assert.equal(new URL(next(started)).searchParams.get('state')?.length, 72)
  const back = await roundTrip({ state: 'of the app' })
  assert.deepEqual([back.origin + back.pathname, back.searchParams.get('tab'), back.searchParams.get('state'), back.searchParams.get('_instant_oauth_redirect')], [`${ORIGIN}/back`, '1', 'of the app', 'true'])
  const { json } = await exchange(back.searchParams.get('code'), { extra_fields: { nickname: 'Al' } })
  assert.deepEqual([json.created, json.user.email, json.user.nickname, json.refresh_token], [true, 'alice@example.com', 'Al', json.user.refresh_token])
  const again = await exchange(back.searchParams.get('code'))
  assert.deepEqual([again.status, again.json.type, again.json.hint['record-type']], [400, 'record-not-found', 'app-oauth-code'])
  const second = await exchange((await roundTrip({}, `/runtime/${APP}/oauth/start`)).searchParams.get('code'))
  assert.deepEqual([second.json.created, second.json.user.id], [false, json.user.id])
})

test('a guest who comes this way stays who they are', async () => {
  const guest = (await place.post('/runtime/auth/sign_in_guest', { 'app-id': APP })).json.user
  const { json } = await exchange((await roundTrip()).searchParams.get('code'), { refresh_token: guest.refresh_token })
  assert.deepEqual([json.user.id, json.user.type], [guest.id, 'user'])
})

test('the provider’s page asks; a refusal comes back as an error', async () => {
  place.instant.turn({ oauthAnswer: null })
  const page = await (await follow(next(await follow(startUrl())))).text()
  assert.match(page, /Alice Archer.*Bob Baker.*Cancel/)
  place.instant.turn({ oauthAnswer: { error: 'access_denied' } })
  const back = await roundTrip()
  assert.deepEqual([back.searchParams.get('error'), back.searchParams.get('code'), back.searchParams.get('_instant_oauth_redirect')], ['access_denied', null, 'true'])
})

test('PKCE: every way it can fail, and both ways it holds', async () => {
  const verifier = `${randomUUID()}-${randomUUID()}`
  const outcome = async (/** @type {Record<string, string>} */ challenge, /** @type {any} */ more) => {
    const { json } = await exchange((await roundTrip(challenge)).searchParams.get('code'), more)
    return json.user?.email ?? json.message
  }
  const failed = (/** @type {string} */ text) => `Validation failed for app-oauth-code: ${text}`
  const s256 = { code_challenge: S256(verifier), code_challenge_method: 'S256' }
  assert.equal(await outcome(s256, { code_verifier: verifier }), 'alice@example.com')
  assert.equal(await outcome({ code_challenge: verifier, code_challenge_method: 'plain' }, { code_verifier: verifier }), 'alice@example.com')
  assert.equal(await outcome(s256, {}), failed('The code_challenge was provided, but there was no code_verifier.'))
  assert.equal(await outcome({}, { code_verifier: verifier }), failed('The code_verifier was provided, but there was no code_challenge.'))
  assert.equal(await outcome(s256, { code_verifier: `${verifier}x` }), failed('The code_verifier does not match the code_challenge.'))
  assert.equal(await outcome({ ...s256, code_challenge: 'not+base64/url' }, { code_verifier: verifier }), failed('Invalid code challenge.'))
  assert.equal(await outcome({ ...s256, code_challenge_method: 'S512' }, { code_verifier: verifier }), failed('Unknown code challenge method.'))
})

test('what does not begin: an unknown client, a page that is not registered; what does not end: no cookie, a used or old redirect', async () => {
  const begin = async (/** @type {Record<string, string>} */ more) => (await (await follow(startUrl(more))).json()).message
  assert.equal(await begin({ client_name: 'nobody' }), 'Record not found: app-oauth-client')
  for (const redirect_uri of ['https://evil.test/', 'nonsense']) assert.match(await begin({ redirect_uri }), /^Validation failed for redirect-uri: Invalid redirect_uri/)
  const { client_name: _, ...rest } = Object.fromEntries(new URL(startUrl()).searchParams)
  assert.equal((await follow(`${place.instant.url}/runtime/oauth/start?${new URLSearchParams({ ...rest, client_id: 'clerk' })}`)).status, 302)
  const answered = next(await follow(next(await follow(startUrl()))))
  assert.match(new URL(next(await follow(answered))).searchParams.get('error') ?? '', /cookie/)
  assert.equal((await (await follow(answered)).json()).hint['record-type'], 'app-oauth-redirect')
  place.instant.turn({ redirectLifetimeMs: -1 })
  assert.equal((await (await follow(next(await follow(next(await follow(startUrl())))))).json()).type, 'record-expired')
  place.instant.turn({ redirectLifetimeMs: 600_000, codeLifetimeMs: -1 })
  assert.equal((await exchange((await roundTrip()).searchParams.get('code'))).json.type, 'record-expired')
  place.instant.turn({ codeLifetimeMs: 300_000, readOnly: true })
  assert.equal((await exchange((await roundTrip()).searchParams.get('code'))).json.type, 'app-read-only')
})

test('discovery names both ends, and a form is read there', async () => {
  const issuer = `${place.instant.url}/runtime/${APP}`
  const found = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
  assert.deepEqual(found, { authorization_endpoint: `${issuer}/oauth/start`, token_endpoint: `${issuer}/oauth/token` })
  const response = await fetch(found.token_endpoint, { method: 'POST', body: new URLSearchParams({ code: (await roundTrip()).searchParams.get('code') ?? '' }) })
  assert.equal((await response.json()).user.email, 'alice@example.com')
})
