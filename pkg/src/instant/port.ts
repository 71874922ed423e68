/** An Instant user; `refresh_token` is the session and is as good as a password. Fields of the app's own on `$users` are there too. */
export interface User {
  id: string
  refresh_token: string
  /** In small letters; none for a guest, and where the identity token had no verified address. */
  email?: string | null
  /** `user` or `guest`. */
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
  /** `again`: to look for what another tab did meanwhile. */
  read(again?: boolean): Promise<Found | undefined>
  /** Rejects InstantAPIError or `network`. */
  exchange(idToken: string, attach: User | undefined): Promise<User>
  /** `true`: it is gone, also when the server had never heard of it. `false`: try again. */
  revoke(user: User): Promise<boolean>
  store(user: User, owner: OwnerRecord): Promise<void>
  /** Forgets what is stored, unless another tab has stored something else than `kept` meanwhile. */
  clear(dead: boolean, kept?: User): Promise<void>
}
