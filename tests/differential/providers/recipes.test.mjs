// The recipes of www/docs/providers.md that run in Node, each over the library's own package.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { API, behaves, recipeWorld } from './recipe-world.mjs'
import { loadedClerk } from './clerk.mjs'
import { frontendApi } from './frontend-api.mjs'
import { run } from './recipes.mjs'
import { claimsOf } from './signer.mjs'
import './warm.mjs'

/** @type {any} */
let world
afterEach(() => world?.end())

const LIFE_S = 3600

const storage = () => {
  const kept = new Map()
  return /** @type {any} */ ({
    getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key),
    key: (n) => [...kept.keys()][n] ?? null, get length() { return kept.size },
  })
}

/** A page's address, for as long as a test lasts: `went` is where it was sent. */
const address = (t) => {
  const location = { origin: 'https://app.test', href: 'https://app.test/', pathname: '/', search: '', hash: '', went: '', assign: (url) => void (location.went = String(url)) }
  const page = { location, self: globalThis, addEventListener() {}, removeEventListener() {}, sessionStorage: storage(), localStorage: storage() }
  Object.assign(globalThis, page)
  t.after(() => {
    for (const name of Object.keys(page)) delete globalThis[name]
  })
  return location
}
test('Clerk', async (t) => {
  world = recipeWorld(() => undefined)
  const api = frontendApi({ now: world.clock.server })
  t.after(() => {
    api.stop()
    delete globalThis.Clerk
  })
  const { session } = await run('Clerk')
  let signedIn
  await behaves({
    world, session, lifeS: 60,
    async signIn(person) {
      signedIn = api.signIn(person)
      const clerk = (globalThis.Clerk ??= await loadedClerk())
      if (clerk.session?.id === signedIn.id) return
      await clerk.client.reload()
      await clerk.setActive({ session: signedIn.id })
    },
    async hold(work) {
      const open = api.hold(`${signedIn.id}/tokens`)
      await work()
      return open
    },
    left: () => globalThis.Clerk.session,
    revoke: () => api.endAll(),
  })
})

test('Supabase', async () => {
  let count = 0
  let revoked = false
  const granted = async (sub, { sign }) => Response.json({
    access_token: await sign({ sub, aud: 'authenticated', role: 'authenticated', session_id: 's' }, LIFE_S), token_type: 'bearer', expires_in: LIFE_S,
    refresh_token: `${sub} ${++count}`, user: { id: sub, aud: 'authenticated', email: `${sub}@example.com`, app_metadata: {}, user_metadata: {} },
  })
  world = recipeWorld(({ url, json }, w) => {
    if (url.searchParams.get('grant_type') === 'password') return granted(json().email.split('@')[0], w)
    if (revoked) return Response.json({ code: 400, error_code: 'refresh_token_not_found', msg: 'Invalid Refresh Token: Refresh Token Not Found' }, { status: 400 })
    if (url.searchParams.get('grant_type') === 'refresh_token') return granted(json().refresh_token.split(' ')[0], w)
    if (url.pathname.endsWith('/logout')) return new Response(null, { status: 204 })
  })
  const { auth, session } = await run('Supabase', { NEXT_PUBLIC_SUPABASE_URL: 'https://supabase.test', NEXT_PUBLIC_SUPABASE_KEY: 'key' })
  await behaves({
    world, session, lifeS: LIFE_S,
    signIn: async (person) => assert.equal((await auth.signInWithPassword({ email: `${person}@example.com`, password: 'x' })).error, null),
    left: async () => (await auth.getSession()).data.session,
    revoke: () => (revoked = true),
  })
  await auth.stopAutoRefresh()
})

test('Firebase', async () => {
  let count = 0
  let revoked = false
  world = recipeWorld(async ({ url, json, form }, { sign }) => {
    const token = (sub) => sign({ sub, user_id: sub, iss: 'https://securetoken.google.com/p', aud: 'p', firebase: { sign_in_provider: 'password', identities: {} } }, LIFE_S)
    if (url.pathname.endsWith(':signInWithPassword')) {
      const sub = json().email.split('@')[0]
      return Response.json({ localId: sub, email: json().email, idToken: await token(sub), refreshToken: `${sub} ${++count}`, expiresIn: String(LIFE_S) })
    }
    if (url.pathname.endsWith(':lookup')) return Response.json({ users: [{ localId: JSON.parse(Buffer.from(json().idToken.split('.')[1], 'base64url').toString()).sub, providerUserInfo: [] }] })
    if (revoked) return Response.json({ error: { code: 400, message: 'TOKEN_EXPIRED', status: 'INVALID_ARGUMENT' } }, { status: 400 })
    if (url.host === 'securetoken.googleapis.com') {
      const [sub] = (form.get('refresh_token') ?? '').split(' ')
      const id = await token(sub)
      return Response.json({ access_token: id, id_token: id, expires_in: String(LIFE_S), refresh_token: `${sub} ${++count}`, user_id: sub })
    }
  })
  const { auth, session } = await run('Firebase', { NEXT_PUBLIC_FIREBASE_KEY: 'key' })
  const { signInWithEmailAndPassword } = await import('@firebase/auth')
  await behaves({
    world, session, lifeS: LIFE_S,
    signIn: (person) => signInWithEmailAndPassword(auth, `${person}@example.com`, 'x'),
    left: () => auth.currentUser,
    revoke: () => (revoked = true),
  })
})

