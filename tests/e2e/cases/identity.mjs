// The user changes while requests are on their way, or leaves.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BACKENDS, pause, until, watchLog } from '../demo.mjs'
import { areRowsOf, CARDS, isRowsOf } from './rows.mjs'

export const title = 'who is signed in'

/** What arrives too late must not do anything; this is how long it is given to do it. */
const AFTERMATH_MS = 300
const DATA = { fauna: '/query/1', hasura: '/v1/graphql', convex: '/api/query', instant: '/admin/query' }

/** @param {() => import('../demo.test.mjs').Demo} of */
export default function cases(of) {
  test('a switch while the answers are on their way: nobody gets the answers of somebody else', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    await visit.askAll(BACKENDS)
    const underway = await askAndHold(demo, servers, visit)

    const seen = await visit.watchFor('Alice: ')
    const later = BACKENDS.map((name) => watchLog(servers[name]))
    const sentBefore = visit.sent.length
    await visit.signIn('bob')
    await underway.wereCalledOff()
    for (const card of BACKENDS) assert.equal(await visit.shown(card), '', `${card} after the switch`)

    await areRowsOf(visit, 'bob')
    assert.deepEqual(await seen(), [], 'an answer to Alice was on Bob’s page')
    onlyBob(visit, later, sentBefore)
  })

  test('a switch while the tokens are on their way: the old user’s token is not used', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    const held = demo.hold('clerk', '/tokens')
    const minting = watchLog(servers.clerk)
    const data = BACKENDS.map((name) => watchLog(servers[name]))
    const sentBefore = visit.sent.length
    for (const card of CARDS) await visit.press(card)
    await until(() => held.kept() >= 4, 'the issuer has signed four tokens for Alice')
    await visit.signIn('bob')
    held.release()
    await until(() => minting().every(({ status }) => status !== null), 'Alice’s tokens have arrived, or nobody takes them any more')
    await pause(AFTERMATH_MS)
    for (const card of CARDS) assert.equal(await visit.shown(card), '', `${card} after the switch`)
    await areRowsOf(visit, 'bob')
    onlyBob(visit, data, sentBefore)
  })

  test('results are cleared by a switch and by a switch back, and every switch is a new generation', async () => {
    const visit = await of().visit()
    let generation = -1
    for (const person of /** @type {const} */ (['alice', 'bob', 'alice'])) {
      await visit.signIn(person)
      for (const card of CARDS) assert.equal(await visit.shown(card), '', `${card} as ${person} arrives`)
      await areRowsOf(visit, person, CARDS)
      const row = await until(async () => { const now = await visit.token('hasura'); return now.generation > generation && now }, `the generation goes up from ${generation}`)
      generation = row.generation
      assert.ok(row.secondsLeft > 0 && row.secondsLeft <= 60, `${row.secondsLeft} seconds left of 60`)
    }
  })

  test('from Auth0 to Clerk and back', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signInWithAuth0('alice')
    isRowsOf(await visit.ask('hasura'), 'alice', 'hasura')
    isRowsOf(await visit.ask('instant'), 'alice', 'instant')
    const later = BACKENDS.map((name) => watchLog(servers[name]))
    const sentBefore = visit.sent.length
    await visit.signIn('bob')
    assert.equal(await visit.shown('hasura'), '')
    await areRowsOf(visit, 'bob')
    onlyBob(visit, later, sentBefore)
    await visit.signInWithAuth0('alice')
    await areRowsOf(visit, 'alice')
  })

  for (const issuer of /** @type {const} */ (['Clerk', 'Auth0'])) {
    test(`signing out of ${issuer}: nothing is sent any more, and Instant’s refresh token is revoked`, async () => {
      const { servers, ...demo } = of()
      const live = () => servers.instant.liveTokens?.().map(({ token }) => token) ?? []
      const visit = await demo.visit()
      const before = live()
      if (issuer === 'Clerk') await visit.signIn('alice')
      else await visit.signInWithAuth0('alice')
      await visit.askAll(BACKENDS)
      const own = live().filter((token) => !before.includes(token))
      assert.equal(own.length, 1, 'one refresh token of Instant per visit')

      await visit.signOut()
      await until(() => !live().includes(own[0] ?? ''), 'Instant’s refresh token is revoked')
      for (const card of CARDS) assert.equal(await visit.shown(card), '', `${card} after the sign-out`)

      const logs = [...BACKENDS, /** @type {const} */ ('clerk')].map((name) => watchLog(servers[name]))
      const sentBefore = visit.sent.length
      for (const card of CARDS) {
        await visit.press(card)
        assert.match(await visit.error(card), /nobody is signed in|signed out|sign in/i, card)
      }
      assert.deepEqual(visit.sent.slice(sentBefore), [], 'something was sent for nobody')
      // A backend fetches the issuer's keys when it likes.
      assert.deepEqual(logs.flatMap((log) => log()).filter(({ path }) => !path.startsWith('/.well-known/')), [], 'somebody was asked for nobody')
      for (const name of BACKENDS) assert.ok((await visit.token(name)).secondsLeft === 0, `${name} still shows a live token`)

      await visit.signIn('bob')
      await areRowsOf(visit, 'bob')
    })
  }

  test('signing out while the answers are on their way', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    await visit.askAll(BACKENDS)
    const underway = await askAndHold(demo, servers, visit)
    const seen = await visit.watchFor('Alice: ')
    await visit.signOut()
    await underway.wereCalledOff()
    for (const card of BACKENDS) assert.equal(await visit.shown(card), '', card)
    assert.deepEqual(await seen(), [])
  })

  test('a session that is ended at the issuer', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    await visit.ask('fauna')
    await fetch(`${servers.clerk.url}/__revoke`, { method: 'POST', body: JSON.stringify({ user: 'alice' }) })
    await visit.at('expire-tokens').click()
    await visit.press('fauna')
    await visit.at('identity').filter({ hasText: 'Signed out' }).waitFor()
    assert.doesNotMatch(await visit.shown('fauna'), /Alice:/)
  })
}

