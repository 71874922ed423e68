import { CountersignError } from '../errors.js'
import { fence, type Fence } from '../fence.js'
import type { Authorized, Endpoint, Finding, Live, Session, Unsubscribe } from '../types.js'
import type { Auth } from './auth.js'
import type { Db } from './db.js'
import type { Logger } from './doctor.js'
import type { SignedIn } from './http.js'
import type { User } from './port.js'
import type { QueryAnswer } from './queries.js'
import type { AppStatus, ConnectionStatus, Realtime } from './realtime.js'
import type { SessionStore } from './storage.js'
import { sinkOf } from '../sink.js'
import { stepsOf, tx } from './tx.js'
import { lazily, Watch } from './watch.js'

/** What {@link init} takes. */
export interface InstantConfig<T extends string> extends Authorized<T> {
  appId: string | undefined
  /** The name of the OAuth client in the Instant app (Auth > Clients); a function, where it depends on who signed the user in, is asked at each sign-in. */
  clientName: string | (() => string)
  /** The URL of the Instant server; no host is built in. */
  apiURI: Endpoint
  /** The URL of the session protocol, where it is not `apiURI` with `/runtime/session`. */
  websocketURI?: Endpoint | undefined
  /** Where the Instant session is kept. Default IndexedDB, as the vendor's. `memory`: it ends with the page. */
  storage?: 'indexeddb' | 'memory' | SessionStore
  /** Clerk's publishable key (`pk_test_…`): an identity token of another Clerk instance is warned of before it is sent. `issuer` does the same for any provider, and comes first. */
  publishableKey?: string | undefined
  /** Where warnings about the identity token go. Default the console; `false`: nowhere. */
  logger?: Logger
}

/** Values for attributes of `$users`, written when the user is made and ignored when it exists. The app needs a permission rule `$users` `create` for them. */
export type ExtraFields = Record<string, unknown>

/** What {@link InstantAuth.signInWithIdToken} takes. */
export interface IdTokenSignIn {
  /** The name of the OAuth client in the Instant app. */
  clientName: string
  /** A JWT of the provider, with `sub`, and `email` and `email_verified: true` to be known by the address. */
  idToken: string
  /** The nonce that the token was asked for with. Default: the one in the token. */
  nonce?: string | null | undefined
  extraFields?: ExtraFields | undefined
}

/** What {@link InstantAuth.signInWithMagicCode} takes. */
export interface MagicCodeSignIn {
  email: string
  /** The six digits of the mail. */
  code: string
  extraFields?: ExtraFields | undefined
}

/** What {@link InstantAuth.createAuthorizationURL} takes. */
export interface RedirectSignIn {
  /** The name of the OAuth client in the Instant app. */
  clientName: string
  /** Where to come back to: an absolute URL on a registered origin, with parameters of its own if need be, but none named `code`, `error` or `state`. */
  redirectURL: string
  extraFields?: ExtraFields | undefined
}

/** What {@link InstantAuth.exchangeOAuthCode} takes. */
export interface CodeExchange {
  /** A UUID, good once and for five minutes. Default: the one in the page's URL. */
  code?: string | undefined
  /** The PKCE verifier, where the application began the sign-in by itself. Default: that of `createAuthorizationURL`. */
  codeVerifier?: string | undefined
  /** The `state` that came back with the code. Default: the one in the page's URL. */
  state?: string | undefined
  /** Default: those given to `createAuthorizationURL`. */
  extraFields?: ExtraFields | undefined
}

/**
 * `db.auth` follows the session by itself; the calls are there for other sign-ins, which hold until the identity changes. Names, arguments and results
 * are those of `@instantdb/core` 1.0.67. The last call counts: an earlier sign-in that ends after a later call is revoked and rejects `identity_changed`, as
 * does one whose identity changed meanwhile. A guest becomes the user who signs in. All reject {@link InstantAPIError} with the server's words, `network`, or
 * `endpoint_missing` where an option lacks.
 */
