import type { Session } from '../types.js'
import type { Settled } from './config.js'
import { ClientClosedError } from './errors.js'
import type { HTTPClient } from './http.js'
import type { Way } from './transport.js'

/** What a client knows between calls; shared by its eager shell and the part that is loaded with the first request. */
export interface State {
  readonly config: Settled
  readonly http: HTTPClient | undefined
  closed: boolean
  /** Ends the subscriptions under way. */
  readonly streams: Set<() => void>
  way?: Way
  /** Stops listening to the session. */
  unfollow?: () => void
  txn?: { ts: number; who: Who } | undefined
}

/** The session's identity key; always `undefined` with a secret. */
export type Who = string | null | undefined

export const who = ({ config }: State): Who => (config.session as Session<any> | undefined)?.identityKey

/** Whether what is asked with these options is asked as the client, and not with a secret of its own. */
export const mine = ({ config }: State, { secret }: { secret?: string }): boolean => secret === undefined || secret === config.secret

/** The last transaction time, if it was seen as this user (or before anybody was known). */
export const seen = (state: State): number | undefined => {
  const { txn } = state
  return txn && (txn.who === undefined || txn.who === who(state)) ? txn.ts : undefined
}

/** Forward only. What is no time in microseconds is ignored: every later query would be refused for it. */
export const saw = (state: State, ts: number | undefined): void => {
  if (Number.isSafeInteger(ts) && ts! >= 0) state.txn = { ts: Math.max(ts!, seen(state) ?? ts!), who: who(state) }
}

/** @throws ClientClosedError once the client is closed. */
export const ended = ({ closed }: State): void => {
  if (closed) throw new ClientClosedError('Your client is closed. No further requests can be issued.')
}
