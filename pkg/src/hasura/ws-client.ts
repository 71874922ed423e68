import type { Authorized, Endpoint } from '../types.js'
import { shell } from './shell.js'
import type { Payload, WsClient, WsListeners } from './ws.js'

type Params = Record<string, unknown> | undefined | null

/** What {@link createWsClient} takes: the options of npm graphql-ws's `createClient`, with its defaults, and a session. */
export interface WsClientOptions<T extends string = string> extends Partial<Pick<Authorized<T>, 'session' | 'template' | 'anonymous' | 'allowInsecureOrigin'>> {
  /** Where to connect; a function is asked for each connection. With a session: wss:, or ws: to this machine. */
  url: Endpoint | (() => Endpoint | Promise<Endpoint>)
  /** The payload of `connection_init`; a function is asked for each connection. With a session, `Authorization` and `headers.Authorization` are added. */
  connectionParams?: Params | (() => Params | Promise<Params>)
  /** Connect with the first operation, and close after the last one. Default true. */
  lazy?: boolean
  /** With `lazy: false`: told when the connection is given up. Default `console.error`. */
  onNonLazyError?: (errorOrCloseEvent: unknown) => void
  /** How long a socket without operations is kept, in milliseconds. Default 0. */
  lazyCloseTimeout?: number
  /** A ping so long after the last pong, in milliseconds. Default 0: none. */
  keepAlive?: number
  /** Leave the server's pings unanswered. Default false. */
  disablePong?: boolean
  /** How long to wait for `connection_ack`, in milliseconds. Default 0: for ever. */
  connectionAckWaitTimeout?: number
  /** Attempts in a row after a connection was lost. Default 5. */
  retryAttempts?: number
  /** Pauses before an attempt; default: 2^n seconds and 0.3 to 3 more. */
  retryWait?: (retries: number) => Promise<void>
  /** Whether a close that is not fatal is worth another attempt. Default: always. */
  shouldRetry?: (errorOrCloseEvent: unknown) => boolean
  /** Listeners from the beginning. */
  on?: Partial<WsListeners>
  /** Default: `WebSocket` of the platform, looked up for each connection. */
  webSocketImpl?: unknown
  /** Names an operation on the wire. Default: a number. */
  generateID?: (payload: Payload) => string
  /** Of `JSON.stringify`, for what is sent. */
  jsonMessageReplacer?: (this: any, key: string, value: any) => any
  /** Of `JSON.parse`, for what comes. A frame for which it throws is told as an `error` event and left out. */
  jsonMessageReviver?: (this: any, key: string, value: any) => any
}

/**
 * A client for any server that speaks graphql-transport-ws, with the options and events of npm graphql-ws's `createClient`; with a session, each connection carries a
 * token that is valid then. For Hasura itself use `HasuraClient`, which outlives tokens without a gap. Making one does nothing, unless `lazy` is false.
 */
export const createWsClient = <T extends string = string>(options: WsClientOptions<T>): WsClient => {
  const { on, subscribe, iterate, terminate, dispose, use } = shell((heard) => import('./standard.js').then((m) => m.standard(options, heard)), options.session)
  for (const [event, listener] of Object.entries(options.on ?? {})) if (listener) on(event as keyof WsListeners, listener as never)
  if (options.lazy === false) use(() => {}, options.onNonLazyError ?? console.error)
  return { on, subscribe, iterate, terminate, dispose }
}
