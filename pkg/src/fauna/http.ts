import type { QueryRequest, StreamRequest } from './wire.js'

/** Where the server answers: one transaction, a stream of events, a page of events. */
export const FaunaAPIPaths = { QUERY: '/query/1', STREAM: '/stream/1', EVENT_FEED: '/feed/1' } as const

export type SupportedFaunaAPIPaths = (typeof FaunaAPIPaths)[keyof typeof FaunaAPIPaths]

/** A request as the driver hands it to its transport. */
export type HTTPRequest<T = QueryRequest> = {
  /** Milliseconds until the attempt is given up. */
  client_timeout_ms: number
  /** The body, sent as JSON. */
  data: T
  /** Those without a value are left out. */
  headers: Record<string, string | undefined>
  method: string
  /** Default `/query/1`. */
  path?: SupportedFaunaAPIPaths
  /** Ours alone: aborts the request. */
  signal?: AbortSignal
}

/** An answer as the driver wants it from its transport. */
export type HTTPResponse = {
  body: string
  headers: Record<string, string | string[] | undefined>
  status: number
}

/** What the driver makes its own transports with. The two of HTTP/2 have no effect: the platform's `fetch` sends the requests. */
export type HTTPClientOptions = {
  /** Of the server; its path is not used. */
  url: string
  http2_session_idle_ms: number
  http2_max_streams: number
  /** Lets a request outlive its page; browsers then take 64 KiB at most. */
  fetch_keepalive: boolean
}

/** A transport: the second argument of `new Client`, there as here. */
export interface HTTPClient {
  request<T = QueryRequest>(req: HTTPRequest<T>): Promise<HTTPResponse>
  close(): void
}

/** A request for a stream of events. */
export type HTTPStreamRequest = {
  data: StreamRequest
  /** Those without a value are left out. */
  headers: Record<string, string | undefined>
  method: 'POST'
  /** Default `/stream/1`. */
  path?: string
}

/** An open stream: nothing is sent before `read` is. */
export interface StreamAdapter {
  /** The lines, each the text of one event. */
  read: AsyncGenerator<string>
  close: () => void
}

/** A transport that can stream. */
export interface HTTPStreamClient {
  stream(req: HTTPStreamRequest): StreamAdapter
}

/** Whether a value is an {@link HTTPResponse}. */
export const isHTTPResponse = (res: any): res is HTTPResponse => res instanceof Object && 'body' in res && 'headers' in res && 'status' in res

/** Whether a transport can stream. */
export const isStreamClient = (client: Partial<HTTPStreamClient>): client is HTTPStreamClient => typeof client.stream === 'function'
