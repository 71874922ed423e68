// Starts the issuers and the local backends, on fixed ports for the demo or on free ones for tests.
import {
  AUTH0_CLIENT_ID, CONVEX_AUDIENCE, FAUNA_AUDIENCE, HASURA_AUDIENCE, INSTANT_APP_ID, INSTANT_CLIENT_NAMES,
} from './accounts.mjs'
import { startAuth0 } from './issuer/auth0.mjs'
import { startClerk } from './issuer/clerk.mjs'
import { DEFAULT_PAGE_ORIGINS } from './lib/index.mjs'

/** Each backend's distance from the port base; 0 and 1 are the issuers. */
const BACKENDS = {
  fauna: { offset: 2, start: 'startFauna' },
  hasura: { offset: 3, start: 'startHasura' },
  convex: { offset: 4, start: 'startConvex' },
  instant: { offset: 5, start: 'startInstant' },
}

/** @typedef {keyof typeof BACKENDS} Backend */

/**
 * @param {object} [options]
 * @param {number} [options.portBase]       0: every server takes a free port; default COUNTERSIGN_PORT_BASE or 4100
 * @param {string[]} [options.only]         which backends beside the issuers; default all, `[]` none
 * @param {string[]} [options.pageOrigins]  where the pages under test live
 * @param {Record<string, object>} [options.each]   more options per server, e.g. `{ clerk: { lifetimeS: 5 } }`
 */
export async function startAll({ portBase = defaultPortBase(), only = Object.keys(BACKENDS), pageOrigins = DEFAULT_PAGE_ORIGINS, each = {} } = {}) {
  const unknown = only.filter((name) => !Object.hasOwn(BACKENDS, name))
  if (unknown.length) throw new Error(`no local backend is called ${unknown.join(', ')}; there are ${Object.keys(BACKENDS).join(', ')}`)
  const port = (offset) => (portBase === 0 ? 0 : portBase + offset)

  /** @type {Record<string, { url: string, stop(): Promise<void>, knobs: Record<string, any> }>} */
  const servers = {}
  const stop = async () => void (await Promise.allSettled(Object.values(servers).map((server) => server.stop())))
  try {
    const [clerk, auth0] = await settleAll([
      startClerk({ port: port(0), pageOrigins, ...each.clerk }).then((s) => (servers.clerk = s) && s),
      startAuth0({ port: port(1), pageOrigins, ...each.auth0 }).then((s) => (servers.auth0 = s) && s),
    ])
    const issuers = {
      clerk: { issuer: clerk.issuer, jwksUri: clerk.jwksUri },
      auth0: { issuer: auth0.issuer, jwksUri: auth0.jwksUri, clientId: auth0.clientId },
    }
    await settleAll(only.map(async (name) => {
      const { offset, start } = BACKENDS[/** @type {Backend} */ (name)]
      const module = await import(`./${name}/server.mjs`)
      servers[name] = await module[start]({ port: port(offset), issuers, pageOrigins, ...each[name] })
    }))
    const urls = Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, server.url]))
    const config = {
      issuers,
      auth0: { domain: auth0.domain, clientId: AUTH0_CLIENT_ID },
      audiences: { fauna: FAUNA_AUDIENCE, hasura: HASURA_AUDIENCE, convex: CONVEX_AUDIENCE },
      instant: { appId: INSTANT_APP_ID, clientNames: INSTANT_CLIENT_NAMES },
      pageOrigins,
    }
    return { urls, config, servers, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** As Promise.all, but waits for the others before failing: a server that starts late must still be stopped. */
async function settleAll(promises) {
  const results = await Promise.allSettled(promises)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) throw /** @type {PromiseRejectedResult} */ (failed).reason
  return results.map((result) => /** @type {PromiseFulfilledResult<any>} */ (result).value)
}

function defaultPortBase() {
  const text = process.env.COUNTERSIGN_PORT_BASE ?? '4100'
  const base = Number(text)
  if (!Number.isInteger(base) || base < 0 || base > 65000) throw new Error(`COUNTERSIGN_PORT_BASE is ${JSON.stringify(text)}, not a port`)
  return base
}
