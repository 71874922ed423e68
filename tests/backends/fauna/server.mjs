// A Fauna-shaped server: `POST /query/1`, `/stream/1` and `/feed/1` over HTTP/1.1 and cleartext HTTP/2, with JWTs of two
// access providers.
//
// Where it is smaller than Fauna: no type checking (`x-typecheck` is accepted and does nothing, no `static_type`), no user
// indexes, regular expressions, `match`, `at` or tuples; storage bytes are always 0; `jwks_uri` may be http; an event source
// cannot refer to a variable that holds a set. A member that a value of the standard library does not have is
// `invalid_query`, as with Fauna's type checker. The `decorated` format is a fixed rendering: see ./show.mjs.
import { randomUUID } from 'node:crypto'
import { cors as corsHeaders, delay, serve } from '../lib/index.mjs'
import { Database } from './database.mjs'
import { ProtocolFailure } from './errors.mjs'
import { feed } from './feeds.mjs'
import { readHeaders, readTimeout } from './headers.mjs'
import { writeJson } from './json.mjs'
import { reset } from './line.mjs'
import { STREAM_KNOBS, Streams } from './streams.mjs'
import { harden } from './transport.mjs'

const BUILD = { 'x-faunadb-build': 'countersign-local-1' }
export const ALLOWED_HEADERS = [
  'accept-encoding', 'authorization', 'content-type', 'x-driver-env', 'x-faunadb-api-version', 'x-fauna-driver', 'x-fauna-source',
  'x-fauna-tags', 'x-format', 'x-last-seen-txn', 'x-last-txn-ts', 'x-linearized', 'x-max-contention-retries',
  'x-max-retries-on-contention', 'x-query-tags', 'x-query-timeout', 'x-query-timeout-ms', 'x-runtime-environment',
  'x-runtime-environment-os', 'x-nodejs-version', 'traceparent', 'x-typecheck', 'x-performance-hints',
]
const cors = corsHeaders({ origins: 'echo', credentials: true, methods: 'GET, POST, PUT, PATCH, DELETE', allowHeaders: ALLOWED_HEADERS.join(', '), maxAge: 86_400 })
/** A page may read every header of the answer that begins with `x-`. */
const withBuild = (req, headers = BUILD) => ({
  ...headers, ...cors(req), ...(req.headers.origin ? { 'access-control-expose-headers': Object.keys(headers).filter((name) => name.startsWith('x-')).join(', ') } : {}),
})

/**
 * @param {object} options
 * @param {number} [options.port]
 * @param {{ clerk?: { issuer: string, jwksUri: string }, auth0?: { issuer: string, jwksUri: string } }} options.issuers
 * @param {string} [options.secret] a key for scripts, with all rights; without it only JWTs are accepted
 * @param {number} [options.authMs] how long finding out who asks may take; default 5000
 *
 * Knobs beside those of `serve` (whose `fail` takes a `code` and a `message` too). The next n requests: `throttle` (429), `rejectNext` (401), `dropNext` (to /stream/1 and
 * /feed/1: the connection is reset before any answer). The clock: `clockOffsetS` (the server's clock runs ahead by this
 * much), `historyS` (how far back events can be told; default 900). `disabled`: the database, for everybody. Streams: `statusEveryMs` (300000), `revalidateEveryMs`
 * (60000: the time between two looks at the login), `replayLimit` (128), `firstByteMs` (wait before the answer begins),
 * `silent` (nothing is sent until it is turned off), `splitChunks` (chunks end inside characters), `cutNext` (the next n
 * events, of any stream, arrive half before the connection is reset).
 * Done once, when sent as true: `reset` (the data goes back to the seeds and the streams end), `endStreams` (cleanly),
 * `cutStreams` (in the middle of an event), `overflowStreams` (`stream_overflow`), `editRoles` (JWTs of before lose their streams).
 * Counters: `streams` (open now), `opened` (ever), `watchers` (streams that are told of writes).
 */
