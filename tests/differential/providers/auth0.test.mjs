// A session over the real auth0-spa-js, with its worker and its locks in a real browser, against the local tenant.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { AUTH0_CLIENT_ID, FAUNA_AUDIENCE, HASURA_AUDIENCE } from '../../backends/accounts.mjs'
import { startAuth0 } from '../../backends/issuer/auth0.mjs'
import { peek } from '../../backends/lib/index.mjs'
import { until } from '../until.mjs'
import { openSite } from './browser.mjs'

const SCRIPT = `
  import { Auth0Client } from '@auth0/auth0-spa-js'
  import { auth0Session } from 'countersign/auth0'
  Object.assign(globalThis, {
    make(options, templates) {
      globalThis.auth0 = new Auth0Client(options)
      globalThis.session = auth0Session(auth0, { templates })
      globalThis.heard = []
      globalThis.looks = 0
      const { getUser, logout } = auth0
      // Whether a user was there to be thrown out.
      globalThis.thrown = []
      auth0.logout = async (o) => (thrown.push((await getUser.call(auth0))?.sub), logout.call(auth0, o))
      auth0.getUser = () => (looks++, getUser.call(auth0))
      session.subscribe((event) => heard.push(event))
    },
    /** What a call came to. */
    came: (promise) => promise.then((value) => ({ value }), (error) => ({ error: { code: error.code, message: error.message, cause: error.cause, all: JSON.stringify(error) } })),
  })`

