// The Hasura-shaped server: POST /v1/graphql over a real Postgres (PGlite). Every GraphQL-level failure is HTTP 200.
// Sockets (GET + Upgrade) are not here yet; `server` of ../lib and `Executor` are what they will need.
import { randomUUID } from 'node:crypto'
import { cors, serve } from '../lib/index.mjs'
import { authenticate } from './authenticate.mjs'
import { resolveConfig } from './config.mjs'
import { Executor, decodeRequest } from './execute.mjs'
import { HasuraError, fromPostgres } from './failure.mjs'
import { openDatabase } from './seed.mjs'
import { notVerified } from './verify.mjs'

const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * @param {object} options
 * @param {number} [options.port]   0 (the default) takes a free one
 * @param {import('./config.mjs').Issuers} [options.issuers]
 * @param {import('./config.mjs').HasuraConfig} [options.config]
 * @returns {Promise<{
 *   url: string, stop: () => Promise<void>, log: import('../lib/server.mjs').LogEntry[],
 *   knobs: import('../lib/server.mjs').Knobs & { rejectNext: number, clockOffsetS: number, refetchKeys: boolean },
 *   sql: (query: string, params?: unknown[]) => Promise<any[]>,
 * }>}
 *   `url` is the whole GraphQL endpoint, http://127.0.0.1:PORT/v1/graphql.
 *   `sql` runs as the database's owner, past all row policies, and returns the rows of the last statement.
 *   Knobs: `latencyMs`, `fail: { status, retryAfter?, times? }` and `hang` of ../lib; `rejectNext`: that many requests with a
 *   good token are told it expired; `clockOffsetS`: this server's clock runs ahead by so much; `refetchKeys: true` over
 *   POST /__knobs: fetch the key sets now instead of when their max-age lapses.
 */
export async function startHasura({ port = 0, issuers = {}, config = {} }) {
  const settings = resolveConfig(issuers, config)
  const db = await openDatabase()
  const executor = new Executor(db)
  const server = await serve({
    port,
    name: 'hasura',
    knobs: { rejectNext: 0, clockOffsetS: 0, refetchKeys: false },
    obeysKnobs: (req) => req.path === '/v1/graphql',
    cors: cors({
      // A list of domains or the caller's own: the engine never answers a bare `*`, because it allows credentials.
      origins: settings.corsDomain === '*' ? 'echo' : settings.corsDomain,
      credentials: true,
      methods: 'GET,POST,PUT,PATCH,DELETE,OPTIONS',
      maxAge: 1_728_000,
    }),
    failBody: ({ status }) => ({ error: `the proxy in front answers ${status}` }),
    async onKnobs(changed, { knobs }) {
      if (!changed.refetchKeys) return
      knobs.refetchKeys = false
      await Promise.all(settings.secrets.map(({ keys }) => keys.refetch()))
    },
    handler: (req, { knobs }) => route(req, { settings, executor, knobs }),
  })
  return {
    url: `${server.url}/v1/graphql`,
    knobs: /** @type {any} */ (server.knobs),
    log: server.log,
    async sql(query, params) {
      executor.forget()
      if (params) return (await db.query(query, params)).rows
      return (await db.exec(query)).at(-1)?.rows ?? []
    },
    async stop() {
      for (const { keys } of settings.secrets) keys.stop()
      await server.stop()
      if (!db.closed) await db.close()
    },
  }
}

/** @param {import('../lib/server.mjs').Request} req */
async function route(req, context) {
  if (req.path === '/v1/graphql' && (req.method === 'POST' || req.method === 'GET')) return graphql(req, context)
  if (req.method === 'GET' && req.path === '/healthz') return { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'OK' }
  if (req.method === 'GET' && req.path === '/v1/version') {
    return { headers: { 'content-type': JSON_TYPE }, body: { server_type: 'ce', version: 'v2.48.0-local' } }
  }
  return { status: 404, headers: { 'content-type': JSON_TYPE }, body: { path: '$', error: 'resource does not exist', code: 'not-found' } }
}

/** @param {import('../lib/server.mjs').Request} req */
async function graphql(req, { settings, executor, knobs }) {
  const headers = { 'content-type': JSON_TYPE }
  try {
    // Authentication comes before the body is looked at: a refused mutation never ran, whatever it said.
    const identity = await authenticate(req.headers, settings, Date.now() / 1000 + knobs.clockOffsetS)
    req.note({ sub: identity.sub, note: `role ${identity.role}` })
    if (identity.by === 'token' && knobs.rejectNext > 0) {
      knobs.rejectNext -= 1
      throw notVerified('JWTExpired')
    }
    // GET is for persisted queries, which only the paid editions have.
    if (req.method === 'GET') throw new HasuraError('not-supported', 'PersistedQueryNotSupported')
    const body = jsonBody(req.text)
    const answer = Array.isArray(body)
      ? await batch(body.map(decodeRequest), identity, executor)
      : await executor.run(decodeRequest(body), identity)
    return { headers: { ...headers, 'x-request-id': req.headers['x-request-id'] ?? randomUUID() }, body: answer }
  } catch (error) {
    if (!(error instanceof HasuraError)) throw error
    req.note({ note: `${error.code} at ${error.path}` })
    return { headers, body: error.body() }
  }
}

/** One after the other, each in its own transaction; one that fails does not touch the others. */
async function batch(requests, identity, executor) {
  const answers = []
  for (const request of requests) {
    answers.push(await executor.run(request, identity).catch((error) => fromPostgres(error).body()))
  }
  return answers
}

/** @param {string} text */
function jsonBody(text) {
  try {
    return JSON.parse(text)
  } catch {
    throw new HasuraError('invalid-json', text.trim() ? 'Error in $: not a valid json value' : 'Error in $: not enough input')
  }
}
