import type { AuthTokenFetcher } from 'convex/browser'
import { CountersignError } from '../errors.js'
import type { Session } from '../types.js'

/** Convex holds its socket while it waits, so an answer has to come; a provider that recovers in this time is never noticed. */
const patienceMs = 10_000

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Settles in time whatever the other promise does. */
const within = <R>(promise: Promise<R>, ms: number): Promise<R> => {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CountersignError('timeout', 'convex: no token in time', { backend: 'convex' })), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Nothing that waiting would change. */
const final = (error: unknown) => CountersignError.is(error) && (error.kind === 'config' || CountersignError.is(error, 'signed_out', 'budget_exhausted'))

/** A token fetcher that answers only as long as `current` says that it is still wanted. */
export const tokenFetcher = <T extends string>(session: Session<T>, template: T, current: () => boolean): AuthTokenFetcher => {
  let last: string | null = null

  return async ({ forceRefreshToken: force }) => {
    const until = Date.now() + patienceMs
    // Convex signs out when a forced call gives it the string it has: a provider may need a moment to make another one.
    const refused = force ? last : null
    let best: string | null = null
    for (let wait = 500; current(); wait *= 2) {
      try {
        const left = Math.max(until - Date.now(), 1)
        const token = await within(session.getToken(template, { force, timeoutMs: left }), left)
        if (token === null || !current()) return null
        best = token
        if (token !== refused) return (last = token)
      } catch (error) {
        if (CountersignError.is(error, 'signed_out')) return null
        if (final(error)) break
      }
      if (Date.now() + wait > until) break
      await sleep(wait)
    }
    if (!current()) return null
    // The same token, while it is good, beats none.
    return (last = best ?? session.peek(template))
  }
}

/**
 * For `setAuth` of `convex`'s clients. Never rejects and always settles: the vendor's client stops for good on a rejection and signs out
 * on `null` and on a token that it has already. So a failing provider is asked again for ten seconds, and a forced call waits for a
 * different token as long; after that the answer is the best token there is, or `null`.
 */
export const fetchToken = <T extends string>(session: Session<T>, options: { template: NoInfer<T> }): AuthTokenFetcher =>
  tokenFetcher(session, options.template, () => true)
