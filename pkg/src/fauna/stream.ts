import { fence } from '../fence.js'
import type { Session } from '../types.js'
import { defined, positive } from './config.js'
import { ClientError } from './errors.js'
import type { HTTPStreamClient } from './http.js'
import type { LogHandler } from './log.js'
import { ended, type State, type Who } from './state.js'
import type { EventSource, LongType, StreamEventData, StreamEventStatus } from './wire.js'

/** How a subscription is doing. */
export interface StreamState {
  status: 'connecting' | 'open' | 'waiting' | 'closed'
  /**
   * Why it connected or waits last: its token was about to expire (`renewed`), the page was away (`woken`), the server closed the stream (`ended`), the network
   * broke it (`dropped`), nothing came for too long (`silent`), the server refused it (`permission_loss`, `refused`), events were missed (`resync`).
   */
  cause: 'first' | 'renewed' | 'woken' | 'ended' | 'dropped' | 'silent' | 'permission_loss' | 'refused' | 'resync'
  /** Connections so far, this one included. */
  connects: number
  /** With `waiting`: milliseconds until the next attempt. */
  retryInMs?: number
}

/** What a stream can be given beside the driver's options. */
export interface StreamOptions {
  /** `stream` holds one answer of `/stream/1` open; `feed` polls `/feed/1`, which is cheaper where tokens live for a minute and news may be late. Default `stream`. */
  via?: 'stream' | 'feed'
  /** With `feed`: milliseconds between two requests. Default 5000. A hidden page is not polled. */
  poll_ms?: number
  /** With `feed`: events per request, 1 to 16000. Default 16. */
  page_size?: number
  /** Deliver `{ type: 'resync' }` and go on where events were missed (more than 128 behind, or away for too long): read everything anew when it comes. Only with a query as source. Default false: the stream ends with the server's error, as the driver's does. */
  resync_events?: boolean
  /** Called with each change of the connection. What it throws is nobody's. */
  onState?: (state: StreamState) => void
  /** Ends the stream; waiting and iterating reject with its reason. */
  signal?: AbortSignal
}

/** Apart, because it changes what a stream delivers. */
export type Resync = Pick<StreamOptions, 'resync_events'>

/** What `new StreamClient` takes, as the driver's; `client.stream` fills it in. */
export interface StreamClientConfiguration extends Omit<StreamOptions, 'resync_events'> {
  /** What the requests go through. */
  httpStreamClient: HTTPStreamClient
  /** Default of a client: `number`. */
  long_type: LongType
  /** Attempts in a row before the stream ends with the last error. A client's default: `max_attempts` of the client until it has worked once, then without end. */
  max_attempts: number
  /** The longest pause between two attempts, in seconds. */
  max_backoff: number
  secret: string
  logger: LogHandler
  /** Deliver `status` events too. Default false. */
  status_events?: boolean
  /** Go on after this event of an earlier stream of the same token. */
  cursor?: string
}

/** @internal What `client.stream` knows and the driver's configuration has no field for. */
export interface Own {
  state: State
  /** Unless the options brought another secret. */
  session?: Session<any> | undefined
  /** The options gave `max_attempts` themselves. */
  counted: boolean
}

/** @internal When something came, by the monotonic clock and by the wall clock; milliseconds. */
export type Since = readonly [mono: number, wall: number]

/** @internal Shared by the shell and by what is loaded with the first iteration. */
export interface Subscribed {
  readonly source: EventSource | (() => Promise<EventSource>)
  readonly config: StreamClientConfiguration & Resync
  readonly own: Own | undefined
  closed: boolean
  /** Time of the last event that was delivered. */
  ts?: number | undefined
  /** Where the next iteration begins: in the source that there was, after the last event that was delivered, and for whom it was. */
  at?: { readonly token: string; readonly cursor: string | undefined; readonly who: Who; readonly since: Since }
  /** Ends the iterations under way. */
  readonly ends: Set<() => void>
}

/** Events were missed, so what was built from them is not right any more: read it anew. The events that follow begin after this moment. */
export interface ResyncEvent {
  type: 'resync'
  /** What the server said: `stream_replay_volume_exceeded` or `invalid_stream_start_time`. */
  code: string
}

