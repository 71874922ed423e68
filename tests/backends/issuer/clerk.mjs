// An issuer shaped as Clerk's Frontend API: a client (browser) that holds sessions, session tokens, JWT templates.
// Signing in needs no password: these are test accounts. What a browser keeps is an opaque client token, sent in the
// `authorization` header as Clerk's native apps do: a cookie of another port would be at the mercy of the browser.
import { randomUUID } from 'node:crypto'
import { findAccount } from '../accounts.mjs'
import { cors, DEFAULT_PAGE_ORIGINS, serve } from '../lib/index.mjs'
import { clerkError, ERRORS } from './clerk-errors.mjs'
import { clientBody, tokenClaims } from './clerk-shapes.mjs'
import { createKeys, jwksReply, PUBLIC } from './keys.mjs'

/**
 * @typedef {{ id: string, account: import('../accounts.mjs').Account, status: 'active' | 'ended' | 'removed' | 'revoked', createdAt: number }} ClerkSession
 * @typedef {{ id: string, sessions: ClerkSession[] }} ClerkClient
 */

/**
 * Knobs beside the shared ones (which touch token requests only, unless `affects` is 'all'):
 * `lifetimeS` and `lifetimes: { [template | 'session']: seconds }`, `clockOffsetS` (this issuer's clock runs ahead by so much),
 * `claims: { [template | 'session']: {...} }` merged over the claims, `foreignKey` (sign with a key that is not published).
 * Control: `POST /__rotate {dropOld?}`, `POST /__revoke {user?, session?}`.
 * @param {object} [options]
 * @param {number} [options.port]
 * @param {string[]} [options.pageOrigins]
 * @param {number} [options.lifetimeS]
 * @param {Record<string, number>} [options.lifetimes]
 * @param {number} [options.graceS]
 * @param {number} [options.rotateEveryS]
 */
