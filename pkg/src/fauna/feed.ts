import { defined, positive } from './config.js'
import { ClientError, getServiceError } from './errors.js'
import type { HTTPClient } from './http.js'
import { fence, type Fence } from '../fence.js'
import type { LogHandler } from './log.js'
import type { Own } from './stream.js'
import type { EventSource, FeedSuccess, LongType, QueryStats, StreamEventData } from './wire.js'

/** What `new FeedClient` takes, as the driver's; `client.feed` fills it in. */
export interface FeedClientConfiguration {
  /** What the requests go through. */
  httpClient: HTTPClient
  long_type: LongType
  /** Attempts in all while the server throttles. */
  max_attempts: number
  /** The longest wait between attempts, in seconds. */
  max_backoff: number
  client_timeout_buffer_ms: number
  query_timeout_ms: number
  secret: string
  logger: LogHandler
  /** Begin with what happened after this time, in microseconds since the epoch. Not with `cursor`. */
  start_ts?: number
  /** Begin after this event, or where an earlier page ended. */
  cursor?: string
  /** Events per page, 1 to 16000. Default 16. */
  page_size?: number
  /** Ours alone: ends waiting and asking; the call rejects with its reason. */
  signal?: AbortSignal
}

/** One page of a feed. */
export class FeedPage<T = any> {
  /** The events, to be read once. Reading throws the server's error where a page holds one; it ends there. */
  readonly events: IterableIterator<StreamEventData<T>>
  /** Where the next page begins. Keep it, also of an empty page: it says how far the server has looked. */
  readonly cursor: string
  /** False: nothing more for now. */
  readonly hasNext: boolean
  readonly stats?: QueryStats
  readonly #events: FeedSuccess<T>['events']

  constructor({ events, cursor, has_next, stats }: FeedSuccess<T>) {
    this.#events = events
    this.events = this.#read()
    this.cursor = cursor
    this.hasNext = has_next
    this.stats = stats
  }

  *#read(): IterableIterator<StreamEventData<T>> {
    for (const event of this.#events) {
      if (event.type === 'error') throw getServiceError(event)
      yield event
    }
  }

  /** The page as the server wrote it, whatever has been read of it. */
  toJSON(): unknown {
    return { events: this.#events, cursor: this.cursor, hasNext: this.hasNext, stats: this.stats }
  }
}

/** @internal Shared by the shell and by what is loaded with the first page. */
export interface Feeding {
  readonly source: EventSource | (() => Promise<EventSource>)
  readonly config: FeedClientConfiguration
  readonly own: Own | undefined
  /** Where the next page begins. */
  cursor?: string | undefined
  done?: boolean
}

/**
 * The events of a source, page by page, until the server has no more for now. Each page is one request with a token that is valid then. Made by
 * `client.feed`; it asks nobody before.
 */
export class FeedClient<T = any> {
  readonly #feeding: Feeding
  #fetch: ((guard: Fence) => Promise<FeedSuccess<T>>) | undefined

  /** @throws TypeError for an option that is missing or contradicts another, RangeError for one that is out of range, as the driver does. */
  constructor(token: EventSource | (() => Promise<EventSource>), config: FeedClientConfiguration, /** @internal */ own?: Own) {
    defined(config, ['long_type', 'max_backoff', 'max_attempts', 'client_timeout_buffer_ms', 'query_timeout_ms', ...(own ? [] : ['httpClient', 'secret'])])
    positive(config, ['max_backoff', 'max_attempts', 'query_timeout_ms'])
    const { client_timeout_buffer_ms, start_ts, cursor, page_size } = config
    if (page_size !== undefined && !(page_size >= 1 && page_size <= 16000)) throw new RangeError("'page_size' must be between 1 and 16000.")
    if (client_timeout_buffer_ms < 0) throw new RangeError("'client_timeout_buffer_ms' must be greater than or equal to zero.")
    if (start_ts !== undefined && cursor !== undefined) throw new TypeError("Only one of 'start_ts' or 'cursor' can be defined in the client configuration.")
    if (cursor !== undefined && typeof cursor !== 'string') throw new TypeError("'cursor' must be a string.")
    this.#feeding = { source: token, config, own, cursor }
  }

  /**
   * The next page.
   * @throws ClientError when the last page was the last, FaunaError for what the server says, CountersignError `signed_out`, `identity_changed` (a feed belongs to the
   * user with whom it began); or `signal.reason`.
   */
  async nextPage(): Promise<FeedPage<T>> {
    if (this.#feeding.done) throw new ClientError('The event feed has no more pages to fetch.')
    // It belongs to whoever is signed in now, not to whoever is when the code below has loaded.
    const guard = fence(this.#feeding.own?.session, 'fauna')
    try {
      // An import that failed is tried again by the next call.
      this.#fetch ??= (await import('./events.js')).feeder<T>(this.#feeding)
      return new FeedPage<T>(await this.#fetch(guard))
    } finally {
      guard.end()
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FeedPage<T>, void> {
    while (!this.#feeding.done) yield await this.nextPage()
  }

  /** The events one by one, instead of the pages. */
  async *flatten(): AsyncGenerator<StreamEventData<T>, void> {
    for await (const page of this) yield* page.events
  }
}
