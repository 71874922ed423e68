import { fence, type Fence } from '../fence.js'
import type { Authorized, Endpoint, Session } from '../types.js'
import type { HTTPClient, HTTPClientOptions, HTTPRequest, HTTPResponse, HTTPStreamClient, HTTPStreamRequest, StreamAdapter } from './http.js'
import type { QueryRequest } from './wire.js'

/** What sends and reads; loaded with the first request. `guard` watches for a change of user from the call on. */
export interface Carrier {
  request(req: HTTPRequest<any>, guard: Fence): Promise<HTTPResponse>
  stream(req: HTTPStreamRequest, guard: Fence, signal: AbortSignal): AsyncGenerator<string, void>
}

/** A transport whose code is not there yet. What is asked of it belongs to whoever is signed in then, not to whoever is when that has loaded. */
const shell = (make: (carry: typeof import('./carry.js')) => Carrier, session?: Session<any>): HTTPClient & HTTPStreamClient => {
  let carrier: Carrier | undefined
  // An import that failed is tried again by the next call.
  const load = async () => (carrier ??= make(await import('./carry.js')))
  return {
    async request(req) {
      const guard = fence(session, 'fauna')
      try {
        return await (await load()).request(req as HTTPRequest<any>, guard)
      } finally {
        guard.end()
      }
    },
    stream(req) {
      const end = new AbortController()
      return {
        read: (async function* () {
          const guard = fence(session, 'fauna')
          try {
            yield* (await load()).stream(req, guard, end.signal)
          } finally {
            guard.end()
          }
        })(),
        close: () => end.abort(),
      }
    },
    close() {},
  }
}

/** What a {@link FetchClient} is made with. */
export type FetchClientOptions = Pick<HTTPClientOptions, 'url'> & Partial<HTTPClientOptions> & {
  /** Allow plain http to other hosts than this one. Default false. */
  allowInsecureOrigin?: boolean
}

/**
 * The driver's transport over the platform's `fetch`: `new Client(config, new FetchClient({ url }))`, there as here. It sends the
 * headers that it is given; redirects and plain http (except to this machine) are refused, because there is a secret among them.
 * `NodeHTTP2Client` is another name for it.
 */
export class FetchClient implements HTTPClient, HTTPStreamClient {
  readonly #shell: HTTPClient & HTTPStreamClient
  #closed = false

  constructor(options: FetchClientOptions) {
    this.#shell = shell((carry) => carry.plain(options))
  }

  /** A transport for these options. Each is its own: there is no connection here to be shared. */
  static getClient(options: HTTPClientOptions): FetchClient {
    return new FetchClient(options)
  }

  /** @throws NetworkError, whose `code` says which: `timeout` after `client_timeout_ms`, `offline`, `network`, or `outcome_unknown`; or `signal.reason`. */
  request<T = QueryRequest>(req: HTTPRequest<T>): Promise<HTTPResponse> {
    return this.#shell.request(req)
  }

  /**
   * The lines of `/stream/1`, asked for when `read` is first read. `read` ends when the server's answer does, and when the stream is closed.
   * It rejects with the server's error in its class, NetworkError or ProtocolError.
   */
  stream(req: HTTPStreamRequest): StreamAdapter {
    return this.#shell.stream(req)
  }

  /** There is nothing to close: only `isClosed()` changes. */
  close(): void {
    this.#closed = true
  }

  /** Whether `close()` was called. */
  isClosed(): boolean {
    return this.#closed
  }
}

/** The transport that fits this platform. */
export const getDefaultHTTPClient = (options: HTTPClientOptions): HTTPClient & HTTPStreamClient => new FetchClient(options)

/**
 * The session as transport of the official `fauna` driver: `new Client({ secret: 'unused', endpoint }, httpClient({ session, template, endpoint }))`.
 * The driver's own `Authorization` header is dropped and the session's token sent; a refused token is refreshed and the request repeated once.
 * A request whose user left rejects `identity_changed`; the driver hands errors of the session on as `cause` of its ClientError.
 * A stream ends with its user. What ends it for good reaches the driver as an error event, so that it does not try again: `error.code`
 * is the server's or the session's. When the token ran out under it, it just ends, and the driver opens it again at its cursor.
 */
export const httpClient = <T extends string>(config: Authorized<T> & { endpoint: Endpoint }): HTTPClient & HTTPStreamClient =>
  shell((carry) => carry.ofSession(config), config.session)
