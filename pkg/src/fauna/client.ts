import { fence } from '../fence.js'
import type { Finding } from '../types.js'
import { settle, type FaunaConfig, type Settled } from './config.js'
import { encode } from './encode.js'
import { ClientClosedError } from './errors.js'
import type { HTTPClient } from './http.js'
import { SetIterator } from './paginate.js'
import { Query } from './query.js'
import type { EmbeddedSet, Page } from './set.js'
import { ended, saw, seen, type State } from './state.js'
import type { QueryOptions, QueryRequest, QuerySuccess } from './wire.js'

/**
 * A client of one Fauna database, under the names of the official driver: `query`, `paginate`, `close`, `lastTxnTs`. Requests carry the
 * signed-in user's token (`session` and `template`) or one `secret`. Making one does nothing and asks nobody; every method may be
 * handed over unbound. What sends the requests is loaded with the first of them.
 */
export class Client<T extends string = string> {
  readonly #state: State

  /** @throws TypeError or RangeError for the driver's own options, as there. What comes from the environment (`endpoint`, `secret`) is looked at when first used. */
  constructor(config: FaunaConfig<T>, httpClient?: HTTPClient) {
    this.#state = { config: settle(config), http: httpClient, closed: false }
    for (const name of ['query', 'paginate', 'close', 'check'] as const)
      Object.defineProperty(this, name, { value: (this[name] as (...args: any[]) => unknown).bind(this), configurable: true, writable: true })
  }

  /** The configuration with its defaults, without the secret. */
  get clientConfiguration(): Omit<Settled, 'secret'> {
    const { secret: _, ...rest } = this.#state.config
    return rest
  }

  /**
   * Time of the last transaction seen, in microseconds since the epoch; sent along so that later queries see at least that. It only
   * moves forward, belongs to the user with whom it was seen, and is gone when that user is.
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
  async query<R = any>(query: Query<any>, options: QueryOptions = {}): Promise<QuerySuccess<R>> {
    ended(this.#state)
    options.signal?.throwIfAborted()
    const request: QueryRequest = { query: query.encode() }
    if (options.arguments) request.arguments = encode(options.arguments)
    // The call belongs to whoever is signed in now, not to whoever is when the code below has loaded.
    const { session, secret } = this.#state.config
    const own = options.secret === undefined || options.secret === secret
    const guard = fence(own && session?.on ? session : undefined, 'fauna')
    try {
      const { run } = await import('./run.js')
      return await run(this.#state, request, options, own, guard)
    } finally {
      guard.end()
    }
  }

  /**
   * The pages of a set: of what a query answers, of a page, or of a set inside a value. Each page is one request.
   * @throws TypeError when it is none of these. The iterator rejects as {@link Client.query} does.
   */
  paginate<R = any>(from: Query<any> | Page<any> | EmbeddedSet, options?: QueryOptions): SetIterator<R> {
    return from instanceof Query ? SetIterator.fromQuery<R>(this, from, options) : SetIterator.fromPageable<R>(this, from, options)
  }

  /** What the doctor finds about the current token and this client's `endpoint` and `audience`. Never rejects. With a secret there is nothing to look at: `[]`. */
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
    state.http?.close()
  }
}
