// How the requests for events get out: through the session, with a secret, or through a transport of the user's own.
import { CountersignError } from '../errors.js'
import { resolveEndpoint } from '../internal.js'
import { hide } from './answer.js'
import type { Settled } from './config.js'
import { getServiceError, ProtocolError } from './errors.js'
import { refusal } from './event.js'
import { FaunaAPIPaths, type HTTPClient, type HTTPResponse, type HTTPStreamClient } from './http.js'
import { batches } from './lines.js'
import type { LogHandler } from './log.js'
import { open, refused, told } from './run.js'
import type { Own } from './stream.js'
import { bearer, custom, networkError, outgoing, reach, type Way } from './transport.js'
import type { FeedRequest, StreamRequest } from './wire.js'

/** Opens a stream: batches of whole lines. Rejects, then and while it is read, with what ended it. */
type OpenStream = (data: StreamRequest, signal: AbortSignal) => Promise<AsyncIterable<string[]>>

/** While a stream is read every failure is one of the connection, unless the session ended it. */
async function* reading(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string[], void> {
  try {
    yield* batches(body, signal)
  } catch (error) {
    throw networkError(error)
  }
}

/** A refusal in Fauna's own class, with what is wrong with the token; any other error as it is. */
const explained = async (error: unknown, way: Way, signal: AbortSignal | undefined): Promise<unknown> => {
  const known = refused(error)
  return known instanceof Error ? told(known, way, signal) : known
}

/** Over the platform's `fetch`: the session's channel, or a secret. */
const fetched = (config: Settled, way: Way, secret: string | undefined): OpenStream => async (data, signal) => {
  const url = new URL(FaunaAPIPaths.STREAM, resolveEndpoint(config.endpoint, 'endpoint', 'fauna'))
  const send = way.channel?.fetch ?? bearer(secret!, config.allowInsecureOrigin)
  const response = await reach(send, url, outgoing({ method: 'POST', data, headers: {} }, signal, false), !!way.channel).catch(async (error) => {
    throw await explained(error, way, signal)
  })
  const { ok, status, body } = response
  if (!ok) throw await explained(refusal({ status, body: await response.text().catch(() => '') }, secret), way, signal)
  if (!body) throw new ProtocolError({ message: `Response is in an unknown format: status ${status} without a body, where a stream was asked for`, httpStatus: status })
  return reading(body, signal)
}

/** The error of somebody else's transport (the driver's FetchClient throws the driver's own) in the class that it has here. */
const adopted = (error: any): unknown => {
  if (CountersignError.is(error)) return error
  if (error?.name === 'NetworkError') return networkError(error.cause ?? error)
  if (typeof error?.code !== 'string' || typeof error.message !== 'string' || !('httpStatus' in error)) return error
  const { code, message, httpStatus, queryInfo } = error
  return getServiceError({ ...queryInfo, error: { code, message } }, httpStatus)
}

/** Over a transport that gives one event at a time. `token`: asked for each connection, forced once after a refusal. `final`: what is told of its error. */
const handed =
  (http: HTTPStreamClient, token: (force: boolean, signal: AbortSignal) => Promise<string | null>, final: (error: unknown, signal: AbortSignal) => unknown): OpenStream =>
  async (data, signal) => {
    const open = (bearer: string | null) => {
      signal.throwIfAborted()
      const stream = http.stream({ data, headers: bearer ? { Authorization: `Bearer ${bearer}` } : {}, method: 'POST' })
      // Leaving the loop over it is not enough: the driver's does not end its request then.
      signal.addEventListener('abort', () => stream.close(), { once: true })
      return stream.read
    }
    const first = await token(false, signal)
    const read = open(first)
    return (async function* () {
      let heard = false
      try {
        try {
          for await (const line of read) {
            heard = true
            if (line) yield [line]
          }
        } catch (error) {
          if (heard || (error as { code?: unknown } | null)?.code !== 'unauthorized') throw error
          const second = await token(true, signal)
          if (!second || second === first) throw error
          for await (const line of open(second)) if (line) yield [line]
        }
      } catch (error) {
        throw await final(adopted(error), signal)
      }
    })()
  }

/** Both ways to the events of a source. */
export interface Connection {
  stream: OpenStream
  /** Whether pages can be asked for: a transport may know streams only. */
  readonly pages: boolean
  /** The answer to one request for a page. `check` throws when the user has changed. Rejects unless its status is 200. */
  page(data: FeedRequest, signal: AbortSignal | undefined, check: () => void): Promise<HTTPResponse>
}

/** What of a configuration matters here: of a StreamClient or of a FeedClient. */
export interface Reach {
  httpStreamClient?: HTTPStreamClient
  httpClient?: HTTPClient
  secret?: string
  query_timeout_ms?: number
  client_timeout_buffer_ms?: number
  logger?: LogHandler
}

const DEFAULT_MS = 5000

/** The way of single requests; also what a refused token is explained with. */
const wayOf = ({ httpClient, httpStreamClient, secret }: Reach, own: Own | undefined): Way => {
  if (!own) return custom(httpClient ?? (httpStreamClient as unknown as HTTPClient), { secret } as Settled, secret)
  const { state, session } = own
  if (httpClient) return custom(httpClient, state.config, secret)
  return session || secret === state.config.secret ? (state.way ??= open(state)) : open(state, secret)
}

/** Nothing is asked or looked at before the first request. */
export const connection = (config: Reach, own: Own | undefined): Connection => {
  const { secret, logger, query_timeout_ms = DEFAULT_MS, client_timeout_buffer_ms = DEFAULT_MS } = config
  const { session, state } = own ?? {}
  const http = config.httpStreamClient ?? (state?.http as unknown as HTTPStreamClient | undefined)
  let held: string | null | undefined = secret
  const token = async (force: boolean, signal: AbortSignal): Promise<string | null> => {
    if (!session) return secret!
    const { template, anonymous } = state!.config
    held = await session.getToken(template, { force, signal }).catch((error) => {
      throw networkError(error)
    })
    if (held === null && !anonymous) throw new CountersignError('signed_out', 'fauna: nobody is signed in, so there is no token to send', { backend: 'fauna' })
    return held
  }
  let way: Way | undefined
  const out = () => (way ??= wayOf(config, own))
  // What the transport of a stream was given is not what that of single requests was.
  const final = (error: unknown, signal: AbortSignal) => (session ? explained(error, { ...out(), held: () => held }, signal) : error)
  return {
    async stream(data, signal) {
      logger?.debug("Fauna HTTP %s request to '%s'", 'POST', FaunaAPIPaths.STREAM)
      return (http ? handed(http, token, final) : fetched(state!.config, out(), secret))(data, signal)
    },
    pages: !!own || typeof (config.httpClient ?? (config.httpStreamClient as Partial<HTTPClient> | undefined))?.request === 'function',
    async page(data, signal, check) {
      const path = FaunaAPIPaths.EVENT_FEED
      const headers = { 'x-format': 'tagged', 'x-driver-env': 'driver=countersign', 'x-query-timeout-ms': String(query_timeout_ms) }
      const client_timeout_ms = query_timeout_ms + client_timeout_buffer_ms
      logger?.debug("Fauna HTTP %s request to '%s' (timeout: %s), headers: %s", 'POST', path, client_timeout_ms, JSON.stringify(headers))
      const by = out()
      try {
        const response = await by.request({ client_timeout_ms, data, headers, method: 'POST', path, ...(signal && { signal }) }, check)
        logger?.debug("Fauna HTTP response '%s' from %s, headers: %s", response.status, path, hide(JSON.stringify(response.headers), secret))
        if (response.status !== 200) throw refusal(response, secret)
        return response
      } catch (error) {
        throw await explained(error, by, signal)
      }
    },
  }
}
