// The recipes of www/docs/providers.md that need a browser, each over the library's own package.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUTH0_CLIENT_ID, HASURA_AUDIENCE } from '../../backends/accounts.mjs'
import { startAuth0 } from '../../backends/issuer/auth0.mjs'
import { openSite } from './browser.mjs'
import { recipe } from './recipes.mjs'
import { claimsOf, signer } from './signer.mjs'

const SEND = `
  const send = session.authFetch({ template: 'api', origins: ['https://api.test'] })
  /** The subject that the backend saw, or why it saw none. */
  globalThis.ask = () => send('https://api.test/').then((response) => response.text(), (error) => error.code)`

/** A backend that answers with the subject of the token it received. @param {import('playwright-core').BrowserContext} context @param {(token: string) => Promise<boolean>} accepts */
const backend = (context, accepts) => context.route('https://api.test/**', async (route) => {
  const request = route.request()
  const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization' }
  if (request.method() === 'OPTIONS') return route.fulfill({ status: 204, headers })
  const token = (await request.headerValue('authorization'))?.slice('Bearer '.length) ?? ''
  return route.fulfill({ status: (await accepts(token)) ? 200 : 401, headers, body: claimsOf(token).sub })
})

test('MSAL', { timeout: 120_000 }, async (t) => {
  const HOST = 'https://login.microsoftonline.com'
  const { sign, accepts } = signer(Date.now)
  const site = await openSite(`${recipe('MSAL')}\nObject.assign(globalThis, { msal, session, ready })\n${SEND}`, { NEXT_PUBLIC_MSAL_CLIENT_ID: 'app', NEXT_PUBLIC_API_SCOPE: 'api://app/read' })
  t.after(() => site.close())
  let asked = 0
  let revoked = false
  /** @type {Promise<void> | undefined} */
  let gate
  const { page, context } = await site.visit(async (context) => {
    await backend(context, accepts)
    await context.route(`${HOST}/**`, async (route) => {
      const url = new URL(route.request().url())
      const headers = { 'access-control-allow-origin': '*' }
      const issuer = `${HOST}/common/v2.0`
      if (url.pathname.endsWith('/openid-configuration')) {
        return route.fulfill({ headers, json: { issuer, token_endpoint: `${HOST}/common/oauth2/v2.0/token`, authorization_endpoint: `${HOST}/common/oauth2/v2.0/authorize`, end_session_endpoint: `${HOST}/common/oauth2/v2.0/logout`, jwks_uri: `${HOST}/keys` } })
      }
      if (url.pathname.endsWith('/discovery/instance')) return route.fulfill({ headers, json: { tenant_discovery_endpoint: `${HOST}/common/v2.0/.well-known/openid-configuration`, metadata: [] } })
      if (url.pathname.endsWith('/authorize')) {
        const { searchParams: query } = url
        const back = new URLSearchParams({ code: `${query.get('login_hint')} ${query.get('nonce')}`, state: query.get('state') ?? '', client_info: clientInfo(query.get('login_hint')) })
        return route.fulfill({ status: 302, headers: { location: `${query.get('redirect_uri')}#${back}` } })
      }
      const form = new URLSearchParams(route.request().postData() ?? '')
      const [person, nonce] = (form.get('code') ?? form.get('refresh_token') ?? '').split(' ')
      asked++
      if (revoked) return route.fulfill({ status: 400, headers, json: { error: 'interaction_required', error_description: 'AADSTS50076: a second factor is required.', suberror: 'basic_action' } })
      const answer = {
        token_type: 'Bearer', scope: 'openid profile api://app/read', expires_in: 3600, ext_expires_in: 3600, refresh_token: `${person} refresh`, client_info: clientInfo(person),
        access_token: await sign({ sub: person, aud: 'api://app' }, 3600),
        id_token: await sign({ sub: person, oid: person, tid: 'tenant', preferred_username: person, iss: issuer, aud: 'app', nonce, ver: '2.0' }, 3600),
      }
      await gate
      return route.fulfill({ headers, json: answer })
    })
  })
  const ask = () => page.evaluate(() => window.ask())
  const signIn = async (person) => {
    await page.evaluate(async (loginHint) => {
      await window.ready
      await window.msal.loginRedirect({ scopes: ['api://app/read'], loginHint })
    }, person).catch(() => {})
    await page.waitForFunction((name) => window.msal?.getActiveAccount()?.username === name, person)
  }

  assert.equal(await ask(), 'signed_out')
  await signIn('alice')
  assert.equal(await ask(), 'alice')
  const before = asked
  assert.equal(await ask(), 'alice')
  assert.equal(asked, before, 'kept')
  const tokens = await page.evaluate(async () => [await window.session.getToken('api'), await window.session.getToken('api', { force: true })])
  assert.notEqual(tokens[0], tokens[1])
  assert.equal(asked, before + 1)

  await signIn('bob')
  assert.equal(await ask(), 'bob')
  // Both have signed in on this page: one is exchanged for the other while a token of hers is under way.
  let open = () => {}
  gate = new Promise((done) => (open = () => done(undefined)))
  const seen = asked
  const late = page.evaluate(() => {
    window.session.invalidate('api')
    return window.ask()
  })
  while (asked === seen) await page.waitForTimeout(5)
  gate = undefined
  await page.evaluate(() => window.msal.setActiveAccount(window.msal.getAllAccounts().find(({ username }) => username === 'alice')))
  assert.equal(await late, 'identity_changed')
  open()
  assert.equal(await ask(), 'alice')

  revoked = true
  assert.equal(await page.evaluate(() => window.session.getToken('api', { force: true })), null)
  revoked = false
  await page.evaluate(() => window.session.signOut())
  assert.deepEqual(await page.evaluate(async () => [window.session.status, await window.session.getToken('api'), window.msal.getAllAccounts().length]), ['anonymous', null, 0])
  await context.close()
})

