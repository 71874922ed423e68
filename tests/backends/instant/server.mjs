// An Instant-shaped server: sign-in under /runtime, data over HTTP under /admin with a user's refresh token.
// Not here: the realtime session (its upgrade is refused), OAuth redirects, storage, admin tokens. One known difference:
// the real server refuses issuers on private addresses, this one exists to talk to them.
import { INSTANT_APP_ID, INSTANT_CLIENT_NAMES } from '../accounts.mjs'
import { cors, DEFAULT_PAGE_ORIGINS, serve } from '../lib/index.mjs'
import { ApiError, appStatus, asEmail, asText, asUuid, invalid, missing, notFound, oauthError, optional, param, rateLimited, unknown } from './errors.mjs'
import { checkOrigin, createIssuers, readIdToken } from './id-token.mjs'
import { runQuery } from './query.mjs'
import { createStore, USER_EXTRA_FIELDS, USER_SYSTEM_FIELDS } from './schema.mjs'
import { runTransaction } from './transact.mjs'
import { createUsers } from './users.mjs'

const asObject = (/** @type {unknown} */ v) => (v !== null && typeof v === 'object' && !Array.isArray(v) ? /** @type {Record<string, any>} */ (v) : undefined)
const asCode = (/** @type {unknown} */ v) => (typeof v === 'string' || typeof v === 'number' ? String(v).trim() : undefined)

/**
 * Knobs, besides latencyMs, fail and hang: `rateLimit` (null, or seconds for `retry-after`: every call answers 429),
 * `unknown500Next`, `html502Next`, `rejectNext` (so many calls: the token is taken for expired or revoked), `readOnly`,
 * `disabled`, and two that act at once when they are set: `revoke` ('all', an address, a user id or a token) and `forgetKeys`.
 * @param {{ port?: number, issuers?: { clerk?: { issuer: string }, auth0?: { issuer: string } }, pageOrigins?: string[], appId?: string, clients?: import('./id-token.mjs').OAuthClient[] }} options
 *   `clients` adds registered OAuth clients, or replaces those of the same name
 */
