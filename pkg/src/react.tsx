'use client'
import { createContext, useContext, useEffect, useInsertionEffect, useMemo, useRef, useState, useSyncExternalStore, type JSX, type ReactNode } from 'react'
import { CountersignError } from './errors.js'
import type { Identity, Live, Provider, Session, Status } from './types.js'

const Context = createContext<Session | null>(null)

const same = (a: Identity | null | undefined, b: Identity | null | undefined) =>
  a === b || (!!a && !!b && a.user === b.user && (a.org ?? null) === (b.org ?? null) && (a.session ?? null) === (b.session ?? null))

/**
 * Makes a session available to the hooks. `getToken` and `identity` only for a session without a provider of its own:
 * the latest `getToken` wins, `identity` is compared by value. The session is not disposed: the provider did not make it.
 */
export function CountersignProvider(props: { session: Session; getToken?: Provider['getToken']; identity?: Identity | null | undefined; children: ReactNode }): JSX.Element {
  const { session, getToken, identity, children } = props
  const follows = 'getToken' in props || 'identity' in props
  const latest = useRef(getToken)
  const told = useRef<Identity | null | undefined>(undefined)
  const report = useRef<((identity: Identity | null | undefined) => void) | undefined>(undefined)

  // Before every effect of every child: none of them may still read the previous user's token.
  useInsertionEffect(() => {
    latest.current = getToken
    if (!same(told.current, identity)) {
      told.current = identity
      report.current?.(identity)
    }
  })

  useInsertionEffect(() => {
    if (!follows) return
    return session.connect({
      getToken: (request) => {
        if (!latest.current) throw new Error('<CountersignProvider> has no getToken')
        return latest.current(request)
      },
      watch(tell) {
        report.current = tell
        tell(told.current)
        return () => {
          if (report.current === tell) report.current = undefined
        }
      },
    })
  }, [session, follows])

  return <Context.Provider value={session}>{children}</Context.Provider>
}

/** The session of the nearest `<CountersignProvider>`. */
export function useCountersign(): Session {
  const session = useContext(Context)
  if (!session) throw new CountersignError('option_invalid', 'useCountersign needs a <CountersignProvider session={...}> above it')
  return session
}

function useSessionState<R>(read: (session: Session) => R, onServer: R): R {
  const session = useCountersign()
  const subscribe = useMemo(() => (tell: () => void) => session.subscribe((event) => (event.type === 'identity' || event.type === 'status') && tell()), [session])
  return useSyncExternalStore(subscribe, () => read(session), () => onServer)
}

/** `'unknown'` on the server and in the first client render, so that hydration matches. */
export function useSessionStatus(): Status {
  return useSessionState((s) => s.status, 'unknown')
}

/** For cache keys. `null`: signed out; `undefined`: not known yet. */
export function useIdentityKey(): string | null | undefined {
  return useSessionState((s) => s.identityKey, undefined)
}

/** Follows `live.key` and the identity; another user's data is gone before the render that shows the new one. `null`: do not ask. */
export function useLive<R>(live: Live<R> | null): { data: R | undefined; error: Error | undefined; isLoading: boolean } {
  const identity = useIdentityKey()
  const wanted = live ? `${identity ?? ''}\n${live.key}` : null
  const [state, setState] = useState<{ of: string | null; data?: R; error?: Error }>({ of: null })
  const current = useRef(live)
  current.current = live
  useEffect(() => {
    const asked = current.current
    if (wanted === null || !asked || identity === undefined) return
    return asked.subscribe({
      next: (data) => setState({ of: wanted, data }),
      error: (error) => {
        if (!CountersignError.isQuiet(error)) setState({ of: wanted, error: error as Error })
      },
    })
  }, [wanted, identity])
  // What was answered to another question, or to another user, is not shown: not even for one render.
  const mine = state.of === wanted ? state : undefined
  return { data: mine?.data, error: mine?.error, isLoading: wanted !== null && !mine }
}

/** Shown while somebody is signed in (also when the last refresh failed). */
export function SessionSignedIn({ children }: { children: ReactNode }): ReactNode {
  const status = useSessionStatus()
  return status === 'signedIn' || status === 'degraded' ? children : null
}

/** Shown while nobody is signed in. */
export function SessionSignedOut({ children }: { children: ReactNode }): ReactNode {
  return useSessionStatus() === 'anonymous' ? children : null
}

/** Shown until it is known who is signed in. */
export function SessionLoading({ children }: { children: ReactNode }): ReactNode {
  return useSessionStatus() === 'unknown' ? children : null
}
