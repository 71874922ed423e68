// The two other parts of Fauna's card: the table of pages, and the live list with the picture of its connection.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until, watchLog } from '../demo.mjs'

export const title = 'Fauna: pages, and what is live'

const LARGEST_FIRST = ['Alice: a red bicycle 890', 'Alice: coffee beans 128', 'Alice: oat milk 42']
/** A fifth of it is left when it is renewed, which a stream does not follow sooner than five seconds after it began; the server looks every
    quarter of a second whether a stream's token has ended. */
const LIFE_S = 8
const LOOK_MS = 250

/** @param {() => import('../demo.test.mjs').Demo} of */
export default function cases(of) {
  test('the pages turn by button, by number and by arrow key; a page that was seen is not asked for again', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    const asked = watchLog(servers.fauna)
    const held = demo.hold('fauna', '/query/1')
    await visit.at('fauna-pages-read').click()
    await until(() => held.kept() === 1, 'the first page is on its way')
    assert.equal(await where(visit), 'Reading…')
    held.release()
    await visit.at('fauna-pages-where').filter({ hasText: 'Page 1 of at least 2, 2 rows' }).waitFor()
    assert.deepEqual(await table(visit), LARGEST_FIRST.slice(0, 2))
    assert.equal(await visit.at('fauna-pages-previous').getAttribute('aria-disabled'), 'true')

    const rows = visit.page.getByRole('region', { name: /Orders/ })
    const last = async () => {
      await visit.at('fauna-pages-where').filter({ hasText: 'Page 2 of 2, 1 row' }).waitFor()
      assert.deepEqual(await table(visit), LARGEST_FIRST.slice(2))
      assert.equal(await visit.at('fauna-pages-next').getAttribute('aria-disabled'), 'true')
    }
    const first = async () => {
      await visit.at('fauna-pages-where').filter({ hasText: 'Page 1 of 2, 2 rows' }).waitFor()
      assert.deepEqual(await table(visit), LARGEST_FIRST.slice(0, 2))
    }
    await rows.focus()
    await visit.page.keyboard.press('ArrowRight')
    await last()
    await visit.page.keyboard.press('ArrowRight') // there is no third
    await last()
    await visit.page.keyboard.press('ArrowLeft')
    await first()
    await visit.at('fauna-pages-next').click()
    await last()
    await visit.page.getByRole('button', { name: 'Page 1' }).click()
    await first()
    await visit.page.keyboard.press('End')
    await last()
    assert.deepEqual(asked().map(({ path, status, sub }) => [path, status, sub]), [['/query/1', 200, 'user_alice'], ['/query/1', 200, 'user_alice']])

    await visit.at('fauna-pages-size').selectOption('5')
    await visit.at('fauna-pages-read').click()
    await visit.at('fauna-pages-where').filter({ hasText: 'Page 1 of 1, 3 rows' }).waitFor()
    assert.deepEqual(await table(visit), LARGEST_FIRST)
  })

  test('a page that is refused says why and what to change; neither a page of the user before is shown, nor one on its way', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    servers.fauna.knobs.rejectNext = 50
    await visit.at('fauna-pages-read').click()
    const problem = visit.at('fauna-pages-error').filter({ hasText: /What to change/ })
    await problem.waitFor()
    assert.match(await problem.innerText(), /Not answered/)
    servers.fauna.knobs.rejectNext = 0
    await visit.at('fauna-pages-read').click()
    await visit.at('fauna-pages-where').filter({ hasText: 'Page 1' }).waitFor()
    assert.equal(await visit.at('fauna-pages-error').innerText(), '')

    const seen = await watchForOthers(visit)
    await visit.signIn('bob')
    assert.equal(await where(visit), '', 'the page that was shown is gone')
    assert.deepEqual(await seen(), [])
    const held = demo.hold('fauna', '/query/1')
    const asked = watchLog(servers.fauna)
    await visit.at('fauna-pages-read').click()
    await until(() => held.kept() === 1, 'a page for Bob is on its way')
    await visit.signIn('alice')
    await until(() => asked().every(({ status }) => status === 0), 'it is called off')
    held.release()
    assert.equal(await where(visit), '')
    await visit.at('fauna-pages-read').click()
    await visit.at('fauna-pages-where').filter({ hasText: 'Page 1 of at least 2, 2 rows' }).waitFor()
    assert.deepEqual(await table(visit), LARGEST_FIRST.slice(0, 2))
  })

  for (const via of /** @type {const} */ (['stream', 'feed'])) {
    test(`two windows, by ${via}: what one orders, raises and deletes, the other shows`, async () => {
      const { servers, ...demo } = of()
      const visit = await demo.visit()
      await visit.signIn('alice')
      const asked = watchLog(servers.fauna)
      const other = await secondWindow(visit)
      for (const page of [visit.page, other]) {
        await page.getByTestId(`fauna-live-${via}`).click()
        await page.getByTestId('fauna-live').click()
        await listHas(page, 3)
        await page.getByTestId('fauna-live-facts').and(page.locator('[data-status=open]')).waitFor()
      }
      await visit.at('fauna-live-create').click()
      for (const page of [visit.page, other]) await listHas(page, 4)
      const [made] = await list(visit.page)
      assert.match(made ?? '', /^Alice: .+ \d+$/)
      assert.deepEqual(await list(other), await list(visit.page))
      const total = Number(made?.split(' ').at(-1))
      await other.getByRole('button', { name: /^Add 10 to/ }).first().click()
      for (const page of [visit.page, other]) await until(async () => (await list(page))[0]?.endsWith(` ${total + 10}`), 'ten more')
      await other.getByRole('button', { name: /^Delete/ }).first().focus()
      await other.keyboard.press('Enter')
      for (const page of [visit.page, other]) await listHas(page, 3)
      assert.equal(await other.evaluate(() => document.activeElement?.getAttribute('data-testid')), 'fauna-live-rows', 'the focus stays in the list')
      const { events, connections } = await facts(visit)
      assert.equal(events, 3)
      if (via === 'stream') assert.equal(connections, 1)
      assert.match(await visit.at('fauna-live-facts').innerText(), /last cursor\s+…[\w+/=]{6,}/)
      assert.deepEqual([...new Set(asked().map(({ path }) => path))].sort(), via === 'stream' ? ['/query/1', '/stream/1'] : ['/feed/1', '/query/1'])
    })
  }

  test('the live list outlives its tokens: each is replaced before its end, and nothing is missed', async () => {
    const { servers, ...demo } = of()
    servers.clerk.knobs.lifetimeS = LIFE_S
    await turn(servers.fauna, { revalidateEveryMs: LOOK_MS })
    const visit = await demo.visit()
    await visit.signIn('alice')
    const asked = watchLog(servers.fauna)
    await visit.at('fauna-live').click()
    await listHas(visit.page, 3)
    for (let made = 1; made <= 2; made++) {
      // Twice the token that it was opened with has ended, and the one after it.
      await until(async () => (await facts(visit)).connections > made, `a connection after the ${made}th`, 4 * LIFE_S * 1000)
      await visit.at('fauna-live-create').click()
      await listHas(visit.page, 3 + made)
    }
    assert.match(await visit.page.getByRole('img', { name: /The connection/ }).getAttribute('aria-label') ?? '', /open, \d made so far, the last one: new token/)
    assert.equal((await facts(visit)).events, 2)
    for (const entry of asked()) assert.ok(entry.status === 200 || entry.status === 0 || entry.status === null, JSON.stringify(entry))
    for (const { to, at, exp } of visit.sent) if (exp && at) assert.ok(at / 1000 < exp, `${to} got a token that had expired: ${at / 1000} and ${exp}`)
  })

  test('a connection that is cut is made again, and what happened meanwhile is in the list', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    await visit.at('fauna-live').click()
    await listHas(visit.page, 3)
    await turn(servers.fauna, { cutStreams: true, dropNext: 1000 })
    await until(async () => (await facts(visit)).status === 'waiting', 'it waits for its next attempt')
    await visit.at('fauna-live-create').click()
    await until(async () => (await visit.at('fauna-live-create').getAttribute('aria-busy')) === 'false', 'the order is made')
    assert.equal((await list(visit.page)).length, 3, 'without a connection nothing arrives')
    await turn(servers.fauna, { dropNext: 0 })
    await listHas(visit.page, 4)
    await until(async () => { const now = await facts(visit); return now.connections >= 2 && now.status === 'open' }, 'it is open again')
    assert.match(await visit.page.getByRole('img', { name: /The connection/ }).getAttribute('aria-label') ?? '', /the last one: dropped/)
  })

  test('another user: the rows of the one before are gone at once, and her changes do not arrive; signed out, nothing is open', async () => {
    const { servers, ...demo } = of()
    const alice = await demo.visit()
    await alice.signIn('alice')
    const visit = await demo.visit()
    await visit.signIn('alice')
    await visit.at('fauna-live').click()
    await listHas(visit.page, 3)
    const seen = await watchForOthers(visit)
    const later = watchLog(servers.fauna)
    await visit.signIn('bob')
    await until(async () => (await list(visit.page)).length === 2, 'Bob’s orders')
    await until(async () => (await facts(visit)).status === 'open', 'the stream is Bob’s')
    await alice.at('fauna-live-create').click()
    await until(() => later().filter(({ sub, status }) => sub === 'user_alice' && status === 200).length === 1, 'Alice has ordered something')
    // Events keep their order: Alice's would have come before this one.
    await visit.at('fauna-live-create').click()
    await listHas(visit.page, 3)
    assert.equal((await facts(visit)).events, 1)
    assert.ok((await list(visit.page)).every((row) => row.startsWith('Bob: ')))
    assert.deepEqual(await seen(), [])

    await visit.signOut()
    await visit.at('fauna-live-nobody').waitFor()
    assert.equal(await visit.at('fauna-live-rows').count(), 0)
    await until(async () => (await turn(servers.fauna, {})).counters.streams === 0, 'no stream is open')
    await visit.signIn('bob')
    await listHas(visit.page, 3)
  })
}

