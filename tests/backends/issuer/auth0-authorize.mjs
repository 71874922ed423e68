// /authorize, the account picker and logout: everything that happens in a browser window or a hidden iframe.
import { randomUUID } from 'node:crypto'
import { AUTH0_CLIENT_ID, findAccount } from '../accounts.mjs'
import { errorPage, messagePage, pickerPage } from './auth0-pages.mjs'
import { grantedScope, isApi, params } from './auth0-tokens.mjs'

/**
 * @typedef {{ redirectUri: string, mode: string, state: string | null, nonce: string | undefined, scope: string, audience: string | undefined, challenge: string }} Ask
 */

/** @param {{ port: number, pageOrigins: string[], tokens: ReturnType<typeof import('./auth0-tokens.mjs').createTokens> }} of */
export function createAuthorize({ port, pageOrigins, tokens }) {
  // Cookies are shared by all ports of a host; the port in the name keeps issuers of parallel test runs apart.
  const cookieName = `auth0_${port}`
  /** @type {Map<string, { id: string, account: import('../accounts.mjs').Account }>} */
  const sessions = new Map()
  /** Requests waiting at the account picker, by the id in its form. @type {Map<string, Ask>} */
  const waiting = new Map()

  return { start, pick, logout, endSessions }

  /** @param {import('../lib/server.mjs').Request} req */
  function start(req) {
    const query = req.url.searchParams
    // Until client and redirect are known to be good, errors are shown here and sent nowhere.
    if (query.get('client_id') !== AUTH0_CLIENT_ID) return errorPage('Unknown client', `The client of this tenant is ${AUTH0_CLIENT_ID}.`)
    const redirectUri = query.get('redirect_uri') ?? ''
    if (!allowed(redirectUri)) return errorPage('Callback URL mismatch', `The allowed origins are ${pageOrigins.join(', ')}.`)

    const mode = query.get('response_mode') ?? 'query'
    const state = query.get('state')
    const fail = (error, description) => respond({ mode, redirectUri, state }, { error, error_description: description })
    if (!['query', 'web_message'].includes(mode)) return errorPage('Unsupported response mode', 'This issuer knows query and web_message.')
    if (query.get('response_type') !== 'code') return fail('unsupported_response_type', 'Only the code flow is enabled for this client.')
    if (query.get('code_challenge_method') !== 'S256' || !query.get('code_challenge')) return fail('invalid_request', 'PKCE with code_challenge_method S256 is required.')
    const audience = query.get('audience') || undefined
    if (audience && !isApi(audience)) return fail('access_denied', `Service not found: ${audience}`)

    /** @type {Ask} */
    const ask = {
      redirectUri, mode, state, audience,
      nonce: query.get('nonce') ?? undefined,
      scope: grantedScope(query.get('scope') ?? 'openid', audience),
      challenge: /** @type {string} */ (query.get('code_challenge')),
    }
    const prompt = query.get('prompt')
    const session = sessionOf(req)
    if (session && (!prompt || prompt === 'none')) return finish(req, ask, session)
    if (prompt === 'none') return fail('login_required', 'Login required')

    const id = randomUUID()
    waiting.set(id, ask)
    if (waiting.size > 200) waiting.delete(/** @type {string} */ (waiting.keys().next().value))
    return pickerPage({ id, audience, hint: findAccount(query.get('login_hint'))?.person })
  }

  /** The picker's form. */
  function pick(req) {
    const form = params(req)
    const ask = waiting.get(form.id)
    const account = findAccount(form.account)
    if (!ask || !account) return errorPage('This sign-in is over', 'Go back to the page and sign in again.')
    waiting.delete(form.id)
    const session = { id: randomUUID(), account }
    const token = `${randomUUID()}${randomUUID()}`.replaceAll('-', '')
    sessions.delete(cookieOf(req) ?? '')
    sessions.set(token, session)
    const reply = finish(req, ask, session)
    // Lax is enough for the iframe of silent renewal as long as page and issuer are the same site (127.0.0.1, any port);
    // a page on `localhost` is another site and gets login_required, as with blocked third-party cookies.
    return { ...reply, headers: { ...reply.headers, 'set-cookie': `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Lax` } }
  }

  function finish(req, ask, session) {
    req.note({ sub: session.account.auth0Sub })
    const { audience, scope, nonce, challenge, redirectUri } = ask
    return respond(ask, { code: tokens.issueCode({ account: session.account, audience, scope, nonce, challenge, redirectUri, sid: session.id }) })
  }

  function logout(req) {
    const returnTo = req.url.searchParams.get('returnTo')
    if (returnTo && !allowed(returnTo)) return errorPage('returnTo is not allowed', `The allowed origins are ${pageOrigins.join(', ')}.`)
    sessions.delete(cookieOf(req) ?? '')
    const headers = { 'set-cookie': `${cookieName}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0` }
    return returnTo ? { status: 302, headers: { ...headers, location: returnTo } } : { headers, body: 'OK' }
  }

  function endSessions(account) {
    const ended = [...sessions].filter(([, session]) => session.account === account)
    for (const [token] of ended) sessions.delete(token)
    return ended.length
  }

  function cookieOf(req) {
    return req.headers.cookie?.split(/; */).map((pair) => pair.split('=')).find(([name]) => name === cookieName)?.[1]
  }

  function sessionOf(req) {
    return sessions.get(cookieOf(req) ?? '')
  }

  function allowed(address) {
    return URL.canParse(address) && pageOrigins.includes(new URL(address).origin)
  }
}

/**
 * Sends the outcome where the request said: back to the page's address, or as a message to the window that opened us.
 * @param {{ mode: string, redirectUri: string, state: string | null }} ask
 * @param {Record<string, string>} outcome
 */
function respond({ mode, redirectUri, state }, outcome) {
  const response = { ...outcome, ...(state === null ? {} : { state }) }
  if (mode === 'web_message') return messagePage(response, new URL(redirectUri).origin)
  const target = new URL(redirectUri)
  for (const [key, value] of Object.entries(response)) target.searchParams.set(key, value)
  return { status: 302, headers: { location: target.href, 'cache-control': 'no-store' } }
}