describe('Auth0', { timeout: 240_000 }, () => {
  let site, auth0
  before(async () => {
    site = await openSite(SCRIPT)
    auth0 = await startAuth0({ pageOrigins: [site.url] })
  })
  after(async () => {
    await site?.close()
    await auth0?.stop()
  })

  const templates = { fauna: { audience: FAUNA_AUDIENCE }, hasura: { audience: HASURA_AUDIENCE }, id: { idToken: true }, opaque: {}, misspelt: { audience: 'https://nowhere.example' } }
  /** Signed in as `person`, with a session over the client. */
  async function visit(person, extra = {}) {
    const { context, page, said } = await site.visit()
    const make = () => page.evaluate(([options, names]) => window.make(options, names), [{
      domain: auth0.domain, clientId: AUTH0_CLIENT_ID, useRefreshTokens: true, useMrrt: true, ...extra,
      authorizationParams: { redirect_uri: `${site.url}/`, audience: FAUNA_AUDIENCE, ...extra.authorizationParams },
    }, templates])
    await make()
    if (person) {
      await page.evaluate(() => window.auth0.loginWithRedirect())
      await page.getByTestId(`pick-${person}`).click()
      await page.waitForURL(`${site.url}/?code=**`)
      await make()
      await page.evaluate(() => window.auth0.handleRedirectCallback())
    }
    const token = (name, options) => page.evaluate(([n, o]) => window.came(window.session.getToken(n, o)), [name, options])
    return { context, page, said, token }
  }
  /** Keeps the answers of the token endpoint back. */
  async function hold(context) {
    let kept = 0
    let release = () => {}
    const released = new Promise((done) => (release = () => done(undefined)))
    await context.route(`${auth0.url}/oauth/token`, async (route) => {
      const response = await route.fetch()
      kept++
      await released
      await route.fulfill({ response })
    })
    return { kept: () => kept, release }
  }
  const posts = () => auth0.log.filter(({ path, method }) => path === '/oauth/token' && method === 'POST').length
  const claims = ({ value }) => peek(value)?.payload
  const knobs = (changed) => Object.assign(auth0.knobs, changed)

  test('an access token per audience and the ID token, from one refresh token; kept; one call for twenty that are forced', async () => {
    const { context, page, token } = await visit('alice')
    const fauna = await token('fauna')
    assert.deepEqual([claims(fauna).sub, claims(fauna).aud[0]], ['auth0|alice', FAUNA_AUDIENCE])
    const asked = posts()
    assert.equal(claims(await token('hasura')).aud[0], HASURA_AUDIENCE)
    assert.equal(claims(await token('id')).aud, AUTH0_CLIENT_ID)
    assert.deepEqual(await token('fauna'), fauna)
    assert.equal(posts(), asked + 1, 'the ID token came with the others')

    const forced = await page.evaluate(async () => new Set(await Promise.all(Array.from({ length: 20 }, () => window.session.getToken('fauna', { force: true })))).size)
    assert.equal(forced, 1)
    assert.equal(posts(), asked + 2)
    await context.close()
  })

  test('a forced call does not take what an older, unforced one brings', async () => {
    const { context, page, token } = await visit('alice')
    await token('fauna')
    knobs({ holdMs: 300 })
    const asked = posts()
    const [first, second] = await page.evaluate(() => Promise.all([window.session.getToken('hasura'), window.session.getToken('hasura', { force: true })]))
    knobs({ holdMs: 0 })
    assert.notEqual(first, second)
    assert.ok(peek(second)?.payload.iat >= peek(first)?.payload.iat)
    assert.equal(posts(), asked + 2)
    await context.close()
  })

  test('an opaque token is not believed to live as long as Auth0 says; a JWT lives to its own end, whatever expires_in says', async () => {
    const { context, page, token } = await visit('alice', { authorizationParams: { audience: undefined } })
    const began = Date.now()
    assert.equal(claims(await token('opaque')), undefined)
    const { expiresAt } = await page.evaluate(() => window.session.inspect().tokens.opaque)
    assert.ok(expiresAt <= Date.now() + 30_000 && expiresAt >= began, 'thirty seconds, not a day')
    const jwt = await token('hasura')
    const seen = await page.evaluate(() => window.session.inspect().tokens.hasura)
    assert.ok(Math.abs(seen.expiresAt - claims(jwt).exp * 1000) < 2000)
    await context.close()
  })

  test('revoked: invalid_grant means nobody; the page is told to sign in', async () => {
    const { context, page, token } = await visit('alice')
    await token('fauna')
    await fetch(`${auth0.url}/__revoke`, { method: 'POST', body: '{"user":"alice"}' })
    assert.deepEqual(await token('fauna', { force: true }), { value: null })
    const sent = await page.evaluate(() => {
      window.session.invalidate()
      return window.came(window.session.authFetch({ template: 'fauna', origins: [location.origin] })(location.href))
    })
    assert.equal(sent.error.code, 'signed_out')
    await context.close()
  })

  test('without the policy for several audiences: missing_refresh_token, for that audience only', async () => {
    const { context, token } = await visit('alice', { useMrrt: false })
    assert.equal(claims(await token('fauna')).sub, 'auth0|alice')
    assert.deepEqual(await token('hasura'), { value: null })
    assert.equal(claims(await token('fauna')).sub, 'auth0|alice')
    await context.close()
  })

  test('by iframe, with the session at Auth0 over: login_required means nobody', async () => {
    const { context, page, token } = await visit('alice', { useRefreshTokens: false, useMrrt: false })
    assert.equal(claims(await token('hasura')).sub, 'auth0|alice')
    await fetch(`${auth0.url}/__revoke`, { method: 'POST', body: '{"user":"alice"}' })
    assert.deepEqual(await token('hasura', { force: true }), { value: null })
    await page.waitForFunction(() => window.session.status === 'anonymous')
    await context.close()
  })

  test('mfa_required: somebody has to do something, and the secret in it is shown nowhere', async () => {
    const { context, page, said, token } = await visit('alice')
    await token('fauna')
    await context.route(`${auth0.url}/oauth/token`, (route) => route.fulfill({
      status: 403, headers: { 'access-control-allow-origin': site.url }, contentType: 'application/json',
      body: JSON.stringify({ error: 'mfa_required', error_description: 'Multifactor authentication required', mfa_token: 'canary-mfa-secret', mfa_requirements: {} }),
    }))
    const forced = await token('fauna', { force: true })
    assert.deepEqual(forced, { value: null })
    const shown = await page.evaluate(() => JSON.stringify([window.heard, window.session.inspect()]))
    assert.ok(!`${shown}${said}${JSON.stringify(forced)}`.includes('canary-mfa-secret'))
    await context.close()
  })

  test('an audience that the tenant does not have is a configuration error, and is said so', async () => {
    const { context, token } = await visit('alice')
    await token('fauna')
    const { error } = await token('misspelt')
    assert.equal(error.code, 'provider_failed')
    assert.match(error.message, /Service not found: https:\/\/nowhere\.example/)
    await context.close()
  })

  test('signed out while a token is under way: it reaches nobody, and does not bring its user back', async () => {
    const { context, page, token } = await visit('alice')
    await token('fauna')
    const held = await hold(context)
    const late = page.evaluate(() => window.came(window.session.getToken('hasura')))
    await until(held.kept)
    const out = page.evaluate(() => window.session.signOut())
    assert.equal((await late).error?.code, 'identity_changed')
    held.release()
    await out
    assert.equal(await page.evaluate(() => window.auth0.getUser()), undefined)
    const { looks } = await page.evaluate(() => ({ looks: window.looks }))
    await page.waitForFunction((n) => window.looks > n, looks)
    assert.deepEqual([await page.evaluate(() => window.session.status), await token('fauna')], ['anonymous', { value: null }])
    await context.close()
  })

  test('signed out while one hangs: what it brings later is thrown out', async () => {
    const { context, page, token } = await visit('alice')
    await token('fauna')
    const held = await hold(context)
    const late = page.evaluate(() => window.came(window.session.getToken('hasura')))
    await until(held.kept)
    await page.evaluate(() => window.session.signOut())
    assert.equal((await late).error?.code, 'identity_changed')
    held.release()
    await page.waitForFunction(() => window.thrown.length === 2)
    assert.deepEqual(await page.evaluate(() => window.thrown), ['auth0|alice', 'auth0|alice'], 'Auth0 had brought her back')
    await page.waitForFunction(async () => !(await window.auth0.getUser()))
    assert.equal(await page.evaluate(() => window.session.status), 'anonymous')
    await context.close()
  })
})
