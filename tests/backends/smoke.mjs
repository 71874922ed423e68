// The smoke scripts of all four backends, each against its local server with real tokens of the Clerk-shaped issuer, through the
// official clients or through ours. `node tests/backends/smoke.mjs [official|ours]` prints what each script found.
import { inspect } from 'node:util'
import { pathToFileURL } from 'node:url'
import { dist } from '../differential/dist.mjs'
import { INSTANT_APP_ID, PEOPLE } from './accounts.mjs'
import { smoke as convexScript } from './convex/smoke.mjs'
import { smoke as faunaScript } from './fauna/smoke.mjs'
import { smoke as hasuraScript } from './hasura/smoke.mjs'
import { smoke as instantScript } from './instant/smoke.mjs'
import { startAll } from './start.mjs'

/** @typedef {import('./accounts.mjs').Person} Person */
/** @typedef {{ urls: Record<string, string>, person: Person, token(template?: string): Promise<string> }} Place */

/**
 * Who is asked what: every script takes the same place and makes its client from this table.
 * Ours stand here without a page: a session refuses on a server, so a static token, or one request's `forRequest`, carries them.
 * @type {Record<'official' | 'ours', Record<string, (place: Place) => Promise<any>>>}
 */
export const clients = {
  official: {
    async fauna({ urls, person, token }) {
      const { Client, fql } = await import('fauna')
      return faunaScript({ Client, fql, endpoint: urls.fauna, secret: await token('fauna'), owner: person })
    },
    hasura: ({ urls, token }) => hasuraScript({ endpoint: urls.hasura, token: () => token('hasura') }),
    async convex({ urls, person, token }) {
      const { ConvexHttpClient } = await import('convex/browser')
      return convexScript({ ConvexHttpClient, url: urls.convex, token: await token('convex'), run: `smoke-${person}` })
    },
    async instant({ urls, token }) {
      const [{ init }, { init: initAdmin }] = await Promise.all([import('@instantdb/core'), import('@instantdb/admin')])
      const admin = initAdmin({ appId: INSTANT_APP_ID, apiURI: urls.instant })
      return instantScript({ init, as: (_, refreshToken) => admin.asUser({ token: refreshToken }), appId: INSTANT_APP_ID, apiURI: urls.instant, idToken: await token(), clientName: 'clerk' })
    },
  },
  ours: {
    async fauna({ urls, person, token }) {
      const { Client, fql } = await dist('fauna.js')
      return faunaScript({ Client, fql, endpoint: urls.fauna, secret: await token('fauna'), owner: person })
    },
    /** graphql-request with our authorised fetch in place of a token. */
    async hasura({ urls, token }) {
      const { forRequest } = await dist('server.js')
      const request = forRequest({ getToken: ({ template }) => token(template), templates: { hasura: 'hasura' } })
      return hasuraScript({ endpoint: urls.hasura, fetch: request.authFetch({ template: 'hasura', origins: [new URL(urls.hasura).origin] }) })
    },
    async convex({ urls, person, token }) {
      const { ConvexHttpClient } = await dist('convex.js')
      return convexScript({ ConvexHttpClient, url: urls.convex, token: await token('convex'), run: `smoke-${person}` })
    },
    /** The script plays a browser, so a session can start; nobody is signed in there, and the script signs in by hand. */
    async instant({ urls, token }) {
      const [{ init }, { createSession }, { fakeProvider }] = await Promise.all([dist('instant.js'), dist('index.js'), dist('testing.js')])
      const idToken = await token()
      const session = createSession({ ...fakeProvider({ user: null }), templates: { instant: {} }, logger: false })
      const ours = (/** @type {{ appId: string, apiURI: string }} */ { appId, apiURI }) =>
        init({ appId, apiURI, session, template: 'instant', clientName: 'clerk', storage: 'memory' })
      try {
        const as = (/** @type {any} */ db) => ({ tx: db.tx, query: async (/** @type {object} */ q) => (await db.queryOnce(q)).data, transact: db.transact })
        return await instantScript({ init: ours, as, appId: INSTANT_APP_ID, apiURI: urls.instant, idToken, clientName: 'clerk' })
      } finally {
        session.dispose()
      }
    },
  },
}

export const BACKENDS = Object.keys(clients.official)

/** Signs in as a script does, at the endpoints that Clerk's browser code uses. @param {string} issuer @param {Person} person */
async function signIn(issuer, person) {
  const response = await fetch(`${issuer}/v1/client/sign_ins`, { method: 'POST', body: new URLSearchParams({ identifier: person }) })
  if (!response.ok) throw new Error(`${person} could not sign in: ${response.status}`)
  const { response: attempt } = await response.json()
  const authorization = response.headers.get('authorization') ?? ''
  return async (/** @type {string | undefined} */ template = undefined) => {
    const minted = await fetch(`${issuer}/v1/client/sessions/${attempt.created_session_id}/tokens${template ? `/${template}` : ''}`, {
      method: 'POST', headers: { authorization, origin: 'http://127.0.0.1:3000' },
    })
    if (!minted.ok) throw new Error(`no ${template ?? 'session'} token for ${person}: ${minted.status}`)
    return (await minted.json()).jwt
  }
}

/** Fresh local backends: what one client wrote must not be what another one counts. */
export async function startPlaces() {
  const { urls, stop } = await startAll({ portBase: 0 })
  const place = async (/** @type {Person} */ person) => ({ urls, person, token: await signIn(urls.clerk, person) })
  return { place, stop }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const kind = process.argv[2] === 'ours' ? 'ours' : 'official'
  const { place, stop } = await startPlaces()
  try {
    for (const backend of BACKENDS) {
      for (const person of PEOPLE) console.log(`${kind} ${backend}, as ${person}:`, inspect(await clients[kind][backend](await place(person)), { depth: 6, breakLength: 160 }))
    }
  } finally {
    await stop()
  }
}
