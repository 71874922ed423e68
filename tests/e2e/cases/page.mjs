// The page as a thing to look at and to use without a mouse.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BACKENDS } from '../demo.mjs'
import { CARDS, isRowsOf } from './rows.mjs'

export const title = 'the page'

/** @param {() => import('../demo.test.mjs').Demo} of */
export default function cases(of) {
  test('a card by keyboard alone', async () => {
    const visit = await of().visit()
    const { keyboard } = visit.page
    await tabTo(visit, 'sign-in-alice')
    await keyboard.press('Enter')
    await visit.isSignedInAs('user_alice')
    await tabTo(visit, 'fauna-run')
    await keyboard.press('Enter')
    isRowsOf(await visit.result('fauna'), 'alice', 'fauna')
    assert.equal(await visit.page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).dataset.testid), 'fauna-run', 'the focus stays on the button')
    await tabTo(visit, 'hasura-query')
    await keyboard.press('Control+Enter')
    isRowsOf(await visit.result('hasura'), 'alice', 'hasura')
  })

  for (const [kind, viewport] of Object.entries({ desk: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } })) {
    test(`on a ${kind}, light and dark: nothing is cut off to the side`, async () => {
      const demo = of()
      const visit = await demo.visit({ viewport, isMobile: kind === 'phone', hasTouch: kind === 'phone' })
      /** @param {string} state */
      const pictures = async (state) => {
        await fits(visit, state)
        for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
          await visit.page.emulateMedia({ colorScheme })
          const background = await visit.page.evaluate(() => getComputedStyle(document.body).backgroundColor)
          const [r = 0, g = 0, b = 0] = await painted(visit, background)
          assert.equal(r + g + b < 384, colorScheme === 'dark', `the background is ${background}`)
          await picture(visit, demo.picture(`${kind}-${colorScheme}-${state}`))
        }
      }
      await fits(visit, 'signed out')
      await visit.signIn('alice')
      await visit.askAll(CARDS)
      await visit.at('fauna-pages-read').click()
      await visit.at('fauna-pages-next').click()
      await visit.at('fauna-live').click()
      await visit.at('fauna-live-rows').waitFor()
      await visit.at('hasura-live').click()
      await visit.at('hasura-live-beside').click()
      await visit.at('hasura-live-rows').waitFor()
      await visit.at('hasura-log-facts').waitFor()
      assert.deepEqual(await unnamed(visit), [])
      await pictures('answers')
      await visit.at('sign-in-bob').click()
      await visit.isSignedInAs('user_bob')
      await visit.at('hasura-query').fill('{ nothing }')
      await visit.press('hasura')
      await visit.error('hasura')
      await pictures('error')
    })
  }

  test('the first visit: no error in the console, every answer in order, nothing asked before a press', async () => {
    const visit = await of().visit()
    await visit.at('identity').filter({ hasText: 'Signed out' }).waitFor()
    assert.deepEqual(visit.console, [])
    assert.ok(visit.sent.every(({ to }) => to === 'clerk'), JSON.stringify(visit.sent))
    assert.match(await visit.page.title(), /countersign/)
    for (const card of BACKENDS) assert.equal(await visit.shown(card), '')
    assert.deepEqual(await unnamed(visit), [], 'controls without a name')
  })

  test('what looks for tokens on every page finds one', async () => {
    const visit = await of().visit()
    await visit.signIn('alice')
    assert.deepEqual(await visit.problems(), [])
    for (const text of ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.', 'eyJ']) {
      await visit.page.evaluate((shown) => document.body.append(Object.assign(document.createElement('i'), { id: 'planted', hidden: true, textContent: shown })), text)
      assert.equal((await visit.problems()).length, 1, text)
      await visit.page.evaluate(() => document.querySelector('#planted')?.remove())
    }
  })

  test('the documentation opens', async () => {
    const visit = await of().visit()
    await visit.page.getByRole('link', { name: 'Documentation' }).click()
    await visit.page.getByRole('navigation', { name: 'Documentation' }).waitFor()
    await visit.page.getByRole('link', { name: 'Demo' }).click()
    await visit.at('sign-in-alice').waitFor()
    assert.equal(await visit.at('trouble-close').count(), 0)
    await visit.page.goBack()
    await visit.page.getByRole('link', { name: 'Trouble drawer' }).click()
    await visit.at('trouble-close').waitFor()
  })
}

/** From where the focus is to a control, which shows that it has it. @param {import('../visit.mjs').Visit} visit @param {string} id */
export async function tabTo(visit, id) {
  for (let i = 0; i < 80; i++) {
    const at = await visit.page.evaluate(() => {
      const element = /** @type {HTMLElement} */ (document.activeElement)
      // A text field shows it by the frame around it.
      const { outlineStyle } = getComputedStyle(element)
      return { id: element.dataset.testid, marked: outlineStyle !== 'none' || getComputedStyle(element.parentElement ?? element).boxShadow !== 'none' }
    })
    if (at.id === id) return assert.ok(at.marked, `${id} does not show that it has the focus`)
    await visit.page.keyboard.press('Tab')
  }
  assert.fail(`the Tab key does not reach ${id}`)
}

/** Controls that a screen reader has no word for. @param {import('../visit.mjs').Visit} visit */
export const unnamed = (visit) => visit.page.evaluate(() => [...document.querySelectorAll('button, a, textarea, input, select')]
  .filter((element) => !(element.textContent?.trim() || element.getAttribute('aria-label') || /** @type {HTMLInputElement} */ (element).labels?.length)).map((element) => element.outerHTML))

/** From the top, where what sticks to the window while it scrolls is in its place, and with the bars at rest. @param {import('../visit.mjs').Visit} visit @param {string} path */
export async function picture(visit, path) {
  await visit.page.evaluate(() => scrollTo(0, 0))
  await visit.page.screenshot({ path, fullPage: true, animations: 'disabled' })
}

/** @param {import('../visit.mjs').Visit} visit @param {string} when */
export async function fits(visit, when) {
  const wide = await visit.page.evaluate(() => ({
    page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    // What sticks out is reported by name, so that a failure says where to look.
    parts: [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && !element.closest('.scroll, svg, .skip')).slice(0, 5).map((element) => `${element.tagName}.${element.className}`),
  }))
  assert.ok(wide.page <= 0, `${when}: ${wide.page} px too wide: ${wide.parts.join(', ')}`)
}

/** Red, green and blue of any CSS colour, as it is painted. @param {import('../visit.mjs').Visit} visit @param {string} color */
const painted = (visit, color) => visit.page.evaluate((fill) => {
  const canvas = document.createElement('canvas')
  const paint = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
  paint.fillStyle = fill
  paint.fillRect(0, 0, 1, 1)
  return [...paint.getImageData(0, 0, 1, 1).data.slice(0, 3)]
}, color)
