// What the live lists of Fauna's and Hasura's cards have in common.
import assert from 'node:assert/strict'
import { until } from '../demo.mjs'

/** Of tokens, where time is not moved. A fifth of it is left when one is renewed, and Hasura's last quarter begins two seconds before its end;
    a stream of Fauna follows no sooner than five seconds after it began. */
export const LIFE_S = 8

/** @param {'fauna' | 'hasura'} card */
export const liveRows = (card) => {
  /** What is written in each row, newest first. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
  const list = (page) => page.getByTestId(`${card}-live-rows`).locator('li').evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('span')].map((cell) => cell.textContent).join(' ')))
  /** @param {import('playwright-core').Page} page @param {number} n */
  const listHas = (page, n) => until(async () => (await list(page)).length === n, `${n} live rows`).catch(async (error) => assert.fail(`${error.message}: ${(await page.locator('.live').allInnerTexts()).join('\n')}`))
  /** The first row is deleted by keyboard, which leaves the focus in the list. @param {import('playwright-core').Page} page */
  const deleteFirst = async (page) => {
    const rows = page.getByTestId(`${card}-live-rows`)
    const { length } = await list(page)
    await rows.getByRole('button', { name: /^Delete/ }).first().focus()
    await page.keyboard.press('Enter')
    await listHas(page, length - 1)
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-testid')), `${card}-live-rows`, 'the focus stays in the list')
  }
  return { list, listHas, deleteFirst }
}