const clientInfo = (person) => Buffer.from(JSON.stringify({ uid: person, utid: 'tenant' })).toString('base64url')

test('Auth0', { timeout: 120_000 }, async (t) => {
  /** @type {string[]} */
  const pageOrigins = []
  const auth0 = await startAuth0({ pageOrigins })
  t.after(() => auth0.stop())
  const env = { NEXT_PUBLIC_AUTH0_DOMAIN: auth0.domain, NEXT_PUBLIC_AUTH0_CLIENT_ID: AUTH0_CLIENT_ID, NEXT_PUBLIC_API_AUDIENCE: HASURA_AUDIENCE }
  const site = await openSite(`${recipe('Auth0')}\nObject.assign(globalThis, { auth0, session })\n${SEND}`, env)
  t.after(() => site.close())
  pageOrigins.push(site.url)
  const { page, context } = await site.visit((context) => backend(context, async () => true))
  const ask = () => page.evaluate(() => window.ask())
  assert.equal(await ask(), 'signed_out')
  for (const person of ['alice', 'bob']) {
    await page.evaluate(() => window.auth0.loginWithRedirect({ authorizationParams: { prompt: 'select_account' } }))
    await page.getByTestId(`pick-${person}`).click()
    await page.waitForURL(`${site.url}/?code=**`)
    const early = ask()
    await page.evaluate(() => window.auth0.handleRedirectCallback())
    assert.equal(await early, `auth0|${person}`, 'a call on the way back waits for the sign-in')
    assert.equal(claimsOf(await page.evaluate(() => window.session.getToken('instant'))).aud, AUTH0_CLIENT_ID)
  }
  const [first, second] = await page.evaluate(async () => [await window.session.getToken('api'), await window.session.getToken('api', { force: true })])
  assert.notEqual(first, second)
  await page.evaluate(() => window.session.signOut())
  assert.equal(await ask(), 'signed_out')
  assert.equal(await page.evaluate(() => window.auth0.getUser()), undefined)
  await context.close()
})
