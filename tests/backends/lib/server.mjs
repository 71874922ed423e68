// The one HTTP server every local backend is built on: it parses the request, answers preflights, obeys the
// shared knobs (latency, failures, hanging) and keeps a log without tokens, so a backend is only its handler.
import { createServer } from 'node:http'
import { delay } from './delay.mjs'

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path      decoded by nobody: the raw path, without the query
 * @property {URL} url
 * @property {Record<string, string | undefined>} headers   lower-case names; repeated headers joined with ', '
 * @property {string} text      the whole body
 * @property {Buffer} bytes     the same, for what is no text
 * @property {() => any} json   parses the body; throws `BadJson` (answered 400 unless the handler catches it)
 * @property {(fields: { sub?: string, note?: string }) => void} note   adds to this request's log entry; never a token
 * @property {AbortSignal} signal   aborted when the caller hangs up
 * @property {import('node:http').IncomingMessage} raw
 * @property {import('node:http').ServerResponse} res
 *
 * @typedef {{ status?: number, headers?: Record<string, string | string[]>, body?: unknown }} Reply
 *   An object body is sent as JSON, a string as text/plain (unless `headers` names a content-type), none as empty.
 *   `undefined` instead of a Reply: the handler writes `req.res` itself.
 *
 * @typedef {object} Knobs
 * @property {number} latencyMs   every request waits this long before it is looked at
 * @property {number} holdMs      every answer of the handler waits this long before it is sent (not if it writes `res` itself).
 *   Changed meanwhile, the new value counts: 0 lets go what is held.
 * @property {{ status: number, retryAfter?: number, times?: number, match?: string } | null} fail   answer this instead;
 *   `times` counts down; `match`: only requests whose path contains it. Other fields are the vendor's (`failBody` sees them).
 * @property {boolean | number} hang   true: never answer; a number: that many requests are never answered.
 *   Turned off over `/__knobs`, what still hangs is cut off, as by a server that was started anew.
 *
 * @typedef {{ at: string, method: string, path: string, status: number | null, sub?: string, note?: string }} LogEntry
 *   `status` is null while the request is being answered and 0 when the caller hung up first.
 *
 * @typedef {object} Context
 * @property {string} name
 * @property {string} url
 * @property {Knobs & Record<string, any>} knobs
 * @property {LogEntry[]} log
 * @property {Set<import('node:http').ServerResponse>} hanging   requests that the `hang` knob keeps
 *
 * @typedef {object} ServeOptions
 * @property {number} [port]    0 (the default) takes a free one
 * @property {string} name      used in messages only
 * @property {(req: Request, ctx: Context) => Promise<Reply | undefined> | Reply | undefined} handler
 * @property {(req: Request) => Record<string, string>} [cors]   headers for every answer and for preflights; see ./cors.mjs
 * @property {number} [maxBody]   bytes; default 8 MiB
 * @property {number} [preflightStatus]   default 204
 * @property {Record<string, any>} [knobs]   the server's own knobs with their defaults, beside the shared ones
 * @property {(req: Request) => boolean} [obeysKnobs]   which requests the shared knobs touch; default all but `/.well-known/`
 * @property {(fail: { status: number, retryAfter?: number, [field: string]: any }, req: Request) => unknown} [failBody]   the vendor's body for `fail`
 * @property {() => Record<string, unknown>} [counters]   shown as `counters` in the answer of `/__knobs`
 * @property {(changed: Record<string, any>, ctx: Context) => void | Promise<void>} [onKnobs]   after a merge
 */

export class BadJson extends Error {}

const MAX_BODY = 8 * 1024 * 1024
const LOG_LENGTH = 200
const HOLD_LOOK_MS = 40

/**
 * Starts a server on 127.0.0.1. `POST /__knobs` and `GET /__log` are answered here (any origin).
 * WebSockets: use `server.on('upgrade', ...)`; `stop()` destroys those sockets too.
 * @param {ServeOptions} options
 * @returns {Promise<{ url: string, port: number, stop(): Promise<void>, knobs: Knobs & Record<string, any>, log: LogEntry[], server: import('node:http').Server }>}
 */
export async function serve(options) {
  const { port = 0, name } = options
  /** @type {Context} */
  const ctx = { name, url: '', knobs: { latencyMs: 0, holdMs: 0, fail: null, hang: false, ...options.knobs }, log: [], hanging: new Set() }
  const server = createServer((raw, res) => {
    answer(raw, res, options, ctx).catch((error) => {
      // A fault of ours must be seen by whoever runs the tests, and must not leave the caller waiting.
      console.error(`[${name}]`, error)
      if (!res.headersSent) res.writeHead(500, { 'content-type': 'text/plain' })
      res.end('internal error of the local server')
    })
  })
  const sockets = new Set()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  const taken = /** @type {import('node:net').AddressInfo} */ (server.address()).port
  ctx.url = `http://127.0.0.1:${taken}`
  /** @type {Promise<void> | undefined} */
  let stopped
  return {
    url: ctx.url,
    port: taken,
    knobs: ctx.knobs,
    log: ctx.log,
    server,
    stop: () => (stopped ??= new Promise((resolve) => {
      server.close(() => resolve(undefined))
      // Kept-alive, hanging and upgraded connections would otherwise hold the close open.
      for (const socket of sockets) socket.destroy()
    })),
  }
}