export interface InstantAuth {
  signInWithIdToken(p: IdTokenSignIn): Promise<SignedIn>
  /** With a session that was made elsewhere: its refresh token. */
  signInWithToken(token: string): Promise<{ user: User }>
  /** As a new user without an address. Called while somebody is signed in with the session, it holds until the identity changes. */
  signInAsGuest(p?: { extraFields?: ExtraFields | undefined }): Promise<{ user: User }>
  /** Sends a mail with a code; at most 20 to an address in an hour, then `rate-limited`. */
  sendMagicCode(p: { email: string }): Promise<{ sent: true }>
  /** Rejects `record-not-found` for a wrong code, `record-expired` for an old one. */
  signInWithMagicCode(p: MagicCodeSignIn): Promise<SignedIn>
  /**
   * The URL to go to for a sign-in with a redirect, with PKCE and `state`, which the vendor's lacks: so it is a promise, made when the user clicks. The
   * verifier is kept in this tab's sessionStorage for ten minutes. Rejects `option_invalid` for a `redirectURL` that cannot be used.
   */
  createAuthorizationURL(p: RedirectSignIn): Promise<string>
  /**
   * Ends a sign-in with a redirect. Without a `code` it reads the page's URL: `null` where that is no redirect's return, else the URL is tidied of what the
   * redirect added, and of nothing else. Call it where the page comes back to; twice is once. Rejects `oauth-error` with what the provider said,
   * `state_mismatch` for a code that this tab did not ask for.
   */
  exchangeOAuthCode(p: CodeExchange & { code: string }): Promise<SignedIn>
  exchangeOAuthCode(p?: CodeExchange): Promise<SignedIn | null>
  /** Where OAuth libraries discover Instant's endpoints; throws `endpoint_missing`. */
  issuerURI(): string
  /** `invalidateToken: false`: the session is forgotten here and goes on living on the server. In all tabs. */
  signOut(o?: { invalidateToken?: boolean }): Promise<void>
}

/** What `subscribeAuth` tells: the user, `null` for nobody, and why when a sign-in failed. */
export type AuthNews = { user?: User | null; error?: { message: string } }

/** For one query. */
export interface QueryOptions {
  /** What the app's rules read as `ruleParams`. */
  ruleParams?: Record<string, unknown> | undefined
}

/** Instant as the session's user. */
export interface InstantDb {
  auth: InstantAuth
  /** The Instant user; waits for a sign-in under way. */
  getAuth(): Promise<User | null>
  subscribeAuth(cb: (auth: AuthNews) => void): Unsubscribe
  queryOnce<R = Record<string, any[]>>(query: object, options?: QueryOptions): Promise<{ data: R }>
  /**
   * Follows a query: the listener hears of its result, and of each change. While it is asked, and after another user has signed in, neither `data` nor `error` is there.
   * An error of the query, or that nobody is signed in (`signed_out`), is told, and results go on when they can. The connection is made with the first query and closed
   * three seconds after the last.
   */
  subscribeQuery<R = Record<string, any[]>>(query: object, cb: (answer: QueryAnswer<R>) => void, options?: QueryOptions): Unsubscribe
  /** The same for `useLive` and its kind: it ends with `identity_changed` when the user changes, and says `data` only. */
  live<R = Record<string, any[]>>(query: object, options?: QueryOptions): Live<R>
  /** Hears of each change: `closed`, `connecting`, `opened`, `authenticated`; `errored`: Instant or the browser does not want this connection. */
  subscribeConnectionStatus(cb: (status: ConnectionStatus) => void): Unsubscribe
  /** Hears of each change: `active`, `read-only` (no writes, no new sign-ins), `disabled`. */
  subscribeAppStatus(cb: (status: AppStatus) => void): Unsubscribe
  transact(chunks: unknown): Promise<unknown>
  readonly tx: any
  check(): Promise<Finding[]>
  shutdown(): void
}

const fail = (code: string, message: string) => new CountersignError(code, `instant: ${message}`, { backend: 'instant' })