test('oidc-client-ts', async (t) => {
  const location = address(t)
  const nonces = new Map()
  let revoked = false
  world = recipeWorld(async ({ url, form }, { sign }) => {
    if (url.pathname.endsWith('/openid-configuration')) return Response.json({ issuer: 'https://oidc.test', authorization_endpoint: 'https://oidc.test/authorize', token_endpoint: 'https://oidc.test/token' })
    if (url.pathname !== '/token') return undefined
    if (revoked) return Response.json({ error: 'invalid_grant' }, { status: 400 })
    const sub = (form.get('code') ?? form.get('refresh_token') ?? '').split(' ')[0]
    return Response.json({
      access_token: await sign({ sub, iss: 'https://oidc.test' }, LIFE_S), token_type: 'Bearer', expires_in: LIFE_S, refresh_token: `${sub} refresh`,
      id_token: await sign({ sub, iss: 'https://oidc.test', aud: 'app', nonce: nonces.get(sub) }, LIFE_S),
    })
  })
  const { oidc, session } = await run('oidc-client-ts', { NEXT_PUBLIC_OIDC_AUTHORITY: 'https://oidc.test', NEXT_PUBLIC_OIDC_CLIENT_ID: 'app' })
  await behaves({
    world, session, lifeS: LIFE_S,
    async signIn(person) {
      // Its promise is never settled: the page goes away.
      const went = new Promise((resolve, reject) => {
        location.assign = resolve
        oidc.signinRedirect().catch(reject)
      })
      const { searchParams } = new URL(await went)
      nonces.set(person, searchParams.get('nonce'))
      await oidc.signinCallback(`https://app.test/callback?code=${person}&state=${searchParams.get('state')}`)
    },
    keepsLate: true,
    left: () => oidc.getUser(),
    revoke: () => (revoked = true),
  })
})

test('A function of your own', async () => {
  let who = ''
  world = recipeWorld(async ({ url }, { sign }) => {
    if (url.pathname === '/api/logout') return (who = ''), new Response()
    return who ? new Response(await sign({ sub: who }, LIFE_S)) : new Response(null, { status: 401 })
  })
  const { session } = await run('A function of your own')
  await behaves({
    world, session, lifeS: LIFE_S,
    signIn: async (person) => session.identityChanged({ user: (who = person) }),
    left: () => who || null,
    revoke: () => (who = ''),
  })
})

test('Auth0 in Next.js', async (t) => {
  const location = address(t)
  let who = 'alice'
  let kept = ''
  world = recipeWorld(async ({ url }, { sign, clock }) => {
    if (url.pathname === '/auth/profile') return who ? Response.json({ sub: who }) : new Response(null, { status: 401 })
    if (url.pathname !== '/auth/access-token') return undefined
    if (!who) return Response.json({ error: { code: 'missing_session', message: 'The user does not have an active session.' } }, { status: 401 })
    assert.equal(url.searchParams.get('audience'), 'https://api.test/')
    // As the library's server does: a token is renewed when it has expired.
    if (!kept || claimsOf(kept).exp * 1000 <= clock.server()) kept = await sign({ sub: who, aud: 'https://api.test/' }, LIFE_S)
    const { exp } = claimsOf(kept)
    return Response.json({ token: kept, expires_at: exp })
  })
  const { clock } = world
  const page = async () => (await run('Auth0 in Next.js', { NEXT_PUBLIC_API_AUDIENCE: 'https://api.test/' })).session
  const session = await page()
  const send = session.authFetch({ template: 'api', origins: [API] })
  for (let minute = 0; minute < 90; minute += 3) {
    assert.equal((await clock.through(send(API))).status, 200)
    await clock.advance(180_000)
  }
  assert.deepEqual([world.expired, world.tokens.size], [0, 2])

  who = ''
  session.invalidate()
  assert.equal(await clock.through(session.getToken('api')), null)
  await session.signOut()
  assert.equal(location.went, '/auth/logout')
  session.dispose()

  const next = await page()
  await assert.rejects(clock.through(next.authFetch({ template: 'api', origins: [API] })(API)), { code: 'signed_out' })
  assert.equal(next.status, 'anonymous')
  next.dispose()
})