export async function startFauna({ port = 0, issuers, secret, authMs }) {
  const knobs = { throttle: 0, rejectNext: 0, dropNext: 0, clockOffsetS: 0, historyS: 900, disabled: false, ...STREAM_KNOBS }
  /** @type {any} */
  let live = knobs
  const db = new Database({ issuers, secret, clock: () => Date.now() + live.clockOffsetS * 1000, historyMs: () => live.historyS * 1000, authMs, disabled: () => live.disabled })
  const streams = new Streams(db, () => live)
  const handler = async (req) => {
    if (req.method === 'OPTIONS') return { status: 200 }
    const answer = await respond(req, { db, streams, knobs: live })
    if (!answer) return undefined
    const { status = 200, body, headers = {} } = answer
    return { status, headers: { 'content-type': 'application/json;charset=utf-8', ...headers }, body: writeJson(body) }
  }
  const server = await serve({
    name: 'fauna', port, knobs, cors: withBuild, handler, preflightStatus: 200,
    obeysKnobs: () => true,
    failBody: ({ status, code, message }) => ({ error: { code: code ?? FAIL_CODES[status] ?? 'internal_error', message: message ?? `The knob says ${status}.` } }),
    counters: () => ({ streams: streams.open.size, opened: streams.opened, watchers: db.store.watchers.size }),
    onKnobs: (changed, ctx) => {
      if (changed.editRoles) db.editRoles()
      if (changed.overflowStreams) streams.overflowAll()
      if (changed.cutStreams) streams.cutAll()
      if (changed.reset) db.reset()
      if (changed.endStreams || changed.reset) streams.endAll()
      for (const once of ['editRoles', 'overflowStreams', 'cutStreams', 'reset', 'endStreams']) delete ctx.knobs[once]
      streams.turned()
    },
  })
  live = server.knobs
  harden(server.server, withBuild)
  const { url, stop, log } = server
  return { url, stop, knobs: server.knobs, log }
}

const FAIL_CODES = {
  400: 'invalid_request', 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 409: 'contended_transaction', 410: 'forbidden', 413: 'request_size_exceeded',
  429: 'limit_exceeded', 440: 'time_out', 502: 'bad_gateway', 503: 'time_out', 504: 'gateway_timeout',
}
const THROTTLED = { compute_ops: 0, read_ops: 0, write_ops: 0, query_time_ms: 0, contention_retries: 0, storage_bytes_read: 0, storage_bytes_write: 0, rate_limits_hit: ['read'] }

/** @typedef {{ db: Database, streams: Streams, knobs: any }} Place */
/** @typedef {(req: import('../lib/server.mjs').Request, session: import('./database.mjs').Session, place: Place) => any} Endpoint */

/** @type {Record<string, Endpoint>} */
const ENDPOINTS = { '/query/1': query, '/stream/1': stream, '/feed/1': poll }

/** @param {import('../lib/server.mjs').Request} req @param {Place} place */
async function respond(req, place) {
  if (req.path === '/ping') return { body: { resource: 'Scope write is OK' } }
  const endpoint = ENDPOINTS[req.path]
  if (!endpoint) return failure(new ProtocolFailure(404, 'not_found', `This server answers ${Object.keys(ENDPOINTS).join(', ')} only.`))
  const events = endpoint !== query
  if (events && takeOne(place.knobs, 'dropNext')) return void reset(req.res)
  try {
    if (takeOne(place.knobs, 'rejectNext')) throw new ProtocolFailure(401, 'unauthorized', 'Access token required')
    const session = await place.db.authenticate(req.headers.authorization, req.note)
    return await endpoint(req, session, place)
  } catch (error) {
    if (!(error instanceof ProtocolFailure)) throw error
    if (error.status !== 401) return failure(error)
    return events ? failure(new ProtocolFailure(401, error.code, 'Invalid token, unable to authenticate request')) : failure(error, undefined, { 'www-authenticate': 'Bearer' })
  }
}
const failure = ({ status, code, message, stats }, tags = undefined, headers = {}) => ({ status, body: { error: { code, message }, stats, query_tags: tags }, headers })

/** @type {Endpoint} */
async function query(req, session, { db, knobs }) {
  const headers = readHeaders(req.headers)
  try {
    if (takeOne(knobs, 'throttle')) throw new ProtocolFailure(429, 'limit_exceeded', 'Rate limit exceeded', THROTTLED)
    await reach(headers, db, req.signal)
    const { status, body } = db.query(req.text, headers, session)
    return { status, body: { ...body, query_tags: headers.tags } }
  } catch (error) {
    if (error instanceof ProtocolFailure) return failure(error, headers.tags)
    throw error
  }
}

/** @type {Endpoint} */
function stream(req, session, { streams, knobs }) {
  if (takeOne(knobs, 'throttle')) throw new ProtocolFailure(429, 'limit_exceeded', 'Rate limit exceeded')
  streams.start(req, session, withBuild(req, { ...BUILD, 'x-fauna-stream-id': randomUUID() }))
}

/** @type {Endpoint} */
function poll(req, session, { db, knobs }) {
  if (takeOne(knobs, 'throttle')) throw new ProtocolFailure(429, 'limit_exceeded', 'Rate limit exceeded')
  return { body: feed(req.text, readTimeout(req.headers), db, session) }
}

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
