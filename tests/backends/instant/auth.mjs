// Signing in and out, and whose call it is: everything under /runtime that deals with users.
import { asEmail, asText, asUuid, invalid, missing, notFound, oauthError, optional, param } from './errors.mjs'
import { checkOrigin, readIdToken } from './id-token.mjs'
import { asCode, asObject, bodyOf, readable, take, writable } from './params.mjs'
import { USER_EXTRA_FIELDS, USER_SYSTEM_FIELDS } from './schema.mjs'

/** @typedef {{ [route: string]: (req: import('../lib/server.mjs').Request, knobs: Record<string, any>) => any }} Routes */

/**
 * @param {object} options
 * @param {string} options.appId
 * @param {string[]} options.pageOrigins
 * @param {ReturnType<typeof import('./users.mjs').createUsers>} options.users
 * @param {ReturnType<typeof import('./id-token.mjs').createIssuers>} options.keys
 * @param {Map<string, import('./id-token.mjs').OAuthClient>} options.registered
 */
export function createAuth({ appId, pageOrigins, users, keys, registered }) {
  /** @type {Routes} */
  const routes = {
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
  }
  return { routes, callerOf, userOf, knownApp, extraFields }

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

/** @param {Record<string, any> | undefined} fields */
function extraFields(fields = {}) {
  for (const field of Object.keys(fields)) {
    if (USER_SYSTEM_FIELDS.includes(field)) throw invalid('extra-fields', fields, [`${field} is a system field.`])
    if (!USER_EXTRA_FIELDS.includes(field)) throw invalid('extra-fields', fields, [`There is no attribute ${field} on $users.`])
  }
  return fields
}
