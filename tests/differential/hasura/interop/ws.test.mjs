// Live queries through links and exchanges: over our socket as over graphql-ws's; and graphql-ws itself with our `connectionParams`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from 'graphql-ws'
import { until } from '../place.mjs'
import { apollo3, apollo4 } from './clients/apollo.mjs'
import { bodies, LIVE } from './clients/documents.mjs'
import { urql } from './clients/urql.mjs'
import { serve, watch } from './page.mjs'
import { recipe } from './recipe.mjs'

const shared = serve()

/** What a client shows of a live query that fails for a while, and of one that cannot be. @param {any} open @param {any} page */
const script = async (open, page) => {
  const driver = await open(page)
  const words = (/** @type {any} */ error) => (Array.isArray(error) ? error : driver.graphql(error)).map((/** @type {any} */ { message, extensions }) => [message, extensions?.code])
  const { hasura } = shared.place
  const seen = watch(driver, page.room)
  await until(() => seen.results.length)
  await hasura.turn({ liveError: 'the database is away' })
  await until(() => seen.errors.length)
  await hasura.turn({ liveError: null })
  await shared.write(page.room, 'user_alice', 'again')
  if (!seen.over) await until(() => seen.results.at(-1)?.includes('again'))
  seen.stop()
  const bad = watch({ live: driver.invalid }, page.room)
  await until(() => bad.errors.length)
  bad.stop()
  // While it fails, each look of the server tells so.
  return { results: seen.results.map((list) => list.join()), failed: words(seen.errors[0]), over: seen.over, invalid: words(bad.errors[0]) }
}

for (const [name, open] of /** @type {[string, any][]} */ ([['Apollo Client 4', apollo4], ['Apollo Client 3', apollo3], ['urql', urql]])) {
  test(`${name}: a live query that fails for a while, and one that cannot be: as over graphql-ws`, async (t) => {
    const [ours, theirs] = [shared.page(t), shared.page(t)]
    const socket = createClient({ url: shared.place.endpoint.replace(/^http/, 'ws'), connectionParams: theirs.hasura.connectionParams })
    t.after(() => socket.dispose())
    const told = await script(open, ours)
    assert.deepEqual(told, await script(open, { ...theirs, hasura: { fetch: theirs.hasura.fetch, ...socket } }))
    assert.deepEqual(told.results, ['', ...(told.results.length > 2 ? [''] : []), 'again'])
    assert.deepEqual(told.failed[0]?.[0], 'the database is away')
    assert.deepEqual(told.invalid[0]?.[1], 'validation-failed')
  })
}

/** graphql-ws as in the recipe, in a hurry. @param {any} page */
const their = async (page) => {
  const { client } = await recipe('graphql-ws.ts', page)
  const seen = { results: /** @type {string[][]} */ ([]), errors: /** @type {any[]} */ ([]), over: false, closed: /** @type {number[]} */ ([]) }
  client.on('closed', (/** @type {any} */ { code }) => seen.closed.push(code))
  const stop = client.subscribe({ query: LIVE, variables: { room: page.room } }, {
    next: (/** @type {any} */ { data }) => seen.results.push(bodies(data)),
    error: (/** @type {any} */ error) => seen.errors.push(error),
    complete: () => (seen.over = true),
  })
  return { client, seen, stop }
}

test('graphql-ws with our connectionParams: refused, it comes back with another token, and nothing is told to the sink', async (t) => {
  const page = shared.page(t)
  await page.hasura.headers()
  // Nobody tells the session: by its own clock the token is good.
  page.account.lifetimeS = 600
  await shared.place.hasura.turn({ clockOffsetS: 120 })
  const { client, seen } = await their(page)
  t.after(() => client.dispose())
  await until(() => seen.results.length)
  assert.deepEqual([seen.closed, seen.errors, page.account.calls.map(({ force }) => force)], [[4403], [], [false, true]])
})

test('graphql-ws with our connectionParams: a provider that fails for a while is waited for', async (t) => {
  const page = shared.page(t)
  let failures = 2
  page.account.instead = () => {
    if (failures-- <= 0) page.account.instead = null
    throw new Error('down')
  }
  const { client, seen } = await their(page)
  t.after(() => client.dispose())
  await until(() => seen.results.length)
  assert.deepEqual([seen.closed, seen.errors], [[], []])
})

test('graphql-ws with our connectionParams: the next user’s rows, and not those of the one before', async (t) => {
  const page = shared.page(t)
  await Promise.all([shared.write(page.room, 'user_alice', 'of Alice'), shared.write(page.room, 'user_bob', 'of Bob')])
  const { client, seen } = await their(page)
  t.after(() => client.dispose())
  await until(() => seen.results.length)
  await page.become('user_bob')
  await until(() => seen.closed.length)
  await shared.write(page.room, 'user_alice', 'of Alice, later')
  await until(() => seen.results.length > 1)
  assert.deepEqual([seen.results, seen.closed, seen.errors], [[['of Alice'], ['of Bob']], [4499], []])
})
