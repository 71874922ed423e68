// The live part of Hasura's card: the list, the log, the picture of the sockets, and what can happen to them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { turn, until, watchLog } from '../demo.mjs'
import { LIFE_S, liveRows } from './live.mjs'
import { tabTo } from './page.mjs'

export const title = 'Hasura: what is live'

const { list, listHas, deleteFirst } = liveRows('hasura')
/** Of each person in each of two subjects. */
const EVERYBODYS = 10
/** A fifth of it is left when a new token is asked for, which is after Clerk's cache has let go of the old one; and less passes until then than a silent socket is left alone. */
const FROZEN_LIFE_S = 16
/** A socket is kept for so long after the last one who needs it. */
const KEPT_S = 3

/** @param {() => import('../demo.test.mjs').Demo} of */
export default function cases(of) {
  test('two windows: what one writes and deletes, the other shows', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    const sockets = await socketsOf(servers.hasura)
    const other = await visit.secondWindow()
    for (const page of [visit.page, other]) {
      await page.getByTestId('hasura-live').click()
      await listHas(page, 3)
    }
    await visit.at('hasura-live-write').click()
    for (const page of [visit.page, other]) await listHas(page, 4)
    assert.deepEqual(await list(other), await list(visit.page))
    assert.match((await list(visit.page))[0] ?? '', /^Alice: /)
    await deleteFirst(other)
    await listHas(visit.page, 3)
    // The log is of what was written, not of what is there.
    assert.equal((await log(visit)).count, 4)
    assert.deepEqual((await sockets()).map(({ role, sub, protocol }) => [role, sub, protocol]), Array(2).fill(['user', 'user_alice', 'graphql-transport-ws']), 'one socket for each window')
  })

  test('an editor sees every row, over a socket of its own, which is not kept for longer than it is needed', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit({ clock: true })
    await visit.signIn('bob')
    const sockets = await socketsOf(servers.hasura)
    await visit.at('hasura-live').click()
    await listHas(visit.page, 2)
    await visit.at('hasura-live-editor').click()
    await listHas(visit.page, EVERYBODYS)
    assert.match((await list(visit.page)).join('\n'), /Alice: .+user_alice/)
    assert.deepEqual((await sockets()).map(({ role, open }) => [role, open]), [['user', true], ['editor', true]])
    await visit.at('hasura-live-user').click()
    await listHas(visit.page, 2)
    const editors = async () => (await sockets()).find(({ role }) => role === 'editor')
    await until(async () => (await editors())?.running === 0, 'nothing runs for the editor')
    assert.equal((await editors())?.open, true)
    await visit.context.clock.fastForward(1000 * KEPT_S)
    await until(async () => (await editors())?.closed?.code === 1000, 'the socket of the editor is closed')
    assert.equal((await sockets()).length, 2)
    assert.match(await picture(visit), /role user: 1 so far, 1 open, 0 rotations, never without one\. countersign, role editor: 1 so far/)
  })

  test('dropped, restarted, refused: each time it is made again, what happened meanwhile is in the list and once in the log', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit({ clock: true })
    await visit.signIn('alice')
    const sockets = await socketsOf(servers.hasura)
    await visit.at('hasura-live').click()
    await listHas(visit.page, 3)
    let rows = 3
    for (const [kind, code] of /** @type {const} */ ([['drop', 1006], ['restart', 1012], ['refuse', 4403]])) {
      const had = (await sockets()).length
      await visit.at(`hasura-live-${kind}`).click()
      await until(async () => {
        // Nobody has to sit through the pauses.
        if ((await facts(visit)).status === 'waiting') await visit.context.clock.fastForward(500)
        return (await sockets()).length > had
      }, `a socket after "${kind}"`)
      await visit.at('hasura-live-write').click()
      rows += 1
      await listHas(visit.page, rows)
      await until(async () => (await log(visit)).count === rows, 'the log has it')
      await until(async () => (await facts(visit)).status === 'connected', 'it is connected')
      assert.ok((await sockets()).some(({ closed }) => closed?.code === code), `${code} was seen`)
      assert.match(await visit.at('hasura-live-facts').innerText(), new RegExp(`last lost\\s+${code}`))
    }
    assert.deepEqual(await log(visit), { count: rows, twice: 0 })
    assert.equal(await visit.at('hasura-live-ended').innerText(), '')
  })

  test('a socket that is frozen is left before its token ends, and nothing is missed', async () => {
    const { servers, ...demo } = of()
    servers.clerk.knobs.lifetimeS = FROZEN_LIFE_S
    const visit = await demo.visit({ clock: true })
    await visit.signIn('alice')
    const sockets = await socketsOf(servers.hasura)
    await visit.at('hasura-live').click()
    await listHas(visit.page, 3)
    await visit.at('hasura-live-freeze').click()
    const written = watchLog(servers.hasura)
    await visit.at('hasura-live-write').click()
    await until(() => written().some(({ method, status }) => method === 'POST' && status === 200), 'it is written')
    assert.equal((await sockets()).length, 1)
    const { secondsLeft } = await visit.token('hasura')
    await demo.pass(visit, secondsLeft - FROZEN_LIFE_S / 5)
    await listHas(visit.page, 4)
    await until(async () => (await log(visit)).count === 4, 'the log has it')
    assert.deepEqual([(await facts(visit)).blindMs, (await sockets()).length], [0, 2])
  })

  test('another user: the rows of the one before are gone at once, and hers do not arrive; signed out, nothing is open', async () => {
    const { servers, ...demo } = of()
    const visit = await demo.visit()
    await visit.signIn('alice')
    const sockets = await socketsOf(servers.hasura)
    await visit.at('hasura-live').click()
    await listHas(visit.page, 3)
    const seen = await visit.watchFor('Alice: ', 'bob')
    await visit.signIn('bob')
    await listHas(visit.page, 2)
    await until(async () => (await log(visit)).count === 2, 'the log is Bob’s')
    await visit.at('hasura-live-write').click()
    await listHas(visit.page, 3)
    assert.ok((await list(visit.page)).every((row) => row.startsWith('Bob: ')))
    assert.deepEqual(await seen(), [])
    assert.deepEqual((await sockets()).map(({ sub, open }) => [sub, open]), [['user_alice', false], ['user_bob', true]])

    await visit.signOut()
    await visit.at('hasura-live-nobody').waitFor()
    assert.equal(await visit.at('hasura-live-rows').count(), 0)
    assert.equal(await visit.at('hasura-log-rows').count(), 0)
    await until(async () => (await sockets()).every(({ open }) => !open), 'no socket is open')
    await visit.signIn('bob')
    await listHas(visit.page, 3)
  })

  test('by keyboard alone', async () => {
    const visit = await of().visit()
    await visit.signIn('alice')
    const press = async (/** @type {string} */ id) => {
      await tabTo(visit, id)
      await visit.page.keyboard.press('Enter')
    }
    await visit.at('hasura-query').focus()
    await press('hasura-live')
    await listHas(visit.page, 3)
    await press('hasura-live-editor')
    await listHas(visit.page, EVERYBODYS)
    await press('hasura-live-write')
    await listHas(visit.page, EVERYBODYS + 1)
    await press('hasura-live-drop')
    await until(async () => (await facts(visit)).sockets === 2, 'a second socket of the editor')
    await press('hasura-log-check')
    await visit.at('hasura-log-found').filter({ hasText: 'none lost, none twice' }).waitFor()
  })
}

