// The Hasura-shaped server over a real Postgres (PGlite): GraphQL over HTTP and over sockets, the Relay schema, the oldest
// endpoint and stored queries. What the sockets can be told to do wrong is in ./sockets/knobs.mjs.
//
// Where it is smaller than the engine: one database, no remote schemas, actions or allow list; no `distinct_on`, upserts,
// nested inserts or computed fields; no wildcards among the CORS domains; a subscription's rights are those of its start.
import { cors, serve } from '../lib/index.mjs'
import { authenticate, carriesExpired } from './authenticate.mjs'
import { resolveConfig } from './config.mjs'
import { Executor } from './execute.mjs'
import { JSON_TYPE, graphql } from './http.mjs'
import { REST, rest } from './rest.mjs'
import { openDatabase } from './seed.mjs'
import { STATES } from './sockets/knobs.mjs'
import { PATHS, Sockets } from './sockets/upgrade.mjs'
import { notVerified } from './verify.mjs'

/** Reading the catalog takes longer than all the rest: what only changes rows does not cause it. */
const CHANGES_TABLES = /\b(create|alter|drop|grant|revoke|comment)\b/i

/**
 * @param {object} options
 * @param {number} [options.port]   0 (the default) takes a free one
 * @param {import('./config.mjs').Issuers} [options.issuers]
 * @param {import('./config.mjs').HasuraConfig} [options.config]
 * @param {Partial<HasuraKnobs>} [options.knobs]   how they stand at the start
 *
 * @typedef {import('../lib/server.mjs').Knobs & typeof STATES & { rejectNext: number, clockOffsetS: number, refetchKeys: boolean }} HasuraKnobs
 *   `latencyMs`, `holdMs`, `fail: { status, retryAfter?, times? }` and `hang` of ../lib; `rejectNext`: that many requests over HTTP
 *   with a good token are told it expired; `clockOffsetS`: this server's clock runs ahead by so much; `refetchKeys: true`, when
 *   turned: fetch the key sets now instead of when their max-age lapses; the rest is for sockets, see ./sockets/knobs.mjs.
 *
 * @returns {Promise<{
 *   url: string, stop: () => Promise<void>, log: import('../lib/server.mjs').LogEntry[], knobs: HasuraKnobs,
 *   turn: (changed: Record<string, any>) => Promise<void>,
 *   sockets: import('./sockets/journal.mjs').Record[],
 *   counters: () => { expiredSeen: number, sockets: Record<string, number>, newest: object[] },
 *   sql: (query: string, params?: unknown[]) => Promise<any[]>,
 * }>}
 *   `url` is the whole GraphQL endpoint, http://127.0.0.1:PORT/v1/graphql.
 *   `turn` is POST /__knobs without HTTP; a knob that is only assigned counts from its next use.
 *   `sockets`: a record of each, open and closed, in the order of opening. `counters`: as in the answer of /__knobs;
 *   `expiredSeen` is how many requests and inits carried a token that was over, whether or not a skew let it pass.
 *   `sql` runs as the database's owner, past all row policies, and returns the rows of the last statement.
 */
export async function startHasura({ port = 0, issuers = {}, config = {}, knobs: start = {} }) {
  const settings = resolveConfig(issuers, config)
  const db = await openDatabase()
  const executor = new Executor(db)
  let expiredSeen = 0
  const now = () => Date.now() / 1000 + server.knobs.clockOffsetS
  /** @param {import('./authenticate.mjs').Headers} headers */
  const identify = (headers) => {
    if (carriesExpired(headers, settings, now())) expiredSeen += 1
    return authenticate(headers, settings, now())
  }
  const counters = () => ({ expiredSeen, sockets: sockets.counters(), newest: sockets.journal.shown() })
  const server = await serve({
    port,
    name: 'hasura',
    knobs: { rejectNext: 0, clockOffsetS: 0, refetchKeys: false, ...STATES, ...start },
    obeysKnobs: (req) => Object.hasOwn(PATHS, req.path) || req.path.startsWith(REST),
    cors: settings.corsDomain === false ? undefined : cors({
      // A list of domains or the caller's own: the engine never answers a bare `*`, because it allows credentials.
      origins: settings.corsDomain === '*' ? 'echo' : settings.corsDomain,
      credentials: true,
      methods: 'GET,POST,PUT,PATCH,DELETE,OPTIONS',
      maxAge: 1_728_000,
    }),
    failBody: ({ status }) => ({ error: `the proxy in front answers ${status}` }),
    counters,
    onKnobs: (changed) => turned(changed),
    handler: (req, { knobs }) => route(req, {
      settings,
      executor,
      async identify() {
        const identity = await identify(req.headers)
        req.note({ sub: identity.sub, note: `role ${identity.role}` })
        if (identity.by === 'token' && knobs.rejectNext > 0) {
          knobs.rejectNext -= 1
          throw notVerified('JWTExpired')
        }
        return identity
      },
    }),
  })
  const sockets = new Sockets({ server, executor, config: settings, identify, now })
  /** @param {Record<string, any>} changed */
  async function turned(changed) {
    sockets.turned(changed)
    if (!changed.refetchKeys) return
    server.knobs.refetchKeys = false
    await Promise.all(settings.secrets.map(({ keys }) => keys.refetch()))
  }
  return {
    url: `${server.url}/v1/graphql`,
    knobs: /** @type {any} */ (server.knobs),
    log: server.log,
    sockets: sockets.journal.records,
    counters,
    turn(changed) {
      Object.assign(server.knobs, changed)
      return turned(changed)
    },
    async sql(query, params) {
      try {
        if (params) return (await db.query(query, params)).rows
        return (await db.exec(query)).at(-1)?.rows ?? []
      } finally {
        if (CHANGES_TABLES.test(query)) executor.forget()
        executor.version += 1
      }
    },
    async stop() {
      for (const { keys } of settings.secrets) keys.stop()
      sockets.stop()
      await server.stop()
      if (!db.closed) await db.close()
    },
  }
}

/**
 * @typedef {object} Asked
 * @property {ReturnType<typeof resolveConfig>} settings
 * @property {Executor} executor
 * @property {() => Promise<import('./authenticate.mjs').Identity>} identify   who asks, refused as the engine would
 */

/** @param {import('../lib/server.mjs').Request} req @param {Asked} asked */
async function route(req, asked) {
  const how = Object.hasOwn(PATHS, req.path) ? PATHS[req.path] : undefined
  if (how && (req.method === 'POST' || req.method === 'GET')) return graphql(req, how, asked)
  if (req.path.startsWith(REST)) return rest(req, asked)
  if (req.method === 'GET' && req.path === '/healthz') return { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'OK' }
  if (req.method === 'GET' && req.path === '/v1/version') {
    return { headers: { 'content-type': JSON_TYPE }, body: { server_type: 'ce', version: 'v2.48.0-local' } }
  }
  return { status: 404, headers: { 'content-type': JSON_TYPE }, body: { path: '$', error: 'resource does not exist', code: 'not-found' } }
}
