import { CountersignError } from '../errors.js'
import type { DbLike } from './bridge.js'
import { apiError } from './failure.js'
import type { Advisor } from './doctor.js'
import { nonceOf } from './id-token.js'
import type { Found, OwnerRecord, Port, User } from './port.js'
import type { SessionStore } from './storage.js'

type Reading = DbLike & { getAuth?(): Promise<unknown> }

/** Instant through somebody's `db`, which keeps the session itself; beside it is written only whose it is. */
export class DbPort implements Port {
  readonly single = true
  #current: string | undefined

  constructor(
    readonly db: DbLike,
    readonly clientName: string,
    readonly storage: SessionStore,
    readonly advisor: Advisor,
  ) {}

  async read(again = false): Promise<Found | undefined> {
    const user = userOf(await (this.db as Reading).getAuth?.())
    if (!user) return undefined
    // At the start a sign-in may have been quicker.
    if (again || this.#current === undefined) this.#current = user.refresh_token
    const record = (await this.storage.read(this.key)) as { id?: string; owner?: OwnerRecord } | undefined
    return { user, owner: record?.id === user.id ? record.owner : undefined }
  }

  async exchange(idToken: string): Promise<User> {
    let result: unknown
    this.advisor.look(idToken)
    try {
      result = await this.db.auth.signInWithIdToken({ clientName: this.clientName, idToken, nonce: nonceOf(idToken) })
    } catch (error) {
      // The vendor's error has the status and the body, but its message misses the text of OAuth errors; its hint holds the token.
      const { status, body } = (error ?? {}) as { status?: unknown; body?: unknown }
      throw typeof status === 'number'
        ? await apiError(status, body, this.clientName, this.advisor.explain)
        : new CountersignError('network', 'instant: db.auth.signInWithIdToken failed', { backend: 'instant', cause: error })
    }
    const user = userOf((result as { user?: unknown } | null | undefined)?.user) ?? userOf(await (this.db as Reading).getAuth?.())
    if (!user) throw new CountersignError('protocol', 'instant: db.auth.signInWithIdToken gave no user', { backend: 'instant' })
    this.#current = user.refresh_token
    return user
  }

  async revoke(user: User): Promise<boolean> {
    // A db can only end the session it has: one that it has replaced meanwhile is out of reach.
    if (this.#current !== undefined && this.#current !== user.refresh_token) return true
    this.#current = undefined
    await this.db.auth.signOut({ invalidateToken: true })
    return true
  }

  store(user: User, owner: OwnerRecord): Promise<void> {
    return this.storage.write(this.key, { id: user.id, owner })
  }

  async clear(dead: boolean): Promise<void> {
    await this.storage.remove(this.key)
    if (!dead) return
    this.#current = undefined
    await this.db.auth.signOut({ invalidateToken: false })
  }

  get key(): string {
    return `bridge|${this.clientName}`
  }
}

const userOf = (value: unknown): User | undefined => {
  const user = value as Partial<User> | null | undefined
  return typeof user?.id === 'string' ? ({ ...user, refresh_token: user.refresh_token ?? user.id } as User) : undefined
}
