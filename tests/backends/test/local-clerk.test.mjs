// www/lib/local-clerk.ts in Node against the Clerk-shaped issuer: what a token manager may rely on.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { startClerk } from '../issuer/clerk.mjs'
import { peek } from '../lib/index.mjs'
import { until } from '../../differential/until.mjs'

describe('local-clerk', () => {
  let issuer, LocalClerk, clerk, seen
  before(async () => {
    const entry = fileURLToPath(new URL('../../../www/lib/local-clerk.ts', import.meta.url))
    const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, format: 'esm', target: 'es2022' })
    ;({ LocalClerk } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`))
    issuer = await startClerk()
  })
  after(() => issuer.stop())

  beforeEach(() => {
    const store = new Map()
    clerk = new LocalClerk(issuer.url, { storage: { getItem: (k) => store.get(k) ?? null, setItem: (k, v) => void store.set(k, v) } })
    seen = []
    clerk.addListener(({ session }) => seen.push(session && session.user.id))
    Object.assign(issuer.knobs, { fail: null, hang: false, lifetimeS: 60 })
  })

  const mints = () => issuer.log.filter((entry) => entry.note?.startsWith('minted')).length

  test('states: undefined before load and while switching, null when signed out', async () => {
    assert.deepEqual([clerk.loaded, clerk.session, clerk.user], [false, undefined, undefined])
    await clerk.load()
    assert.deepEqual([clerk.loaded, clerk.session], [true, null])
    await clerk.signIn('alice')
    await clerk.signIn('bob')
    await clerk.signOut()
    assert.deepEqual(seen, [null, undefined, 'user_alice', undefined, 'user_bob', undefined, null])
    let initial
    clerk.addListener((resources) => (initial = resources))()
    assert.equal(initial.session, null)
    clerk.addListener(() => assert.fail('not asked for'), { skipInitialEmit: true })()
  })

  test('two quick sign-ins take turns; the last one wins', async () => {
    await clerk.load()
    await Promise.all([clerk.signIn('alice'), clerk.signIn('bob')])
    assert.equal(clerk.user.id, 'user_bob')
    await assert.rejects(clerk.signIn('mallory'), { name: 'ClerkAPIResponseError', status: 422 })
    assert.equal(clerk.user.id, 'user_bob')
  })

  test('the cache: shared while pending, per template, bypassed by skipCache, not used in the last seconds', async () => {
    await clerk.load()
    await clerk.signIn('alice')
    const { getToken } = clerk.session
    const start = mints()
    const [a, b] = await Promise.all([getToken({ template: 'fauna' }), getToken({ template: 'fauna' })])
    assert.equal(a, b)
    assert.equal(mints(), start + 1)
    const fresh = await getToken({ template: 'fauna', skipCache: true })
    assert.notEqual(fresh, a)
    assert.equal(await getToken({ template: 'fauna' }), fresh)
    assert.equal(peek(await getToken())?.payload.sid, clerk.session.id)
    issuer.knobs.lifetimeS = 4
    const short = await getToken({ template: 'convex' })
    assert.notEqual(await getToken({ template: 'convex' }), short)
  })

  test('a token in flight at sign-out reaches its caller, as with Clerk; afterwards the session answers null', async (t) => {
    await clerk.load()
    await clerk.signIn('alice')
    const { session } = clerk
    // The answer stays on its way for as long as the sign-in takes.
    let release
    const held = new Promise((resolve) => (release = resolve))
    const { fetch } = globalThis
    t.after(() => (globalThis.fetch = fetch))
    globalThis.fetch = async (url, init) => {
      const response = await fetch(url, init)
      if (String(url).endsWith('/tokens/hasura')) await held
      return response
    }
    const start = mints()
    let arrived = false
    const flight = session.getToken({ template: 'hasura' }).finally(() => (arrived = true))
    await until(() => mints() > start)
    await clerk.signIn('bob')
    assert.equal(arrived, false)
    release()
    assert.equal(peek(await flight)?.payload.sub, 'user_alice')
    assert.deepEqual([await session.getToken({ template: 'hasura' }), session.status], [null, 'removed'])
    assert.equal(peek(await clerk.session.getToken({ template: 'hasura' }))?.payload.sub, 'user_bob')
  })

  test('errors: revoked, unknown template, no answer', async () => {
    await clerk.load()
    await clerk.signIn('alice')
    await assert.rejects(clerk.session.getToken({ template: 'nope' }), (error) => error.status === 404 && error.errors[0].code === 'resource_not_found')
    const { session } = clerk
    await fetch(`${issuer.url}/__revoke`, { method: 'POST', body: JSON.stringify({ session: session.id }) })
    await assert.rejects(session.getToken({ skipCache: true }), { status: 401 })
    await new Promise((resolve) => clerk.addListener(({ session }) => session === null && resolve(), { skipInitialEmit: false }))
    assert.equal(await session.getToken(), null)
    const nobody = new LocalClerk('http://127.0.0.1:9')
    await assert.rejects(nobody.load(), { code: 'network_error', clerkRuntimeError: true })
    assert.equal(nobody.session, undefined)
  })
})
