// Every client at once with tokens of ten seconds, while numbered rows are written: what each of them sees, and what the server saw of them.
import { until } from '../place.mjs'
import { apollo3, apollo4 } from './clients/apollo.mjs'
import { BEGINNING, bodies, LIST, LIVE, STREAM } from './clients/documents.mjs'
import { graphqlRequest, own } from './clients/plain.mjs'
import { relay } from './clients/relay.mjs'
import { urql } from './clients/urql.mjs'
import { recipe } from './recipe.mjs'

const LIFETIME_S = 10
const POLL_MS = 500

/** SWR's hooks in a page: what they were given, render by render. @param {any} page @param {any} world */
const swr = async (page, world, seen) => {
  const { useHasura, useHasuraLive } = await recipe('swr.ts', page)
  const { CountersignProvider, createRoot, h } = world
  const keep = (/** @type {any[][]} */ list, /** @type {any} */ { data, error }) => {
    if (error) seen.errors.push(error)
    if (data && list.at(-1)?.length !== bodies(data).length) list.push(bodies(data))
  }
  const Page = () => {
    keep(seen.polled, useHasura(LIST, { room: page.room }, { refreshInterval: POLL_MS, dedupingInterval: 0 }))
    keep(seen.live, useHasuraLive(LIVE, { room: page.room }))
    return null
  }
  const root = createRoot(document.createElement('div'))
  root.render(h(CountersignProvider, { session: page.session }, h(Page)))
  return () => root.unmount()
}

/** graphql-ws with our `connectionParams`. It has gaps: how long, and what came twice. @param {any} page */
const theirs = async (page, _, seen) => {
  const { client } = await recipe('graphql-ws.ts', page)
  let lost = 0
  seen.gaps = []
  client.on('closed', () => (lost = performance.now()))
  client.on('connected', () => lost && seen.gaps.push(Math.round(performance.now() - lost)))
  const sink = (/** @type {any} */ take) => ({ next: (/** @type {any} */ { data }) => take(bodies(data)), error: (/** @type {any} */ error) => seen.errors.push(error), complete() {} })
  client.subscribe({ query: LIVE, variables: { room: page.room } }, sink((list) => seen.live.push(list)))
  client.subscribe({ query: STREAM, variables: { room: page.room, after: BEGINNING } }, sink((rows) => seen.streamed.push(...rows)))
  return () => client.dispose()
}

/** @param {(page: any) => Promise<any>} make */
const driven = (make) => async (page, _, seen) => {
  const driver = await make(page)
  let over = false
  const polling = (async () => {
    while (!over) {
      await driver.list(page.room).then((list) => seen.polled.push(list), (error) => seen.errors.push(error))
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  })()
  const stops = []
  const sink = (take) => ({ next: take, error: (error) => over || seen.errors.push(error), complete: () => over || seen.errors.push(new Error('completed')) })
  if (driver.live) stops.push(driver.live(page.room, sink((list) => seen.live.push(list))))
  if (driver.stream) stops.push(driver.stream(page.room, sink((rows) => seen.streamed.push(...rows))))
  return () => {
    over = true
    for (const stop of stops) stop()
    return polling
  }
}

/** Which of them hold a live query and a stream, beside asking again and again. */
export const participants = {
  'Apollo Client 4': { start: driven(apollo4), live: true, stream: true },
  'Apollo Client 3': { start: driven(apollo3), live: true, stream: true },
  urql: { start: driven(urql), live: true, stream: true },
  'graphql-request': { start: driven(graphqlRequest) },
  SWR: { start: swr, live: true },
  Relay: { start: driven(relay), live: true },
  HasuraClient: { start: driven(own), live: true, stream: true },
  'graphql-ws': { start: theirs, live: true, stream: true },
}

/**
 * @param {any} shared of ./page.mjs @param {any} world of React @param {import('node:test').TestContext} t
 * @param {{ expiries: number, writeMs: number }} how `writeMs`: several times in the two seconds of a token's lead, so that a stream is seen to have caught up
 */
export const soak = async (shared, world, t, { expiries, writeMs }) => {
  const running = await Promise.all(Object.entries(participants).map(async ([name, { start, ...holds }], i) => {
    const user = `user_soak_${i}`
    const page = shared.page(t, user)
    page.account.lifetimeS = LIFETIME_S
    const seen = { polled: /** @type {string[][]} */ ([]), live: /** @type {string[][]} */ ([]), streamed: /** @type {string[]} */ ([]), errors: /** @type {any[]} */ ([]), gaps: /** @type {number[]} */ ([]) }
    return { name, user, page, seen, ...holds, stop: await start(page, world, seen) }
  }))
  const began = Date.now()
  let written = 0
  const write = () => shared.place.hasura.sql(
    'insert into messages (room, owner, body) select room, owner, $3 from unnest($1::text[], $2::text[]) as them (room, owner)',
    [running.map(({ page }) => page.room), running.map(({ user }) => user), String(written + 1)],
  )
  const enough = () => running.every(({ page }) => page.account.calls.length > expiries && Date.now() > page.account.calls[expiries - 1].at + (LIFETIME_S + 1) * 1000)
  while (!enough()) {
    if (Date.now() - began > (expiries + 2) * LIFETIME_S * 1000) throw new Error(`too few tokens were asked for: ${running.map(({ name, page }) => `${name} ${page.account.calls.length}`)}`)
    await write()
    written += 1
    await new Promise((resolve) => setTimeout(resolve, writeMs))
  }
  const all = Array.from({ length: written }, (_, n) => String(n + 1))
  // What never comes is told by whoever compares.
  const complete = ({ seen, live, stream }) => (!live || seen.live.at(-1)?.length === written) && (!stream || new Set(seen.streamed).size >= written)
  // Each is stopped when it has everything: with a lead as short as that of these tokens, a stream to which nothing is written any more may stay where it is until the cut.
  await Promise.all(running.map(async (each) => {
    await until(() => complete(each)).catch(() => {})
    await each.stop()
  }))
  const sockets = shared.place.hasura.sockets
  await until(() => !sockets.some(({ open, sub }) => open && sub?.startsWith('user_soak')))
  return { all, seconds: (Date.now() - began) / 1000, running, sockets: (user) => sockets.filter(({ sub }) => sub === user) }
}