export async function startClerk({ port = 0, pageOrigins = DEFAULT_PAGE_ORIGINS, lifetimeS = 60, lifetimes = {}, graceS, rotateEveryS } = {}) {
  const keys = await createKeys({ graceS, rotateEveryS })
  /** By client token. @type {Map<string, ClerkClient>} */
  const clients = new Map()
  /** @type {Record<string, number>} */
  const mints = {}

  const allSessions = () => [...clients.values()].flatMap((client) => client.sessions)

  const server = await serve({
    port,
    name: 'clerk',
    // A development instance of Clerk answers any origin.
    cors: cors({ origins: 'echo', credentials: true, exposeHeaders: 'authorization, retry-after', maxAge: 600 }),
    knobs: { lifetimeS, lifetimes, clockOffsetS: 0, claims: {}, foreignKey: false, affects: 'tokens' },
    obeysKnobs: (req) => (server.knobs.affects === 'all' ? !req.path.startsWith('/.well-known/') : TOKENS.test(req.path)),
    failBody: (fail) => clerkError({ ...ERRORS.forStatus(fail.status), ...(fail.code ? { code: fail.code } : {}) }).body,
    counters: () => ({ mints }),
    handler,
  })
  const issuer = server.url
  const jwksUri = `${issuer}/.well-known/jwks.json`
  return { ...server, issuer, jwksUri, keys }

  /** @param {import('../lib/server.mjs').Request} req */
  async function handler(req) {
    const route = `${req.method} ${req.path}`
    if (route === 'GET /.well-known/jwks.json') return jwksReply(keys)
    if (route === 'GET /.well-known/openid-configuration') return { headers: PUBLIC, body: discovery() }
    if (route === 'POST /__rotate') return { body: { kid: (await keys.rotate(req.text ? req.json() : {})).kid, kids: keys.kids() } }
    if (route === 'POST /__revoke') return { body: { revoked: revoke(req.json()) } }
    if (route === 'POST /v1/client/sign_ins') return signIn(req)

    const client = clients.get(req.headers.authorization ?? '')
    if (route === 'GET /v1/client') return { body: { response: client ? clientBody(client) : null, client: null } }
    if (route === 'DELETE /v1/client' || route === 'DELETE /v1/client/sessions') {
      if (!client) return clerkError(ERRORS.signedOut)
      for (const session of active(client)) session.status = 'removed'
      return { body: { response: clientBody(client), client: null } }
    }

    const [, sid, action, template] = /^\/v1\/client\/sessions\/([^/]+)\/(tokens|touch|end|remove)(?:\/([^/]+))?$/.exec(req.path) ?? []
    if (req.method !== 'POST' || !sid) return clerkError(ERRORS.notFound)
    const session = client?.sessions.find((s) => s.id === sid && s.status === 'active')
    // A session of someone else and one that is over look the same from outside.
    if (!client || !session) return clerkError(ERRORS.signedOut)
    req.note({ sub: session.account.clerkSub })
    if (action === 'tokens') return mint(req, session, template === undefined ? undefined : decodeURIComponent(template))
    if (action === 'end') session.status = 'ended'
    if (action === 'remove') session.status = 'removed'
    return { body: { response: clientBody(client).sessions.find((s) => s.id === sid) ?? { id: sid, object: 'session', status: session.status }, client: clientBody(client) } }
  }

  function signIn(req) {
    const identifier = form(req).identifier
    const account = findAccount(identifier)
    if (!account) return clerkError(ERRORS.unknownIdentifier)
    let token = req.headers.authorization ?? ''
    let client = clients.get(token)
    if (!client) {
      token = `ct_${randomUUID()}${randomUUID()}`.replaceAll('-', '')
      client = { id: id('client'), sessions: [] }
      clients.set(token, client)
    }
    // Single-session mode: whoever was signed in on this client is replaced.
    for (const session of active(client)) session.status = 'ended'
    /** @type {ClerkSession} */
    const session = { id: id('sess'), account, status: 'active', createdAt: Date.now() }
    client.sessions.push(session)
    req.note({ sub: account.clerkSub })
    return {
      headers: { authorization: token },
      body: {
        response: { object: 'sign_in_attempt', id: id('sia'), status: 'complete', identifier, created_session_id: session.id },
        client: clientBody(client),
      },
    }
  }

  async function mint(req, session, template) {
    const { knobs } = server
    const name = template ?? 'session'
    const now = Math.floor(Date.now() / 1000) + knobs.clockOffsetS
    const lifetime = knobs.lifetimes[name] ?? knobs.lifetimeS
    const claims = tokenClaims({ template, account: session.account, sid: session.id, issuer, azp: req.headers.origin ?? pageOrigins[0], now, lifetime })
    if (!claims) return clerkError(ERRORS.unknownTemplate(template))
    const jwt = await keys.sign({ ...claims, ...knobs.claims[name] }, { foreign: knobs.foreignKey })
    const counter = `${session.account.clerkSub}/${name}`
    mints[counter] = (mints[counter] ?? 0) + 1
    req.note({ note: `minted ${name}` })
    return { body: { object: 'token', jwt } }
  }

  /** Ends sessions on the server only: the browser learns of it from its next request. */
  function revoke({ user, session }) {
    const account = findAccount(user)
    const hit = allSessions().filter((s) => s.status === 'active' && (s.id === session || (account && s.account === account)))
    for (const each of hit) each.status = 'revoked'
    return hit.length
  }

  // Only what exists here; there is no OAuth server behind this issuer.
  function discovery() {
    return {
      issuer,
      jwks_uri: jwksUri,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nbf', 'azp', 'email', 'email_verified', 'name'],
    }
  }
}

const TOKENS = /^\/v1\/client\/sessions\/[^/]+\/tokens/

const id = (kind) => `${kind}_${randomUUID().replaceAll('-', '').slice(0, 24)}`

/** @param {ClerkClient} client */

const active = (client) => client.sessions.filter((session) => session.status === 'active')

/** Clerk takes forms; JSON is accepted too, for scripts. */
function form(req) {
  if (!req.text) return {}
  return req.headers['content-type']?.includes('json') ? req.json() ?? {} : Object.fromEntries(new URLSearchParams(req.text))
}
