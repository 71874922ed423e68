import type { Authorized, Endpoint } from '../types.js'
import type { QueryRequest } from './wire.js'

/** A request as the driver hands it to its transport. */
export interface HTTPRequest<T = QueryRequest> {
  /** Milliseconds until the attempt is given up. */
  client_timeout_ms: number
  /** The body, sent as JSON. */
  data: T
  headers: Record<string, string | undefined>
  method: string
  /** Default `/query/1`. */
  path?: any
  /** Ours alone: aborts the request. */
  signal?: AbortSignal
}

/** An answer as the driver wants it from its transport. */
export interface HTTPResponse {
  body: string
  headers: Record<string, string | string[] | undefined>
  status: number
}

/** A transport: the second argument of `new Client`, there as here. */
export interface HTTPClient {
  request<T = QueryRequest>(request: HTTPRequest<T>): Promise<HTTPResponse>
  close(): void
}

/**
 * The session as transport of the official `fauna` driver: `new Client({ secret: 'unused', endpoint }, httpClient({ session, template, endpoint }))`.
 * The driver's own `Authorization` header is dropped and the session's token sent; a refused token is refreshed and the request repeated once.
 * The driver hands errors of the session on as `cause` of its ClientError.
 */
export const httpClient = <T extends string>(config: Authorized<T> & { endpoint: Endpoint }): HTTPClient => {
  let open: Promise<HTTPClient['request']> | undefined
  return {
    request: async (request) => (await (open ??= import('./transport.js').then(({ way }) => way(config).request)))(request as never),
    close: () => {},
  }
}
