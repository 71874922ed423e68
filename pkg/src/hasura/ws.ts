import type { Unsubscribe } from '../types.js'

/** The result of an operation, as npm graphql-ws gives it. */
export interface Result<D = Record<string, unknown>, X = unknown> {
  data?: D | null | undefined
  errors?: readonly any[] | undefined
  extensions?: X | undefined
  hasNext?: boolean | undefined
}

/** What is asked over a socket. */
export interface Payload {
  readonly query: string
  readonly variables?: Record<string, unknown> | null | undefined
  readonly operationName?: string | null | undefined
  readonly extensions?: Record<string, unknown> | null | undefined
}

/** Where results go. `error` and `complete` are the end, and only one of them is called. */
export interface WsSink<T = any> {
  next(value: T): void
  error(error: unknown): void
  complete(): void
}

/** What a client tells of its sockets, with npm graphql-ws's names. Arguments: {@link WsListeners}. */
export type WsEvent = keyof WsListeners

/** The listeners of each event. */
export interface WsListeners {
  /** A connection is being made. */
  connecting(isRetry: boolean): void
  /** The socket is open. */
  opened(socket: unknown): void
  /** The server acknowledged it; with the payload of `connection_ack`. */
  connected(socket: unknown, payload: Record<string, unknown> | undefined, wasRetry: boolean): void
  /** `received`: the server's, otherwise ours. */
  ping(received: boolean, payload: Record<string, unknown> | undefined): void
  pong(received: boolean, payload: Record<string, unknown> | undefined): void
  /** A message came. */
  message(message: any): void
  /** A socket closed, with its CloseEvent. */
  closed(event: unknown): void
  /** The socket's error event, or what came and could not be understood. The socket may go on. */
  error(error: unknown): void
  /** How the connection is doing; ours. */
  state(state: SocketState): void
}

/**
 * The listener of an event. Written out in the order of npm graphql-ws's type: TypeScript compares two such types step by step, and takes a client for its `Client` only
 * if they agree.
 */
export type WsListener<E extends WsEvent> = E extends 'connecting'
  ? WsListeners['connecting']
  : E extends 'opened'
    ? WsListeners['opened']
    : E extends 'connected'
      ? WsListeners['connected']
      : E extends 'ping'
        ? WsListeners['ping']
        : E extends 'pong'
          ? WsListeners['pong']
          : E extends 'message'
            ? WsListeners['message']
            : E extends 'closed'
              ? WsListeners['closed']
              : E extends 'error'
                ? WsListeners['error']
                : E extends 'state'
                  ? WsListeners['state']
                  : never

/** How a connection is doing. There is one for each role that subscribes. */
export interface SocketState {
  /**
   * `idle`: nobody needs it. `connecting`, `connected`. `rotating`: connected, while a new socket takes over before the token expires. `waiting`: until the next
   * attempt. `offline`: the browser says that there is no network. `unauthorized`: Hasura refuses the token. `closed`: disposed of, or the user changed.
   */
  status: 'idle' | 'connecting' | 'connected' | 'rotating' | 'waiting' | 'offline' | 'unauthorized' | 'closed'
  /** The role asked for; undefined: the token's default. */
  role?: string | undefined
  /** Sockets opened so far. */
  sockets: number
  /** Operations under way when `status` last changed. */
  operations: number
  /** Until when the token of the socket is good for certain, by this device's clock; milliseconds since the epoch. Some moments before its `exp`. */
  expiresAt?: number | undefined
  /** With `waiting`: milliseconds until the next attempt. */
  retryInMs?: number | undefined
  /** While it is not connected: what went wrong last. */
  error?: Error | undefined
  /** Why the last socket that was lost closed; one that made way for the next was not lost. */
  lastClose?: { code: number; reason: string } | undefined
}

/** Structurally npm graphql-ws's `Client`: Apollo's `GraphQLWsLink`, urql's `subscriptionExchange`, Relay and RxDB take it. */
export interface WsClient {
  /** Listens to an event; the answer stops it. */
  on<E extends WsEvent>(event: E, listener: WsListener<E>): Unsubscribe
  /** Runs an operation of any type, as the user who is signed in now. The answer stops it. */
  subscribe<D = Record<string, unknown>, X = unknown>(payload: Payload, sink: WsSink<Result<D, X>>): Unsubscribe
  /** The same as an async iterator. It begins at once. */
  iterate<D = Record<string, unknown>, X = unknown>(payload: Payload): AsyncIterableIterator<Result<D, X>>
  /** Closes the sockets without waiting (4499), and connects anew for what is under way. */
  terminate(): void
  /** Completes what is under way, and closes the sockets (1000). */
  dispose(): void | Promise<void>
}
