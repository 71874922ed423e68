// An Instant-shaped server: sign-in under /runtime, data over HTTP under /admin with a user's refresh token, the realtime session over
// a socket or an event stream, files under /storage. Not here: admin tokens, streams, sync tables, aggregates, `update-attr` and
// `delete-attr`. One known difference: the real server refuses issuers on private addresses, this one exists to talk to them.
import { INSTANT_APP_ID, INSTANT_CLIENT_NAMES } from '../accounts.mjs'
import { cors, DEFAULT_PAGE_ORIGINS, delay, serve } from '../lib/index.mjs'
import { createAuth } from './auth.mjs'
import { createData } from './data.mjs'
import { ApiError, missing, param, rateLimited, unknown } from './errors.mjs'
import { createIssuers } from './id-token.mjs'
import { createOAuth } from './oauth.mjs'
import { asObject, bodyOf, readable, take, writable } from './params.mjs'
import { STATES } from './sockets/knobs.mjs'
import { EventStreams } from './sockets/sse.mjs'
import { Sockets } from './sockets/upgrade.mjs'
import { createStorage } from './storage.mjs'
import { createUsers } from './users.mjs'

/**
 * Knobs, besides latencyMs, fail and hang: `routeDelayMs` (by path: `{ '/runtime/signout': 200 }`), `rateLimit` (null, or seconds for
 * `retry-after`: every call answers 429), `unknown500Next`, `html502Next`, `rejectNext` (so many calls or inits: the token is taken for
 * expired or revoked), `readOnly`, `disabled`, `codesPerHour` (magic codes sent, and tried, per address), `oauthAnswer` (null: the
 * provider asks who one is; a person, or `{ error }`), `redirectLifetimeMs` and `codeLifetimeMs` of an OAuth redirect, and two that act at once when
 * they are set: `revoke` ('all', an address, a user id or a token) and `forgetKeys`. Those of the realtime sessions are in ./sockets/knobs.mjs.
 * @param {{ port?: number, issuers?: { clerk?: { issuer: string }, auth0?: { issuer: string } }, pageOrigins?: string[], appId?: string, clients?: import('./id-token.mjs').OAuthClient[], knobs?: Record<string, any> }} options
 *   `clients` adds registered OAuth clients, or replaces those of the same name; `knobs`: how they stand at the start
 *
 * The server's own object has, besides those of ../lib/server.mjs: `turn(changed)` (POST /__knobs without HTTP), `sockets` (a record of
 * each realtime session, open and closed, in the order of opening), `counters()`, `liveTokens()`, `lastMagicCode(email)`.
 */
