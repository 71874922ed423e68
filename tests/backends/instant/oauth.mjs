// The OAuth redirect: to a provider and back to the app with a code, which is then exchanged. The provider is a page of this
// server where one picks who to be; the knob `oauthAnswer` answers in that person's place.
import { createHash, randomUUID } from 'node:crypto'
import { ACCOUNTS, findAccount } from '../accounts.mjs'
import { asText, asUuid, expired, invalid, notFound, optional, param } from './errors.mjs'
import { checkOrigin } from './id-token.mjs'
import { asObject, bodyOf, readable, writable } from './params.mjs'

/**
 * @typedef {import('../lib/server.mjs').Request} Request
 * @typedef {{ method?: string, value: string } | undefined} Challenge
 */

const CALLBACK = '/runtime/oauth/callback'
const PAGE = '/provider/authorize'
const MARK = '_instant_oauth_redirect'
/** Told to who sets up an app, as the real server does. */
const UNREGISTERED = "Invalid redirect_uri. If you're the developer, make sure you've added your website to the list of approved domains in the Dashboard."
const asChallenge = (/** @type {unknown} */ v) => (typeof v === 'string' && /^[A-Za-z0-9_-]+$/.test(v) ? v : undefined)
const found = (/** @type {string} */ location, /** @type {Record<string, string>} */ headers = {}) => ({ reply: { status: 302, headers: { location, ...headers } } })

/**
 * @param {object} options
 * @param {string[]} options.pageOrigins
 * @param {ReturnType<typeof import('./users.mjs').createUsers>} options.users
 * @param {Map<string, import('./id-token.mjs').OAuthClient>} options.registered
 * @param {Pick<ReturnType<typeof import('./auth.mjs').createAuth>, 'knownApp' | 'userOf' | 'extraFields'>} options.auth
 * @param {() => string} options.url   this server's own
 */
