// Every button, for every account, through both issuers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BACKENDS, watchLog } from '../demo.mjs'

export const title = 'each backend answers the one who asks'

export const CARDS = [...BACKENDS, 'hasura-apollo', 'hasura-swr']
/** How many rows of her or his own each person has; the other one's are not among them. */
const ROWS = { alice: 3, bob: 2 }
const NAMES = { alice: 'Alice:', bob: 'Bob:' }

/** @param {string} text @param {'alice' | 'bob'} person @param {string} card */
export function isRowsOf(text, person, card) {
  const other = person === 'alice' ? 'bob' : 'alice'
  assert.equal(text.split(NAMES[person]).length - 1, ROWS[person], `${card}: rows of ${person} in ${JSON.stringify(text)}`)
  assert.ok(!text.includes(NAMES[other]), `${card}: a row of ${other} in ${JSON.stringify(text)}`)
}

/** Each card has the rows of a person, all asked at once. @param {import('../visit.mjs').Visit} visit @param {'alice' | 'bob'} person @param {readonly string[]} [cards] */
export async function areRowsOf(visit, person, cards = BACKENDS) {
  for (const [card, text] of Object.entries(await visit.askAll(cards))) isRowsOf(text, person, card)
}

/** @param {() => import('../demo.test.mjs').Demo} of */
export default function cases(of) {
  for (const person of /** @type {const} */ (['alice', 'bob'])) {
    test(`${person}, signed in by Clerk`, async () => {
      const demo = of()
      const logs = BACKENDS.map((name) => watchLog(demo.servers[name]))
      const visit = await demo.visit()
      await visit.signIn(person)
      await areRowsOf(visit, person, CARDS) // all at once, and then one by one
      for (const card of CARDS) isRowsOf(await visit.ask(card), person, card)
      for (const entry of logs.flatMap((log) => log())) assert.equal(entry.status, 200, JSON.stringify(entry))
    })

    test(`${person}, signed in by Auth0 through its account picker`, async () => {
      const demo = of()
      const visit = await demo.visit()
      await visit.signInWithAuth0(person)
      for (const card of CARDS) isRowsOf(await visit.ask(card), person, card)
      assert.ok(visit.sent.filter(({ to, sub }) => to !== 'auth0' && sub).every(({ sub }) => sub === `auth0|${person}`))
    })
  }

  test('a query that was edited, and one that is wrong', async () => {
    const visit = await of().visit()
    await visit.signIn('bob')
    const edited = { fauna: ['Order.all().count()', /2/], hasura: ['{ orders { item total } }', /climbing rope/], convex: ['users:me {}', /bob@example\.com/], instant: ['{"todos":{"$":{"where":{"text":"Bob: answer Alice"}}}}', /1 row/] }
    for (const [card, [query, answer]] of Object.entries(edited)) {
      await visit.at(`${card}-query`).fill(String(query))
      assert.match(await visit.ask(card), /** @type {RegExp} */ (answer), card)
    }
    const wrong = { fauna: ['Order.nothing()', /nothing/], hasura: ['{ nothing }', /nothing/], convex: ['nothing:here {}', /nothing/], instant: ['{"$$nothing": []}', /./] }
    for (const [card, [query, answer]] of Object.entries(wrong)) {
      await visit.at(`${card}-query`).fill(String(query))
      await visit.press(card)
      assert.match(await visit.error(card), /** @type {RegExp} */ (answer), card)
      assert.equal(await visit.at(`${card}-result`).innerText(), '', `${card} still shows the answer before`)
    }
  })

  test('a reload keeps the user, of either issuer', async () => {
    const visit = await of().visit()
    await visit.signIn('bob')
    await visit.page.reload()
    await visit.isSignedInAs('user_bob')
    isRowsOf(await visit.ask('fauna'), 'bob', 'fauna')
    await visit.signInWithAuth0('alice')
    await visit.page.reload()
    await visit.isSignedInAs('auth0|alice')
    isRowsOf(await visit.ask('instant'), 'alice', 'instant')
  })
}
