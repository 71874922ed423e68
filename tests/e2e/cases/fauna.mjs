// The two other parts of Fauna's card: the table of pages, and the live list with the picture of its connection.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { turn, until, watchLog } from '../demo.mjs'
import { LIFE_S, liveRows } from './live.mjs'

export const title = 'Fauna: pages, and what is live'

const LARGEST_FIRST = ['Alice: a red bicycle 890', 'Alice: coffee beans 128', 'Alice: oat milk 42']
const { list, listHas, deleteFirst } = liveRows('fauna')
/** So often the server looks whether a stream's token has ended. */
const LOOK_MS = 250
/** From one answer of a feed to the next question. */
const POLL_MS = 1000

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

    const seen = await visit.watchFor('Alice: ', 'bob')
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
      const visit = await demo.visit({ clock: true })
      await visit.signIn('alice')
      const asked = watchLog(servers.fauna)
      /** Nobody has to sit through the pauses of a feed. */
      const polled = () => via === 'feed' && visit.context.clock.fastForward(POLL_MS)
      const other = await visit.secondWindow()
      for (const page of [visit.page, other]) {
        await page.getByTestId(`fauna-live-${via}`).click()
        await page.getByTestId('fauna-live').click()
        await listHas(page, 3)
        await page.getByTestId('fauna-live-facts').and(page.locator('[data-status=open]')).waitFor()
      }
      await visit.at('fauna-live-create').click()
      await until(async () => (await visit.at('fauna-live-create').getAttribute('aria-busy')) === 'false', 'the order is made')
      await polled()
      for (const page of [visit.page, other]) await listHas(page, 4)
      const [made] = await list(visit.page)
      assert.match(made ?? '', /^Alice: .+ \d+$/)
      assert.deepEqual(await list(other), await list(visit.page))
      const total = Number(made?.split(' ').at(-1))
      const queries = () => asked().filter(({ path, status }) => path === '/query/1' && status === 200).length
      const before = queries()
      await other.getByRole('button', { name: /^Add 10 to/ }).first().click()
      await until(() => queries() > before, 'ten are added')
      await polled()
      for (const page of [visit.page, other]) await until(async () => (await list(page))[0]?.endsWith(` ${total + 10}`), 'ten more')
      await deleteFirst(other)
      await listHas(visit.page, 3)
      const { events, connections } = await facts(visit)
      assert.equal(events, 3)
      if (via === 'stream') assert.equal(connections, 1)
      assert.match(await visit.at('fauna-live-facts').innerText(), /last cursor\s+…[\w+/=]{6,}/)
      assert.deepEqual([...new Set(asked().map(({ path }) => path))].sort(), via === 'stream' ? ['/query/1', '/stream/1'] : ['/feed/1', '/query/1'])
    })
  }

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
    const seen = await visit.watchFor('Alice: ', 'bob')
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

/**
 * The live list outlives its tokens: each is replaced before its end, and nothing is missed.
 * @param {import('../demo.test.mjs').Demo} demo with tokens of `LIFE_S`
 */
export async function outlives({ servers, ...demo }) {
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
}

/** @param {import('../visit.mjs').Visit} visit */
const where = (visit) => visit.at('fauna-pages-where').innerText()
/** The rows of the table, each as its words. @param {import('../visit.mjs').Visit} visit */
const table = (visit) => visit.at('fauna-pages-rows').locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent).join(' ')))

/** @param {import('../visit.mjs').Visit} visit */
async function facts(visit) {
  const of = (/** @type {string} */ name) => visit.at('fauna-live-facts').getAttribute(`data-${name}`)
  return { status: await of('status'), connections: Number(await of('connections')), events: Number(await of('events')) }
}
