// How long a token is used, and what is asked of the provider when it ends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BACKENDS, pause, until, watchLog } from '../demo.mjs'
import * as fauna from './fauna.mjs'
import * as hasura from './hasura.mjs'
import { LIFE_S } from './live.mjs'
import { areRowsOf, isRowsOf } from './rows.mjs'

export const title = 'expiry and refresh'

/** Refreshed a fifth of its life before its end (DESIGN.md §4), so this often when it is in use. */
const EVERY_MS = 60_000 * 0.8
/** The first token and two refreshes. */
const TOKENS = 3
const LONGEST_VISIT_MS = 5 * EVERY_MS
/** From one press to the next: less than what is left of a token when it is refreshed. */
const PASS_S = 9

/** What the Clerk-shaped issuer calls the token of a card. */
const KINDS = { fauna: 'fauna', hasura: 'hasura', convex: 'convex', instant: 'session' }

/** @param {() => import('../demo.test.mjs').Demo} of */
export default function cases(of) {
  test('across several expiries every press succeeds, with about one call of the provider for each', async () => {
    const { servers, ...demo } = of()
    const logs = BACKENDS.map((name) => watchLog(servers[name]))
    const visit = await demo.visit({ clock: true })
    await visit.signIn('alice')
    const before = await demo.mints()
    const began = Date.now()
    const minted = async () => {
      const now = await demo.mints()
      return ['fauna', 'hasura', 'convex'].map((template) => ({ template, calls: (now[`user_alice/${template}`] ?? 0) - (before[`user_alice/${template}`] ?? 0) }))
    }
    for (let presses = 1, enough = false; !enough; presses++) {
      await areRowsOf(visit, 'alice')
      const all = await minted()
      const took = Date.now() + visit.passedS * 1000 - began
      for (const { template, calls } of all) assert.ok(calls <= took / EVERY_MS + 1.5, `${template}: ${calls} calls in ${presses} presses, ${(took / EVERY_MS).toFixed(1)} refreshes were due`)
      enough = all.every(({ calls }) => calls >= TOKENS)
      assert.ok(enough || took < LONGEST_VISIT_MS, `after ${took} ms: ${JSON.stringify(all)}`)
      await demo.pass(visit, PASS_S)
    }
    for (const entry of logs.flatMap((log) => log())) assert.equal(entry.status, 200, JSON.stringify(entry))
    // By the browser's clock: this process is also every server, and may be late to hear of a request.
    for (const { to, at, exp } of visit.sent) if (exp) assert.ok(at > 0 && at / 1000 < exp, `${to} got a token that had expired: ${at / 1000} and ${exp}`)
  })

  test('a press after a long pause, with everything expired', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit({ clock: true })
    await visit.signIn('bob')
    await areRowsOf(visit, 'bob')
    const mints = await demo.mints()
    await demo.pass(visit, 600)
    const logs = BACKENDS.map((name) => watchLog(servers[name]))
    await areRowsOf(visit, 'bob')
    for (const entry of logs.flatMap((log) => log())) assert.equal(entry.status, 200, JSON.stringify(entry))
    const minted = await demo.mints()
    for (const kind of ['fauna', 'hasura', 'convex']) assert.equal(minted[`user_bob/${kind}`] - mints[`user_bob/${kind}`], 1, `${kind}: new tokens`)
  })

  test('live lists outlive their tokens in real time: nothing is missed, doubled or late, in Fauna’s and in Hasura’s', async () => {
    const demo = of()
    demo.servers.clerk.knobs.lifetimeS = LIFE_S
    // Two visitors at once, because both have to wait for the same.
    const failed = (await Promise.allSettled([fauna.outlives(demo), hasura.outlives(demo)])).flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    if (failed.length) throw failed.length > 1 ? new AggregateError(failed, failed.map(String).join('\n')) : failed[0]
  })

  for (const issuer of /** @type {const} */ (['clerk', 'auth0'])) {
    test(`"expire them now" drops the tokens at hand, before their time: the next press refreshes once, and is answered (${issuer})`, async () => {
      // Real expiry is what the tests above are about.
      const demo = of()
      const visit = await demo.visit()
      if (issuer === 'clerk') await visit.signIn('alice')
      else await visit.signInWithAuth0('alice')
      await visit.askAll(BACKENDS)
      for (const card of BACKENDS) {
        const before = await visit.token(card)
        const mints = await demo.mints(issuer)
        await visit.at('expire-tokens').click()
        assert.equal((await until(async () => { const now = await visit.token(card); return now.secondsLeft === 0 && now }, `${card}: the token is shown as expired`)).phase, 'expired')
        isRowsOf(await visit.ask(card), 'alice', card)
        // InstantDB is asked with the refresh token that it gave in exchange: it needs no new token of the provider, and may take one.
        const least = card === 'instant' ? 0 : 1
        await until(async () => (await visit.token(card)).refreshes >= before.refreshes + least, `${card}: a refresh after the ${before.refreshes}th`)
        await pause(300)
        const after = await visit.token(card)
        assert.ok(after.refreshes <= before.refreshes + 1, `${card}: ${before.refreshes} refreshes, then ${after.refreshes}`)
        assert.equal(after.generation, before.generation)
        if (after.refreshes > before.refreshes) assert.ok(after.secondsLeft > 30, `${card}: ${after.secondsLeft} s left of the new one`)
        const used = Object.entries(await demo.mints(issuer)).filter(([name, n]) => n !== (mints[name] ?? 0))
        for (const [name, n] of used) assert.equal(n - (mints[name] ?? 0), 1, `${card}: ${name}`)
        if (issuer === 'clerk') assert.deepEqual(used.map(([name]) => name), after.refreshes > before.refreshes ? [`user_alice/${KINDS[card]}`] : [])
      }
    })
  }

  test('the panel: seconds run down, a refresh is counted where it happened and nowhere else', async () => {
    const visit = await of().visit()
    assert.deepEqual(await visit.token('fauna'), { phase: 'none', secondsLeft: 0, refreshes: 0, generation: 0 })
    await visit.signIn('alice')
    await visit.ask('fauna')
    await visit.ask('hasura')
    const [first, other] = [await visit.token('fauna'), await visit.token('hasura')]
    assert.ok(first.secondsLeft > 30 && first.secondsLeft <= 60, `${first.secondsLeft} seconds left of 60`)
    await until(async () => (await visit.token('fauna')).secondsLeft <= first.secondsLeft - 2, 'the seconds run down')
    for (let i = 1; i <= 2; i++) {
      await visit.at('expire-tokens').click()
      await visit.ask('fauna')
      await until(async () => (await visit.token('fauna')).refreshes === first.refreshes + i, `refresh ${i} is counted`)
    }
    assert.equal((await visit.token('hasura')).refreshes, other.refreshes)
    assert.equal((await visit.token('convex')).phase, 'none')
  })

  test('new signing keys at the issuer, the old ones gone at once', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    await visit.askAll(BACKENDS)
    for (const issuer of /** @type {const} */ (['clerk', 'auth0'])) {
      await fetch(`${servers[issuer].url}/__rotate`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ dropOld: true }) })
    }
    // Hasura and Instant keep a key set for as long as its headers say; here they are told to look again.
    await fetch(new URL('/__knobs', servers.hasura.url), { method: 'POST', body: JSON.stringify({ refetchKeys: true }) })
    await fetch(new URL('/__knobs', servers.instant.url), { method: 'POST', body: JSON.stringify({ forgetKeys: true }) })
    const before = await demo.mints()
    // Tokens of the old key: refused by whoever looks; the visitor sees answers only.
    await areRowsOf(visit, 'alice')
    assert.equal((await demo.mints())['user_alice/hasura'], (before['user_alice/hasura'] ?? 0) + 1, 'Hasura refused the old token, once')
    await visit.at('expire-tokens').click()
    await areRowsOf(visit, 'alice')
  })
}
