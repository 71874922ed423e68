import { createSession } from './session.js'
import type { Identity, Provider, Session, SessionOptions, Unsubscribe } from './types.js'

/** What is needed of Clerk: the object of `@clerk/clerk-js`, of `useClerk()`, or `window.Clerk`. */
export interface ClerkLike {
  readonly session?: { id: string; getToken(o?: { template?: string | undefined; skipCache?: boolean }): Promise<string | null> } | null | undefined
  addListener(listener: (resources: any) => void): () => void
  signOut(): Promise<unknown>
}
export type ClerkSource = ClerkLike | (() => ClerkLike | null | undefined)

type Resources = { session?: { id: string; lastActiveOrganizationId?: string | null } | null; user?: { id: string } | null; organization?: { id: string } | null }

/** The Clerk of this page, where Clerk's own `getToken()` looks: `window.Clerk`, put there by `<ClerkProvider>` or the script tag. */
export const pageClerk = (): ClerkLike | undefined => (globalThis as { Clerk?: ClerkLike }).Clerk

/** What Clerk throws, told by its fields: several copies of Clerk's classes can be on a page. `retryAfter`: seconds. */
type Failure = { status?: number; errors?: { code?: string }[]; retryAfter?: number } | null
const has = (error: unknown, code: RegExp) => !!(error as Failure)?.errors?.some((e) => code.test(e.code!))

// Clerk's script arrives when it arrives: looked for often at first, then twice a second.
const lookMs = (tries: number) => (tries < 40 ? 50 : 500)

/** Clerk says `undefined` while it does not know (loading, switching), and null when nobody is signed in. */
const identityOf = ({ session, user, organization }: Resources): Identity | null | undefined =>
  session && user && { user: user.id, org: organization?.id ?? session.lastActiveOrganizationId, session: session.id }

/** Clerk as a provider. Works before Clerk has loaded: calls wait for it. */
export const clerkProvider = (clerk: ClerkSource): Provider => {
  const find = () => (typeof clerk === 'function' ? clerk() : clerk)
  return {
    comparable: true,
    getToken: ({ template, skipCache }) => find()?.session?.getToken({ template, skipCache }),
    watch(report): Unsubscribe {
      let stop: Unsubscribe | undefined
      let timer: ReturnType<typeof setTimeout> | undefined
      let ended = false
      const attach = (tries: number) => {
        if (ended) return
        let found: ClerkLike | null | undefined
        try {
          found = find()
        } catch {
          // Not there yet, as far as anybody can tell.
        }
        // The object of the script tag exists before it can listen.
        if (typeof found?.addListener === 'function') stop = found.addListener((resources: Resources) => report(identityOf(resources)))
        else timer = setTimeout(attach, lookMs(tries), tries + 1)
      }
      report(undefined)
      attach(0)
      return () => {
        ended = true
        clearTimeout(timer)
        stop?.()
      }
    },
    // Clerk itself signs a session out on a 401; banned and deactivated users come as 403.
    isSignedOut: (error) => (error as Failure)?.status === 401 || has(error, /user_(banned|deactivated)/),
    // A template that does not exist will not exist in a second either.
    retryAfterMs: (error) => (has(error, /resource_not_found/) ? Infinity : (error as Failure)?.retryAfter! * 1000 || undefined),
    signOut: () => find()?.signOut(),
  }
}

/** A session that follows Clerk. `templates` names Clerk's JWT templates; `{}` is the session token. */
export const clerkSession = <const T extends string = string>(clerk: ClerkSource, options?: Omit<SessionOptions<T>, keyof Provider>): Session<T> =>
  createSession<T>({ ...options, ...clerkProvider(clerk) } as SessionOptions<T>)