/**
 * List and log outlive their tokens without a gap, and no row is lost or doubled; plain graphql-ws beside them has gaps, and doubles.
 * @param {import('../demo.test.mjs').Demo} demo with tokens of `LIFE_S`
 */
export async function outlives({ servers, ...demo }) {
  const visit = await demo.visit()
  await visit.signIn('alice')
  const before = await countersOf(servers.hasura)
  const asked = watchLog(servers.hasura)
  await visit.at('hasura-live').click()
  await visit.at('hasura-live-beside').click()
  await visit.at('hasura-live-writing').click()
  await until(async () => (await facts(visit)).rotations >= 2, 'two rotations', 5 * LIFE_S * 1000)
  await until(async () => Number(await visit.at('hasura-live-plain').getAttribute('data-twice')) > 0, 'plain graphql-ws was given rows twice')
  await visit.at('hasura-live-writing').click()
  const written = asked().filter(({ method, path }) => method === 'POST' && path === '/v1/graphql').length
  await until(async () => (await log(visit)).count === 3 + written, `${written} rows were written`)
  await listHas(visit.page, 3 + written)
  await visit.at('hasura-log-check').click()
  await visit.at('hasura-log-found').filter({ hasText: 'none lost, none twice' }).waitFor()
  assert.deepEqual(await log(visit), { count: 3 + written, twice: 0 })
  assert.equal((await facts(visit)).blindMs, 0)
  assert.match(await picture(visit), /role user: \d+ so far, [12] open, \d+ rotations, never without one\. Plain graphql-ws: \d+ so far, .+ \d+\.\d seconds without a socket/)
  assert.ok(Number(await visit.at('hasura-live-plain').getAttribute('data-blind-ms')) > 1000, 'its first pause is more than a second')
  assert.equal((await countersOf(servers.hasura)).expiredSeen, before.expiredSeen, 'no expired token was sent')
}

/** @param {import('../visit.mjs').Visit} visit */
const picture = async (visit) => (await visit.page.getByRole('img', { name: /^Sockets in/ }).getAttribute('aria-label')) ?? ''

/** @param {import('../visit.mjs').Visit} visit */
async function facts(visit) {
  const of = (/** @type {string} */ name) => visit.at('hasura-live-facts').getAttribute(`data-${name}`)
  return { status: await of('status'), sockets: Number(await of('sockets')), rotations: Number(await of('rotations')), blindMs: Number(await of('blind-ms')) }
}

/** @param {import('../visit.mjs').Visit} visit */
async function log(visit) {
  const found = visit.at('hasura-log-facts')
  if (!(await found.count())) return { count: 0, twice: 0 }
  return { count: Number(await found.getAttribute('data-count')), twice: Number(await found.getAttribute('data-twice')) }
}

/** @param {{ url: string }} server @returns {Promise<{ expiredSeen: number, newest: { id: number, role?: string, sub?: string, protocol: string, open: boolean, running: number, closed?: { code: number } }[] }>} */
const countersOf = async (server) => (await turn(server, {})).counters

/** The sockets that are opened from now on, the first one first. @param {{ url: string }} server */
async function socketsOf(server) {
  const last = (await countersOf(server)).newest.at(-1)?.id ?? 0
  return async () => (await countersOf(server)).newest.filter(({ id }) => id > last)
}
