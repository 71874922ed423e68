// pageClerk with Clerk's own client on the page. Its Frontend API is answered here, with as little as it takes.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { until } from '../differential/until.mjs'
import { entry, name } from './world.mjs'

// Clerk believes itself offline without the first; the second would keep this process from ending.
Object.defineProperty(globalThis, 'navigator', { value: { onLine: true, userAgent: 'test' }, configurable: true })
delete globalThis.BroadcastChannel

const { Clerk } = await import('@clerk/clerk-js/no-rhc')
const { clerkSession, pageClerk } = await entry('clerk')
const { fakeToken } = await entry('testing')

const organization = { object: 'organization', id: 'org_1', name: 'One', slug: 'one', public_metadata: {} }
const membership = (person) => ({ object: 'organization_membership', id: `orgmem_${person}`, role: 'org:admin', permissions: [], organization, public_metadata: {}, public_user_data: { user_id: `user_${person}` } })
const sessionOf = (person, org) => ({
  object: 'session', id: `sess_${person}`, status: 'active', last_active_organization_id: org, expire_at: Date.now() + 1e9, abandon_at: Date.now() + 1e9,
  user: { object: 'user', id: `user_${person}`, email_addresses: [], phone_numbers: [], web3_wallets: [], external_accounts: [], organization_memberships: [membership(person)] },
  last_active_token: { object: 'token', jwt: fakeToken({ sub: `user_${person}`, sid: `sess_${person}` }) },
})
const environment = {
  object: 'environment', auth_config: { single_session_mode: true }, display_config: {}, organization_settings: {}, commerce_settings: { billing: { user: {}, organization: {} } },
  user_settings: { attributes: {}, social: {}, sign_in: {}, sign_up: {}, restrictions: {}, password_settings: {}, passkey_settings: {}, username_settings: {} },
}

/** Who is signed in at the Frontend API, and what it was asked. */
const api = { person: /** @type {string | null} */ (null), org: /** @type {string | null} */ (null), asked: /** @type {string[]} */ ([]) }
const { fetch } = globalThis

beforeEach(() => {
  Object.assign(api, { person: null, org: null, asked: [] })
  globalThis.fetch = async (input, init) => {
    const url = new URL(String(input))
    const method = url.searchParams.get('_method') ?? init?.method ?? 'GET'
    const path = url.pathname.replace('/v1/', '')
    api.asked.push(`${method} ${path}`)
    if (path === 'environment') return Response.json(environment)
    const tokens = /\/tokens(?:\/(.*))?$/.exec(path)
    if (tokens) return Response.json({ object: 'token', jwt: fakeToken({ sub: `user_${api.person}`, template: tokens[1], org: api.org }) })
    if (method === 'DELETE') api.person = null
    const touched = path.endsWith('/touch')
    if (touched) api.org = new URLSearchParams(String(init?.body ?? '')).get('active_organization_id') || null
    const sessions = api.person ? [sessionOf(api.person, api.org)] : []
    const client = { object: 'client', id: 'client_1', sessions, last_active_session_id: sessions[0]?.id ?? null }
    return Response.json(touched ? { response: sessions[0], client } : { response: client, client: null })
  }
})
afterEach(() => {
  globalThis.fetch = fetch
  delete globalThis.Clerk
})

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
const load = (clerk) => clerk.load({ standardBrowser: false, telemetry: { disabled: true } })
const make = () => new Clerk(`pk_test_${Buffer.from('clerk.test$').toString('base64')}`)

test('without a Clerk on the page: undefined, and a call that waited says what it waited for', async () => {
  assert.equal(pageClerk(), undefined)
  const session = clerkSession(pageClerk, { name: name(), logger: false, policy: { timeoutMs: 80 } })
  await assert.rejects(session.getToken('x'), { code: 'timeout' })
  assert.equal(session.status, 'unknown')
  session.dispose()
})

test('Clerk appears, loads, changes user and organisation, and signs out', async () => {
  const session = clerkSession(pageClerk, { name: name(), logger: false, templates: { hasura: 'hasura-template', plain: {} } })
  const waiting = session.getToken('hasura')
  // First the script tag's own object, which cannot listen yet; then Clerk, which knows nothing yet.
  globalThis.Clerk = { publishableKey: 'pk_test' }
  assert.equal(pageClerk(), globalThis.Clerk)
  await new Promise((resolve) => setTimeout(resolve, 60))
  const clerk = (globalThis.Clerk = make())
  let heard = 0
  const { addListener } = clerk
  clerk.addListener = (...args) => (heard++, addListener(...args))
  await until(() => heard)
  assert.equal(session.status, 'unknown')

  api.person = 'alice'
  await load(clerk)
  const { sub, template } = claims(await waiting)
  assert.deepEqual([sub, template, session.status], ['user_alice', 'hasura-template', 'signedIn'])
  assert.equal(claims(await session.getToken('plain')).sub, 'user_alice')
  const alice = session.identityKey

  api.person = 'bob'
  await clerk.client.reload()
  await clerk.setActive({ session: 'sess_bob' })
  await until(() => session.identityKey !== alice && session.status === 'signedIn')
  assert.equal(session.peek('hasura'), null)
  assert.equal(claims(await session.getToken('hasura')).sub, 'user_bob')
  const bob = session.identityKey

  await clerk.setActive({ organization: 'org_1' })
  await until(() => session.identityKey !== bob && session.status === 'signedIn')
  assert.equal(clerk.organization.id, 'org_1')
  assert.equal(session.peek('hasura'), null)
  assert.equal(claims(await session.getToken('hasura')).org, 'org_1')

  await clerk.signOut()
  await until(() => session.status === 'anonymous')
  assert.equal(await session.getToken('hasura'), null)
  assert.equal(heard, 1, 'one listener for all of it')
  session.dispose()
})

test('the session’s own sign-out is Clerk’s; disposed, it hears no more of Clerk', async () => {
  const clerk = (globalThis.Clerk = make())
  api.person = 'alice'
  await load(clerk)
  const session = clerkSession(pageClerk, { name: name(), logger: false })
  assert.equal(claims(await session.getToken('x')).sub, 'user_alice')
  await session.signOut()
  assert.ok(api.asked.includes('DELETE client/sessions'))
  assert.equal(clerk.session, null)
  assert.deepEqual([session.status, await session.getToken('x')], ['anonymous', null])
  let left = 0
  const second = clerkSession(() => ({ ...clerk, addListener: (listener) => ((stop) => () => (left++, stop()))(clerk.addListener(listener)) }), { name: name(), logger: false })
  assert.equal(await second.getToken('x'), null)
  second.dispose()
  assert.equal(left, 1)
  session.dispose()
})
