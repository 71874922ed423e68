// The demo under test: started once, with the local servers in this very process, so that their knobs and logs are at hand.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:net'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { startDemo } from '../../pkg/scripts/demo.mjs'
import { chromium as find, root } from '../../pkg/scripts/tools.mjs'
import { Visit } from './visit.mjs'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic']
const SERVERS = 6
/** Those that judge tokens by a clock of their own; the others only ask whether one has expired. */
const CLOCKS = /** @type {const} */ (['clerk', 'auth0', 'fauna', 'hasura'])
const PICTURES = join(root, 'target', 'e2e')

/** @typedef {'clerk' | 'auth0' | 'fauna' | 'hasura' | 'convex' | 'instant'} ServerName */
/** @typedef {{ at: string, method: string, path: string, status: number | null, sub?: string, note?: string }} LogEntry */

export const BACKENDS = /** @type {const} */ (['fauna', 'hasura', 'convex', 'instant'])

/** Starts the page, the servers and a browser. @param {{ log?: (line: string) => void }} [options] */
export async function openDemo({ log = () => {} } = {}) {
  mkdirSync(PICTURES, { recursive: true })
  // What the shell of a developer points elsewhere must not decide what is tested here.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NEXT_PUBLIC_')))
  const skipBuild = env.COUNTERSIGN_DEMO_SKIP_BUILD === '1' && existsSync(join(root, 'target', 'pack', 'countersign.tgz'))
  const demo = await start({ env, skipBuild, log })
  /** @type {Record<ServerName, { url: string, knobs: Record<string, any>, log: LogEntry[], liveTokens?: () => { email: string | null, token: string }[], sql?: (query: string, params?: unknown[]) => Promise<any[]> }>} */
  const servers = demo.backends.servers
  // A test says by itself how long its tokens live.
  servers.clerk.knobs.lifetimes = {}
  const [{ began }] = await /** @type {any} */ (servers.hasura).sql('select clock_timestamp() as began')
  const defaults = Object.fromEntries(Object.entries(servers).map(([name, { knobs }]) => [name, structuredClone(knobs)]))
  const { chromium: executablePath } = await find(log)
  const browser = await chromium.launch({ executablePath, args: FLAGS }).catch(async (error) => {
    await demo.stop()
    throw error
  })
  /** @type {Set<Visit>} */
  const visits = new Set()
  /** @type {Set<() => void>} */
  const releases = new Set()

  return {
    url: demo.url,
    servers,
    browser,
    picture: (/** @type {string} */ name) => join(PICTURES, `${name}.png`),

    /**
     * A new visitor, with an empty profile, on the page.
     * @param {import('playwright-core').BrowserContextOptions & { clock?: boolean }} [options] `clock`: the browser's can be moved, as `pass` does
     */
    async visit({ clock, ...options } = {}) {
      const visit = new Visit(await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options }), demo.url, servers)
      visits.add(visit)
      if (clock) await visit.context.clock.install()
      await visit.open()
      return visit
    },

    /**
     * So much time passes for a visitor and for the servers; what was due meanwhile is done once, as after a lid was closed for so long.
     * @param {Visit} visit made with `clock` @param {number} seconds
     */
    async pass(visit, seconds) {
      await Promise.all(CLOCKS.map((name) => turn(servers[name], { clockOffsetS: servers[name].knobs.clockOffsetS + seconds })))
      visit.passedS += seconds
      await visit.context.clock.fastForward(seconds * 1000)
    },

    /** How many tokens an issuer has signed of a kind: `user_alice/fauna`. @param {'clerk' | 'auth0'} issuer */
    async mints(issuer = 'clerk') {
      return /** @type {Record<string, number>} */ ((await turn(servers[issuer], {})).counters.mints)
    },

    /**
     * Keeps the answers of a server to a path: they are made, and are sent when they are released. What a test does meanwhile
     * may take as long as it likes, as it may not with a delay.
     * @param {ServerName} name @param {string} path   a part of it
     */
    hold(name, path) {
      const port = Number(new URL(servers[name].url).port)
      /** @type {(() => void)[]} */
      const kept = []
      const onRequest = (/** @type {any} */ { request, response }) => {
        if (request.socket.localPort !== port || request.method === 'OPTIONS' || !request.url.includes(path)) return
        const { end } = response
        response.end = (/** @type {any[]} */ ...rest) => {
          const send = () => void (response.destroyed || end.apply(response, rest))
          if (releases.has(release)) kept.push(send)
          else send()
          return response
        }
      }
      const release = () => {
        unsubscribe('http.server.request.start', onRequest)
        releases.delete(release)
        for (const send of kept) send()
      }
      releases.add(release)
      subscribe('http.server.request.start', onRequest)
      return { kept: () => kept.length, release }
    },

    /** After each test: the servers behave again, and what the visitors left behind is looked at before they go. */
    async settle() {
      for (const release of releases) release()
      for (const [name, { knobs }] of Object.entries(servers)) Object.assign(knobs, structuredClone(defaults[name]))
      const leaving = [...visits]
      visits.clear()
      const problems = (await Promise.all(leaving.map((visit) => visit.leave()))).flat()
      // Orders and messages that were made here are of no later test.
      await servers.hasura.sql?.('delete from messages where created_at > $1', [began])
      await turn(servers.fauna, { reset: true })
      if (problems.length) throw new Error(problems.join('\n'))
    },

    async close() {
      await browser.close()
      await demo.stop()
    },
  }
}

