import type { Authorized, Endpoint } from '../types.js'
import type { LogHandler } from './log.js'
import type { LongType, ValueFormat } from './wire.js'

/**
 * The options of the official driver. One that has a default and is given as `undefined` throws a TypeError, as there. Nothing is read
 * from the environment.
 */
export interface ClientConfiguration {
  /** The server's URL; its path is not used. Unlike the driver's it must be there: no host is built in. */
  endpoint: URL
  /** Whose rights the client has, for scripts, route handlers and server components. In a browser: `session` and `template` ({@link FaunaConfig}). */
  secret?: string
  /** What is added to `query_timeout_ms` before the client gives an attempt up, in milliseconds. Default 5000; a RangeError unless positive. */
  client_timeout_buffer_ms?: number
  /** Default `tagged`. */
  format?: ValueFormat
  /** Accepted and checked, without effect: the platform's `fetch` sends the requests. */
  http2_session_idle_ms?: number
  /** Accepted and checked, without effect. */
  http2_max_streams?: number
  /** Lets a request outlive its page; browsers then take 64 KiB at most. Default false. */
  fetch_keepalive?: boolean
  /** Default: none. */
  logger?: LogHandler
  /** How long the server may work on a query, in milliseconds. Default 5000; a RangeError unless positive. */
  query_timeout_ms?: number
  linearized?: boolean
  /** Default `number`. */
  long_type?: LongType
  max_contention_retries?: number
  query_tags?: Record<string, string>
  traceparent?: string
  typecheck?: boolean
  performance_hints?: boolean
  /** Attempts in all while the server throttles. Default 3; a RangeError unless positive. */
  max_attempts?: number
  /** The longest wait between attempts, in seconds. Default 20; a RangeError unless positive. */
  max_backoff?: number
}

/** Whose rights a client has: the signed-in user's, or those of one secret (scripts, route handlers, server components). */
export type Credentials<T extends string> =
  | (Authorized<T> & { secret?: never })
  | { secret?: string | undefined; session?: never; template?: never; anonymous?: never; allowInsecureOrigin?: boolean }

/** What `new Client(...)` takes: a {@link ClientConfiguration}, or the same with a session in place of the secret. */
export type FaunaConfig<T extends string = string> = Omit<ClientConfiguration, 'endpoint' | 'secret'> &
  Credentials<T> & {
    /** The server's URL. No host is built in; `undefined` is `endpoint_missing` at first use. Its path is not used. */
    endpoint: Endpoint
    /** The `aud` that the token should carry (`https://db.fauna.com/db/...`). It is only compared, for better hints. */
    audience?: string
    /** The `iss` that the token should carry, as the access provider in the database has it, slash at the end and all. Only compared, as `audience`. */
    issuer?: string
    /** For a client that only reads: every query of it may run twice. See `idempotent` of the query options. Default false. */
    idempotent?: boolean
  }

const defaults = {
  client_timeout_buffer_ms: 5000,
  format: 'tagged' as ValueFormat,
  http2_session_idle_ms: 5000,
  http2_max_streams: 100,
  long_type: 'number' as LongType,
  fetch_keepalive: false,
  query_timeout_ms: 5000,
  max_attempts: 3,
  max_backoff: 20,
}

/** The configuration with nothing left open but the endpoint and the credentials, which are looked at when first used. */
export type Settled = FaunaConfig<any> & typeof defaults

/** Defaults filled in. @throws TypeError and RangeError as the driver does. */
export const settle = (given: FaunaConfig<any>): Settled => {
  const config = { ...defaults, ...given } as Settled
  defined(config, [...Object.keys(defaults), 'logger'].filter((name) => name in config))
  positive(config, ['http2_max_streams', 'client_timeout_buffer_ms', 'query_timeout_ms', 'max_backoff', 'max_attempts'])
  return config
}

/** @throws TypeError for the first that is undefined, in the driver's words. */
export const defined = (config: object, names: readonly string[]): void => {
  for (const name of names) if ((config as any)[name] === undefined) throw new TypeError(`ClientConfiguration option '${name}' must be defined.`)
}

/** @throws RangeError for the first that is not, in the driver's words. What is not given is not looked at. */
export const positive = (config: object, names: readonly string[]): void => {
  for (const name of names) if ((config as any)[name] <= 0) throw new RangeError(`'${name}' must be greater than zero.`)
}

/** What `client.clientConfiguration` shows: the configuration with its defaults. */
export type ShownConfiguration = Omit<ClientConfiguration, 'secret'> & typeof defaults & { secret?: never }

/** Without the secret, and with the endpoint as a URL where it is one. */
export const shown = ({ secret: _, endpoint, ...rest }: Settled): ShownConfiguration => {
  let url = endpoint
  try {
    url = new URL(endpoint!)
  } catch {
    // Nothing usable was given: that is said when the client is first used.
  }
  return { ...rest, endpoint: url as URL }
}