async function answer(raw, res, options, ctx) {
  const abort = new AbortController()
  const url = new URL(raw.url ?? '/', ctx.url)
  /** @type {LogEntry} */
  const entry = { at: new Date().toISOString(), method: raw.method ?? 'GET', path: url.pathname, status: null }
  const control = url.pathname === '/__knobs' || url.pathname === '/__log'
  if (!control) {
    ctx.log.push(entry)
    if (ctx.log.length > LOG_LENGTH) ctx.log.shift()
  }
  res.on('close', () => {
    entry.status = res.writableFinished ? res.statusCode : 0
    abort.abort()
  })

  const bytes = await readBody(raw, options.maxBody)
  if (bytes === undefined) return send(res, { status: 413, body: 'body too large', headers: { connection: 'close' } }, {})
  const text = bytes.toString('utf8')
  /** @type {Request} */
  const req = {
    method: raw.method ?? 'GET', path: url.pathname, url, text, bytes, raw, res, signal: abort.signal,
    headers: Object.fromEntries(Object.entries(raw.headers).map(([k, v]) => [k, Array.isArray(v) ? v.join(', ') : v])),
    json() {
      try { return JSON.parse(text) } catch { throw new BadJson('the body is not JSON') }
    },
    note: (fields) => void Object.assign(entry, fields),
  }

  const cors = url.pathname.startsWith('/__') ? anyOrigin(req) : options.cors?.(req) ?? {}
  if (req.method === 'OPTIONS' && req.headers['access-control-request-method']) {
    return send(res, { status: options.preflightStatus ?? 204 }, cors)
  }
  if (control) return send(res, await controlReply(req, options, ctx), cors)

  const obeys = !url.pathname.startsWith('/__') && (options.obeysKnobs?.(req) ?? !url.pathname.startsWith('/.well-known/'))
  if (obeys) {
    const instead = await obeyKnobs(req, options, ctx)
    if (instead === 'hang') {
      ctx.hanging.add(res)
      return void res.on('close', () => ctx.hanging.delete(res))
    }
    if (instead) return send(res, instead, cors)
  }
  // Set beforehand, so that handlers that write `res` themselves need not know about CORS.
  for (const [key, value] of Object.entries(cors)) res.setHeader(key, value)
  let reply
  try {
    reply = await options.handler(req, ctx)
  } catch (error) {
    if (!(error instanceof BadJson)) throw error
    reply = { status: 400, body: { error: error.message } }
  }
  if (reply && obeys) await hold(ctx.knobs, req.signal)
  if (reply) send(res, reply, {})
}

/** @param {Knobs} knobs @param {AbortSignal} signal */
async function hold(knobs, signal) {
  const began = performance.now()
  for (let left = knobs.holdMs; left > 0 && !signal.aborted; left = knobs.holdMs - (performance.now() - began)) await delay(Math.min(left, HOLD_LOOK_MS), signal)
}

/** Reads the log or merges knobs. */
async function controlReply(req, options, ctx) {
  if (req.path === '/__log') return { body: ctx.log }
  if (req.method === 'POST' && req.text) {
    let changed
    try { changed = req.json() } catch { return { status: 400, body: { error: 'the body is not JSON' } } }
    if (changed === null || typeof changed !== 'object' || Array.isArray(changed)) {
      return { status: 400, body: { error: 'knobs are a JSON object' } }
    }
    Object.assign(ctx.knobs, changed)
    if ('hang' in changed && !changed.hang) for (const res of ctx.hanging) res.destroy()
    await options.onKnobs?.(changed, ctx)
  }
  return { body: { ...ctx.knobs, counters: options.counters?.() ?? {} } }
}

/** @returns {Promise<Reply | 'hang' | undefined>} what to answer instead of asking the handler */
async function obeyKnobs(req, options, { knobs }) {
  if (knobs.hang === true) return 'hang'
  if (typeof knobs.hang === 'number' && knobs.hang > 0) {
    knobs.hang -= 1
    return 'hang'
  }
  // Taken before the wait: of two requests arriving together with `times: 1`, the first is the one that fails.
  const fail = knobs.fail && req.path.includes(knobs.fail.match ?? '') ? knobs.fail : null
  if (fail && typeof fail.times === 'number') {
    fail.times -= 1
    if (fail.times <= 0) knobs.fail = null
  }
  if (knobs.latencyMs > 0) await delay(knobs.latencyMs, req.signal)
  if (!fail) return undefined
  req.note({ note: `knob: fail ${fail.status}` })
  /** @type {Record<string, string>} */
  const headers = fail.retryAfter === undefined ? {} : { 'retry-after': String(fail.retryAfter) }
  return { status: fail.status, headers, body: options.failBody?.(fail, req) ?? { error: `the knob says ${fail.status}` } }
}

/** @param {import('node:http').ServerResponse} res @param {Reply} reply @param {Record<string, string>} extra */
function send(res, { status = 200, headers = {}, body }, extra) {
  if (res.destroyed || res.headersSent) return
  for (const [key, value] of Object.entries({ ...extra, ...headers })) res.setHeader(key, value)
  if (body === undefined) return void res.writeHead(status).end()
  const text = typeof body === 'string' || Buffer.isBuffer(body)
  if (!res.hasHeader('content-type')) res.setHeader('content-type', text ? 'text/plain; charset=utf-8' : 'application/json')
  res.writeHead(status).end(text ? body : JSON.stringify(body))
}

function anyOrigin(req) {
  return {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': req.headers['access-control-request-headers'] ?? 'content-type',
  }
}

async function readBody(raw, limit = MAX_BODY) {
  const chunks = []
  let size = 0
  try {
    for await (const chunk of raw) {
      size += chunk.length
      if (size > limit) return undefined
      chunks.push(chunk)
    }
  } catch {
    return Buffer.alloc(0) // the caller hung up while sending; the answer goes nowhere anyway
  }
  return Buffer.concat(chunks)
}
