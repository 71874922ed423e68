// The real auth0-spa-js, and the page's stand-in for Clerk, against the issuers in headless Chromium: cookies, iframes,
// CORS and workers are the browser's own here.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { AUTH0_CLIENT_ID, FAUNA_AUDIENCE, HASURA_AUDIENCE } from '../accounts.mjs'
import { startAuth0 } from '../issuer/auth0.mjs'
import { startClerk } from '../issuer/clerk.mjs'
import { peek, serve } from '../lib/index.mjs'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic']

describe('issuers in Chromium', { timeout: 240_000 }, () => {
  let site, auth0, clerk, browser
  before(async () => {
    const bundle = await build({
      stdin: {
        contents: `import { Auth0Client } from '@auth0/auth0-spa-js'
          import { LocalClerk } from './www/lib/local-clerk.ts'
          Object.assign(globalThis, { Auth0Client, LocalClerk })`,
        resolveDir: ROOT,
      },
      bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'warning',
    })
    const script = bundle.outputFiles[0].text
    site = await serve({
      name: 'page',
      handler: (req) => req.path === '/page.js'
        ? { headers: { 'content-type': 'text/javascript' }, body: script }
        : { headers: { 'content-type': 'text/html' }, body: '<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>' },
    })
    ;[auth0, clerk, browser] = await Promise.all([
      startAuth0({ pageOrigins: [site.url] }),
      startClerk({ pageOrigins: [site.url] }),
      chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS }),
    ])
  })
  after(async () => {
    await browser?.close()
    await Promise.all([site, auth0, clerk].map((server) => server?.stop()))
  })

  /** A fresh browser profile on the page. */
  async function visit() {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(site.url)
    return { context, page }
  }

  /** Makes `window.auth0` a client; the options do not survive a redirect, as on a real page. */
  const client = (page, extra = {}) => page.evaluate(
    (options) => void (window.auth0 = new window.Auth0Client(options)),
    {
      domain: auth0.domain, clientId: AUTH0_CLIENT_ID, ...extra,
      authorizationParams: { redirect_uri: `${site.url}/`, audience: FAUNA_AUDIENCE, ...extra.authorizationParams },
    },
  )
  const silently = (page, audience, options = {}) => page.evaluate(
    ([aud, more]) => window.auth0.getTokenSilently({ ...more, ...(aud ? { authorizationParams: { audience: aud } } : {}) }).catch((error) => ({ error: error.error ?? error.message })),
    [audience, options],
  )

  /** Without `choose` the issuer must not ask. */
  async function login(page, options, choose) {
    await client(page, options)
    await page.evaluate(() => window.auth0.loginWithRedirect())
    if (choose) {
      await page.waitForURL(`${auth0.url}/**`)
      await choose(page)
    }
    await page.waitForURL(`${site.url}/?code=**`)
    await client(page, options)
    await page.evaluate(() => window.auth0.handleRedirectCallback())
  }

  test('auth0-spa-js: sign-in by keyboard, tokens of two audiences from one refresh token, caching, logout', async () => {
    const { context, page } = await visit()
    await login(page, { useRefreshTokens: true, useMrrt: true }, async () => {
      // The first account has the focus; the second is one Tab away.
      const focused = (name) => page.waitForFunction((id) => document.activeElement?.getAttribute('data-testid') === id, `pick-${name}`)
      await focused('alice')
      await page.keyboard.press('Tab')
      await focused('bob')
      await page.keyboard.press('Enter')
    })
    assert.equal((await page.evaluate(() => window.auth0.getUser())).sub, 'auth0|bob')

    const minted = () => auth0.log.filter((entry) => entry.path === '/oauth/token' && entry.method === 'POST').length
    const fauna = await silently(page)
    assert.equal(peek(fauna)?.payload.aud[0], FAUNA_AUDIENCE)
    const before = minted()
    const hasura = await silently(page, HASURA_AUDIENCE)
    assert.equal(peek(hasura)?.payload['https://hasura.io/jwt/claims']['x-hasura-user-id'], 'auth0|bob', JSON.stringify(hasura))
    assert.equal(await silently(page, HASURA_AUDIENCE), hasura, 'cached')
    assert.equal(minted(), before + 1)
    assert.notEqual(await silently(page, FAUNA_AUDIENCE, { cacheMode: 'off' }), fauna)
    assert.ok(!auth0.log.slice(-6).some((entry) => entry.path === '/authorize' && entry.status === 200), 'no iframe was needed')

    await page.evaluate((returnTo) => window.auth0.logout({ logoutParams: { returnTo } }), site.url)
    await page.waitForURL(`${site.url}/`)
    await client(page)
    assert.deepEqual(await silently(page), { error: 'login_required' })
    await context.close()
  })

  test('auth0-spa-js: silent renewal in an iframe, for two audiences, until the session is revoked', async () => {
    const { context, page } = await visit()
    await login(page, {}, () => page.getByTestId('pick-alice').click())
    const first = await silently(page)
    const second = await silently(page, undefined, { cacheMode: 'off' })
    assert.equal(peek(second)?.payload.sub, 'auth0|alice')
    assert.notEqual(second, first)
    const hasura = await silently(page, HASURA_AUDIENCE)
    assert.equal(peek(hasura)?.payload.aud[0], HASURA_AUDIENCE)
    await fetch(`${auth0.url}/__revoke`, { method: 'POST', body: '{"user":"alice"}' })
    assert.deepEqual(await silently(page, HASURA_AUDIENCE, { cacheMode: 'off' }), { error: 'login_required' })
    await context.close()
  })

  test('auth0-spa-js: signing in again needs no picker, select_account brings it back', async () => {
    const { context, page } = await visit()
    await login(page, {}, () => page.getByTestId('pick-alice').click())
    await page.goto(site.url)
    await login(page, {})
    assert.equal((await page.evaluate(() => window.auth0.getUser())).sub, 'auth0|alice')
    await login(page, { authorizationParams: { prompt: 'select_account' } }, () => page.getByTestId('pick-bob').click())
    assert.equal((await page.evaluate(() => window.auth0.getUser())).sub, 'auth0|bob')
    await context.close()
  })

  test('local-clerk: signs in across ports, survives a reload, and other tabs follow', async () => {
    const { context, page } = await visit()
    const load = (tab) => tab.evaluate(async (issuer) => {
      window.clerk = new window.LocalClerk(issuer)
      await window.clerk.load()
      return window.clerk.user?.id ?? null
    }, clerk.url)
    assert.equal(await load(page), null)
    const token = await page.evaluate(async () => {
      await window.clerk.signIn('alice')
      return window.clerk.session.getToken({ template: 'fauna' })
    })
    assert.deepEqual([peek(token)?.payload.sub, peek(token)?.payload.azp], ['user_alice', site.url])

    const tab = await context.newPage()
    await tab.goto(site.url)
    assert.equal(await load(tab), 'user_alice')
    await page.reload()
    assert.equal(await load(page), 'user_alice')
    await page.evaluate(() => window.clerk.signIn('bob'))
    await tab.waitForFunction(() => window.clerk.user?.id === 'user_bob')
    await tab.evaluate(() => window.clerk.signOut())
    await page.waitForFunction(() => window.clerk.session === null)

    clerk.knobs.fail = { status: 429, retryAfter: 4, times: 1 }
    const error = await page.evaluate(async () => {
      await window.clerk.signIn('bob')
      return window.clerk.session.getToken().catch((e) => ({ status: e.status, retryAfter: e.retryAfter, code: e.errors[0].code }))
    })
    assert.deepEqual(error, { status: 429, retryAfter: 4, code: 'too_many_requests' })
    await context.close()
  })
})
