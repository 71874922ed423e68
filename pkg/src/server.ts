import { createSession } from './session.js'
import type { Provider, Session, SessionOptions } from './types.js'

/** What one request on a server gets: the same fetch and errors, no cache, no timers, nothing kept. */
export type RequestSession<T extends string> = Pick<Session<T>, 'getToken' | 'fetch' | 'authFetch'>

/**
 * For a route handler or a server component: one per request. `getToken` is that request's own (`(await auth()).getToken`),
 * asked at every call. Nothing is shared between two requests, because nothing is kept.
 */
export const forRequest = <const T extends string>(options: Pick<Provider, 'getToken'> & Pick<SessionOptions<T>, 'templates' | 'routes'>): RequestSession<T> => {
  // A session per call: it ends with the call, so there is nothing left to dispose of.
  const once = async <R>(use: (session: Session<T>) => Promise<R>): Promise<R> => {
    const session = createSession<T>({ ...options, logger: false } as SessionOptions<T>, true)
    try {
      return await use(session)
    } finally {
      session.dispose()
    }
  }
  return {
    getToken: (template, o) => once((s) => s.getToken(template, o)),
    fetch: (input, init) => once((s) => s.fetch(input, init)),
    authFetch: (o) => (input, init) => once((s) => s.authFetch(o)(input, init)),
  }
}
