import { CountersignError } from './errors.js'
import type { Session } from './types.js'

/** Watches for a change of identity between a call and the moment it reaches the session; from there on the session fences it. */
export interface Fence {
  /** Throws `identity_changed`. */
  check(): void
  end(): void
}

/**
 * Whether the identity is still the one in which a call was made: needed wherever a call waits in a queue of ours. The first identity
 * that a session learns is no change; calls wait for it. Without a session there is nothing to watch; something that is
 * no session is refused where it is used. `known`: the identity then, where the call was made before this. `told`: hears of the change when it happens.
 */
export const fence = (session: Session<any> | undefined, backend: string, known = session?.identityKey, told?: (error: CountersignError) => void): Fence => {
  if (typeof session?.on !== 'function') return { check() {}, end() {} }
  let broken: CountersignError | undefined
  const see = (now: string | null | undefined) => {
    if (now === undefined) return
    if (known === undefined) known = now
    else if (now !== known && !broken) {
      broken = new CountersignError('identity_changed', `${backend}: the user changed before this was sent; it was not sent`, { backend })
      told?.(broken)
    }
  }
  const end = session.on('identity', (event) => see(event.key))
  return {
    check() {
      see(session.identityKey)
      if (broken) throw broken
    },
    end,
  }
}
