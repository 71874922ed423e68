// A Fauna-shaped server: `POST /query/1` over HTTP/1.1 and cleartext HTTP/2, with JWTs of two access providers.
//
// Where it is smaller than Fauna: no type checking (`x-typecheck` is accepted and does nothing, no `static_type`), no
// event sources, no regular expressions, `match`, `at` or tuples; storage bytes are always 0; `jwks_uri` may be http.
// A member that a value of the standard library does not have is `invalid_query`, as with Fauna's type checker.
import { cors as corsHeaders, delay, serve } from '../lib/index.mjs'
import { Database } from './database.mjs'
import { ProtocolFailure } from './errors.mjs'
import { readHeaders } from './headers.mjs'
import { writeJson } from './json.mjs'
import { harden } from './transport.mjs'

const BUILD = 'countersign-local-1'
export const ALLOWED_HEADERS = [
  'accept-encoding', 'authorization', 'content-type', 'x-driver-env', 'x-faunadb-api-version', 'x-fauna-driver', 'x-fauna-source',
  'x-fauna-tags', 'x-format', 'x-last-seen-txn', 'x-last-txn-ts', 'x-linearized', 'x-max-contention-retries',
  'x-max-retries-on-contention', 'x-query-tags', 'x-query-timeout', 'x-query-timeout-ms', 'x-runtime-environment',
  'x-runtime-environment-os', 'x-nodejs-version', 'traceparent', 'x-typecheck', 'x-performance-hints',
]
const cors = corsHeaders({
  origins: 'echo', credentials: true, methods: 'GET, POST, PUT, PATCH, DELETE', allowHeaders: ALLOWED_HEADERS.join(', '),
  exposeHeaders: 'x-faunadb-build', maxAge: 86_400,
})

/**
 * @param {object} options
 * @param {number} [options.port]
 * @param {{ clerk?: { issuer: string, jwksUri: string }, auth0?: { issuer: string, jwksUri: string } }} options.issuers
 * @param {string} [options.secret] a key for scripts, with all rights; without it only JWTs are accepted
 *
 * Knobs beside those of `serve`: `throttle` (the next n answers are 429), `rejectNext` (the next n are 401),
 * `clockOffsetS` (the server's clock runs ahead by this much), `reset: true` (the data goes back to the seeds).
 */
export async function startFauna({ port = 0, issuers, secret }) {
  const knobs = { throttle: 0, rejectNext: 0, clockOffsetS: 0 }
  /** @type {any} */
  let live = knobs
  const db = new Database({ issuers, secret, clock: () => Date.now() + live.clockOffsetS * 1000 })
  const handler = async (req) => {
    if (req.method === 'OPTIONS') return { status: 200 }
    const { status, body, headers = {} } = await respond(req, db, live)
    return { status, headers: { 'content-type': 'application/json;charset=utf-8', 'x-faunadb-build': BUILD, ...headers }, body: writeJson(body) }
  }
  const server = await serve({
    name: 'fauna', port, knobs, cors, handler, preflightStatus: 200,
    obeysKnobs: () => true,
    failBody: ({ status }) => ({ error: { code: FAIL_CODES[status] ?? 'internal_error', message: `The knob says ${status}.` } }),
    onKnobs: (changed, ctx) => {
      if (changed.reset) db.reset()
      delete ctx.knobs.reset
    },
  })
  live = server.knobs
  harden(server.server, cors)
  const { url, stop, log } = server
  return { url, stop, knobs: server.knobs, log }
}

const FAIL_CODES = { 401: 'unauthorized', 409: 'contended_transaction', 429: 'limit_exceeded', 440: 'time_out', 502: 'bad_gateway', 503: 'time_out', 504: 'gateway_timeout' }

/** @param {import('../lib/server.mjs').Request} req @param {Database} db @param {any} knobs */
async function respond(req, db, knobs) {
  let tags
  try {
    if (req.path === '/ping') return { status: 200, body: { resource: 'Scope write is OK' } }
    if (req.path !== '/query/1') throw new ProtocolFailure(404, 'not_found', 'This server answers /query/1 only.')
    if (takeOne(knobs, 'rejectNext')) throw new ProtocolFailure(401, 'unauthorized', 'Access token required')
    const session = await db.authenticate(req.headers.authorization, req.note)
    const headers = readHeaders(req.headers)
    tags = headers.tags
    if (takeOne(knobs, 'throttle')) throw new ProtocolFailure(429, 'limit_exceeded', 'Rate limit exceeded', THROTTLED)
    await reach(headers, db, req.signal)
    const { status, body } = db.query(req.text, headers, session)
    return { status, body: { ...body, query_tags: tags } }
  } catch (error) {
    if (!(error instanceof ProtocolFailure)) throw error
    const { status, code, message, stats } = error
    return { status, body: { error: { code, message }, stats, query_tags: tags }, headers: status === 401 ? { 'www-authenticate': 'Bearer' } : {} }
  }
}
const THROTTLED = { compute_ops: 0, read_ops: 0, write_ops: 0, query_time_ms: 0, contention_retries: 0, storage_bytes_read: 0, storage_bytes_write: 0, rate_limits_hit: ['read'] }

function takeOne(knobs, name) {
  if (!(knobs[name] > 0)) return false
  knobs[name] -= 1
  return true
}

/** A caller that has seen a later transaction than this server's clock waits for it, or runs out of time. */
async function reach({ lastTxnTs, timeoutMs }, db, signal) {
  const ahead = lastTxnTs === undefined ? 0 : (lastTxnTs - Math.max(db.micros(), db.store.lastTs)) / 1000
  if (ahead <= 0) return
  await delay(Math.min(ahead, timeoutMs), signal)
  if (ahead > timeoutMs) throw new ProtocolFailure(440, 'time_out', 'The snapshot asked for was not reached in time.')
}
