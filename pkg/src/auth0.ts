import { createSession } from './session.js'
import type { Identity, Provider, Session, SessionOptions, Unsubscribe } from './types.js'

/** What is needed of Auth0: an `Auth0Client` of `@auth0/auth0-spa-js`, or the object of `useAuth0()` in that shape. */
export interface Auth0Like {
  getTokenSilently(options?: any): Promise<any>
  getUser(): Promise<{ sub?: string } | undefined>
  logout?(options?: any): Promise<void>
}

// Auth0's words for "somebody must sign in": nothing we do brings a token (tokens.md §2.2).
const gone = /^(login_required|consent_required|interaction_required|account_selection_required|access_denied|missing_refresh_token|invalid_grant|mfa_required)$/

// Auth0 announces neither sign-in nor sign-out. Its own cookie of the page is looked at when the page comes back, and while nobody is signed in.
const lookMs = 1000

/** Auth0 as a provider: `audience` and `scope` of a template ask for an access token, `idToken: true` for the ID token. */
export const auth0Provider = (client: Auth0Like): Provider => {
  let look: (() => Promise<void>) | undefined
  return {
    comparable: true,
    async getToken({ audience, scope, idToken, force }) {
      const authorizationParams = { ...(audience !== undefined && { audience }), ...(scope !== undefined && { scope }) }
      // Off, it asks the server for an access token and for the ID token alike.
      const answer = await client.getTokenSilently({ authorizationParams: idToken ? {} : authorizationParams, cacheMode: force ? 'off' : 'on', detailedResponse: true })
      const token = (idToken ? answer?.id_token : answer?.access_token) as string | undefined
      return token ?? null
    },
    watch(report): Unsubscribe {
      let ended = false
      let last: string | null | undefined
      let timer: ReturnType<typeof setTimeout> | undefined
      look = async () => {
        clearTimeout(timer)
        let sub: string | null | undefined
        try {
          sub = (await client.getUser())?.sub ?? null
        } catch {
          sub = last
        }
        if (ended) return
        if (sub !== last) {
          last = sub
          report(sub === null ? null : sub === undefined ? undefined : ({ user: sub } satisfies Identity))
        }
        timer = setTimeout(() => void look?.(), lookMs)
      }
      report(undefined)
      void look()
      return () => {
        ended = true
        clearTimeout(timer)
        look = undefined
      }
    },
    isSignedOut: (error) => gone.test(String((error as { error?: unknown } | null)?.error ?? '')),
    async signOut() {
      // Local first: the page stays, and with it whatever it still has to clean up. The app's own logout() ends the session at Auth0.
      await client.logout?.({ openUrl: false })
      await look?.()
    },
  }
}

/** A session that follows an Auth0 client. Auth0's subject is the user; its ID token and access tokens carry the same. */
export const auth0Session = <const T extends string>(client: Auth0Like, options: Omit<SessionOptions<T>, keyof Provider>): Session<T> =>
  createSession<T>({ ...options, ...auth0Provider(client) } as SessionOptions<T>)