/** Requests that a server's log gets from now on, preflights left out, and what it notes of sockets. @param {{ log: LogEntry[] }} server @returns {() => LogEntry[]} */
export function watchLog({ log }) {
  const before = new Set(log)
  return () => log.filter((entry) => !before.has(entry) && !['OPTIONS', 'SOCKET'].includes(entry.method))
}

/** Sent and not set, so that what is open at the server hears of it. @param {{ url: string }} server @param {Record<string, any>} knobs @returns {Promise<any>} */
export const turn = async (server, knobs) => (await fetch(new URL('/__knobs', server.url), { method: 'POST', body: JSON.stringify(knobs) })).json()

/** Until `look` answers something true. @template T @param {() => T | Promise<T>} look @param {string} what @param {number} [ms] @returns {Promise<T>} */
export async function until(look, what, ms = 10_000) {
  for (const deadline = Date.now() + ms; ;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`Waited ${ms} ms in vain: ${what}`)
    await pause(40)
  }
}

/** @param {number} ms */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * On the usual ports when nobody has them, because then a page built for `npm run demo` is the page wanted here;
 * otherwise on the next that are free. The addresses are compiled into the page, so random ports would mean a build each time.
 * @param {{ env: Record<string, string | undefined>, skipBuild: boolean, log: (line: string) => void }} options
 */
async function start(options) {
  for (let tries = 1, after = Number(process.env.COUNTERSIGN_PORT_BASE || 4100); ; tries++) {
    const portBase = await freeBase(after)
    try {
      return await startDemo({ ...options, port: 0, portBase, skipBuild: options.skipBuild || tries > 1 })
    } catch (error) {
      // Installing comes before listening: somebody else may have taken a port meanwhile.
      if (tries === 3 || !/EADDRINUSE|is taken/.test(String(error))) throw error
      after = portBase + 10
    }
  }
}

/** @param {number} from */
async function freeBase(from) {
  for (let base = from; base < 60_000; base += 10) {
    const free = await Promise.all(Array.from({ length: SERVERS }, (_, i) => canListen(base + i)))
    if (free.every(Boolean)) return base
  }
  throw new Error(`no ${SERVERS} free ports in a row from ${from}`)
}

/** @param {number} port @returns {Promise<boolean>} */
const canListen = (port) => new Promise((resolve) => {
  const probe = createServer()
  probe.once('error', () => resolve(false))
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
})
