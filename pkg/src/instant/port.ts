/** An Instant user; `refresh_token` is the session and is as good as a password. */
export interface User {
  id: string
  refresh_token: string
  email?: string | null
  type?: string
  [key: string]: unknown
}

/** Under which identity a session was made: what is written beside it. No secret. */
export interface OwnerRecord {
  /** `session.identityKey`; `null`: nobody was signed in. */
  key: string | null
  issuer?: string
  subject?: string
}

/** What was found at the start. */
export interface Found {
  user: User
  owner?: OwnerRecord | undefined
}

/** How the follower reaches Instant: over HTTP by itself, or through somebody's `db`. */
export interface Port {
  /** It has room for one session: a later sign-in replaces it. */
  readonly single?: boolean
  read(): Promise<Found | undefined>
  /** Rejects InstantAPIError or `network`. */
  exchange(idToken: string, attach: User | undefined): Promise<User>
  /** `true`: it is gone, also when the server had never heard of it. `false`: try again. */
  revoke(user: User): Promise<boolean>
  store(user: User, owner: OwnerRecord): Promise<void>
  clear(dead: boolean): Promise<void>
}
