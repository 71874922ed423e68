// How the requests for events get out: through the session, with a secret, or through a transport of the user's own.
import { conceal, CountersignError, scrub } from '../errors.js'
import { resolveEndpoint } from '../internal.js'
import { getServiceError, ProtocolError, type ServiceError } from './errors.js'
import type { HTTPStreamClient } from './http.js'
import type { HTTPClient, HTTPResponse } from './http.js'
import { batches } from './lines.js'
import { open, refused, told } from './run.js'
import type { Settled } from './config.js'
import type { LogHandler } from './log.js'
import type { Own } from './stream.js'
import { bearer, custom, networkError, type Way } from './transport.js'

/** The body of a request to `/stream/1`. */
export type StreamBody = { token: string; cursor?: string }

/** Opens a stream: batches of whole lines. Rejects, then and while it is read, with what ended it. */
export type OpenStream = (body: StreamBody, signal: AbortSignal) => Promise<AsyncIterable<string[]>>

/** What a body says that is no stream. */
export const refusal = (text: string, httpStatus: number): ServiceError | ProtocolError => {
  try {
    const body = JSON.parse(text)
    if (typeof body.error.code === 'string') return getServiceError(body, httpStatus)
  } catch {
    // Said below.
  }
  return new ProtocolError({ message: `Fauna answered a request for events with status ${httpStatus}${text ? `: ${scrub(text).slice(0, 120)}` : ' and nothing else'}`, httpStatus })
}

/** While a stream is read every failure is one of the connection, unless the session ended it. */
async function* reading(body: ReadableStream<Uint8Array>): AsyncGenerator<string[], void> {
  try {
    yield* batches(body)
  } catch (error) {
    throw error instanceof TypeError && /utf-?8|encod|decod/i.test(error.message)
      ? new ProtocolError({ message: 'Fauna sent bytes that are no UTF-8 text', httpStatus: 200 })
      : networkError(error)
  }
}

/** A refusal in Fauna's own class, with what is wrong with the token; any other error as it is. */
const refusedBy = async (error: unknown, way: Way, signal: AbortSignal | undefined): Promise<unknown> => {
  const known = refused(error)
  return known instanceof Error ? told(known, way, signal) : known
}

/** Over the platform's `fetch`: the session's channel, or a secret. */
const fetched = (config: Settled, way: Way, secret: string | undefined): OpenStream => async (body, signal) => {
  const url = new URL('/stream/1', resolveEndpoint(config.endpoint, 'endpoint', 'fauna'))
  const send = way.channel?.fetch ?? bearer(secret!, config.allowInsecureOrigin)
  const init: RequestInit = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal }
  const response = await send(url, init, () => {}).catch(async (error) => {
    throw await refusedBy(networkError(error), way, signal)
  })
  if (!response.ok) throw await refusedBy(refusal(await response.text().catch(() => ''), response.status), way, signal)
  if (!response.body) throw new ProtocolError({ message: 'Fauna answered a request for events with no body', httpStatus: response.status })
  return reading(response.body)
}

/** Over a transport that gives one event at a time. `token`: asked for each connection, forced after a refusal. */
const handed = (http: HTTPStreamClient, token: (force: boolean, signal: AbortSignal) => Promise<string | null>): OpenStream => async (body, signal) => {
  const open = (bearer: string | null) => {
    const stream = http.stream({ data: body, headers: bearer ? { Authorization: `Bearer ${bearer}` } : {}, method: 'POST' })
    signal.addEventListener('abort', () => stream.close())
    return stream.read
  }
  const first = await token(false, signal)
  const read = open(first)
  return (async function* () {
    let heard = false
    try {
      for await (const line of read) {
        heard = true
        yield [line]
      }
      return
    } catch (error) {
      if (heard || (error as { code?: unknown } | null)?.code !== 'unauthorized') throw error
      const second = await token(true, signal)
      if (!second || second === first) throw error
      for await (const line of open(second)) yield [line]
    }
  })()
}

/** Both ways to the events of a source. */
export interface Connection {
  stream: OpenStream
  /** One request to `/feed/1`. `check` throws when the user has changed. */
  page(body: StreamBody & { page_size?: number; start_ts?: number }, signal: AbortSignal | undefined, check: () => void): Promise<HTTPResponse>
}

/** What of a configuration matters here: of a StreamClient or of a FeedClient. */
export interface Reach {
  httpStreamClient?: HTTPStreamClient
  httpClient?: HTTPClient
  secret?: string
  page_size?: number
  query_timeout_ms?: number
  client_timeout_buffer_ms?: number
  logger?: LogHandler
}

const DEFAULT_MS = 5000

/** @throws CountersignError `option_invalid` when there is nothing to authorise with. */
export const connection = (config: Reach, own: Own | undefined): Connection => {
  const { secret, logger } = config
  const settled = own?.state.config
  const session = own?.session
  const way = (): Way => (own ? (session || secret === settled!.secret ? (own.state.way ??= open(own.state)) : open(own.state, secret)) : custom(config.httpClient ?? (config.httpStreamClient as unknown as HTTPClient), { secret } as Settled, secret))
  const http = config.httpStreamClient ?? (own?.state.http as unknown as HTTPStreamClient | undefined)
  const token = async (force: boolean, signal: AbortSignal): Promise<string | null> => {
    if (!session) return secret!
    const token = await session.getToken(settled!.template, { force, signal })
    if (token === null && !settled!.anonymous) throw new CountersignError('signed_out', 'fauna: nobody is signed in, so there is no token to send', { backend: 'fauna' })
    return token
  }
  const stream: OpenStream = async (body, signal) => (http ? handed(http, token) : fetched(settled!, way(), secret))(body, signal)
  const timeout = config.query_timeout_ms ?? DEFAULT_MS
  return {
    stream(body, signal) {
      logger?.debug("Fauna HTTP %s request to '%s'", 'POST', '/stream/1')
      return stream(body, signal)
    },
    async page(data, signal, check) {
      const headers = { 'x-format': 'tagged', 'x-driver-env': 'driver=countersign', 'x-query-timeout-ms': String(timeout) }
      const client_timeout_ms = timeout + (config.client_timeout_buffer_ms ?? DEFAULT_MS)
      logger?.debug("Fauna HTTP %s request to '%s' (timeout: %s), headers: %s", 'POST', '/feed/1', client_timeout_ms, JSON.stringify(headers))
      const out = way()
      const response = await out.request({ client_timeout_ms, data: data as never, headers, method: 'POST', path: '/feed/1', ...(signal && { signal }) }, check).catch(async (error) => {
        throw await refusedBy(error, out, signal)
      })
      logger?.debug("Fauna HTTP response '%s' from %s, headers: %s", response.status, '/feed/1', conceal(JSON.stringify(response.headers)))
      return response.status === 401 ? Promise.reject(await refusedBy(refusal(response.body, 401), out, signal)) : response
    },
  }
}
