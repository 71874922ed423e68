import type { CountersignError } from './errors.js'

/** Stops what the call that returned it started. Calling it again does nothing. */
export type Unsubscribe = () => void

/** Where the values of a {@link Live} go. */
export interface Sink<R> {
  next(value: R): void
  error?(error: unknown): void
  complete?(): void
}

/** Something to listen to. Making one does nothing; `key` is equal for equal questions (no token, no user in it). */
export interface Live<R> {
  readonly key: string
  subscribe(sink: Sink<R> | ((value: R) => void)): Unsubscribe
}

/** What your `getToken` receives. Clerk reads `template` and `skipCache`, `@auth0/nextjs-auth0` reads `audience` and `scope`. */
export interface TokenRequest {
  template?: string
  audience?: string
  scope?: string
  /** The ID token is wanted, not the access token (Auth0). */
  idToken?: boolean
  /** Equal to `force`, under the name that Clerk reads. */
  skipCache: boolean
  /** A token newer than the provider's cached one is wanted. */
  force: boolean
  reason: 'first' | 'expiring' | 'rejected' | 'forced' | 'identity'
  /** Aborted when the answer is no longer wanted (another user, the session disposed). */
  signal: AbortSignal
}

/** A token, or nothing (`null`, `undefined`, `''`: nobody is signed in). `expiresAt`: milliseconds since the epoch, for tokens that do not say so themselves. */
export type TokenAnswer = string | null | undefined | { token: string; expiresAt?: number }

/** Who is signed in. Compared by value. */
export interface Identity {
  user: string
  org?: string | null | undefined
  session?: string | null | undefined
}

/** Where tokens and the news of who is signed in come from. */
export interface Provider {
  getToken(request: TokenRequest): TokenAnswer | PromiseLike<TokenAnswer>
  /**
   * Report who is signed in as soon as it is known, then each change. `undefined`: not known yet, hold. `null`: signed out. Called anew when the page
   * comes back or another tab says that somebody left: until it reports again (five seconds at most) nothing is handed out.
   */
  watch?(report: (identity: Identity | null | undefined) => void): Unsubscribe
  /** A thrown error that means "no user": `login_required`, `missing_session`. */
  isSignedOut?(error: unknown): boolean
  /**
   * How long, in milliseconds, to leave the provider alone after a thrown error; `Infinity`: until the identity changes, another provider is
   * connected, or `invalidate` is called (asking again brings the same answer: a template that does not exist). At most an hour otherwise.
   * Default: `error.retryAfter` in seconds where there is one (Clerk's), else the back-off of the policy; five seconds at most for an error that
   * means "no user", and 0 for such a one: no wait at all.
   */
  retryAfterMs?(error: unknown): number | undefined
  /** `session.signOut()` ends with it. */
  signOut?(): unknown
  /** The `sub` of its tokens is the `user` of its identities, so a token of somebody else can be told and refused. Default false. */
  comparable?: boolean
}

/**
 * What one of your names asks the provider for: `'x'` is `{ template: 'x' }`; `{}` is the provider's own session token.
 * `orgClaim`: the claim (one name, or a path of names) that must be equal to the identity's `org`, where that is known: a token of the
 * organisation that the user has just left is asked for again, after 250 ms and after a second, and then refused (`provider_failed`).
 */
export type TokenSpec = string | { template?: string; audience?: string; scope?: string; idToken?: boolean; orgClaim?: string | readonly string[] }

