// The pages of the guide's examples: Apollo Client and SWR, with Hasura.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../demo.mjs'
import { fits, unnamed } from './page.mjs'

export const title = 'the examples of the guide, as pages'

/** @param {() => import('../demo.test.mjs').Demo} of */
export default function cases(of) {
  test('Apollo Client: rows, a mutation, a subscription that hears of both windows, and nothing for the next user', async () => {
    const demo = of()
    const visit = await demo.visit()
    await open(visit, 'A page with Apollo Client', /hasura-apollo/)
    await visit.at('apollo-page').filter({ hasText: /^Please sign in$/ }).waitFor()
    await visit.signIn('alice')
    const rows = (/** @type {import('playwright-core').Page} */ page = visit.page) => page.getByTestId('apollo-rows').locator('li').allInnerTexts()
    await until(async () => (await rows()).length === 3, 'her three messages')
    const other = await visit.context.newPage()
    await other.goto(visit.page.url())
    await until(async () => (await rows(other)).length === 3, 'the same in a second window')
    await other.getByRole('button', { name: 'Write a message' }).click()
    for (const page of [other, visit.page]) await until(async () => (await rows(page)).includes('Written through Apollo'), 'both windows have it')
    await visit.signIn('bob')
    await until(async () => (await rows()).length === 2, 'his two messages')
    assert.ok((await rows()).every((row) => row.startsWith('Bob: ')))
    await fits(visit, 'Apollo')
    assert.deepEqual(await unnamed(visit), [])
    assert.match(await visit.page.locator('main').innerText(), /new GraphQLWsLink\(hasura\)/, 'its code is beside it')
  })

  test('SWR: with the client, and with fetch; another user’s cache is not shown', async () => {
    const visit = await of().visit()
    await open(visit, 'A page with SWR', /hasura-swr/)
    await visit.signIn('alice')
    await visit.at('swr-client').filter({ hasText: /[1-9]\d* types/ }).waitFor()
    const rows = () => visit.at('swr-rows').locator('li').allInnerTexts()
    await until(async () => (await rows()).length === 3, 'her three messages')
    await visit.page.getByRole('button', { name: 'Ask again' }).click()
    await visit.signIn('bob')
    await until(async () => (await rows()).length === 2, 'his two messages')
    assert.ok((await rows()).every((row) => row.startsWith('Bob: ')))
    await visit.signOut()
    await visit.at('swr-fetch').filter({ hasText: /^Please sign in$/ }).waitFor()
    assert.equal(await visit.at('swr-rows').count(), 0)
    await fits(visit, 'SWR')
  })

  test('the page about Hasura leads to both, and fits on a phone', async () => {
    const visit = await of().visit({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true })
    await open(visit, 'Clerk and Hasura, from zero', /docs\/hasura/)
    await fits(visit, 'the page about Hasura')
    for (const name of ['with Apollo Client', 'with SWR']) assert.ok(await visit.page.getByRole('link', { name }).count(), name)
  })
}

/** @param {import('../visit.mjs').Visit} visit @param {string} link @param {RegExp} address */
async function open(visit, link, address) {
  await visit.page.getByRole('link', { name: link }).click()
  await visit.page.waitForURL(address)
}
