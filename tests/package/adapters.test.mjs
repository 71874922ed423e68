// Clerk and Auth0 as providers: what they are asked, what their news mean. The vendors' own clients: tests/differential/providers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../differential/until.mjs'
import { entry, name } from './world.mjs'

const { clerkSession, clerkProvider } = await entry('clerk')
const { auth0Provider, auth0Session } = await entry('auth0')
const { fakeToken } = await entry('testing')
const { forRequest } = await entry('server')

/** Clerk's object, as far as the adapter sees it. */
const clerk = () => {
  const listeners = new Set()
  const self = {
    session: undefined, user: undefined, asked: [], out: 0,
    addListener: (listener) => (listeners.add(listener), listener(self), () => listeners.delete(listener)),
    tell: () => listeners.forEach((listener) => listener(self)),
    signIn(user, org = null) {
      self.user = { id: user }
      self.organization = org && { id: org }
      self.session = { id: `sess_${user}`, lastActiveOrganizationId: org, getToken: async (o) => (self.asked.push(o), fakeToken({ sub: user })) }
      self.tell()
    },
    async signOut() {
      self.out++
      self.session = self.user = null
      self.tell()
    },
    listeners,
  }
  return self
}

test('Clerk: waits for it to load, asks by template, skips its cache when forced, ends with its sign-out', async () => {
  let page
  let looks = 0
  const session = clerkSession(() => (looks++, page), { name: name(), logger: false, templates: { hasura: 'hasura-template', plain: {} } })
  const asked = session.getToken('hasura')
  await until(() => looks > 1)
  page = clerk()
  await until(() => page.listeners.size)
  page.signIn('user_alice')
  assert.match(await asked, /^ey/)
  await session.getToken('plain')
  await session.getToken('hasura', { force: true })
  assert.deepEqual(page.asked, [{ template: 'hasura-template', skipCache: false }, { template: undefined, skipCache: false }, { template: 'hasura-template', skipCache: true }])
  await session.signOut()
  assert.equal(page.out, 1)
  assert.equal(await session.getToken('hasura'), null)
  session.dispose()
  assert.equal(page.listeners.size, 0)
})

test('Clerk: undefined holds, the same user again changes nothing, an organisation does', async () => {
  const page = clerk()
  page.signIn('user_alice')
  const session = clerkSession(page, { name: name(), logger: false })
  const token = await session.getToken('x')
  const key = session.identityKey
  const { session: own } = page
  page.session = undefined
  page.tell()
  assert.equal(session.status, 'unknown')
  assert.equal(session.peek('x'), null)
  page.session = own
  page.tell()
  assert.equal(session.peek('x'), token)
  assert.equal(session.identityKey, key)
  page.signIn('user_alice', 'org_1')
  assert.notEqual(session.identityKey, key)
  assert.equal(session.peek('x'), null)
  session.dispose()
})

test('Clerk: a 401 means signed out, a 429 a failure', () => {
  const { isSignedOut } = clerkProvider(clerk())
  assert.equal(isSignedOut({ status: 401, errors: [{ code: 'authentication_invalid' }] }), true)
  assert.equal(isSignedOut({ status: 403, errors: [{ code: 'user_banned' }] }), true)
  assert.equal(isSignedOut({ status: 429, errors: [{ code: 'too_many_requests' }] }), false)
})

test('Auth0: an access token by audience, the ID token where it is wanted, login_required is nobody', async () => {
  const asked = []
  let user = { sub: 'auth0|alice' }
  const client = {
    getUser: async () => user,
    async getTokenSilently(o) {
      asked.push(o)
      if (!user) throw Object.assign(new Error('Login required'), { error: 'login_required' })
      return { access_token: fakeToken({ sub: user.sub, kind: 'access' }), id_token: fakeToken({ sub: user.sub, kind: 'id' }) }
    },
    async logout(o) {
      asked.push(o)
      user = undefined
    },
  }
  const session = auth0Session(client, { name: name(), logger: false, templates: { fauna: { audience: 'https://db' }, instant: { idToken: true } } })
  const kind = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).kind
  assert.equal(kind(await session.getToken('fauna')), 'access')
  assert.equal(kind(await session.getToken('instant')), 'id')
  assert.deepEqual(asked.map((o) => [o.authorizationParams.audience, o.cacheMode]), [['https://db', 'on'], [undefined, 'on']])
  await session.signOut()
  assert.deepEqual(asked.at(-1), { openUrl: false })
  assert.equal(await session.getToken('fauna'), null)
  session.dispose()
})