export function createOAuth({ pageOrigins, users, registered, auth, url }) {
  /** @type {Map<string, { client: import('./id-token.mjs').OAuthClient, back: URL, challenge: Challenge, cookie: string, at: number }>} by the state that the provider gets */
  const redirects = new Map()
  /** @type {Map<string, { provider: string, person: import('../accounts.mjs').Account, challenge: Challenge, at: number }>} */
  const codes = new Map()

  /** @param {Request} req */
  function start(req) {
    const query = Object.fromEntries(req.url.searchParams)
    const app = appOf(req) ?? auth.knownApp(param(query, 'params', 'app_id', asUuid))
    const name = query.client_name ?? query.client_id
    const redirect = param(query, 'params', 'redirect_uri', asText)
    const client = registered.get(param({ client_name: name }, 'params', 'client_name', asText))
    if (!client) throw notFound('app-oauth-client', { 'app-id': app, 'client-name': name })
    const back = registeredUrl(redirect)
    if (query.state !== undefined) back.searchParams.set('state', query.state)
    const state = app + randomUUID()
    const cookie = `instantdb_${randomUUID()}`
    const value = optional(query, 'params', 'code_challenge', asText)
    redirects.set(state, { client, back, cookie, challenge: value === undefined ? undefined : { value, method: query.code_challenge_method }, at: Date.now() })
    return found(`${url()}${PAGE}?${new URLSearchParams({ state, ...(query.hd && { hd: query.hd }) })}`, { 'set-cookie': `__session=${cookie}; Path=/runtime/oauth; HttpOnly; Max-Age=3600` })
  }

  /** @param {string} redirect */
  function registeredUrl(redirect) {
    try {
      checkOrigin(new URL(redirect).origin, pageOrigins)
      return new URL(redirect)
    } catch {
      throw invalid('redirect-uri', redirect, [UNREGISTERED])
    }
  }

  /** @param {Request} req @param {Record<string, any>} knobs */
  function providerPage(req, { oauthAnswer }) {
    const state = param(Object.fromEntries(req.url.searchParams), 'params', 'state', asText)
    const answer = (/** @type {Record<string, string>} */ said) => `${url()}${CALLBACK}?${new URLSearchParams({ state, ...said })}`
    if (oauthAnswer?.error) return found(answer({ error: oauthAnswer.error }))
    if (oauthAnswer) return found(answer({ code: oauthAnswer }))
    const choices = Object.values(ACCOUNTS).map(({ person, name }) => `<p><a href="${escaped(answer({ code: person }))}">${name}</a></p>`)
    return { reply: { headers: { 'content-type': 'text/html; charset=utf-8' }, body: `<!doctype html><title>Who are you?</title>${choices.join('')}<p><a href="${escaped(answer({ error: 'access_denied' }))}">Cancel</a></p>` } }
  }

  /** @param {Request} req @param {Record<string, any>} knobs */
  function callback(req, knobs) {
    const query = Object.fromEntries(req.url.searchParams)
    const state = param(query, 'params', 'state', asText)
    const redirect = redirects.get(state)
    redirects.delete(state)
    if (!redirect) throw notFound('app-oauth-redirect', { state })
    if (Date.now() - redirect.at > knobs.redirectLifetimeMs) throw expired('app-oauth-redirect', { state })
    const { back, client, challenge, cookie } = redirect
    const home = (/** @type {[string, string]} */ [name, value]) => {
      back.searchParams.set(name, value)
      back.searchParams.set(MARK, 'true')
      return found(back.href)
    }
    if (!(req.headers.cookie ?? '').split('; ').includes(`__session=${cookie}`)) return home(['error', 'Mismatch in OAuth request cookie.'])
    const person = findAccount(query.code)
    if (query.error || !person) return home(['error', query.error ?? 'Missing code parameter in OAuth redirect.'])
    const code = randomUUID()
    codes.set(code, { provider: client.provider, person, challenge, at: Date.now() })
    return home(['code', code])
  }

  /** @param {Request} req @param {Record<string, any>} knobs */
  function token(req, knobs) {
    const form = /^application\/x-www-form-urlencoded/.test(req.headers['content-type'] ?? '')
    const body = form ? Object.fromEntries(new URLSearchParams(req.text)) : bodyOf(req)
    const app = appOf(req) ?? auth.knownApp(param(body, 'body', 'app_id', asUuid))
    const code = param(body, 'body', 'code', asUuid)
    checkOrigin(req.headers.origin, pageOrigins)
    const attached = optional(body, 'body', 'refresh_token', asUuid)
    const extra = optional(body, 'body', 'extra_fields', asObject)
    const verifier = optional(body, 'body', 'code_verifier', asText)
    const issued = codes.get(code)
    codes.delete(code)
    if (!issued) throw notFound('app-oauth-code', { 'app-id': app, code })
    if (Date.now() - issued.at > knobs.codeLifetimeMs) throw expired('app-oauth-code', { 'app-id': app, code })
    checkPkce(issued.challenge, verifier, code)
    const { provider, person } = issued
    const who = { provider, sub: provider === 'auth0' ? person.auth0Sub : person.clerkSub, email: person.email }
    const guest = attached === undefined ? undefined : auth.userOf(attached, app, knobs)
    const existing = users.find(who.provider, who.sub, who.email)
    const fields = existing ? {} : auth.extraFields(extra)
    writable(knobs)
    const user = users.upsert(existing, who, guest, fields)
    const refreshToken = users.issueToken(user)
    return { user: users.present(user, refreshToken), created: existing === undefined, refresh_token: refreshToken }
  }

  /** @type {import('./auth.mjs').Routes} */
  const routes = {
    'GET /runtime/oauth/start': start,
    'GET /runtime/:app_id/oauth/start': start,
    [`GET ${PAGE}`]: providerPage,
    [`GET ${CALLBACK}`]: callback,
    'POST /runtime/oauth/token': token,
    'POST /runtime/:app_id/oauth/token': token,
    'GET /runtime/:app_id/.well-known/openid-configuration': (req, knobs) => {
      readable(knobs)
      const issuer = `${url()}/runtime/${appOf(req)}`
      return { authorization_endpoint: `${issuer}/oauth/start`, token_endpoint: `${issuer}/oauth/token` }
    },
  }
  return { routes }

  /** The app of an address that names it. @param {Request} req */
  function appOf(req) {
    const app = asUuid(req.path.split('/')[2])
    return app === undefined ? undefined : auth.knownApp(app)
  }
}

/** @param {Challenge} challenge @param {string | undefined} verifier @param {string} code */
function checkPkce(challenge, verifier, code) {
  const refuse = (/** @type {string} */ text) => invalid('app-oauth-code', code, [text])
  if (!challenge && verifier === undefined) return
  if (!challenge) throw refuse('The code_verifier was provided, but there was no code_challenge.')
  if (verifier === undefined) throw refuse('The code_challenge was provided, but there was no code_verifier.')
  if (challenge.method !== undefined && challenge.method !== 'plain' && challenge.method !== 'S256') throw refuse('Unknown code challenge method.')
  if (challenge.method === 'S256' && !asChallenge(challenge.value)) throw refuse('Invalid code challenge.')
  const said = challenge.method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier
  if (said !== challenge.value) throw refuse('The code_verifier does not match the code_challenge.')
}

const escaped = (/** @type {string} */ text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
