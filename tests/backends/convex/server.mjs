// A Convex-shaped deployment, HTTP part. Functions run on convex-test; around them is what that lacks: tokens,
// formats, request errors, CORS. Not here: the sync socket, storage, admin keys (every key is refused).
// Known difference: `query_at_ts` checks its timestamp but reads the latest data, convex-test keeps no history.
import { cors, serve } from '../lib/index.mjs'
import { parseClientVersion } from './client-version.mjs'
import { badRequest, internalError, RequestError, unauthenticated } from './errors.mjs'
import { authenticate, readAuthorization } from './identity.mjs'
import { ARGS_LIMIT, createRuntime, parsePath } from './runtime.mjs'
import { encode, parseFormat } from './values.mjs'

/** How far back a consistent read may go. */
const RETENTION_NS = 30n * 1_000_000_000n

/**
 * @typedef {object} ConvexConfig
 * @property {import('./identity.mjs').AuthProvider[]} [providers]  default: the two local issuers
 * @property {boolean} [prod]    the texts of a production deployment, and no log lines
 * @property {() => number} [now]  milliseconds, for driving expiry
 *
 * Knobs, besides latencyMs, fail and hang: `rejectNext` (that many calls are answered 401 Unauthenticated before anything
 * runs), `failNext` ({ status, code?, message? }, once), `udfFailedStatus` (200 or 560: the status when a function threw).
 */

/**
 * @param {{ port?: number, issuers?: { clerk?: { issuer: string }, auth0?: { issuer: string, clientId: string } }, config?: ConvexConfig }} options
 */
export async function startConvex({ port = 4104, issuers = {}, config = {} } = {}) {
  const { prod = false, now = Date.now } = config
  const providers = config.providers ?? [
    ...(issuers.clerk ? [{ domain: issuers.clerk.issuer, applicationID: 'convex' }] : []),
    ...(issuers.auth0 ? [{ domain: issuers.auth0.issuer, applicationID: issuers.auth0.clientId }] : []),
  ]
  const runtime = await createRuntime({ prod })
  const auth = { providers, prod, now }

  return serve({
    port,
    name: 'convex',
    maxBody: ARGS_LIMIT + 2000,
    knobs: { rejectNext: 0, failNext: null, udfFailedStatus: 200 },
    cors: cors({ origins: 'echo', credentials: true, methods: 'GET,POST,OPTIONS,PATCH,DELETE,PUT', maxAge: 86400 }),
    preflightStatus: 200,
    failBody: (fail) => ({ code: 'KnobFailure', message: `The knob says ${fail.status}` }),
    async handler(req, { knobs }) {
      try {
        return await route(req, knobs)
      } catch (error) {
        if (!(error instanceof RequestError)) throw error
        req.note({ note: error.code })
        return { status: error.status, headers: error.headers, body: { code: error.code, message: error.message } }
      }
    },
  })

  /** @param {import('../lib/server.mjs').Request} req @param {Record<string, any>} knobs */
  async function route(req, knobs) {
    if (req.method === 'GET') {
      if (req.path === '/') return { body: 'This Convex deployment is running.' }
      if (req.path === '/version') return { body: 'countersign-local' }
      if (req.path === '/instance_name') return { body: 'local' }
    }
    const [allowed, handle] = endpoint(req) ?? []
    if (!handle) return { status: 404, body: { code: 'NotFound', message: 'The requested resource was not found' } }
    if (!allowed?.includes(req.method)) return { status: 405, headers: { allow: (allowed ?? []).join(',') } }

    const token = readAuthorization(req.headers.authorization)
    const { defaultFormat } = parseClientVersion(req.headers['convex-client'])
    if (knobs.failNext) {
      const { status, code = 'KnobFailure', message = `The knob says ${knobs.failNext.status}` } = knobs.failNext
      knobs.failNext = null
      throw new RequestError(status, code, message)
    }
    return handle({
      defaultFormat,
      knobs,
      /** Called by each handler after it has read its path: the order in which the real one complains. */
      identify: async () => {
        if (knobs.rejectNext > 0) {
          knobs.rejectNext -= 1
          throw unauthenticated('Unauthenticated', 'The knob rejects this call')
        }
        if (token === undefined) return undefined
        const identity = await authenticate(token, auth)
        req.note({ sub: identity.subject })
        return identity
      },
    })
  }

  /** @returns {[string[], (call: any) => Promise<any>] | undefined} the methods of a path and its handler */
  function endpoint(/** @type {import('../lib/server.mjs').Request} */ req) {
    const posted = (needed = ['path', 'args']) => fields(req, needed)
    if (req.path.startsWith('/api/run/')) return [['POST'], (call) => runPath(req, call)]
    switch (req.path) {
      case '/api/query': return [['GET', 'POST'], (call) => one('Query', req.method === 'GET' ? queryString(req) : posted(), call)]
      case '/api/mutation': return [['POST'], (call) => one('Mutation', posted(), call)]
      case '/api/action': return [['POST'], (call) => one('Action', posted(), call)]
      case '/api/query_ts': return [['POST'], async () => ({ body: { ts: encodeTs(BigInt(now()) * 1_000_000n) } })]
      case '/api/query_at_ts': return [['POST'], async (call) => {
        const body = posted(['path', 'args', 'ts'])
        return one('Query', body, call, () => checkTs(String(body.ts)))
      }]
      case '/api/query_batch': return [['POST'], (call) => batch(posted(['queries']), call)]
      case '/api/function': return [['POST'], async () => {
        throw new RequestError(403, 'BadDeployKey', 'The provided deploy key was invalid for this deployment. Double check that the environment this deployment is running in and the deploy key match.')
      }]
    }
  }

  async function one(/** @type {'Query' | 'Mutation' | 'Action' | 'Any'} */ kind, body, call, before = () => {}) {
    const path = parsePath(body.path)
    const identity = await call.identify()
    before()
    const outcome = await runtime.run(identity, { kind, path, args: argList(body) })
    // As the real server: a bad format is noticed when the function has already run.
    return answer(outcome, parseFormat(body.format, call.defaultFormat), call.knobs)
  }

  async function runPath(req, call) {
    const pieces = req.path.slice('/api/run/'.length).split('/').map((piece) => {
      try {
        return decodeURIComponent(piece)
      } catch {
        return ''
      }
    })
    const body = fields(req, ['args'])
    if (pieces.length < 2) throw badRequest('MissingIdentifier', 'Path or function name not provided in path, e.g. /api/run/messages/list')
    const name = pieces.pop()
    return one('Any', { ...body, path: `${pieces.join('/')}:${name}` }, { ...call, defaultFormat: 'clean' })
  }

  async function batch(body, call) {
    if (!Array.isArray(body.queries)) throw badRequest('BadJsonBody', 'Failed to deserialize the JSON body into the target type: queries: expected a sequence')
    const queries = body.queries.map((query) => ({ path: parsePath(checked(query, ['path', 'args']).path), args: argList(query), format: query.format }))
    const identity = await call.identify()
    const outcomes = await runtime.batch(identity, queries)
    const results = outcomes.map((outcome, i) => udfResponse(outcome, parseFormat(queries[i].format, call.defaultFormat)))
    return { headers: { 'content-type': 'application/json' }, body: `{"results":[${results.join(',')}]}` }
  }

  /** Refuses timestamps that are no timestamps or in the future, with the real server's unhelpful 500, and those too old. */
  function checkTs(/** @type {string} */ ts) {
    const bytes = Buffer.from(ts, 'base64')
    const current = BigInt(now()) * 1_000_000n
    if (bytes.length !== 8 || bytes.readBigUInt64LE() > current) throw internalError()
    if (current - bytes.readBigUInt64LE() > RETENTION_NS) throw new RequestError(503, 'OutOfRetention', 'The requested timestamp is out of retention')
  }
}

