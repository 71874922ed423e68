import type { QueryFailure, QueryStats } from './wire.js'

/** An event source: what `<set>.eventSource()` and `<set>.eventsOn()` answer with. */
export interface EventSource {
  readonly token: string
}

/** A change of a set: a document came into it, changed, or left it (then `data` is its last version). */
export type StreamEventData<T = any> = {
  type: 'add' | 'update' | 'remove'
  data: T
  /** Microseconds since the epoch. */
  txn_ts: number
  cursor: string
  stats: QueryStats
}

/** Nothing happened: the server is there, and this is how far it is. */
export type StreamEventStatus = { type: 'status'; txn_ts: number; cursor: string; stats: QueryStats }

/** The server ends the stream, or this page of a feed. */
export type StreamEventError = { type: 'error' } & QueryFailure

/** A page of a feed, as the server writes it. */
export type FeedSuccess<T = any> = {
  events: (StreamEventData<T> | StreamEventError)[]
  cursor: string
  has_next: boolean
  stats?: QueryStats
}

/** A request for events, as a transport gets it. */
export type HTTPStreamRequest = { data: { token: string; cursor?: string }; headers: Record<string, string | undefined>; method: 'POST'; path?: string }

/** Events as text, one by one, until `close`. */
export interface StreamAdapter {
  read: AsyncGenerator<string>
  close: () => void
}

/** A transport that can stream. */
export interface HTTPStreamClient {
  stream(request: HTTPStreamRequest): StreamAdapter
}
