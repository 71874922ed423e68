import { CountersignError } from '../errors.js'
import { fence } from '../fence.js'
import type { Live, Session, Sink, Unsubscribe } from '../types.js'
import type { Asks } from './paginate.js'
import { fql, type Query } from './query.js'
import type { ResyncEvent, StreamClient, StreamClientConfiguration, StreamOptions } from './stream.js'
import type { EventSource, StreamEventData } from './wire.js'

/** How a live set is kept. `order`, `onState` and `onEvent` are no part of the question: they are those of the first that asked. */
export interface LiveOptions<R = any> extends Pick<StreamOptions, 'via' | 'poll_ms' | 'onState'> {
  /** The most documents it may have, because all of them are in memory: one more ends it with a ClientError. Default 1000. */
  limit?: number
  /** How the documents are ordered. Default: as the server gave them, new ones at the end. */
  order?: (a: R, b: R) => number
  /** Called with each event, before the documents that it makes are given: to show what has changed, or how far it is. What it throws is nobody's. */
  onEvent?: (event: StreamEventData<R> | ResyncEvent) => void
}

/** @internal What a live set needs of a client. */
export interface Asked extends Asks {
  stream(source: EventSource | Query<any> | (() => Promise<EventSource>), options?: Partial<StreamClientConfiguration>): StreamClient
}

/** @internal */
export const live = <R>(client: Asked, set: Query<any>, options: LiveOptions<R>, whose: string, session: Session<any> | undefined): Live<R[]> => {
  const { via = 'stream', poll_ms, limit = 1000 } = options
  // Asked in one transaction, so that not a single event is between the documents and the source.
  const query = fql`let set = (${set})
    { page: set.pageSize(${Math.min(limit, 1000)}), source: set.eventSource() }`
  return {
    key: JSON.stringify(['fauna', whose, set.encode(), via, poll_ms, limit]),
    subscribe(sink: Sink<R[]> | ((value: R[]) => void)): Unsubscribe {
      const to = typeof sink === 'function' ? { next: sink } : sink
      const control = new AbortController()
      // It belongs to whoever is signed in now, not to whoever is when the code below has loaded.
      const guard = fence(session, 'fauna')
      const start = async () => {
        try {
          const { follow } = await import('./events.js')
          guard.check()
          // Asked for at once: from here on the stream looks after it.
          return follow(client, query, options, to, control.signal)
        } finally {
          guard.end()
        }
      }
      start().catch((error) => {
        // On a server there is nobody to show it to.
        if (!control.signal.aborted && !CountersignError.is(error, 'on_server')) to.error?.(error)
      })
      return () => control.abort()
    },
  }
}
