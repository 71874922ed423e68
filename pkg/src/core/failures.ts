// What a call can end with besides an answer, as far as it is said at once; the sentences of the machine's own reasons are in words.ts.
import { CountersignError } from '../errors.js'
import { atEdge } from '../loader.js'
import { onTrap, type Core } from './core.js'

/** Said at once, wherever it is noticed: it is also the reason that requests are aborted with. */
export const changed = (template?: string, backend?: string): CountersignError =>
  new CountersignError('identity_changed', 'the user, organisation or session changed before the call ended', { template: template || undefined, backend })

/** A response, and no redirect where the platform does not refuse one by itself: workerd knows no `redirect: 'error'`. */
export const sound = (response: Response, asked: string): Response => {
  const status = response?.status
  // A stub of `fetch` may resolve with anything; what is no response would keep the call waiting for ever.
  if (!(status >= 0)) throw new CountersignError('protocol', '`fetch` gave no Response')
  if (atEdge() && status > 299 && status < 400 && status !== 304) throw new CountersignError('redirect_refused', 'the server redirects')
  // Only where the caller asked to follow: what was sent along is gone, and what came back is not from where the token may go.
  if (response.redirected && new URL(response.url).origin !== new URL(asked).origin) throw new CountersignError('redirect_refused', 'the server redirects to another origin')
  return response
}

/** A request that failed without an answer. */
export const networkError = (cause: unknown, backend: string | undefined, template: string | undefined): CountersignError => {
  const offline = (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false
  return new CountersignError(
    offline ? 'offline' : 'network',
    offline ? 'the browser is offline' : 'no answer: unreachable, refused by CORS, or redirected',
    { cause, backend, template: template || undefined },
  )
}

/** The core's functions for one session, whose number they are given first. */
export type Bound = { [F in keyof Core]: Core[F] extends (session: number, ...rest: infer A) => infer R ? (...args: A) => R : never }

/**
 * A trap is not an error of one call: it ends the instance. A copy of the module: its own exports are read-only, and a proxy would
 * stand in the way of every call.
 */
export const guarded = (core: Core, session: number, dead: () => boolean): Bound => {
  const out: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(core as Record<string, unknown>))
    out[name] = (...args: unknown[]) => {
      // What comes in late (a provider's answer, a response) is numbered for an instance that is gone: in the next one it would be somebody else's.
      if (dead()) return undefined
      try {
        return (value as (...args: unknown[]) => unknown)(session, ...args)
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) onTrap()
        throw error
      }
    }
  return out as Bound
}
