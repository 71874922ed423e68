// The Clerk-shaped issuer and what both issuers share: keys, rotation, knobs. Run with `node --test`.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { FAUNA_AUDIENCE } from '../accounts.mjs'
import { startClerk } from '../issuer/clerk.mjs'
import { peek, remoteKeys, verifyJwt } from '../lib/index.mjs'
import { startAll } from '../start.mjs'
import { until } from '../../differential/until.mjs'

describe('clerk-shaped issuer', () => {
  /** @type {Awaited<ReturnType<typeof startClerk>>} */
  let clerk
  let keys
  before(async () => {
    clerk = await startClerk()
    keys = remoteKeys(clerk.jwksUri)
  })
  after(() => clerk.stop())

  const control = (path, body = {}) => fetch(clerk.url + path, { method: 'POST', body: JSON.stringify(body) }).then((r) => r.json())

  /** A signed-in client, as a script sees one. */
  async function signIn(identifier, token) {
    const response = await fetch(`${clerk.url}/v1/client/sign_ins`, {
      method: 'POST', body: new URLSearchParams({ identifier }), headers: token ? { authorization: token } : {},
    })
    assert.equal(response.status, 200)
    const { response: attempt, client } = await response.json()
    const authorization = response.headers.get('authorization') ?? ''
    const call = (method, path) => fetch(clerk.url + path, { method, headers: { authorization, origin: 'http://127.0.0.1:3000' } })
    return { authorization, sid: attempt.created_session_id, client, call, mint: (template) => call('POST', `/v1/client/sessions/${attempt.created_session_id}/tokens${template ? `/${template}` : ''}`) }
  }
  const jwtOf = async (response) => (assert.equal(response.status, 200), (await response.json()).jwt)

  test('discovery and key set', async () => {
    const response = await fetch(`${clerk.url}/.well-known/openid-configuration`)
    const document = await response.json()
    assert.equal(document.issuer, clerk.url)
    const set = await fetch(document.jwks_uri)
    assert.match(set.headers.get('cache-control') ?? '', /max-age=\d+/)
    const [key] = (await set.json()).keys
    assert.deepEqual([key.kty, key.alg, key.use, key.d], ['RSA', 'RS256', 'sig', undefined])
  })

  test('session token: the claims of the plan, verified with the published key', async () => {
    const alice = await signIn('alice')
    const verdict = await verifyJwt(await jwtOf(await alice.mint()), { keys, issuer: clerk.issuer })
    assert.ok(verdict.ok)
    const { payload } = verdict
    assert.deepEqual(Object.keys(payload).sort(), ['azp', 'email', 'email_verified', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sid', 'sts', 'sub', 'v'])
    assert.deepEqual([payload.sub, payload.email, payload.sid, payload.v, payload.azp], ['user_alice', 'alice@example.com', alice.sid, 2, 'http://127.0.0.1:3000'])
    assert.equal(payload.exp - payload.iat, 60)
    assert.equal(payload.iat - payload.nbf, 5)
  })

  test('templates: audiences and namespaces, never a session id; every mint is new', async () => {
    const bob = await signIn('bob')
    const fauna = peek(await jwtOf(await bob.mint('fauna')))
    assert.equal(fauna?.payload.aud, FAUNA_AUDIENCE)
    assert.equal(fauna?.payload.sid, undefined)
    const hasura = peek(await jwtOf(await bob.mint('hasura')))
    assert.deepEqual(hasura?.payload['https://hasura.io/jwt/claims'], {
      'x-hasura-allowed-roles': ['user', 'editor'], 'x-hasura-default-role': 'user', 'x-hasura-user-id': 'user_bob',
    })
    const convex = peek(await jwtOf(await bob.mint('convex')))
    assert.deepEqual([convex?.payload.aud, convex?.payload.name, convex?.payload.email], ['convex', 'Bob Baker', 'bob@example.com'])
    assert.notEqual(await jwtOf(await bob.mint('fauna')), await jwtOf(await bob.mint('fauna')))
  })

  test('an unknown template is 404 resource_not_found, in the shape of Clerk', async () => {
    const alice = await signIn('alice')
    for (const name of ['nope', 'constructor', '__proto__']) {
      const response = await alice.mint(name)
      assert.equal(response.status, 404)
      const body = await response.json()
      assert.equal(body.errors[0].code, 'resource_not_found')
      assert.ok(body.clerk_trace_id)
    }
  })

  test('a session that is over answers 401: removed, signed out, replaced, revoked, or never ours', async () => {
    const alice = await signIn('alice')
    await alice.call('POST', `/v1/client/sessions/${alice.sid}/remove`)
    assert.equal((await alice.mint()).status, 401)

    const again = await signIn('alice', alice.authorization)
    assert.equal((await again.mint()).status, 200)
    const bob = await signIn('bob', alice.authorization)
    assert.equal((await again.mint()).status, 401)
    assert.equal(bob.client.sessions.length, 1)
    await bob.call('DELETE', '/v1/client/sessions')
    assert.equal((await bob.mint('fauna')).status, 401)

    const third = await signIn('bob')
    assert.ok((await control('/__revoke', { user: 'bob' })).revoked >= 1)
    const refused = await third.mint()
    assert.equal(refused.status, 401)
    assert.equal((await refused.json()).errors[0].code, 'authentication_invalid')

    const mine = await signIn('alice')
    const other = await signIn('bob')
    assert.equal((await other.call('POST', `/v1/client/sessions/${mine.sid}/tokens`)).status, 401)
    const seen = await (await other.call('GET', '/v1/client')).json()
    assert.equal(seen.response.sessions[0].user.id, 'user_bob')
    assert.equal((await (await fetch(`${clerk.url}/v1/client`)).json()).response, null)
  })

  test('rotation: old tokens verify during the grace, and not after the old key is dropped', async () => {
    const alice = await signIn('alice')
    const old = await jwtOf(await alice.mint())
    const { kid, kids } = await control('/__rotate')
    assert.equal(kids[0], kid)
    assert.equal(kids.length, 2)
    const fresh = await jwtOf(await alice.mint())
    assert.equal(peek(fresh)?.header.kid, kid)
    assert.ok((await verifyJwt(fresh, { keys })).ok, 'the verifier that was already running finds the new key')
    assert.ok((await verifyJwt(old, { keys })).ok)
    await control('/__rotate', { dropOld: true })
    const verdict = await verifyJwt(old, { keys: remoteKeys(clerk.jwksUri) })
    assert.equal(!verdict.ok && verdict.reason, 'no_key')
  })

  test('a replaced key leaves after its grace', async () => {
    const short = await startClerk({ graceS: 0 })
    await fetch(`${short.url}/__rotate`, { method: 'POST' })
    assert.equal((await (await fetch(short.jwksUri)).json()).keys.length, 1)
    await short.stop()
  })

  test('knobs: lifetimes, wrong clock, claims, foreign key', async () => {
    const alice = await signIn('alice')
    await control('/__knobs', { lifetimes: { fauna: 7 }, lifetimeS: 30, clockOffsetS: -3600 })
    const earliest = Math.floor(Date.now() / 1000) - 3600
    const fauna = await jwtOf(await alice.mint('fauna'))
    const { payload } = peek(fauna) ?? { payload: {} }
    assert.equal(payload.exp - payload.iat, 7)
    assert.ok(payload.iat >= earliest && payload.iat <= Date.now() / 1000 - 3600)
    const verdict = await verifyJwt(fauna, { keys })
    assert.equal(!verdict.ok && verdict.reason, 'expired')
    const session = peek(await jwtOf(await alice.mint()))
    assert.equal(session?.payload.exp - session?.payload.iat, 30)

    await control('/__knobs', { lifetimes: {}, lifetimeS: 60, clockOffsetS: 0, claims: { convex: { aud: 'other' } }, foreignKey: true })
    const convex = await jwtOf(await alice.mint('convex'))
    assert.equal(peek(convex)?.payload.aud, 'other')
    const foreign = await verifyJwt(convex, { keys })
    assert.equal(!foreign.ok && foreign.reason, 'no_key')
    await control('/__knobs', { claims: {}, foreignKey: false })
  })

  test('knobs: 429 with Retry-After, 5xx so many times, hang, latency; they spare the key set and sign-in', async () => {
    const alice = await signIn('alice')
    await control('/__knobs', { fail: { status: 429, retryAfter: 7, times: 1 } })
    const limited = await alice.mint()
    assert.equal(limited.status, 429)
    assert.equal(limited.headers.get('retry-after'), '7')
    assert.equal((await limited.json()).errors[0].code, 'too_many_requests')
    assert.equal((await alice.mint()).status, 200)

    await control('/__knobs', { fail: { status: 503, match: '/hasura' } })
    assert.deepEqual([(await alice.mint('hasura')).status, (await alice.mint('fauna')).status], [503, 200])
    assert.equal((await fetch(clerk.jwksUri)).status, 200)

    await control('/__knobs', { fail: null, hang: 1 })
    const giveUp = new AbortController()
    const unanswered = assert.rejects(fetch(`${clerk.url}/v1/client/sessions/${alice.sid}/tokens`, {
      method: 'POST', headers: { authorization: alice.authorization }, signal: giveUp.signal,
    }), { name: 'AbortError' })
    // Given up only once it has taken the hang: otherwise the next request would.
    await until(() => clerk.knobs.hang === 0)
    assert.equal(clerk.log.at(-1).status, null, 'not answered')
    giveUp.abort()
    await unanswered
    await control('/__knobs', { latencyMs: 120 })
    const started = performance.now()
    assert.equal((await alice.mint()).status, 200)
    assert.ok(performance.now() - started >= 110)
    await control('/__knobs', { latencyMs: 0 })
  })

  test('knobs: what holdMs keeps is let go by 0, at once', async () => {
    const alice = await signIn('alice')
    await control('/__knobs', { holdMs: 3600_000 })
    const held = alice.mint()
    await until(() => clerk.log.at(-1)?.note === 'minted session' && clerk.log.at(-1)?.status === null)
    await control('/__knobs', { holdMs: 0 })
    assert.equal((await held).status, 200)
  })

  test('mints are counted per user and template; the log holds no token', async () => {
    const alice = await signIn('alice')
    const before = (await control('/__knobs')).counters.mints['user_alice/hasura'] ?? 0
    const jwt = await jwtOf(await alice.mint('hasura'))
    assert.equal((await control('/__knobs')).counters.mints['user_alice/hasura'], before + 1)
    const log = await (await fetch(`${clerk.url}/__log`)).text()
    assert.ok(!log.includes(jwt) && !log.includes(alice.authorization))
    const last = JSON.parse(log).at(-1)
    assert.deepEqual([last.status, last.sub, last.note], [200, 'user_alice', 'minted hasura'])
  })
})

test('startAll: issuers on free ports, readable errors, stops twice', async () => {
  const all = await startAll({ portBase: 0, only: [], each: { clerk: { lifetimeS: 5 } } })
  assert.deepEqual(Object.keys(all.urls).sort(), ['auth0', 'clerk'])
  assert.equal(all.config.issuers.auth0.issuer, `${all.urls.auth0}/`)
  assert.equal(all.servers.clerk.knobs.lifetimeS, 5)
  await all.stop()
  await all.stop()
  await assert.rejects(fetch(all.urls.clerk))
  await assert.rejects(startAll({ portBase: 0, only: ['mongo'] }), /no local backend is called mongo/)
})