/** What a stream delivers: `status` with `status_events`, and `resync` with `resync_events`; only then is it part of the type (`X`), as in the driver's. */
export type StreamEvent<T = any, X = ResyncEvent> = StreamEventData<T> | StreamEventStatus | X

type Events<T, X> = AsyncGenerator<StreamEvent<T, X>, void, unknown>

/**
 * The events of a source, without end: over short tokens, dropped connections and restarts of the server it goes on after the last event
 * that was delivered. Iterate it, or `start` it. Made by `client.stream`; it asks nobody before.
 */
export class StreamClient<T = any, X = never> {
  readonly #shared: Subscribed

  /** @throws TypeError for an option that is missing, RangeError for one that is not positive, as the driver does. */
  constructor(token: EventSource | (() => Promise<EventSource>), config: StreamClientConfiguration & Resync, /** @internal */ own?: Own) {
    defined(config, ['long_type', 'max_backoff', 'max_attempts', ...(own ? [] : ['httpStreamClient', 'secret'])])
    positive(config, ['max_backoff', 'max_attempts', 'poll_ms', 'page_size'])
    this.#shared = { source: token, config, own, closed: false, ends: new Set() }
  }

  /** Whether it was closed, or ended with an error. */
  get closed(): boolean {
    return this.#shared.closed
  }

  /** Time of the last event that was delivered, in microseconds since the epoch. */
  get last_ts(): number | undefined {
    return this.#shared.ts
  }

  /** Cursor of the last event that was delivered: keep it, and give it as `cursor` to go on later. */
  get last_cursor(): string | undefined {
    return (this.#shared.at ?? this.#shared.config).cursor
  }

  /**
   * Listens with functions instead of a loop.
   * @param onError told once, when the stream ends with an error. Without it the stream just ends.
   * @throws TypeError when they are no functions.
   */
  start(onEvent: (event: StreamEvent<T, X>) => void, onError?: (error: Error) => void): void {
    for (const [name, f] of [['onEvent', onEvent], ['onError', onError || onEvent]] as const)
      if (typeof f !== 'function') throw new TypeError(`Expected a function as the '${name}' argument, but received ${typeof f}. Please provide a valid function.`)
    void (async () => {
      for await (const event of this) onEvent(event)
    })().catch((error) => onError?.(error))
  }

  /**
   * Each event as it comes. Leaving the loop ends the connection; a later loop goes on after the last event that was delivered. An error ends the stream.
   * Rejects ClientError when the stream was closed or had ended with an error, FaunaError for what the server says, CountersignError `signed_out`, `identity_changed` (a stream
   * belongs to the user with whom it began), `disposed`; or `signal.reason`.
   */
  [Symbol.asyncIterator](): Events<T, X> {
    const shared = this.#shared
    let running: Events<T, X> | undefined
    let opening: Promise<Events<T, X>> | undefined
    let over = false
    const open = async (): Promise<Events<T, X>> => {
      if (shared.closed) throw new ClientError('The stream has been closed and cannot be reused.')
      if (shared.own) ended(shared.own.state)
      // It belongs to whoever is signed in now, not to whoever is when the code below has loaded.
      const guard = fence(shared.own?.session, 'fauna')
      try {
        return (running = (await import('./events.js')).subscribe<T>(shared, guard) as Events<T, X>)
      } catch (error) {
        guard.end()
        throw error
      }
    }
    // As a generator: what has not begun is ended without a word, and an error is said once.
    const first = async (method: 'next' | 'return' | 'throw', value?: any): Promise<IteratorResult<any, void>> => {
      over ||= !opening && method !== 'next'
      try {
        if (!over) return (await (opening ??= open()))[method](value)
      } catch (error) {
        if (!over) throw ((over = true), error)
      }
      if (method === 'throw') throw value
      return { value, done: true }
    }
    const step: typeof first = (method, value) => (running ? running[method](value) : first(method, value))
    return {
      next: () => step('next'),
      return: (value) => step('return', value),
      throw: (error) => step('throw', error),
      [Symbol.asyncIterator]() {
        return this
      },
    } as Events<T, X>
  }

  /** Ends it. A loop over it comes to its end. */
  close(): void {
    this.#shared.closed = true
    for (const end of this.#shared.ends) end()
  }
}
