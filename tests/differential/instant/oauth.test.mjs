// A sign-in with a redirect, both halves of it, in a page that is left and comes back. The server's half is scripted after its source: what it checks is checked.
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { JSDOM } from 'jsdom'
import { startAll } from '../../backends/start.mjs'
import { dist } from '../dist.mjs'
import { stubSession, until } from '../stub-session.mjs'
import { scriptedInstant } from './server.mjs'

const { init } = await dist('instant.js')
const { CountersignError } = await dist('errors.js')

/** A page at an address; `null` storage: it is blocked. @param {import('node:test').TestContext} t @param {string} url @param {any} [storage] */
const page = (t, url, storage) => {
  const { window } = new JSDOM('', { url })
  const { location, history } = window
  const sessionStorage = storage ?? window.sessionStorage
  const before = Object.fromEntries(['location', 'history', 'sessionStorage'].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]))
  for (const [name, value] of Object.entries({ location, history, sessionStorage })) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  t.after(() => {
    for (const [name, was] of Object.entries(before)) was ? Object.defineProperty(globalThis, name, was) : delete (/** @type {any} */ (globalThis)[name])
    window.close()
  })
  return { location, sessionStorage, go: (/** @type {string} */ to) => history.replaceState(null, '', to) }
}

/** @param {import('node:test').TestContext} t */
const make = (t) => {
  const server = scriptedInstant(t)
  /** @type {Map<string, string | null>} by code: the challenge it was asked for with */
  const codes = new Map()
  server.answer = (path) => {
    if (path !== '/runtime/oauth/token') return undefined
    const { code, code_verifier: verifier } = server.calls.at(-1).body
    const challenge = codes.get(code)
    if (challenge === undefined) return Response.json({ type: 'record-not-found', message: 'Record not found: app-oauth-code', hint: { 'record-type': 'app-oauth-code', args: [{ code }] } }, { status: 400 })
    codes.delete(code)
    const right = challenge === null ? verifier === undefined : createHash('sha256').update(verifier ?? '').digest('base64url') === challenge
    return right ? undefined : Response.json({ type: 'validation-failed', message: 'Validation failed for app-oauth-code: The code_verifier does not match.', hint: { 'data-type': 'app-oauth-code', input: verifier } }, { status: 400 })
  }
  /** What the user's way through the provider comes back with. @param {string} url */
  const through = (url) => {
    const { searchParams: asked } = new URL(url)
    const code = randomUUID()
    codes.set(code, asked.get('code_challenge'))
    const [, path = '', hash = ''] = /^([^#]*)(#.*)?$/.exec(asked.get('redirect_uri') ?? '') ?? []
    const added = new URLSearchParams({ code, _instant_oauth_redirect: 'true', state: asked.get('state') ?? '' })
    return { code, href: `${path}${path.includes('?') ? '&' : '?'}${added}${hash}` }
  }
  const load = (apiURI = 'https://instant.test') => {
    const db = init({ session: stubSession({ key: null }), template: 'instant', clientName: 'clerk', appId: 'app', apiURI, storage: 'memory', logger: false })
    t.after(() => db.shutdown())
    return db
  }
  const swaps = () => server.calls.filter((c) => c.url.endsWith('/oauth/token'))
  server.calls.splice(0)
  return { server, through, load, swaps, codes }
}
const ask = { clientName: 'goo gle&co', redirectURL: 'https://shop.test/in?next=%2Fa%20b&tag=1&tag=2#top' }

test('the URL has what the vendor’s has, escaped, and a state and a challenge, new each time', async (t) => {
  page(t, 'https://shop.test/')
  const db = make(t).load('https://instant.test/base/')
  const [one, two] = await Promise.all([db.auth.createAuthorizationURL(ask), db.auth.createAuthorizationURL(ask)])
  const { origin, pathname, searchParams } = new URL(one)
  assert.equal(origin + pathname, 'https://instant.test/base/runtime/oauth/start')
  const { state, code_challenge: challenge, ...others } = Object.fromEntries(searchParams)
  assert.deepEqual(others, { app_id: 'app', client_name: ask.clientName, redirect_uri: ask.redirectURL, code_challenge_method: 'S256' })
  assert.match(state ?? '', /^[\w-]{22}$/)
  assert.match(challenge ?? '', /^[\w-]{43}$/)
  assert.notEqual(new URL(two).searchParams.get('state'), state)
  assert.notEqual(new URL(two).searchParams.get('code_challenge'), challenge)
})

test('the page that comes back signs in, and its own parameters stay as they were', async (t) => {
  const { location, go, sessionStorage } = page(t, 'https://shop.test/start')
  const { load, through, swaps } = make(t)
  const leaving = load()
  const [stale, url] = [await leaving.auth.createAuthorizationURL(ask), await leaving.auth.createAuthorizationURL({ ...ask, extraFields: { plan: 'free' } })]
  assert.notEqual(stale, url)
  const { code, href } = through(url)
  go(href)
  const db = load()
  const running = db.auth.exchangeOAuthCode()
  const again = db.auth.exchangeOAuthCode()
  const { user, created, refresh_token: session } = await running
  assert.equal(await again, await running, 'an effect that runs twice')
  assert.equal(location.href, ask.redirectURL)
  assert.deepEqual([user.id, created, session], ['id-code', true, user.refresh_token])
  assert.deepEqual(swaps().map(({ body: { code_verifier: _, ...body } }) => body), [{ app_id: 'app', code, extra_fields: { plan: 'free' } }])
  assert.equal((await db.getAuth()).id, 'id-code')
  assert.equal(await db.auth.exchangeOAuthCode(), null, 'the URL says nothing any more')
  // A router puts the old URL back.
  go(href)
  assert.equal((await db.auth.exchangeOAuthCode()).user.id, 'id-code')
  assert.equal(swaps().length, 1)
  assert.doesNotMatch(sessionStorage.getItem('countersign:instant:oauth:app') ?? '', /plan/)
})

test('a code that this tab did not ask for is not taken; loaded again after the sign-in it is no error', async (t) => {
  const { location, go } = page(t, 'https://shop.test/')
  const { load, through, swaps, server } = make(t)
  const href = through(`https://x.test/?redirect_uri=${encodeURIComponent('https://shop.test/in?state=open')}&state=evil&code_challenge=`).href
  go(href)
  const db = load()
  await assert.rejects(db.auth.exchangeOAuthCode(), { code: 'state_mismatch', kind: 'token' })
  assert.equal(swaps().length, 0)
  assert.equal(location.href, 'https://shop.test/in?state=open&state=evil', 'a state that is not known is the page’s own')
  const later = load()
  await later.auth.signInWithToken(server.issue('alice').refresh_token)
  go(href)
  assert.equal((await later.auth.exchangeOAuthCode()).user.id, 'id-alice')
  assert.equal(swaps().length, 0)
})

test('a refusal is told with its words, without what looks like a secret, and leaves the URL', async (t) => {
  const { location, go } = page(t, `https://shop.test/in?a=1&error=${encodeURIComponent(`No entry ${randomUUID()}`)}&_instant_oauth_redirect=true&b`)
  const db = make(t).load()
  await assert.rejects(db.auth.exchangeOAuthCode(), (/** @type {any} */ e) => CountersignError.is(e, 'oauth-error') && e.message === 'instant: the sign-in was refused: No entry [secret]')
  assert.equal(location.href, 'https://shop.test/in?a=1&b')
  for (const other of ['https://shop.test/in?code=promo&error=x', 'https://shop.test/']) {
    go(other)
    assert.equal(await db.auth.exchangeOAuthCode(), null)
    assert.equal(location.href, other, 'not a return: nothing is touched')
  }
})

test('moved over from the vendor’s: the application reads the code itself, or has a verifier of its own', async (t) => {
  const { go } = page(t, 'https://shop.test/')
  const { load, through, codes, swaps } = make(t)
  const db = load()
  const one = through(await db.auth.createAuthorizationURL(ask))
  go(one.href)
  assert.equal((await db.auth.exchangeOAuthCode({ code: one.code })).user.id, 'id-code')
  const two = through(await db.auth.createAuthorizationURL(ask))
  go('https://shop.test/')
  assert.equal((await db.auth.exchangeOAuthCode({ code: two.code, state: new URL(two.href).searchParams.get('state') })).user.id, 'id-code')
  codes.set('own', createHash('sha256').update('my verifier').digest('base64url'))
  assert.equal((await db.auth.exchangeOAuthCode({ code: 'own', codeVerifier: 'my verifier' })).user.id, 'id-code')
  codes.set('without', null)
  assert.equal((await db.auth.exchangeOAuthCode({ code: 'without' })).user.id, 'id-code')
  assert.equal(swaps().length, 4)
  codes.set('wrong', 'x')
  await assert.rejects(db.auth.exchangeOAuthCode({ code: 'wrong', codeVerifier: 'y' }), { code: 'validation-failed', hint: /PKCE/ })
  await assert.rejects(db.auth.exchangeOAuthCode({ code: 'wrong' }), { code: 'record-not-found', hint: /counts once/ })
})

test('what is kept for the way back: ten minutes, eight sign-ins, and where storage is blocked the page’s memory', async (t) => {
  const { sessionStorage, go } = page(t, 'https://shop.test/')
  const { load, through } = make(t)
  const db = load()
  const key = 'countersign:instant:oauth:app'
  const urls = []
  for (let n = 0; n < 10; n++) urls.push(await db.auth.createAuthorizationURL(ask))
  const kept = JSON.parse(sessionStorage.getItem(key) ?? '')
  assert.deepEqual(Object.keys(kept), urls.slice(2).map((url) => new URL(url).searchParams.get('state')))
  for (const begun of Object.values(kept)) begun.until -= 600_000
  sessionStorage.setItem(key, JSON.stringify(kept))
  go(through(urls[9] ?? '').href)
  await assert.rejects(db.auth.exchangeOAuthCode(), { code: 'state_mismatch', hint: /ten minutes|Begin it again/ })
  sessionStorage.setItem(key, 'nonsense')
  go(through(await db.auth.createAuthorizationURL(ask)).href)
  assert.equal((await db.auth.exchangeOAuthCode()).user.id, 'id-code')

  Object.defineProperty(globalThis, 'sessionStorage', { configurable: true, get: () => { throw new Error('blocked') } })
  const href = through(await db.auth.createAuthorizationURL(ask)).href
  go(href)
  assert.equal((await db.auth.exchangeOAuthCode()).user.id, 'id-code')
})

test('a redirect URL that cannot come back as it went is refused, and so is a page without Web Crypto', async (t) => {
  page(t, 'https://shop.test/')
  const db = make(t).load()
  for (const redirectURL of ['/in', 'https://shop.test/?state=open', 'https://shop.test/?a&code=1', 'https://shop.test/?error=x', 'https://shop.test/?_instant_oauth_redirect=true'])
    await assert.rejects(db.auth.createAuthorizationURL({ clientName: 'google', redirectURL }), { code: 'option_invalid', message: /redirectURL/ }, redirectURL)
  t.mock.getter(globalThis.crypto, 'subtle', () => undefined)
  await assert.rejects(db.auth.createAuthorizationURL(ask), { code: 'option_invalid', message: /https/ })
})

test('a guest goes along with the code', async (t) => {
  const { go } = page(t, 'https://shop.test/')
  const { load, through, swaps, server } = make(t)
  const db = load()
  const { user: guest } = await db.auth.signInAsGuest()
  go(through(await db.auth.createAuthorizationURL(ask)).href)
  await db.auth.exchangeOAuthCode()
  assert.equal(swaps()[0].body.refresh_token, guest.refresh_token)
  await until(() => server.users().join() === 'code')
})

test('against the local Instant: there, to its provider and back, as a guest; and when the person says no', async (t) => {
  const { urls, config, servers, stop } = await startAll({ portBase: 0, only: ['instant'] })
  t.after(stop)
  const { instant } = servers
  const home = config.pageOrigins[0]
  const { location, go } = page(t, `${home}/`)
  const db = init({ session: stubSession({ key: null }), template: 'instant', clientName: 'clerk', appId: config.instant.appId, apiURI: urls.instant, storage: 'memory', logger: false })
  t.after(() => db.shutdown())
  const { user: guest } = await db.auth.signInAsGuest()
  const redirectURL = `${home}/in?tab=1#top`
  /** Where the person's browser ends up. */
  const travel = async () => {
    let url = await db.auth.createAuthorizationURL({ clientName: 'clerk', redirectURL })
    let cookie = ''
    while (url.startsWith(urls.instant)) {
      const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
      assert.equal(response.status, 302, await response.text())
      cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
      url = response.headers.get('location') ?? ''
    }
    return url
  }
  instant.knobs.oauthAnswer = { error: 'access_denied' }
  go(await travel())
  await assert.rejects(db.auth.exchangeOAuthCode(), { code: 'oauth-error', message: /access_denied/ })
  assert.equal(location.href, redirectURL)
  instant.knobs.oauthAnswer = 'bob'
  go(await travel())
  const { user } = await db.auth.exchangeOAuthCode()
  assert.deepEqual([user.email, user.id], ['bob@example.com', guest.id])
  assert.equal(location.href, redirectURL)
  await until(() => instant.liveTokens().length === 1)
  await assert.rejects(db.auth.createAuthorizationURL({ clientName: 'nobody', redirectURL }).then((url) => fetch(url)).then(async (r) => assert.fail(await r.text())), /app-oauth-client/)
})
