'use client'
import { createContext, useContext, useEffect, useInsertionEffect, useMemo, useState, useSyncExternalStore, type JSX, type ReactNode } from 'react'
import { CountersignError } from './errors.js'
import { same, seatOf, type Says, type Who } from './react/seat.js'
import type { Identity, Live, Provider, Session, Status } from './types.js'

/** What this part of the tree was rendered for. */
interface Scope {
  session: Session
  tells: boolean
  identity: Who
}

const Context = createContext<Scope | null>(null)

/** Rendered for an identity that the session has not been told yet: the commit of this very render will tell it. */
const ahead = ({ session, tells, identity }: Scope) => tells && !same(identity, seatOf(session).told)

/**
 * Says it before anything in the tree can ask: React runs the insertion effects of a commit before every layout effect, ref and effect,
 * and those of a first child before those of its siblings.
 */
function Teller({ session, says }: { session: Session; says: Says }): null {
  const [me] = useState(() => ({}))
  useInsertionEffect(() => seatOf(session).sit(me), [session, me])
  useInsertionEffect(() => seatOf(session).say(me, says))
  return null
}

/**
 * Makes a session available to the hooks. It never disposes the session: it did not make it.
 *
 * `getToken` and `identity` are for a session without a provider. The latest `getToken` wins, `identity` is compared by value:
 * functions and objects made anew at each render cost nothing. `identity` is `undefined` while it is not known who is signed in
 * (calls wait), `null` when nobody is. Without the prop the tokens speak for themselves, as with `createSession({ getToken })`;
 * without `getToken` the session's own provider is asked. `comparable`, default false: the `sub` of the tokens is `identity.user`,
 * so the token of another user, which an auth library may give out before React has rendered its news, is refused.
 *
 * Put it above every Suspense boundary: what React holds back cannot tell who has signed in.
 */
export function CountersignProvider(props: {
  session: Session
  getToken?: Provider['getToken'] | undefined
  identity?: Identity | null | undefined
  comparable?: boolean
  children: ReactNode
}): JSX.Element {
  const { session, getToken, identity, comparable, children } = props
  const tells = 'identity' in props
  const outer = useContext(Context)
  const { user, org = null, session: at = null } = identity ?? {}
  const kind = identity && true // not known, nobody, somebody
  // By value: what is equal renders nothing again.
  const scope = useMemo<Scope>(() => (!tells && outer?.session === session ? outer : { session, tells, identity }), [session, tells, kind, user, org, at, !tells && outer])
  return (
    <Context.Provider value={scope}>
      {tells || getToken ? <Teller session={session} says={{ getToken, tells, identity, comparable }} /> : null}
      {children}
    </Context.Provider>
  )
}

function useScope(): Scope {
  const scope = useContext(Context)
  if (!scope) throw new CountersignError('option_invalid', 'useCountersign needs a <CountersignProvider session={...}> above it')
  return scope
}

/** The session of the nearest `<CountersignProvider>`. */
export function useCountersign(): Session {
  return useScope().session
}

function useSessionState<R>(read: (scope: Scope) => R, onServer: R): R {
  const scope = useScope()
  const { session } = scope
  const subscribe = useMemo(() => (tell: () => void) => session.subscribe((event) => (event.type === 'identity' || event.type === 'status') && tell()), [session])
  return useSyncExternalStore(subscribe, () => read(scope), () => onServer)
}

const statusOf = (scope: Scope): Status => {
  const { session, identity } = scope
  // What it will be when this render is committed, so that nothing is taken off the page for one render and put back.
  if (!ahead(scope) || session.status === 'unknown') return session.status
  return identity ? 'signedIn' : identity === null ? 'anonymous' : 'unknown'
}

/** `'unknown'` on the server and in the first client render, so that hydration matches. */
export function useSessionStatus(): Status {
  return useSessionState(statusOf, 'unknown')
}

/** For cache keys. `null`: signed out; `undefined`: not known yet. */
export function useIdentityKey(): string | null | undefined {
  // The key of an identity is made when the session is told; the key of the one before is not for a render of this one.
  return useSessionState((scope) => (ahead(scope) ? undefined : scope.session.identityKey), undefined)
}

type Shown<R> = { session?: Session; identity?: string | null | undefined; key?: string | undefined; data?: R; error?: Error }

const nothing: Shown<never> = {}

/**
 * Follows `live.key` and the identity; another user's data is gone before the render that shows the new one. `null`: do not ask.
 * A subscription is made once for equal questions of one user, and made again for another user.
 */
export function useLive<R>(live: Live<R> | null): { data: R | undefined; error: Error | undefined; isLoading: boolean } {
  const scope = useScope()
  const { session } = scope
  const identity = useIdentityKey()
  const early = ahead(scope)
  const key = live?.key
  const [state, setState] = useState<Shown<R>>(nothing)
  const [times, again] = useState(0)
  useEffect(() => {
    if (!live || early) return
    let on = true
    const show = (what: { data?: R; error?: Error }) => {
      if (on) setState({ session, identity, key, ...what })
    }
    const failed = (error: unknown) => {
      if (!CountersignError.isQuiet(error)) show({ error: error as Error })
      // Somebody else came and this user is back, all before a render: nothing here has changed, but the subscription has ended.
      else if (on && CountersignError.is(error, 'identity_changed')) again((n) => n + 1)
    }
    let stop: (() => void) | undefined
    try {
      stop = live.subscribe({ next: (data) => show({ data }), error: failed })
    } catch (error) {
      failed(error)
    }
    return () => {
      on = false
      stop?.()
      setState(nothing)
    }
    // Not by `live` itself: a question is what its key says.
  }, [session, identity, key, early, times])
  // What was answered to another question, or to another user, is not shown: not even for one render.
  const mine = live && state.session === session && state.identity === identity && state.key === key && !early
  return { data: mine ? state.data : undefined, error: mine ? state.error : undefined, isLoading: !!live && !mine }
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
