import type { Authorized, Finding, Unsubscribe } from '../types.js'
import type { Logger } from './doctor.js'
import { lazily, Watch, type BridgeState } from './watch.js'

export type { BridgeState } from './watch.js'

/** Any `db` of `@instantdb/core`, `/react`, `/vue`, `/svelte`: what the bridge calls. */
export interface DbLike {
  auth: { signInWithIdToken(p: any): Promise<any>; signInWithToken(t: string): Promise<any>; signOut(o?: any): Promise<any> }
}

/** What {@link bridge} takes beside the db. */
export interface BridgeConfig<T extends string> extends Authorized<T> {
  /** The name of the OAuth client in the Instant app (Auth > Clients). */
  clientName: string
  /** Clerk's publishable key (`pk_test_…`): an identity token of another Clerk instance is warned of before it is sent. `issuer` does the same for any provider, and comes first. */
  publishableKey?: string | undefined
  /** Where warnings about the identity token go. Default the console; `false`: nowhere. */
  logger?: Logger
}

/** Keeps the user of your db equal to the session's. Idle until `start()` or `subscribe()`; both are counted. */
export interface Bridge {
  readonly state: BridgeState
  subscribe(listener: () => void): Unsubscribe
  start(): Unsubscribe
  /** What is wrong with the configuration, if anything. Never rejects. */
  check(): Promise<Finding[]>
}

/**
 * Keeps a `db` of `@instantdb/*` signed in as the session's user: signs in once, not per mount; signs the old user out before the new
 * one in; signs out when the session ends, wherever that happened; takes back a sign-in whose user has gone meanwhile.
 */
export const bridge = <T extends string>(db: DbLike, config: BridgeConfig<T>): Bridge => {
  const load = lazily(async () => (await import('./follow-db.js')).followDb(db, config, watch.show))
  const watch: Watch = new Watch(async () => (await load()).follower)
  return {
    get state() {
      return watch.state
    },
    subscribe: watch.subscribe,
    start: watch.start,
    check: async () => (await load()).check(watch.state.error),
  }
}