test('Auth0: no answer is nobody, and `expires_in` is not believed', async () => {
  const exp = Math.floor(Date.now() / 1000) + 60
  /** @type {any} */
  let answer
  const client = { getUser: async () => ({ sub: 'auth0|alice' }), getTokenSilently: async () => answer }
  const session = auth0Session(client, { name: name(), logger: false, templates: { api: { audience: 'https://api' } } })
  assert.equal(await session.getToken('api'), null)
  answer = { id_token: fakeToken() }
  assert.equal(await session.getToken('api'), null, 'an ID token is no access token')
  // Of a cache hit it is the original lifetime, not what is left.
  answer = { access_token: fakeToken({ sub: 'auth0|alice', exp }), expires_in: 86_400 }
  await session.getToken('api')
  assert.ok(Math.abs(session.inspect().tokens.api.expiresAt - exp * 1000) < 2000)
  session.dispose()
})

test('Auth0: what only a sign-in can bring is asked for once, until somebody signs in or forces it', async () => {
  let asked = 0
  let raw = 'first'
  const client = {
    getUser: async () => ({ sub: 'auth0|alice' }),
    getIdTokenClaims: async () => ({ __raw: raw }),
    async getTokenSilently({ authorizationParams: { audience } }) {
      asked++
      if (audience !== 'https://other' && raw === 'first') throw Object.assign(new Error('Unknown or invalid refresh token.'), { error: 'invalid_grant' })
      return { access_token: fakeToken({ sub: 'auth0|alice' }) }
    },
  }
  const session = auth0Session(client, { name: name(), logger: false, templates: { api: { audience: 'https://api' }, other: { audience: 'https://other' } } })
  for (let i = 0; i < 20; i++) assert.equal(await session.getToken('api'), null)
  assert.equal(asked, 1)
  assert.ok(await session.getToken('other'), 'of this audience only')
  assert.equal(await session.getToken('api', { force: true }), null)
  assert.equal(asked, 3)
  // The same user, signed in again in a popup.
  raw = 'second'
  assert.ok(await session.getToken('api'))
  session.dispose()
})

test('Auth0: what its errors mean', () => {
  const { isSignedOut, retryAfterMs } = auth0Provider({ getTokenSilently: async () => {}, getUser: async () => undefined })
  const means = (error, error_description) => [isSignedOut({ error, error_description }), retryAfterMs({ error, error_description })]
  for (const error of ['login_required', 'consent_required', 'interaction_required', 'account_selection_required', 'missing_refresh_token', 'invalid_grant', 'mfa_required']) assert.deepEqual(means(error), [true, 0], error)
  assert.deepEqual(means('access_denied', 'user is blocked'), [true, 0])
  assert.deepEqual(means('access_denied', 'Service not found: https://nowhere'), [false, Infinity])
  assert.deepEqual(means('missing_scopes'), [false, Infinity])
  for (const error of ['timeout', 'request_error', 'too_many_requests']) assert.deepEqual(means(error), [false, undefined], error)
  for (const nothing of [null, undefined, 'text', new TypeError('Failed to fetch')]) assert.deepEqual([isSignedOut(nothing), retryAfterMs(nothing)], [false, undefined])
})

test('Auth0: on the way back from its sign-in nobody is not yet nobody', async (t) => {
  const back = { search: '?code=c&state=s' }
  const before = globalThis.location
  globalThis.location = /** @type {any} */ (back)
  let looks = 0
  let user
  const heard = []
  const stop = auth0Provider({ getTokenSilently: async () => {}, getUser: async () => (looks++, user) }).watch((identity) => heard.push(identity))
  t.after(() => {
    stop()
    globalThis.location = before
  })
  await until(() => looks > 2)
  assert.deepEqual(new Set(heard), new Set([undefined]))
  user = { sub: 'auth0|alice' }
  await until(() => heard.at(-1))
  assert.deepEqual(heard.at(-1), { user: 'auth0|alice' })
})

test('on a server: one per request, asked at every call, nothing kept; a session refuses', async () => {
  let calls = 0
  const request = forRequest({ getToken: async () => (calls++, fakeToken({ sub: `user ${calls}` })), templates: { x: 'x' } })
  assert.notEqual(await request.getToken('x'), await request.getToken('x'))
  assert.equal(calls, 2)
  const { createSession } = await entry('index')
  const { window } = globalThis
  delete globalThis.window
  try {
    const session = createSession({ getToken: () => fakeToken() })
    await assert.rejects(session.getToken('x'), { code: 'on_server', digest: 'BAILOUT_TO_CLIENT_SIDE_RENDERING' })
    session.subscribe(() => {})()
  } finally {
    globalThis.window = window
  }
})