/**
 * Every backend is asked, and has its answer ready. `wereCalledOff`: the browser wanted none of them any more; let go, they go nowhere.
 * @param {Pick<import('../demo.test.mjs').Demo, 'hold'>} demo @param {import('../demo.test.mjs').Demo['servers']} servers @param {import('../visit.mjs').Visit} visit
 */
async function askAndHold(demo, servers, visit) {
  const held = BACKENDS.map((name) => demo.hold(name, DATA[name]))
  const logs = BACKENDS.map((name) => watchLog(servers[name]))
  const before = visit.sent.length
  for (const name of BACKENDS) await visit.press(name)
  // Seen from both ends: what the browser is heard to send later is not one of these.
  const heard = () => BACKENDS.every((name) => visit.sent.slice(before).some(({ to, url }) => to === name && url.includes(DATA[name])))
  await until(() => held.every(({ kept }) => kept() > 0) && heard(), 'every backend has an answer for Alice')
  const asked = () => logs.map((log, i) => log().filter(({ path }) => path === DATA[BACKENDS[i]]))
  return {
    async wereCalledOff() {
      const calledOff = () => asked().every((entries) => entries.every(({ status }) => status === 0))
      await until(calledOff, 'what was sent for Alice is called off').catch((error) => assert.fail(`${error.message}: ${JSON.stringify(asked())}`))
      for (const { release } of held) release()
      await pause(AFTERMATH_MS)
    },
  }
}

/**
 * After the switch no backend got anything of Alice's; not by its own log, and not by the tokens that left the browser.
 * @param {import('../visit.mjs').Visit} visit @param {(() => import('../demo.mjs').LogEntry[])[]} logs @param {number} sentBefore   how many requests the browser had sent until then
 */
function onlyBob(visit, logs, sentBefore) {
  // Instant's log names people by their address; signing Alice's refresh token out is the one call that is still hers.
  for (const [i, log] of logs.entries()) {
    const entries = log().filter(({ path }) => path !== '/runtime/signout')
    assert.ok(entries.length > 0, `${BACKENDS[i]} was asked by Bob`)
    for (const entry of entries) assert.match(entry.sub ?? '', /^(user_bob|bob@example\.com)$/, `${BACKENDS[i]}: ${JSON.stringify(entry)}`)
  }
  const others = visit.sent.slice(sentBefore).filter(({ sub }) => sub && sub !== 'user_bob')
  assert.deepEqual(others, [])
}