/** @param {bigint} ns */
function encodeTs(ns) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(ns)
  return bytes.toString('base64')
}

const missing = (/** @type {string} */ field) => badRequest('BadJsonBody', `Failed to deserialize the JSON body into the target type: missing field \`${field}\``)
/** An object of arguments stands for a list of that one. */
const argList = (/** @type {any} */ body) => (Array.isArray(body.args) ? body.args : [body.args])

/** The fields of a JSON body. */
function fields(/** @type {import('../lib/server.mjs').Request} */ req, /** @type {string[]} */ needed) {
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(req.headers['content-type'] ?? '')) throw badRequest('BadJsonBody', 'Expected request with `Content-Type: application/json`')
  let body
  try {
    body = req.json()
  } catch {
    throw badRequest('BadJsonBody', 'Failed to parse the request body as JSON')
  }
  return checked(body, needed)
}

function checked(/** @type {any} */ body, /** @type {string[]} */ needed) {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw badRequest('BadJsonBody', 'Failed to deserialize the JSON body into the target type: expected an object')
  for (const field of needed) if (body[field] === undefined) throw missing(field)
  if (needed.includes('path') && typeof body.path !== 'string') throw badRequest('BadJsonBody', 'Failed to deserialize the JSON body into the target type: path: expected a string')
  return body
}

/** The same from a query string, where `args` is JSON text. */
function queryString(/** @type {import('../lib/server.mjs').Request} */ req) {
  const params = req.url.searchParams
  const refuse = (/** @type {string} */ why) => badRequest('BadQueryArgs', `Failed to deserialize query string: ${why}`)
  for (const name of ['path', 'args']) if (!params.has(name)) throw refuse(`missing field \`${name}\``)
  try {
    return { path: params.get('path'), args: JSON.parse(/** @type {string} */ (params.get('args'))), format: params.get('format') ?? undefined }
  } catch {
    throw refuse('args: invalid JSON')
  }
}

/** @param {import('./runtime.mjs').Outcome} outcome @param {import('./values.mjs').Format} format @returns {string} */
function udfResponse(outcome, format) {
  const logs = outcome.logLines.length > 0 ? `,"logLines":${JSON.stringify(outcome.logLines)}` : ''
  if (outcome.ok) return `{"status":"success","value":${encode(outcome.value, format)}${logs}}`
  const data = outcome.hasData ? `,"errorData":${encode(outcome.data, format)}` : ''
  return `{"status":"error","errorMessage":${JSON.stringify(outcome.message)}${data}${logs}}`
}

/** @param {import('./runtime.mjs').Outcome} outcome @param {import('./values.mjs').Format} format @param {Record<string, any>} knobs */
function answer(outcome, format, knobs) {
  return { status: outcome.ok ? 200 : knobs.udfFailedStatus, headers: { 'content-type': 'application/json' }, body: udfResponse(outcome, format) }
}