export async function startInstant({ port = 4105, issuers = {}, pageOrigins = DEFAULT_PAGE_ORIGINS, appId = INSTANT_APP_ID, clients = [] } = {}) {
  const users = createUsers(appId)
  const store = createStore({ users: users.all })
  const keys = createIssuers()
  /** @type {Map<string, import('./id-token.mjs').OAuthClient>} */
  const registered = new Map(Object.entries(issuers).map(([provider, { issuer }]) => {
    const name = INSTANT_CLIENT_NAMES[provider] ?? provider
    return [name, { name, provider, discovery: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration` }]
  }))
  for (const client of clients) registered.set(client.name, client)
  let txId = 0

  const server = await serve({
    port,
    name: 'instant',
    knobs: { rateLimit: null, unknown500Next: 0, html502Next: 0, rejectNext: 0, readOnly: false, disabled: false, revoke: null, forgetKeys: false },
    cors: cors({ origins: 'echo', methods: 'GET, PUT, POST, DELETE', maxAge: 600 }),
    preflightStatus: 200,
    failBody: () => unknown().body,
    counters: () => ({ liveTokens: users.liveTokens().length }),
    onKnobs(_changed, { knobs }) {
      if (knobs.revoke) users.revoke(knobs.revoke)
      if (knobs.forgetKeys) keys.forget()
      Object.assign(knobs, { revoke: null, forgetKeys: false })
    },
    async handler(req, { knobs }) {
      try {
        const handle = routes[`${req.method} ${req.path}`]
        if (!handle) return { status: 404, body: { type: 'not-found', message: 'There is no such route on this local server.', hint: { path: req.path } } }
        if (take(knobs, 'html502Next')) return { status: 502, headers: { 'content-type': 'text/html' }, body: '<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>' }
        if (take(knobs, 'unknown500Next')) throw unknown()
        if (knobs.rateLimit) throw rateLimited(knobs.rateLimit === true ? 1 : Number(knobs.rateLimit))
        return { body: await handle(req, knobs) }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        req.note({ note: String(error.body.type) })
        return { status: error.status, headers: error.headers, body: error.body }
      }
    },
  })
  // The realtime session is not offered: say so, rather than leave a client hanging in the handshake.
  server.server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'))

  /** @type {Record<string, (req: import('../lib/server.mjs').Request, knobs: Record<string, any>) => any>} */
  const routes = {
    'GET /': () => ({ status: 'ok' }),
    'POST /runtime/oauth/id_token': signInWithIdToken,

    'POST /runtime/auth/verify_refresh_token': (req, knobs) => {
      const body = bodyOf(req)
      const token = param(body, 'body', 'refresh-token', asUuid)
      const app = param(body, 'body', 'app-id', asUuid)
      readable(knobs)
      return { user: users.present(userOf(token, app, knobs), token) }
    },

    'POST /runtime/signout': (req) => {
      const body = bodyOf(req)
      param(body, 'body', 'app_id', asUuid)
      users.signOut(param(body, 'body', 'refresh_token', asUuid))
      return {}
    },

    'POST /runtime/auth/sign_in_guest': (req, knobs) => {
      const body = bodyOf(req)
      knownApp(param(body, 'body', 'app-id', asUuid))
      const extra = extraFields(optional(body, 'body', 'extra-fields', asObject))
      writable(knobs)
      const user = users.guest(extra)
      return { user: users.present(user, users.issueToken(user)) }
    },

    'POST /runtime/auth/send_magic_code': (req, knobs) => {
      const body = bodyOf(req)
      const email = param(body, 'body', 'email', asEmail)
      knownApp(param(body, 'body', 'app-id', asUuid))
      writable(knobs)
      users.sendCode(email)
      return { sent: true }
    },

    'POST /runtime/auth/verify_magic_code': (req, knobs) => {
      const body = bodyOf(req)
      const email = param(body, 'body', 'email', asEmail)
      const code = param(body, 'body', 'code', asCode)
      const app = knownApp(param(body, 'body', 'app-id', asUuid))
      const sent = optional(body, 'body', 'refresh-token', asUuid)
      const guest = sent === undefined ? undefined : userOf(sent, app, knobs)
      writable(knobs)
      const { user, created } = users.verifyCode(email, code, guest)
      return { user: users.present(user, users.issueToken(user)), created }
    },

    'POST /admin/query': (req, knobs) => {
      const auth = callerOf(req, knobs)
      const body = bodyOf(req)
      readable(knobs)
      return runQuery(store, auth, param(body, 'body', 'query', asObject), { inference: body['inference?'] === true })
    },

    'POST /admin/transact': (req, knobs) => {
      const auth = callerOf(req, knobs)
      const body = bodyOf(req)
      if (body.steps === undefined) throw missing(['body', 'steps'])
      writable(knobs)
      runTransaction(store, auth, body.steps)
      txId += 1
      return { 'tx-id': txId }
    },
  }

  return { ...server, liveTokens: users.liveTokens, lastMagicCode: users.lastCode }

  /** @param {import('../lib/server.mjs').Request} req @param {Record<string, any>} knobs */
  async function signInWithIdToken(req, knobs) {
    const body = bodyOf(req)
    const idToken = param(body, 'body', 'id_token', asText)
    const app = param(body, 'body', 'app_id', asUuid)
    const nonce = optional(body, 'body', 'nonce', asText)
    const attached = optional(body, 'body', 'refresh_token', asUuid)
    const name = param(body, 'body', 'client_name', asText)
    const client = app === appId ? registered.get(name) : undefined
    if (!client) throw notFound('app-oauth-client', { 'app-id': app, 'client-name': name })
    const discovery = await keys.discover(client.discovery)
    checkOrigin(req.headers.origin, pageOrigins)
    if (take(knobs, 'rejectNext')) throw oauthError('Error validating JWT. Token is expired.')
    const who = { provider: client.provider, ...(await readIdToken(idToken, nonce, client, discovery, keys)) }
    req.note({ sub: who.sub })

    const current = attached === undefined ? undefined : users.byToken(attached)
    const existing = users.find(who.provider, who.sub, who.email)
    const extra = existing ? {} : extraFields(optional(body, 'body', 'extra_fields', asObject))
    // An exchange that only hands back a live token of the same user writes nothing, so it works while the app is read-only.
    const same = existing !== undefined && current?.id === existing.id && users.linked(who.provider, who.sub, existing)
      && (who.email === undefined || existing.email === who.email) && (who.imageURL === undefined || existing.imageURL === who.imageURL)
    if (same) readable(knobs)
    else writable(knobs)
    const user = users.upsert(existing, who, current, extra)
    // The attached token stays valid when it is somebody else's: leaving it is the client's business.
    const token = attached !== undefined && current?.id === user.id ? attached : users.issueToken(user)
    return { user: users.present(user, token), created: existing === undefined }
  }

  /** Whose rules apply. Without a user's token or `as-guest` only an admin may call, and there is none here. @returns {import('./schema.mjs').Auth} */
  function callerOf(/** @type {import('../lib/server.mjs').Request} */ req, /** @type {Record<string, any>} */ knobs) {
    const app = knownApp(param(req.headers, 'headers', 'app-id', asUuid))
    const token = optional(req.headers, 'headers', 'as-token', asUuid)
    if (token !== undefined) {
      const user = userOf(token, app, knobs)
      req.note({ sub: user.email ?? user.id })
      return { id: user.id, email: user.email }
    }
    if (req.headers['as-guest'] === 'true') return null
    if (req.headers.authorization) throw notFound('app-admin-token', { 'app-id': app })
    throw missing(['headers', 'authorization'])
  }

  function userOf(/** @type {string} */ token, /** @type {string} */ app, /** @type {Record<string, any>} */ knobs) {
    const args = { 'app-id': app, 'refresh-token': token }
    if (app !== appId || take(knobs, 'rejectNext')) throw notFound('app-user', args)
    return users.byToken(token, args)
  }

  function knownApp(/** @type {string} */ app) {
    if (app !== appId) throw notFound('app', { 'app-id': app })
    return app
  }
}

/** @returns {Record<string, any>} */
function bodyOf(/** @type {import('../lib/server.mjs').Request} */ req) {
  try {
    return asObject(req.json()) ?? {}
  } catch {
    throw invalid('body', null, ['The body is not JSON.'])
  }
}

/** @param {Record<string, any> | undefined} fields */
function extraFields(fields = {}) {
  for (const field of Object.keys(fields)) {
    if (USER_SYSTEM_FIELDS.includes(field)) throw invalid('extra-fields', fields, [`${field} is a system field.`])
    if (!USER_EXTRA_FIELDS.includes(field)) throw invalid('extra-fields', fields, [`There is no attribute ${field} on $users.`])
  }
  return fields
}

function readable(/** @type {Record<string, any>} */ knobs) {
  if (knobs.disabled) throw appStatus('disabled')
}

function writable(/** @type {Record<string, any>} */ knobs) {
  readable(knobs)
  if (knobs.readOnly) throw appStatus('read-only')
}

/** Counts a knob down. */
function take(/** @type {Record<string, any>} */ knobs, /** @type {string} */ name) {
  if (!(knobs[name] > 0)) return false
  knobs[name] -= 1
  return true
}
