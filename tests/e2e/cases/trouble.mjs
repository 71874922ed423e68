// The provider fails, is silent or says no; a backend refuses. What the visitor reads, and how much is asked meanwhile.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BACKENDS, pause, turn, until, watchLog } from '../demo.mjs'
import { areRowsOf, isRowsOf } from './rows.mjs'

export const title = 'when something fails'

/** What a sentence for people does not look like. */
const UNREADABLE = /\[object|undefined|NaN|\bat \S+:\d+:\d+|TypeError/
const MINTING = /\/tokens/
/** The policy's patience with the provider. */
const TIMEOUT_MS = 10_000

/** @param {string} text @param {string} about */
function isReadable(text, about) {
  assert.ok(text.trim().length > 20 && /\s/.test(text.trim()), `${about}: ${text}`)
  assert.doesNotMatch(text, UNREADABLE, about)
}

/** @param {() => import('../demo.test.mjs').Demo} of */
export default function cases(of) {
  for (const [status, cards] of /** @type {const} */ ([[500, BACKENDS], [429, ['fauna', 'convex']]])) {
    test(`the provider answers ${status}: an error to read, no storm, and it recovers`, async () => {
      const { servers, ...demo } = of()
      const visit = await demo.visit()
      await visit.signIn('alice')
      servers.clerk.knobs.fail = { status, ...(status === 429 ? { retryAfter: 1 } : {}) }
      const asked = watchLog(servers.clerk)
      const logs = BACKENDS.map((name) => watchLog(servers[name]))
      for (const card of cards) await visit.press(card)
      for (const card of cards) {
        const text = await visit.error(card)
        isReadable(text, card)
        assert.match(text, status === 429 ? /too many requests/i : /error/i, card)
      }
      assert.deepEqual(logs.flatMap((log) => log()), [], 'nothing is sent without a token')
      const calls = asked().filter(({ path }) => MINTING.test(path)).length
      assert.ok(calls <= 2 * cards.length, `${calls} calls of the provider for ${cards.length} presses`)
      servers.clerk.knobs.fail = null
      await recover(visit, cards)
    })
  }

  test('the provider fails when a refresh is due: the token at hand serves until its end', async () => {
    const { servers, ...demo } = of()
    // A fifth of it is left when a refresh is due: nearly five seconds to press and to be answered. A longer life gives no more, because
    // the stand-in for Clerk hands out its cached token again until five seconds before the end.
    servers.clerk.knobs.lifetimeS = 24
    const visit = await demo.visit({ clock: true })
    await visit.signIn('alice')
    await visit.pressAtOnce(BACKENDS)
    for (const card of BACKENDS) await visit.result(card)
    servers.clerk.knobs.fail = { status: 503 }
    const asked = watchLog(servers.clerk)
    const logs = BACKENDS.map((name) => watchLog(servers[name]))
    const left = await Promise.all(BACKENDS.map(async (card) => (await visit.token(card)).secondsLeft))
    await demo.pass(visit, Math.min(...left) - 5)
    await until(async () => (await visit.token('convex')).phase === 'due', 'a refresh is due')
    await visit.pressAtOnce(BACKENDS)
    for (const card of BACKENDS) isRowsOf(await visit.result(card), 'alice', card)
    for (const entry of logs.flatMap((log) => log())) assert.equal(entry.status, 200, JSON.stringify(entry))
    await visit.at('identity').and(visit.page.locator('[data-status=degraded]')).waitFor()
    assert.ok(asked().some(({ status }) => status === 503), 'the provider was asked')
    servers.clerk.knobs.fail = null
    await recover(visit, BACKENDS)
    // A press may still be answered with the token at hand; one of the next asks the provider, and that heals it.
    const healed = visit.at('identity').and(visit.page.locator('[data-status=signedIn]'))
    await until(async () => {
      await areRowsOf(visit, 'alice')
      return (await healed.count()) > 0
    }, 'nothing is left of the failure', 30_000)
    await visit.isSignedInAs('user_alice')
  })

  test('the provider is silent: every call ends after the policy’s ten seconds, and it recovers', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit({ clock: true })
    await visit.signIn('alice')
    servers.clerk.knobs.hang = true
    const asked = watchLog(servers.clerk)
    // Time stands still but where it is said to pass.
    const { clock } = visit.context
    await clock.pauseAt(await visit.page.evaluate(() => Date.now() + 100))
    await visit.pressAtOnce(BACKENDS)
    await until(() => asked().filter(({ path }) => MINTING.test(path)).length >= BACKENDS.length, 'the provider is asked for all of them')
    await clock.runFor(TIMEOUT_MS - 1)
    for (const card of BACKENDS) assert.equal(await visit.shown(card), '', card)
    await clock.runFor(1)
    for (const card of BACKENDS) {
      const text = await visit.error(card)
      isReadable(text, card)
      assert.match(text, /getToken has not settled|the sign-in took too long/, `${card} names who is silent`)
    }
    assert.ok(asked().filter(({ path }) => MINTING.test(path)).length <= 2 * BACKENDS.length)
    // The issuer is started anew: the connections that hung are cut off.
    await turn(servers.clerk, { hang: false })
    await clock.resume()
    await recover(visit, BACKENDS)
  })

  test('the provider cannot be reached: the message of the sign-in, and of the cards', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.at('identity').filter({ hasText: 'Signed out' }).waitFor()
    servers.clerk.knobs.affects = 'all'
    servers.clerk.knobs.fail = { status: 500, times: 1 }
    await visit.at('sign-in-alice').click()
    isReadable(await until(() => visit.at('identity-error').innerText(), 'the sign-in says what went wrong'), 'sign-in')
    await visit.signIn('alice')
    assert.equal(await visit.at('identity-error').innerText(), '')
    isRowsOf(await visit.ask('fauna'), 'alice', 'fauna')
  })

  for (const card of BACKENDS) {
    test(`${card} refuses a good token, once and then always`, async () => {
      const { servers, ...demo } = of()
      const visit = await demo.visit()
      await visit.signIn('bob')
      await visit.ask(card)
      // Once: replayed with a new one, out of the visitor's sight.
      const before = total(await demo.mints())
      const asked = watchLog(servers[card])
      servers[card].knobs.rejectNext = 1
      isRowsOf(await visit.ask(card), 'bob', card)
      assert.equal(servers[card].knobs.rejectNext, 0)
      // InstantDB's own refresh token was refused, and the provider's token at hand buys a new one.
      assert.equal(total(await demo.mints()) - before, card === 'instant' ? 0 : 1, 'new tokens')
      assert.ok(asked().length <= 3, JSON.stringify(asked()))

      // From now on every token: an error with a hint, and at most one new token per press.
      servers[card].knobs.rejectNext = 50
      for (let press = 1; press <= 2; press++) {
        const mints = total(await demo.mints())
        const log = watchLog(servers[card])
        await visit.press(card)
        const text = await visit.error(card)
        isReadable(text, card)
        assert.match(text, /What to change/, `${card}: no hint in ${text}`)
        await pause(300)
        const minted = total(await demo.mints()) - mints
        assert.ok(minted <= 1, `press ${press} minted ${minted}`)
        assert.ok(log().length <= 4, JSON.stringify(log()))
      }
      servers[card].knobs.rejectNext = 0
      await recover(visit, [card])
    })
  }

  test('a token that the backend does not want says what is wrong with it', async () => {
    const { servers, ...demo } = of()
    servers.clerk.knobs.claims = { fauna: { aud: 'https://db.fauna.com/db/another' }, convex: { aud: 'another' }, hasura: { 'https://hasura.io/jwt/claims': undefined } }
    const visit = await demo.visit()
    await visit.signIn('alice')
    for (const [card, word] of Object.entries({ fauna: /aud/, convex: /aud/, hasura: /claims/ })) {
      await visit.press(card)
      const text = await visit.error(card)
      isReadable(text, card)
      assert.match(text.split('What to change')[1] ?? '', word, `${card}: ${text}`)
    }
  })

  test('a role that the token does not allow', async () => {
    const visit = await of().visit()
    await visit.signIn('alice')
    await visit.at('hasura-role').selectOption('admin')
    await visit.press('hasura')
    isReadable(await visit.error('hasura'), 'hasura')
    await visit.at('hasura-role').selectOption('editor')
    await visit.ask('hasura')
  })
}

const total = (/** @type {Record<string, number>} */ mints) => Object.values(mints).reduce((sum, n) => sum + n, 0)

/**
 * After a failure the provider is left alone for a moment; a person presses again. One press after the other: there is one mouse.
 * @param {import('../visit.mjs').Visit} visit @param {readonly string[]} cards
 */
async function recover(visit, cards) {
  let left = [...cards]
  await until(async () => {
    for (const card of left) await visit.press(card)
    for (const card of left) {
      const { kind, text } = await visit.outcome(card, 15_000)
      if (kind === 'error') continue
      isRowsOf(text, text.includes('Alice:') ? 'alice' : 'bob', card)
      left = left.filter((each) => each !== card)
    }
    if (left.length) await pause(300)
    return !left.length
  }, 'every card answers again', 20_000)
}
