// Further attempts after a failure that passes. Loaded with the first one, where the caller opted in.
import { CountersignError } from '../errors.js'
import type { Fence } from '../fence.js'
import { pause } from '../pause.js'
import type { Session } from '../types.js'
import { reads } from './kind.js'

/** Opt-in: further attempts after failures that pass by themselves. */
export interface Retries {
  /** How often a request is sent at most, the first time included. */
  attempts: number
  /**
   * Also where something may be changed: a mutation, or a document that only the server knows. Default false, because nobody can tell
   * whether one that failed has run. Set it where running twice does no harm (an upsert, a fixed primary key).
   */
  mutations?: boolean
}

/** The first pause is half a second at most, each further one twice as long, up to this; where the server asks for more than that, it is not asked again. */
const LONGEST = 30_000

/** Seconds or a date, as milliseconds from now. Not readable across origins unless the server exposes it. */
const after = (header: string | null | undefined): number => {
  if (!header) return 0
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return ms > 0 ? ms : 0
}

/** No answer, or one that says to come again. A time limit of the session's was waited for a token, and that has lasted long enough. */
const passes = (error: unknown): error is CountersignError =>
  CountersignError.is(error) && error.retryable && (error.kind === 'backend' || CountersignError.is(error, 'network', 'offline'))

/**
 * The outcome of what failed once with `error`.
 * @param send once more; @param queries what was sent; @param guard throws when it is not for whoever is signed in now; @param said the Retry-After of the last answer
 */
export const again = async <R>(
  error: unknown, send: () => Promise<R>, queries: readonly unknown[], { attempts, mutations }: Retries, session: Session<any>, guard: Fence,
  signal: AbortSignal | null | undefined, said: () => string | null | undefined,
): Promise<R> => {
  const still = () => {
    try {
      guard.check()
    } catch {
      throw new CountersignError('identity_changed', 'hasura: the user changed before the request was sent again', { backend: 'hasura' })
    }
  }
  try {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted()
      if (!passes(error)) throw error
      still()
      const asked = after(said())
      if (attempt >= attempts || asked > LONGEST || !(mutations || queries.every(reads))) throw error
      // Half of it by chance: those who failed together do not come back together.
      const longest = Math.min(500 * 2 ** (attempt - 1), LONGEST)
      await pause(Math.max(asked, (longest * (1 + Math.random())) / 2), signal, session, still)
      try {
        return await send()
      } catch (next) {
        error = next
      }
    }
  } finally {
    guard.end()
  }
}
