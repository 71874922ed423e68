import { fence } from '../fence.js'
import type { Finding, Live, Session } from '../types.js'
import { settle, shown, type FaunaConfig, type ShownConfiguration } from './config.js'
import { encode } from './encode.js'
import { ClientClosedError, ClientError } from './errors.js'
import type { EventSource } from './wire.js'
import { FeedClient, type FeedClientConfiguration } from './feed.js'
import type { HTTPClient } from './http.js'
import { kind } from './kind.js'
import { live, type LiveOptions } from './live.js'
import { SetIterator } from './paginate.js'
import type { Query } from './query.js'
import { StreamClient, type Own, type Resync, type ResyncEvent, type StreamClientConfiguration } from './stream.js'
import type { EmbeddedSet, Page } from './set.js'
import { ended, mine, saw, seen, who, type State } from './state.js'
import type { QueryOptions, QueryRequest, QuerySuccess } from './wire.js'

/** Also one of another copy of the package: a module that was reloaded, an entry bundled twice. */
const isQuery = (from: any): from is Query<any> => from?.[kind] === 'query'

let made = 0

/**
 * A client of one Fauna database, under the names of the official driver: `query`, `paginate`, `close`, `lastTxnTs`. Requests carry the
 * signed-in user's token (`session` and `template`) or one `secret`. Making one does nothing and asks nobody; every method may be
 * handed over unbound. What sends the requests is loaded with the first of them.
 */
export class Client<T extends string = string> {
  readonly #state: State
  #number: number | undefined

  /** @throws TypeError or RangeError for the driver's own options, as there. What comes from the environment (`endpoint`, `secret`) is looked at when first used. */
  constructor(config: FaunaConfig<T>, httpClient?: HTTPClient) {
    this.#state = { config: settle(config), http: httpClient, closed: false, streams: new Set() }
    // Looked up at the call, so that what a test puts on the prototype is found.
    for (const name of ['query', 'paginate', 'stream', 'feed', 'live', 'close', 'check'] as const)
      Object.defineProperty(this, name, { value: (...args: any[]) => Object.getPrototypeOf(this)[name].apply(this, args), configurable: true, writable: true })
  }