/** An Instant db over HTTP. Does nothing until it is used; a missing `appId` or `apiURI` is reported by the first call. */
export const init = <T extends string>(config: InstantConfig<T>): InstantDb => {
  const load = lazily(async () => new (await import('./db.js')).Db(config, watch))
  const watch: Watch = new Watch(async () => (await load()).follower)
  let stop: Unsubscribe | undefined
  let db: Db | undefined
  let closed = false

  const begin = () => {
    if (closed) throw fail('disposed', 'this db was shut down')
    stop ??= watch.start()
  }
  /** Fenced from the moment of the call: what waits here for its code, a sign-in or an identity is not sent as somebody else. */
  const call = async <R>(run: (db: Db, guard: Fence) => Promise<R>): Promise<R> => {
    begin()
    const guard = fence(config.session as Session<any> | undefined, 'instant')
    try {
      return await run((db ??= await load()), guard)
    } finally {
      guard.end()
    }
  }

  const own = <R>(run: (auth: Auth, guard: Fence) => Promise<R>): Promise<R> => call(async (db, guard) => run(await db.auth(), guard))

  /** With what live queries need, when it is loaded, unless somebody has left before. */
  const follow = (start: (made: Realtime) => Unsubscribe, failed: (error: Error) => void): Unsubscribe => {
    let stop: Unsubscribe | undefined
    let over = false
    try {
      begin()
      load().then((loaded) => (db ??= loaded).realtime()).then((made) => over || (stop = start(made))).catch((error) => over || failed(error))
    } catch (error) {
      queueMicrotask(() => over || failed(error as Error))
    }
    return () => {
      over = true
      stop?.()
    }
  }
  const observe = <S>(what: (made: Realtime) => S, cb: (now: S) => void) =>
    follow((made) => {
      let last = what(made)
      return made.watch(() => last !== (last = what(made)) && cb(last))
    }, () => {})
  const withRules = (query: object, options?: QueryOptions) => (options?.ruleParams ? { $$ruleParams: options.ruleParams, ...query } : query)

  const subscribeQuery: InstantDb['subscribeQuery'] = (query, cb, options) =>
    follow((made) => made.subscribe(withRules(query, options), cb), (error) => cb({ data: undefined, pageInfo: undefined, error }))

  return {
    auth: {
      signInWithIdToken: (p) => own((auth, guard) => auth.signInWithIdToken(p, guard)),
      signInWithToken: (token) => own((auth, guard) => auth.signInWithToken(token, guard)),
      signInAsGuest: (p) => own((auth, guard) => auth.signInAsGuest(p, guard)),
      sendMagicCode: (p) => own((auth) => auth.sendMagicCode(p)),
      signInWithMagicCode: (p) => own((auth, guard) => auth.signInWithMagicCode(p, guard)),
      createAuthorizationURL: (p) => own((auth) => auth.createAuthorizationURL(p)),
      exchangeOAuthCode(p?: CodeExchange) {
        // Now: a router may have changed it when the code is there.
        const { href } = globalThis.location ?? {}
        return own((auth, guard) => auth.exchangeOAuthCode(p, href, guard)) as Promise<any>
      },
      issuerURI() {
        const { appId, apiURI } = config
        if (!appId || !apiURI) throw fail('endpoint_missing', `\`${appId ? 'apiURI' : 'appId'}\` is missing`)
        return `${String(apiURI).replace(/\/$/, '')}/runtime/${appId}`
      },
      signOut: (options) => call((db) => db.signOut(options?.invalidateToken ?? true)),
    },
    getAuth: () => call((db) => db.getAuth()),
    subscribeAuth(cb) {
      begin()
      let last: string | undefined
      let over = false
      const tell = () => {
        const { status, error } = watch.state
        const user = db?.user
        const key = user ? user.refresh_token : status
        if (over || key === last || status === 'idle' || (!user && status === 'signingIn')) return
        last = key
        cb(user ? { user } : error ? { user: null, error: { message: error.message } } : { user: null })
      }
      const off = watch.subscribe(tell)
      load().then((loaded) => {
        db ??= loaded
        tell()
      }, () => undefined)
      return () => {
        over = true
        off()
      }
    },
    queryOnce: <R>(query: object, options?: QueryOptions) => call(async (db, guard) => ({ data: (await db.ask('/admin/query', { query: withRules(query, options) }, guard)) as R })),
    subscribeQuery,
    live: (query, options) => ({
      key: JSON.stringify(['instant', config.apiURI, config.appId, withRules(query, options)]),
      subscribe: (sink) => {
        const { next, error: failed } = sinkOf(sink)
        const end = (error: Error) => {
          stop()
          failed(error)
        }
        const guard = fence(config.session as Session<any> | undefined, 'instant', undefined, end)
        const off = subscribeQuery<any>(query, ({ data, error }) => (data ? next(data) : error && failed(error)), options)
        const stop = () => {
          guard.end()
          off()
        }
        return stop
      },
    }),
    subscribeConnectionStatus: (cb) => observe((made) => made.status, cb),
    subscribeAppStatus: (cb) => observe((made) => made.app, cb),
    transact: async (chunks) => {
      const steps = stepsOf(chunks)
      if (!steps) throw fail('option_invalid', '`transact` takes what `db.tx` makes, one or a list')
      return call((db, guard) => db.ask('/admin/transact', { steps }, guard))
    },
    tx,
    check: async () => (await load()).check(),
    shutdown() {
      closed = true
      if (db) db.shutdown()
      // What is on its way is ended when it comes.
      else if (stop) load().then((loaded) => loaded.shutdown(), () => undefined)
      stop?.()
      stop = undefined
    },
  }
}
