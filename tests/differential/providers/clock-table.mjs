// Ten minutes of one authorised request a second on a device whose clock is wrong: through Clerk alone, and through a session over the same Clerk.
// `node tests/differential/providers/clock-table.mjs` writes what it measures into www/docs/providers.md; clerk-clock.test.mjs holds the page to it.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { entry, name } from '../../package/world.mjs'
import { focus, loadedClerk } from './clerk.mjs'
import { virtualClock } from './clock.mjs'
import { frontendApi } from './frontend-api.mjs'
import './warm.mjs'

const { clerkSession } = await entry('clerk')

const API = 'https://api.test'
const SECONDS = 600
/** How far the device's clock is ahead, in seconds. */
export const SHIFTS = [0, 40, 60, 3600, -20, -60, -3600]

/**
 * @param {object} of
 * @param {number} of.aheadS
 * @param {boolean} of.focused
 * @param {boolean} of.ours
 * @param {number} [of.agedS]   a token was asked for so long before: Clerk may still have it
 */
export const measure = async ({ aheadS, focused, ours, agedS = 0 }) => {
  /** @type {ReturnType<typeof frontendApi> | undefined} */
  let api
  const clock = virtualClock({ aheadMs: aheadS * 1000, busy: () => !!api?.busy() })
  api = frontendApi({ now: clock.server, latencyMs: 80 })
  const { random } = Math
  Math.random = () => 0.5
  api.signIn('alice')
  const clerk = await clock.through(loadedClerk())
  const blur = focus(focused)
  const result = { mints: 0, asked: 0, expired: 0, failed: 0 }
  const { fetch } = globalThis
  globalThis.fetch = async (input, init) => {
    if (!String(input).startsWith(API)) return fetch(input, init)
    const token = new Headers(init?.headers).get('authorization')?.slice('Bearer '.length) ?? ''
    const taken = await api.accepts(token)
    if (!taken) result.expired++
    return new Response('{}', { status: taken ? 200 : 401 })
  }
  const { getToken } = clerk.session
  clerk.session.getToken = (options) => (result.asked++, getToken(options))
  const session = ours ? clerkSession(() => clerk, { name: name(), logger: false, templates: { hasura: 'hasura' } }) : undefined
  const alone = async () => globalThis.fetch(API, { headers: { authorization: `Bearer ${await clerk.session.getToken({ template: 'hasura' })}` } })
  const send = session?.authFetch({ template: 'hasura', origins: [API] }) ?? alone
  if (agedS) {
    await clock.through(getToken({ template: 'hasura' }))
    await clock.advance(agedS * 1000)
  }
  const before = api.mints.length
  for (let second = 0; second < SECONDS; second++) {
    Promise.resolve(send(API)).then((response) => response.body?.cancel(), () => result.failed++)
    await clock.advance(1000)
  }
  result.mints = api.mints.length - before
  if (session) session.dispose()
  clerk.session.clearCache()
  globalThis.fetch = fetch
  api.stop()
  blur()
  Math.random = random
  clock.restore()
  return result
}

const sign = (seconds) => (seconds === 0 ? 'right' : `${Math.abs(seconds) === 3600 ? '1 h' : `${Math.abs(seconds)} s`} ${seconds > 0 ? 'ahead' : 'behind'}`)

/** The rows of the table, each with what it was measured from. */
export const table = async () => {
  const rows = []
  for (const aheadS of SHIFTS) for (const focused of [true, false]) {
    rows.push({ aheadS, focused, bare: await measure({ aheadS, focused, ours: false }), ours: await measure({ aheadS, focused, ours: true }) })
  }
  return rows
}

/** @param {Awaited<ReturnType<typeof table>>} rows */
export const markdown = (rows) => [
  '| Clock of the device | Page | Clerk alone: tokens minted | expired tokens sent | with countersign: minted | expired sent |',
  '| --- | --- | --- | --- | --- | --- |',
  ...rows.map(({ aheadS, focused, bare, ours }) => `| ${sign(aheadS)} | ${focused ? 'focused' : 'not focused'} | ${bare.mints} | ${bare.expired} | ${ours.mints} | ${ours.expired} |`),
].join('\n')

export const PAGE = new URL('../../../www/docs/providers.md', import.meta.url)
/** The table in the page. */
export const TABLE = /\| Clock of the device[^]*?(?=\n\n|\n*$)/

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, readFileSync(PAGE, 'utf8').replace(TABLE, markdown(await table())))
