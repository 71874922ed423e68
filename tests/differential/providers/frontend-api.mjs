// What clerk-js talks to: Clerk's Frontend API, in this process, with as little as it takes and tokens that are really signed.
// Several people may be signed in on one client; each session has its own active organisation, known to this server.
import { clerkError, ERRORS } from '../../backends/issuer/clerk-errors.mjs'
import { signer } from './signer.mjs'

const HOST = 'clerk.test'
export const ISSUER = `https://${HOST}`
export const PUBLISHABLE_KEY = `pk_test_${Buffer.from(`${HOST}$`).toString('base64')}`
export const LIFE_S = 60

const ENVIRONMENT = {
  object: 'environment', display_config: {}, organization_settings: {}, commerce_settings: { billing: { user: {}, organization: {} } },
  user_settings: { attributes: {}, social: {}, sign_in: {}, sign_up: {}, restrictions: {}, password_settings: {}, passkey_settings: {}, username_settings: {} },
}
const TEMPLATES = ['hasura', 'fauna']
const organization = (id) => ({ object: 'organization', id, name: id, slug: id, public_metadata: {} })
let made = 0

/** @typedef {{ id: string, person: string, org: string | null }} FapiSession */

/**
 * Answers `fetch` for Clerk's host until `stop()`; every other host is left alone.
 * @param {object} [options]
 * @param {() => number} [options.now]   the server's clock
 * @param {number} [options.latencyMs]   of the page's time
 * @param {boolean} [options.several]    several people may be signed in at a time
 */
export const frontendApi = ({ now = Date.now, latencyMs = 0, several = false } = {}) => {
  const { fetch: before } = globalThis
  /** @type {FapiSession[]} */
  let sessions = []
  /** @type {{ match: string, unheard: boolean, opened: Promise<void> }[]} */
  const gates = []
  const { sign, accepts, busy } = signer(now)

  const api = {
    /** `POST client/sessions/sess_1/tokens/hasura`, in order. @type {string[]} */
    asked: [],
    /** Tokens signed. @type {{ sub: string, template: string | undefined, iat: number }[]} */
    mints: [],
    /** The next answers to token requests. @type {{ status: number, retryAfter?: number, times?: number } | null} */
    fail: null,
    offline: false,
    /** So long after a touch the server goes on minting for the organisation before. */
    orgLagMs: 0,
    busy,
    accepts,
    sessions: () => sessions,
    /** @param {string} person @param {string | null} [org] */
    signIn(person, org = null) {
      // Clerk's cache is the module's, and its keys hold the session: a new one for every sign-in, as on the real server.
      const session = { id: `sess_${person}_${++made}`, person, org }
      sessions = several ? [session, ...sessions] : [session]
      return session
    },
    /** The server ends them; the page learns of it from its next request. */
    endAll: () => void (sessions = []),
    /**
     * Keeps the answers to matching requests back until what it returns is called; they are decided when the request was made.
     * `unheard`: the request itself is under way for so long, and the server knows nothing of it.
     * @param {string} match @param {{ unheard?: boolean }} [options] @returns {() => void}
     */
    hold(match, { unheard = false } = {}) {
      let open = () => {}
      const gate = { match, unheard, opened: new Promise((done) => (open = () => done(undefined))) }
      gates.push(gate)
      return () => {
        gates.splice(gates.indexOf(gate), 1)
        open()
      }
    },
    /** Token requests, of a template. @param {string} [template] */
    tokens: (template) => api.asked.filter((line) => (template ? line.endsWith(`/tokens/${template}`) : /\/tokens(\/|$)/.test(line))).length,
    stop: () => void (globalThis.fetch = before),
  }

  const body = ({ id, person, org }) => ({
    object: 'session', id, status: 'active', last_active_organization_id: org, expire_at: now() + 1e9, abandon_at: now() + 1e9, last_active_token: null,
    user: {
      object: 'user', id: `user_${person}`, email_addresses: [], phone_numbers: [], web3_wallets: [], external_accounts: [],
      organization_memberships: ['org_1', 'org_2'].map((each) => ({ object: 'organization_membership', id: `orgmem_${person}_${each}`, role: 'org:admin', permissions: [], organization: organization(each), public_metadata: {}, public_user_data: { user_id: `user_${person}` } })),
    },
  })
  /** @param {FapiSession} [as]   one of them, as it will be */
  const client = (as) => ({ object: 'client', id: 'client_1', sessions: sessions.map((each) => body(each.id === as?.id ? as : each)), last_active_session_id: sessions[0]?.id ?? null })

  const mint = async ({ person, org, id }, template) => {
    const iat = Math.floor(now() / 1000)
    const sub = `user_${person}`
    const bound = template === undefined ? { sid: id, v: 2, sts: 'active', ...(org && { o: { id: org } }) } : { template, ...(org && { org_id: org }) }
    api.mints.push({ sub, template, iat })
    const jwt = await sign({ iss: ISSUER, sub, nbf: iat - 5, ...bound }, LIFE_S)
    return { body: { object: 'token', jwt } }
  }

  const answer = async (method, path, form) => {
    if (path === 'environment') return { body: { ...ENVIRONMENT, auth_config: { single_session_mode: !several } } }
    if (path === 'client') return { body: { response: client(), client: null } }
    if (path === 'client/sessions' && method === 'DELETE') {
      sessions = []
      return { body: { response: client(), client: null } }
    }
    const [, sid, action, template] = /^client\/sessions\/([^/]+)\/(tokens|touch|end|remove)(?:\/(.*))?$/.exec(path) ?? []
    const session = sessions.find((each) => each.id === sid)
    if (!session) return clerkError(sid ? ERRORS.signedOut : ERRORS.notFound)
    if (action === 'tokens') return template === undefined || TEMPLATES.includes(template) ? mint(session, template) : clerkError(ERRORS.unknownTemplate(template))
    const touched = { ...session, org: form.get('active_organization_id') || null }
    if (action === 'touch' && api.orgLagMs) setTimeout(() => (session.org = touched.org), api.orgLagMs)
    else if (action === 'touch') session.org = touched.org
    else sessions = sessions.filter((each) => each !== session)
    return { body: { response: { ...body(action === 'touch' ? touched : session), ...(action !== 'touch' && { status: 'removed' }) }, client: client(touched) } }
  }

  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    if (url.host !== HOST) return before(input, init)
    const method = url.searchParams.get('_method') ?? init?.method ?? 'GET'
    const path = url.pathname.replace('/v1/', '')
    api.asked.push(`${method} ${path}`)
    if (latencyMs) await new Promise((done) => setTimeout(done, latencyMs))
    if (api.offline) throw new TypeError('Failed to fetch')
    const { fail } = api
    if (fail && path.includes('/tokens')) {
      if (fail.times !== undefined && --fail.times <= 0) api.fail = null
      const { status, body } = clerkError(ERRORS.forStatus(fail.status))
      return Response.json(body, { status, headers: fail.retryAfter === undefined ? {} : { 'retry-after': String(fail.retryAfter) } })
    }
    const gate = gates.find(({ match }) => path.includes(match))
    if (gate?.unheard) await gate.opened
    const { status = 200, body: value } = /** @type {any} */ (await answer(method, path, new URLSearchParams(String(init?.body ?? ''))))
    await gate?.opened
    return Response.json(value, { status })
  }
  return api
}