/** The constants of the token manager. All times in milliseconds. */
export interface Policy {
  /** How long a call waits for a token (and for the provider and the identity) before it rejects `timeout`. Default 10000. */
  timeoutMs?: number
  /** How long before its expiry a token is refreshed. Default a fifth of its life, at least 2 s, at most 60 s, never more than a quarter of its life. */
  leadMs?: number
  /** A token with less left than this is not handed out unforced. Default 2 s and the slowest of the provider's recent answers (5 s of it at most), never more than an eighth of the token's life. */
  marginMs?: number
  /** Life of a readable token without `exp`. Default 60000. */
  fallbackTtlMs?: number
  /** Life of a token that cannot be read (opaque, encrypted). Default 30000. */
  opaqueTtlMs?: number
  /** Forced calls to the provider per minute: for one template, and for all. Defaults 6 and 30. */
  forcedPerMinute?: number
  forcedPerMinuteAll?: number
  /** First wait after the provider failed, doubled with each failure in a row, give or take a quarter. Default 500. */
  backoffMs?: number
  /** Longest wait after the provider failed. Default 60000. */
  backoffMaxMs?: number
  /** A call of the provider that has not settled after this long no longer keeps the next one from starting. Default 15000. */
  stuckMs?: number
}

export interface SessionOptions<T extends string = string> extends Partial<Provider> {
  /** Your names for the tokens. Omitted: any string, passed on as `template`. */
  templates?: Readonly<Record<T, TokenSpec>>
  /** For `session.fetch`: the longest matching prefix decides; no match is a config error. */
  routes?: readonly { url: string; template: NoInfer<T> }[]
  policy?: Policy
  /** Default: the console, warnings and errors only. */
  logger?: Pick<Console, 'debug' | 'info' | 'warn' | 'error'> | false
  /**
   * One started session per name and page: a second one (hot reload) disposes the first. Tabs of one origin tell each other, among sessions of the same
   * name, that somebody left and that a backend refused a token: never a token, and each asks its own provider then. Default `'default'`.
   */
  name?: string
  /** Allow tokens to plain-http origins other than localhost. Loud in `inspect()`. Default false. */
  allowInsecureOrigin?: boolean
}

/** `degraded`: signed in, the last refresh failed. */
export type Status = 'unknown' | 'anonymous' | 'signedIn' | 'degraded'

/** Decides what a response says about the token it was sent with. It receives a copy; the response itself stays unread. */
export type Classify = (response: Response) => Promise<'ok' | 'refresh' | 'fail'>

/** A token for a consumer with its own clock, such as a socket. `notAfter`: milliseconds since the epoch, in local time. */
export interface Lease {
  token: string
  notAfter: number
  id: string
}

/**
 * What happened. Told in a microtask, in order, to those who listened when it happened; `refreshFailed` and `rejected` as soon as the words
 * of their error are loaded. No event holds a token.
 */
export type SessionEvent =
  /** Another identity became known, or none. `key`: as `session.identityKey`. */
  | { type: 'identity'; key: string | null | undefined }
  | { type: 'status'; status: Status }
  /** The page came back, or the machine woke: clocks are looked at anew. */
  | { type: 'wake' }
  /** `dispose()` was called: what was made with the session has ended, and nothing is told after this. */
  | { type: 'disposed' }
  /** A known user left or was replaced: drop caches. Not at start. */
  | { type: 'forget' }
  /** A new token came in. `expiresAt`: milliseconds since the epoch, local time. */
  | { type: 'token'; template: string; expiresAt: number; reason: TokenRequest['reason'] }
  /** `refreshFailed`: the provider failed; `error.token` is the token that is used meanwhile, if there is one. `rejected`: a backend refused `error.token`. */
  | { type: 'refreshFailed' | 'rejected'; template: string; error: CountersignError }
  /** Why the token manager did what it did, in words. */
  | { type: 'decision'; text: string }

/** One cached token as `inspect()` shows it: never the token itself. */
export interface TokenSnapshot {
  /** Milliseconds since the epoch, local time; like the next three 0 while there is no token. */
  expiresAt: number
  /** When the next refresh is due; milliseconds since the epoch. */
  refreshAt: number
  /** From then on it is not handed out unforced: its expiry less the margin, by the clock that is possible and soonest. */
  notAfter: number
  /** When it came in; milliseconds since the epoch. */
  obtainedAt: number
  /** Why the provider was asked for it. */
  reason: TokenRequest['reason']
  /** How often the provider answered for this template in this session. */
  refreshes: number
  /** How many changes of identity the session has seen. */
  generation: number
  /** The last thing decided about it, in words: `refreshed hasura: 48 s left, lead 12 s, skew [0, 0.4] s`. */
  decision: string
  /** `iss`, `aud`, `sub`, `exp`, `iat`, `nbf`, `kid`, `alg`, as far as they could be read: unverified, and no other claim. `{}`: no token now, or one that is no JWT. */
  claims: Record<string, unknown>
}

