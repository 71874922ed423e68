// The recipes of www/docs/providers.md that run in Node, each over the library's own package.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { entry, name } from '../../package/world.mjs'
import { behaves, recipeWorld } from './recipe-world.mjs'
import { run } from './recipes.mjs'

const { createSession } = await entry('index')
// Loaded before the clock stands still, the words of errors too.
await assert.rejects(createSession({ name: name(), logger: false, getToken: () => 1 }).getToken(), { code: 'provider_failed' })

/** @type {any} */
let world
afterEach(() => world?.end())

const LIFE_S = 3600

test('Supabase', async () => {
  let count = 0
  const granted = async (sub, { sign }) => Response.json({
    access_token: await sign({ sub, aud: 'authenticated', role: 'authenticated', session_id: 's' }, LIFE_S), token_type: 'bearer', expires_in: LIFE_S,
    refresh_token: `${sub} ${++count}`, user: { id: sub, aud: 'authenticated', email: `${sub}@example.com`, app_metadata: {}, user_metadata: {} },
  })
  world = recipeWorld(({ url, json }, w) => {
    if (url.searchParams.get('grant_type') === 'password') return granted(json().email.split('@')[0], w)
    if (url.searchParams.get('grant_type') === 'refresh_token') return granted(json().refresh_token.split(' ')[0], w)
    if (url.pathname.endsWith('/logout')) return new Response(null, { status: 204 })
  })
  const { auth, session } = await run('Supabase', { NEXT_PUBLIC_SUPABASE_URL: 'https://supabase.test', NEXT_PUBLIC_SUPABASE_KEY: 'key' })
  await behaves({
    world, session, lifeS: LIFE_S,
    signIn: async (person) => assert.equal((await auth.signInWithPassword({ email: `${person}@example.com`, password: 'x' })).error, null),
    left: async () => (await auth.getSession()).data.session,
  })
  await auth.stopAutoRefresh()
})

test('Firebase', async () => {
  let count = 0
  world = recipeWorld(async ({ url, json, form }, { sign }) => {
    const token = (sub) => sign({ sub, user_id: sub, iss: 'https://securetoken.google.com/p', aud: 'p', firebase: { sign_in_provider: 'password', identities: {} } }, LIFE_S)
    if (url.pathname.endsWith(':signInWithPassword')) {
      const sub = json().email.split('@')[0]
      return Response.json({ localId: sub, email: json().email, idToken: await token(sub), refreshToken: `${sub} ${++count}`, expiresIn: String(LIFE_S) })
    }
    if (url.pathname.endsWith(':lookup')) return Response.json({ users: [{ localId: JSON.parse(Buffer.from(json().idToken.split('.')[1], 'base64url').toString()).sub, providerUserInfo: [] }] })
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
  })
})