export async function startInstant({ port = 4105, issuers = {}, pageOrigins = DEFAULT_PAGE_ORIGINS, appId = INSTANT_APP_ID, clients = [], knobs: start = {} } = {}) {
  const users = createUsers(appId, { changed: () => data.touch(), codesPerHour: () => server.knobs.codesPerHour })
  const data = createData({ users: users.all })
  const keys = createIssuers()
  /** @type {Map<string, import('./id-token.mjs').OAuthClient>} */
  const registered = new Map(Object.entries(issuers).map(([provider, { issuer }]) => {
    const name = INSTANT_CLIENT_NAMES[provider] ?? provider
    return [name, { name, provider, discovery: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration` }]
  }))
  for (const client of clients) registered.set(client.name, client)
  const auth = createAuth({ appId, pageOrigins, users, keys, registered })
  const counters = () => ({ liveTokens: users.liveTokens().length, sockets: sockets.counters() })

  const server = await serve({
    port,
    name: 'instant',
    knobs: {
      routeDelayMs: {}, rateLimit: null, unknown500Next: 0, html502Next: 0, rejectNext: 0, readOnly: false, disabled: false, codesPerHour: 20,
      oauthAnswer: null, redirectLifetimeMs: 600_000, codeLifetimeMs: 300_000, revoke: null, forgetKeys: false, ...STATES, ...start,
    },
    cors: cors({ origins: 'echo', methods: 'GET, PUT, POST, DELETE', maxAge: 600 }),
    preflightStatus: 200,
    failBody: () => unknown().body,
    counters: () => ({ ...counters(), newest: sockets.journal.shown() }),
    onKnobs: (changed) => turned(changed),
    async handler(req, { knobs }) {
      try {
        const handle = routes[`${req.method} ${patternOf(req.path)}`]
        if (!handle) return { status: 404, body: { type: 'not-found', message: 'There is no such route on this local server.', hint: { path: req.path } } }
        if (knobs.routeDelayMs[req.path] > 0) await delay(knobs.routeDelayMs[req.path], req.signal)
        if (take(knobs, 'html502Next')) return { status: 502, headers: { 'content-type': 'text/html' }, body: '<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>' }
        if (take(knobs, 'unknown500Next')) throw unknown()
        if (knobs.rateLimit) throw rateLimited(knobs.rateLimit === true ? 1 : Number(knobs.rateLimit))
        const answer = await handle(req, knobs)
        // Nothing is said of what is still being written, and what is no JSON is a whole reply.
        return answer === undefined ? undefined : answer.reply ?? { body: answer }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        req.note({ note: String(error.body.type) })
        return { status: error.status, headers: error.headers, body: error.body }
      }
    },
  })
  const sockets = new Sockets({ server, app: { appId, data, userOf: (token, app) => auth.userOf(token, app, server.knobs), present: users.present } })

  const streams = new EventStreams(sockets)
  const url = () => server.url

  /** @type {import('./auth.mjs').Routes} */
  const routes = {
    'GET /': () => ({ status: 'ok' }),
    ...auth.routes,
    ...createOAuth({ pageOrigins, users, registered, auth, url }).routes,
    ...createStorage({ data, auth, url }).routes,

    'GET /runtime/sse': (req) => streams.listen(req),
    'POST /runtime/sse': (req) => streams.take(bodyOf(req)),

    'POST /admin/subscribe-query': (req, knobs) => {
      const caller = auth.callerOf(req, knobs)
      const body = bodyOf(req)
      readable(knobs)
      param(body, 'body', 'query', asObject)
      streams.watch(req, (caller && users.get(caller.id)) ?? null, body)
    },

    'POST /admin/query': (req, knobs) => {
      const caller = auth.callerOf(req, knobs)
      const body = bodyOf(req)
      readable(knobs)
      return data.tree(caller, param(body, 'body', 'query', asObject), { inference: body['inference?'] === true }).result
    },

    'POST /admin/transact': (req, knobs) => {
      const caller = auth.callerOf(req, knobs)
      const body = bodyOf(req)
      if (body.steps === undefined) throw missing(['body', 'steps'])
      writable(knobs)
      return { 'tx-id': data.transact(caller, body.steps) }
    },
  }

  return {
    ...server,
    liveTokens: users.liveTokens,
    lastMagicCode: users.lastCode,
    sockets: sockets.journal.records,
    counters,
    /** @param {Record<string, any>} changed */
    turn(changed) {
      Object.assign(server.knobs, changed)
      turned(changed)
    },
    async stop() {
      sockets.stop()
      await server.stop()
    },
  }

  /** @param {Record<string, any>} changed */
  function turned(changed) {
    const { knobs } = server
    if (knobs.revoke) users.revoke(knobs.revoke)
    if (knobs.forgetKeys) keys.forget()
    Object.assign(knobs, { revoke: null, forgetKeys: false })
    sockets.turned(changed)
  }
}

/** A path as the routes are named: apps and files stand in some of them. @param {string} path */
const patternOf = (path) => path.replace(/^\/runtime\/[0-9a-f-]{36}\//i, '/runtime/:app_id/').replace(/^\/storage\/local\/.+/, '/storage/local/:id')