export interface SessionSnapshot {
  status: Status
  /** How many changes of identity the session has seen; an answer that belongs to an earlier one is not delivered. */
  generation: number
  /** By your name for them (`''`: the session token), as far as anybody has asked for them. */
  tokens: Record<string, TokenSnapshot>
  /** Server time minus local time in milliseconds, as far as tokens have shown it: at least, at most. `null`: not known. */
  skew: [low: number | null, high: number | null]
  /** The last hundred, oldest first. */
  events: SessionEvent[]
  /** Templates whose tokens may go to plain-http origins: empty unless you allowed it. */
  insecureOrigins: string[]
}

export interface Session<T extends string = string> {
  readonly status: Status
  /** Opaque; changes with user, organisation or session; goes into cache keys. `null`: signed out. `undefined`: not known yet. */
  readonly identityKey: string | null | undefined
  /** The token, or `null` when nobody is signed in. Waits for the provider and the identity, up to `timeoutMs`. */
  getToken(template?: T, options?: { force?: boolean; timeoutMs?: number; signal?: AbortSignal }): Promise<string | null>
  /** The token if one is at hand and valid now. Asks nobody. */
  peek(template?: T): string | null
  /** `fetch` with the token of the route that matches (or of `init.template`). */
  fetch(input: RequestInfo | URL, init?: RequestInit & { template?: T }): Promise<Response>
  /** A `fetch` for one template and a list of origins. */
  authFetch(options: {
    template: T
    origins: readonly string[]
    classify?: Classify
    headers?: () => HeadersInit
    anonymous?: boolean
  }): typeof fetch
  /** Replaces the provider: React hooks, tests. */
  connect(provider: Provider): Unsubscribe
  /** Who is signed in now, where the provider has no `watch`. `null`: nobody; `undefined`: not known, calls wait. Another one than before ends what is under way. */
  identityChanged(identity: Identity | null | undefined): void
  /** Drop cached tokens; the next read forces (a role or claim changed). */
  invalidate(template?: T): void
  /** For sockets: the token now, then each better one; ends when the identity changes. `lead`: milliseconds before expiry (default: the policy's; at most half of the token's life). To leave while a lease is being waited for, abort `signal`. */
  leases(template: T, options: { lead?: number; signal?: AbortSignal }): AsyncIterable<Lease>
  /** The server refused this lease: asks for a better one. */
  reject(leaseId: string, reason: unknown): void
  on<K extends SessionEvent['type']>(type: K, listener: (event: Extract<SessionEvent, { type: K }>) => void): Unsubscribe
  subscribe(listener: (event: SessionEvent) => void): Unsubscribe
  /** Fence now; let followers (Instant, sockets) revoke; then the provider's `signOut`. Settles, never rejects. */
  signOut(): Promise<void>
  inspect(): SessionSnapshot
  /** And every client, socket and bridge made with it. */
  dispose(): void
}

/** What every client takes. `template` is one of the session's names. `anonymous`: send without a token when signed out. */
export interface Authorized<T extends string> {
  session: Session<T>
  template: NoInfer<T>
  anonymous?: boolean
  /** Allow the token to go to a plain-http endpoint other than localhost. Default false. */
  allowInsecureOrigin?: boolean
  /** The `iss` that the backend is configured to accept. Decides nothing: `check()` and `error.hint` compare the token with it, slash and all. */
  issuer?: string
  /** The same for its `aud`. */
  audience?: string
}

/** `undefined` is a config error (`endpoint_missing`) at first use, naming the option; never at import. */
export type Endpoint = string | URL | undefined

/** One thing the doctor looked at. `message` says what is so, `fix` what to change and where. */
export interface Finding {
  ok: boolean
  code: string
  message: string
  fix?: string
}