/** @param {import('../visit.mjs').Visit} visit */
const where = (visit) => visit.at('fauna-pages-where').innerText()
/** The rows of the table, each as its words. @param {import('../visit.mjs').Visit} visit */
const table = (visit) => visit.at('fauna-pages-rows').locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent).join(' ')))
/** What is ordered and for how much, newest first. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
const list = (page) => page.getByTestId('fauna-live-rows').locator('li').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('span')].map((cell) => cell.textContent).join(' ')))
/** @param {import('playwright-core').Page} page @param {number} n */
const listHas = (page, n) => until(async () => (await list(page)).length === n, `${n} live rows`).catch(async (error) => assert.fail(`${error.message}: ${await page.locator('.live').innerText()}`))

/** @param {import('../visit.mjs').Visit} visit */
async function facts(visit) {
  const of = (/** @type {string} */ name) => visit.at('fauna-live-facts').getAttribute(`data-${name}`)
  return { status: await of('status'), connections: Number(await of('connections')), events: Number(await of('events')) }
}

/** In the same browser, so that the same user is signed in. @param {import('../visit.mjs').Visit} visit */
async function secondWindow(visit) {
  const page = await visit.context.newPage()
  page.setDefaultTimeout(15_000)
  await page.goto(visit.page.url())
  await page.getByTestId('identity').filter({ hasText: 'user_alice' }).waitFor()
  return page
}

/** Notes whether something of Alice's is on the page, be it for one frame, once it says that Bob is signed in. @param {import('../visit.mjs').Visit} visit @returns {Promise<() => Promise<string[]>>} */
async function watchForOthers(visit) {
  await visit.page.evaluate(() => {
    const seen = /** @type {string[]} */ ((/** @type {any} */ (window)).othersSeen = [])
    const look = () => {
      if (!document.querySelector('[data-testid=identity]')?.textContent?.includes('user_bob')) return
      const found = document.body.innerText.indexOf('Alice: ')
      if (found >= 0) seen.push(document.body.innerText.slice(found, found + 60))
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
  })
  return () => visit.page.evaluate(() => (/** @type {any} */ (window)).othersSeen)
}

/** Sent and not set, so that streams that are open hear of it. @param {{ url: string }} server @param {Record<string, any>} knobs @returns {Promise<any>} */
const turn = async (server, knobs) => (await fetch(new URL('/__knobs', server.url), { method: 'POST', body: JSON.stringify(knobs) })).json()
