import { createSession } from './session.js'
import type { Identity, Provider, Session, SessionOptions, Unsubscribe } from './types.js'

/** What is needed of Auth0: an `Auth0Client` of `@auth0/auth0-spa-js`, or the object of `useAuth0()` in that shape. */
export interface Auth0Like {
  getTokenSilently(options?: any): Promise<any>
  getUser(): Promise<{ sub?: string } | undefined>
  /** Read from Auth0's cache: another ID token than before is another sign-in. */
  getIdTokenClaims?(): Promise<{ __raw?: string } | undefined>
  logout?(options?: any): Promise<void>
}

// Auth0's words for "somebody must sign in": nothing we do brings a token (tokens.md §2.2).
const gone = /^(login_required|consent_required|interaction_required|account_selection_required|access_denied|missing_refresh_token|invalid_grant|mfa_required)$/

// What only its administrator can put right: an audience or a scope that the tenant does not give to this application.
const misconfigured = /^(missing_scopes|invalid_scope|invalid_request|invalid_client|unauthorized_client|unsupported_grant_type)$/
const service = /^Service not (found|enabled)/

type Failure = { error?: unknown; error_description?: unknown } | null
const code = (error: unknown) => String((error as Failure)?.error ?? '')
// Auth0 refuses an audience that it does not know with the word it has for a user who may not enter.
const configuration = (error: unknown) => misconfigured.test(code(error)) || service.test(String((error as Failure)?.error_description ?? ''))

// Auth0 announces neither sign-in nor sign-out: who is there is looked at once a second.
const lookMs = 1000
// Once refused for want of a sign-in, the same is not asked for again for so long, unless somebody signs in or forces it.
const refusedMs = 60_000
// A sign-out waits so long for a refresh that is under way.
const landingMs = 2000
// On the way back from Auth0 nobody is signed in yet, and soon somebody will be.
const arrivingMs = 50
const arrivals = 200
const arriving = () => {
  const query = new URLSearchParams((globalThis as { location?: Location }).location?.search)
  return query.has('state') && (query.has('code') || query.has('error'))
}

/** Auth0 as a provider: `audience` and `scope` of a template ask for an access token, `idToken: true` for the ID token. */
export const auth0Provider = (client: Auth0Like): Provider => {
  let look: (() => Promise<void>) | undefined
  const flying = new Set<Promise<unknown>>()
  const refused = new Map<string, { error: unknown; signIn: string; until: number }>()
  const signIn = () => client.getIdTokenClaims?.().then((claims) => claims?.__raw, () => undefined)
  const isSignedOut = (error: unknown) => gone.test(code(error)) && !configuration(error)
  const landed = () => Promise.allSettled(flying)
  // Local: the page stays, and with it whatever it still has to clean up. The app's own logout() ends the session at Auth0.
  const logout = () => client.logout?.({ openUrl: false })
  return {
    comparable: true,
    async getToken({ audience, scope, idToken, force }) {
      const authorizationParams = { ...(audience !== undefined && { audience }), ...(scope !== undefined && { scope }) }
      const asked = `${idToken} ${audience} ${scope}`
      const before = refused.get(asked)
      if (before && !force && performance.now() < before.until && (await signIn()) === before.signIn) throw before.error
      // Off, it asks the server for an access token and for the ID token alike.
      const flight = client.getTokenSilently({ authorizationParams: idToken ? {} : authorizationParams, cacheMode: force ? 'off' : 'on', detailedResponse: true })
      flying.add(flight)
      refused.delete(asked)
      const answer = await flight.catch(async (error) => {
        const raw = isSignedOut(error) && (await signIn())
        if (raw) refused.set(asked, { error, signIn: raw, until: performance.now() + refusedMs })
        throw error
      }).finally(() => flying.delete(flight))
      const token = (idToken ? answer?.id_token : answer?.access_token) as string | undefined
      return token ?? null
    },
    watch(report): Unsubscribe {
      let ended = false
      let last: string | null | undefined
      let timer: ReturnType<typeof setTimeout> | undefined
      let waits = 0
      look = async () => {
        clearTimeout(timer)
        let sub: string | null | undefined
        try {
          sub = (await client.getUser())?.sub ?? null
        } catch {
          sub = last
        }
        if (ended) return
        // Held for ten seconds at most, should the app never take the answer in.
        const wait = sub === null && last === undefined && waits < arrivals && arriving()
        if (wait) {
          waits++
          sub = undefined
        }
        if (sub !== last) {
          last = sub
          report(sub === null ? null : sub === undefined ? undefined : ({ user: sub } satisfies Identity))
        }
        timer = setTimeout(() => void look?.(), wait ? arrivingMs : lookMs)
      }
      report(undefined)
      void look()
      return () => {
        ended = true
        clearTimeout(timer)
        look = undefined
      }
    },
    isSignedOut,
    // Who has to sign in again is known above, and when they have: it costs no request to be asked.
    retryAfterMs: (error) => (configuration(error) ? Infinity : isSignedOut(error) ? 0 : undefined),
    async signOut() {
      // Auth0 stores what a refresh brings even after a logout, and its user with it: so what is under way comes first,
      let timer: ReturnType<typeof setTimeout> | undefined
      await Promise.race([landed(), new Promise((done) => (timer = setTimeout(done, landingMs)))])
      clearTimeout(timer)
      // and what takes too long is thrown out when it has come.
      const late = flying.size ? landed() : undefined
      await logout()
      await look?.()
      void late?.then(logout).then(() => look?.()).catch(() => {})
    },
  }
}

/** A session that follows an Auth0 client. Auth0's subject is the user; its ID token and access tokens carry the same. */
export const auth0Session = <const T extends string>(client: Auth0Like, options: Omit<SessionOptions<T>, keyof Provider>): Session<T> =>
  createSession<T>({ ...options, ...auth0Provider(client) } as SessionOptions<T>)
