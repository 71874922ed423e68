// pageClerk with Clerk's own client on the page.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { load, newClerk } from '../differential/providers/clerk.mjs'
import { frontendApi } from '../differential/providers/frontend-api.mjs'
import { claimsOf } from '../differential/providers/signer.mjs'
import { until } from '../differential/until.mjs'
import { entry, name } from './world.mjs'

const { clerkSession, pageClerk } = await entry('clerk')

/** @type {ReturnType<typeof frontendApi>} */
let api
beforeEach(() => void (api = frontendApi()))
afterEach(() => {
  api.stop()
  delete globalThis.Clerk
})

test('without a Clerk on the page: undefined, and a call that waited says what it waited for', async () => {
  assert.equal(pageClerk(), undefined)
  const session = clerkSession(pageClerk, { name: name(), logger: false, policy: { timeoutMs: 80 } })
  await assert.rejects(session.getToken('x'), { code: 'timeout' })
  assert.equal(session.status, 'unknown')
  session.dispose()
})

test('Clerk appears, loads, changes user and organisation, and signs out', async () => {
  const session = clerkSession(pageClerk, { name: name(), logger: false, templates: { hasura: 'hasura', plain: {} } })
  const waiting = session.getToken('hasura')
  // First the script tag's own object, which cannot listen yet; then Clerk, which knows nothing yet.
  let looks = 0
  globalThis.Clerk = { publishableKey: 'pk_test', get addListener() { return void looks++ } }
  assert.equal(pageClerk(), globalThis.Clerk)
  await until(() => looks > 1)
  const clerk = (globalThis.Clerk = newClerk())
  let heard = 0
  const { addListener } = clerk
  clerk.addListener = (...args) => (heard++, addListener(...args))
  await until(() => heard)
  assert.equal(session.status, 'unknown')

  api.signIn('alice')
  await load(clerk)
  const { sub, template } = claimsOf(await waiting)
  assert.deepEqual([sub, template, session.status], ['user_alice', 'hasura', 'signedIn'])
  assert.equal(claimsOf(await session.getToken('plain')).sub, 'user_alice')
  const alice = session.identityKey

  const { id } = api.signIn('bob')
  await clerk.client.reload()
  await clerk.setActive({ session: id })
  await until(() => session.identityKey !== alice && session.status === 'signedIn')
  assert.equal(session.peek('hasura'), null)
  assert.equal(claimsOf(await session.getToken('hasura')).sub, 'user_bob')
  const bob = session.identityKey

  await clerk.setActive({ organization: 'org_1' })
  await until(() => session.identityKey !== bob && session.status === 'signedIn')
  assert.equal(clerk.organization.id, 'org_1')
  assert.equal(session.peek('hasura'), null)
  assert.equal(claimsOf(await session.getToken('hasura')).org_id, 'org_1')

  await clerk.signOut()
  await until(() => session.status === 'anonymous')
  assert.equal(await session.getToken('hasura'), null)
  assert.equal(heard, 1, 'one listener for all of it')
  session.dispose()
})

test('the session’s own sign-out is Clerk’s; disposed, it hears no more of Clerk', async () => {
  const clerk = (globalThis.Clerk = newClerk())
  api.signIn('alice')
  await load(clerk)
  const session = clerkSession(pageClerk, { name: name(), logger: false })
  assert.equal(claimsOf(await session.getToken('hasura')).sub, 'user_alice')
  await session.signOut()
  assert.ok(api.asked.includes('DELETE client/sessions'))
  assert.equal(clerk.session, null)
  assert.deepEqual([session.status, await session.getToken('hasura')], ['anonymous', null])
  let left = 0
  const second = clerkSession(() => ({ ...clerk, addListener: (listener) => ((stop) => () => (left++, stop()))(clerk.addListener(listener)) }), { name: name(), logger: false })
  assert.equal(await second.getToken('hasura'), null)
  second.dispose()
  assert.equal(left, 1)
  session.dispose()
})
