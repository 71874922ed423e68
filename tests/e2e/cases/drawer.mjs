// The Trouble drawer: what it makes go wrong goes wrong, and the page behind it does the right thing, seen in the drawer and at the servers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BACKENDS, pause, until, watchLog } from '../demo.mjs'
import { fits, picture, unnamed } from './page.mjs'

export const title = 'the Trouble drawer'

const HOURS_8 = 8 * 3600
const OK = Object.fromEntries(BACKENDS.map((name) => [name, 'ok']))
const FAILED = Object.fromEntries(BACKENDS.map((name) => [name, 'failed']))
/** Longer than from one read to the next. */
const QUIET_MS = 1100

/** @param {() => import('../demo.test.mjs').Demo} of */
export default function cases(of) {
  test('by keyboard, by its address, on a phone: it opens and closes, and its controls have names', async () => {
    const visit = await of().visit({ viewport: { width: 360, height: 740 }, colorScheme: 'dark', reducedMotion: 'reduce' })
    const { page } = visit
    const focused = () => page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).dataset.testid ?? document.activeElement?.id)
    await visit.at('trouble').focus()
    await page.keyboard.press('Enter')
    await until(async () => (await focused()) === 'trouble-title', 'the focus is in the drawer')
    assert.deepEqual(await unnamed(visit), [])
    await fits(visit, 'the drawer on a phone')
    await picture(visit, of().picture('phone-dark-trouble'))
    await page.keyboard.press('Tab')
    assert.equal(await focused(), 'trouble-close', 'nothing is wrong, so there is nothing to put right')
    await visit.at('clock-3600').click()
    assert.deepEqual(await on(visit), ['clock +1 h'])
    await page.keyboard.press('Escape')
    assert.equal(await focused(), 'trouble')
    assert.match(await visit.at('trouble-flag').innerText(), /clock \+1 h/)
    await fits(visit, 'the flag on a phone')
    await page.evaluate(() => { location.hash = 'trouble' })
    await visit.at('clock-slider').focus()
    for (const [key, ms, text] of /** @type {const} */ ([['Home', -3_600_000, '−1 h'], ['ArrowRight', -3_528_000, '−58 min 48 s']])) {
      await page.keyboard.press(key)
      assert.equal(await visit.at('clock-now').innerText(), text)
      const wrong = await page.evaluate(() => Date.now() - new Date(performance.timeOrigin + performance.now()).getTime())
      assert.ok(Math.abs(wrong - ms) < 1000, `${wrong}`)
    }
    await visit.at('trouble-reset').click()
    assert.deepEqual(await on(visit), [])
    assert.ok(Math.abs(await page.evaluate(() => Date.now() - performance.timeOrigin - performance.now())) < 1000)
    assert.deepEqual(visit.console, [])
  })

  test('the clock is moved while every token is read: a few calls, no more, and the bars run; so after eight hours of sleep', async () => {
    const { servers, ...demo } = of()
    const visit = await signedIn(demo, 'alice')
    await visit.at('watch-read').click()
    assert.deepEqual(await askAll(visit), OK)
    const logs = BACKENDS.map((name) => watchLog(servers[name]))
    for (const [id, what] of /** @type {const} */ ([['clock-3600', 'an hour ahead'], ['clock--60', 'a minute behind']])) {
      const before = await number(visit, 'watch-calls')
      await visit.at(id).click()
      await fresh(visit, what)
      if (id === 'clock-3600') await quiet(visit)
      const spent = (await number(visit, 'watch-calls')) - before
      assert.ok(spent <= 4 * BACKENDS.length, `${what}: ${spent} calls`)
      assert.deepEqual(await askAll(visit), OK, what)
    }
    await visit.at('clock-0').click()

    await visit.at('trouble-sleep').click()
    await until(async () => (await on(visit)).includes('slept 8 h'), 'it has slept')
    assert.equal(servers.clerk.knobs.clockOffsetS, HOURS_8)
    const before = await number(visit, 'watch-calls')
    await fresh(visit, 'after the sleep')
    assert.ok((await number(visit, 'watch-calls')) - before <= 2 * BACKENDS.length, 'after the sleep')
    assert.deepEqual(await askAll(visit), OK, 'after the sleep')
    await visit.at('trouble-reset').click()
    await until(() => servers.clerk.knobs.clockOffsetS === 0, 'the servers are back')
    await fresh(visit, 'put right')
    assert.deepEqual(await askAll(visit), OK, 'put right')
    for (const entry of logs.flatMap((log) => log())) assert.equal(entry.status, 200, JSON.stringify(entry))
  })

  test('a provider that fails, is silent, or lies: nothing is sent that should not be, and it is well again when it is told so', async () => {
    const { servers, ...demo } = of()
    const visit = await signedIn(demo, 'alice')
    for (const [mode, person] of /** @type {const} */ ([['fails', 'bob'], ['limited', 'alice'], ['other', 'bob'], ['expired', 'alice']])) {
      await visit.at(`provider-${mode}`).click()
      assert.equal((await on(visit)).length, 1, mode)
      await visit.signIn(person)
      const logs = BACKENDS.map((name) => watchLog(servers[name]))
      const before = await number(visit, 'watch-calls')
      assert.deepEqual(await askAll(visit), FAILED, mode)
      assert.ok((await number(visit, 'watch-calls')) - before <= 3 * BACKENDS.length, mode)
      const sent = logs.flatMap((log) => log())
      // An old token and a clock that runs ahead look alike: it is tried, and once more with a new one.
      if (mode === 'expired') assert.ok(sent.length <= 2 * BACKENDS.length, JSON.stringify(sent))
      else assert.deepEqual(sent, [], `${mode}: something was sent`)
    }

    await visit.at('provider-hangs').click()
    await visit.signIn('bob')
    await visit.at('watch-ask').click()
    await until(async () => (await visit.page.locator('.lane .tick[data-outcome=pending]').count()) >= BACKENDS.length, 'every template is asked for, in silence')
    await visit.at('provider-answers').click()
    assert.deepEqual(await answers(visit), OK, 'answers that come late')

    await visit.at('provider-same').click()
    const mints = await demo.mints()
    await expire(visit)
    const [calls, asked] = [await number(visit, 'watch-calls'), await askAll(visit)]
    assert.deepEqual(await demo.mints(), mints, `it repeated itself: ${JSON.stringify(asked)}`)
    assert.ok((await number(visit, 'watch-calls')) - calls <= 3 * BACKENDS.length)
    await visit.at('provider-answers').click()

    await visit.signIn('alice')
    await visit.at('times-1').click()
    await visit.at('provider-fails').click()
    assert.deepEqual(await on(visit), ['provider fails (1 more)'])
    await visit.at('watch-ask').click()
    assert.equal(Object.values(await answers(visit)).filter((state) => state === 'failed').length, 1)
    assert.deepEqual(await on(visit), [])
  })

  test('another user signs in while four answers are held at the servers: none of them arrives', async () => {
    const { servers, ...demo } = of()
    const visit = await signedIn(demo, 'alice')
    const seen = await visit.watchFor('Alice: ')
    const logs = BACKENDS.map((name) => watchLog(servers[name]))
    await visit.at('trouble-switch').click()
    await visit.page.locator('[data-testid=flight][data-verdict=good]').waitFor()
    assert.match(await visit.at('flight').innerText(), /none reached Bob/)
    assert.equal(await visit.page.locator('[data-testid=flight] [data-fate="called off"]').count(), BACKENDS.length)
    // They were there. Whether a server still saw them called off before it was let go is between two connections.
    for (const log of logs) assert.ok(log().some(({ sub, status }) => sub === 'user_alice' || status === 0), JSON.stringify(log()))
    for (const name of BACKENDS) assert.equal(servers[name].knobs.holdMs, 0)
    await visit.isSignedInAs('user_bob')
    assert.deepEqual(await seen(), [])
    assert.deepEqual(await askAll(visit), OK)
  })

  test('refused tokens, new keys, no network, a session that was ended, and another tab', async () => {
    const { servers, ...demo } = of()
    const visit = await signedIn(demo, 'alice')
    assert.deepEqual(await askAll(visit), OK)
    await visit.at('trouble-refuse').click()
    await until(() => BACKENDS.every((name) => servers[name].knobs.rejectNext === 1), 'the backends have heard of it')
    assert.deepEqual(await askAll(visit), OK, 'each asked again')
    for (const name of BACKENDS) assert.equal(servers[name].knobs.rejectNext, 0, `${name} refused`)

    await visit.at('trouble-offline').click()
    assert.deepEqual(await askAll(visit), FAILED, 'offline')
    assert.equal(await visit.page.evaluate(() => navigator.onLine), false)
    await visit.at('trouble-offline').click()
    assert.equal(await visit.page.evaluate(() => navigator.onLine), true)
    assert.deepEqual(await askAll(visit), OK, 'online again')

    const keys = async () => JSON.stringify(await (await fetch(`${servers.clerk.url}/.well-known/jwks.json`)).json())
    const old = await keys()
    await visit.at('trouble-rotate').click()
    await until(async () => (await keys()) !== old, 'the issuer has new keys')
    await visit.page.getByText('New keys; the old ones are gone.').waitFor()
    assert.deepEqual(await askAll(visit), OK, 'with tokens of the new keys')

    const [tab] = await Promise.all([visit.context.waitForEvent('page'), visit.page.getByRole('link', { name: 'Open a second tab' }).click()])
    await tab.getByTestId('sign-in-bob').click()
    await visit.isSignedInAs('user_bob')
    await tab.getByTestId('sign-out').click()
    await visit.at('identity').filter({ hasText: 'Signed out' }).waitFor()
    await tab.close()
    assert.deepEqual(await askAll(visit), FAILED, 'signed out')

    await visit.signIn('alice')
    assert.deepEqual(await askAll(visit), OK)
    await visit.at('trouble-end').click()
    await visit.page.getByText('Ended; nobody told this page.').waitFor()
    await expire(visit)
    await visit.at('watch-ask').click()
    await visit.at('identity').filter({ hasText: 'Signed out' }).waitFor()
  })
}