  /** The configuration with its defaults, without the secret. */
  get clientConfiguration(): ShownConfiguration {
    return shown(this.#state.config)
  }

  /**
   * Time of the last transaction seen, in microseconds since the epoch; sent along so that later queries see at least that. It only
   * moves forward, belongs to the user with whom it was seen, and is gone when that user is. Each client keeps its own, also beside another of
   * the same database. What is no whole number of microseconds is ignored.
   */
  get lastTxnTs(): number | undefined {
    return seen(this.#state)
  }
  set lastTxnTs(ts: number | undefined) {
    saw(this.#state, ts)
  }

  /**
   * Runs a query in one transaction. `R` is what you expect it to answer; nothing checks it.
   * @throws FaunaError of the class that the server's code asks for; NetworkError; ProtocolError; CountersignError `signed_out`,
   * `identity_changed`, `endpoint_missing` and the session's others; or `signal.reason`. TypeError, RangeError and ClientError for
   * arguments that cannot be sent, before anything is.
   */
  async query<R = any>(query: Query<R> | Query<any>, given?: QueryOptions): Promise<QuerySuccess<R>> {
    ended(this.#state)
    // What is asked is what was given now: the caller may use the object again for the next query, with another secret.
    const options: QueryOptions = { ...given }
    options.query_tags &&= { ...options.query_tags }
    options.signal?.throwIfAborted()
    const request: QueryRequest = { query: query.encode() }
    // Under their name, so that it begins the path of what cannot be sent.
    if (options.arguments) request.arguments = (encode({ arguments: options.arguments }) as any).arguments
    // The call belongs to whoever is signed in now, not to whoever is when the code below has loaded.
    const own = mine(this.#state, options)
    const guard = fence(own ? this.#state.config.session : undefined, 'fauna')
    try {
      const { run } = await import('./run.js')
      return await run(this.#state, request, options, own, guard)
    } finally {
      guard.end()
    }
  }

  /** What asks several queries as one person. */
  #asked() {
    return { query: this.query, stream: this.stream, who: () => who(this.#state) }
  }

  /**
   * The pages of a set: of what a query answers, of a page, or of a set inside a value. Each page is one request.
   * @throws TypeError when it is none of these. The iterator rejects as {@link Client.query} does.
   */
  paginate<R = any>(from: Page<R> | EmbeddedSet | Query<R | Page<R>> | Query<any>, given?: QueryOptions): SetIterator<R> {
    const client = this.#asked()
    const options: QueryOptions = { ...given }
    return isQuery(from) ? SetIterator.fromQuery<R>(client, from, options) : SetIterator.fromPageable<R>(client, from, options)
  }

  /** How the events of this client get out, and the query that makes their source. */
  #events(from: EventSource | Query<any> | (() => Promise<EventSource>), options: { secret?: string; cursor?: string; max_attempts?: number; signal?: AbortSignal }) {
    const state = this.#state
    ended(state)
    const { session } = state.config
    const own: Own = { state, counted: options.max_attempts !== undefined, session: mine(state, options) && session?.on ? (session as Session<any>) : undefined }
    // Whatever the client's format: only this one says that an answer is a source.
    const ask: QueryOptions = { format: 'tagged' }
    if (options.secret !== undefined) ask.secret = options.secret
    if (options.signal) ask.signal = options.signal
    return { own, source: isQuery(from) ? async () => (await this.query<EventSource>(from, ask)).data : from }
  }

  /**
   * Listens to the events of a source, or of the source that a query makes. It outlives tokens, dropped connections and restarts of the server, and ends with
   * the user with whom it began.
   * @throws ClientError for a `cursor` with a query, or with a transport that cannot stream; ClientClosedError; TypeError and RangeError for the options, as the driver does.
   */
  stream<R = any>(from: EventSource | Query<any> | (() => Promise<EventSource>), options: Partial<StreamClientConfiguration> & Required<Resync>): StreamClient<R, ResyncEvent>
  stream<R = any>(from: EventSource | Query<any> | (() => Promise<EventSource>), options?: Partial<StreamClientConfiguration>): StreamClient<R>
  stream<R = any>(from: EventSource | Query<any> | (() => Promise<EventSource>), options: Partial<StreamClientConfiguration> = {}): StreamClient<R, any> {
    const { own, source } = this.#events(from, options)
    const { config, http } = this.#state
    if (options.cursor !== undefined && isQuery(from)) throw new ClientError('The `cursor` configuration can only be used with a stream token.')
    if (http && !('stream' in http) && options.via !== 'feed') throw new ClientError('Streaming is not supported by this client.')
    return new StreamClient<R>(source, { ...config, ...options } as StreamClientConfiguration, own)
  }

  /**
   * Reads the events of a source page by page, each with a token that is valid then.
   * @throws ClientClosedError; TypeError and RangeError for the options, as the driver does.
   */
  feed<R = any>(from: EventSource | Query<any>, options: Partial<FeedClientConfiguration> = {}): FeedClient<R> {
    const { own, source } = this.#events(from, options)
    return new FeedClient<R>(source, { ...this.#state.config, ...options } as FeedClientConfiguration, own)
  }

  /**
   * A set that stays what it is on the server: its documents now, and again after each change. For `useLive`, or to `subscribe` to. The set is read once,
   * and kept right by its events.
   * @param set a query whose answer is a set of documents that has events: `Order.where(.total > 100)`
   * @throws TypeError, RangeError or ClientError for a query that cannot be sent.
   */
  live<R = any>(set: Query<any>, options: LiveOptions<R> = {}): Live<R[]> {
    const { endpoint, template, session } = this.#state.config
    // Two clients with secrets are two askers; with a session it is the template that matters, and who is signed in is no part of a question.
    return live<R>(this.#asked(), set, options, `${String(endpoint)} ${template ?? (this.#number ??= ++made)}`, session)
  }

  /** What the doctor finds about the current token and this client's `endpoint` and `audience`. Never rejects. About a secret that is no JWT there is nothing to say: `[]`. */
  async check(): Promise<Finding[]> {
    const { check } = await import('./run.js')
    return check(this.#state)
  }

  /** Later calls reject ClientClosedError. @throws ClientClosedError when it is closed already. */
  close(): void {
    const state = this.#state
    if (state.closed) throw new ClientClosedError('Your client is closed. You cannot close it again.')
    state.closed = true
    state.unfollow?.()
    for (const end of state.streams) end()
    state.http?.close()
  }
}