/** @param {Pick<import('../demo.test.mjs').Demo, 'visit'>} demo @param {'alice' | 'bob'} person */
async function signedIn(demo, person) {
  const visit = await demo.visit()
  await visit.signIn(person)
  await visit.at('trouble').click()
  return visit
}

/** The button is in the column that gives way to the drawer. @param {import('../visit.mjs').Visit} visit */
const expire = (visit) => visit.page.evaluate(() => /** @type {HTMLElement} */ (document.querySelector('[data-testid=expire-tokens]')).click())

/** What the drawer says is wrong. @param {import('../visit.mjs').Visit} visit */
const on = async (visit) => (await visit.page.locator('[data-testid=troubles] .chip-trouble').allInnerTexts())

/** @param {import('../visit.mjs').Visit} visit @param {string} id */
const number = async (visit, id) => Number.parseInt(await visit.at(id).innerText(), 10)

/** @param {import('../visit.mjs').Visit} visit @returns {Promise<Record<string, string>>} */
async function askAll(visit) {
  await visit.at('watch-ask').click()
  return answers(visit)
}

/** What came of the last press of "Ask all four". @param {import('../visit.mjs').Visit} visit @returns {Promise<Record<string, string>>} */
async function answers(visit) {
  const lamps = visit.at('watch-asked').locator('i')
  const states = () => lamps.evaluateAll((all) => all.map((lamp) => /** @type {[string, string]} */ ((lamp.textContent ?? '').split(': '))))
  return until(async () => {
    const now = await states()
    return now.length === BACKENDS.length && now.every(([, state]) => state !== 'asking') && Object.fromEntries(now)
  }, 'all four have answered', 15_000)
}

/** @param {import('../visit.mjs').Visit} visit @param {string} when */
const fresh = (visit, when) => until(async () => {
  const rows = await Promise.all(BACKENDS.map(async (name) => [await visit.at(`watch-${name}`).getAttribute('data-phase'), Number(await visit.at(`watch-${name}`).getAttribute('data-seconds-left'))]))
  return rows.every(([phase, left]) => phase === 'fresh' && Number(left) > 0 && Number(left) <= 120)
}, `${when}: four tokens to use`)

/** Nobody asks the provider for a while. @param {import('../visit.mjs').Visit} visit */
async function quiet(visit) {
  await until(async () => {
    const before = await number(visit, 'watch-calls')
    await pause(QUIET_MS)
    return (await number(visit, 'watch-calls')) === before
  }, 'the provider is left in peace', 8000)
}
