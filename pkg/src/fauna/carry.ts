import { CountersignError } from '../errors.js'
import type { Fence } from '../fence.js'
import { resolveEndpoint } from '../internal.js'
import type { Authorized, Endpoint } from '../types.js'
import { NetworkError, ProtocolError } from './errors.js'
import type { Carrier, FetchClientOptions } from './fetch.js'
import { FaunaAPIPaths, type HTTPStreamRequest } from './http.js'
import { refusal } from './event.js'
import { lines } from './lines.js'
import { exchange, guarded, outgoing, reach, way, type Fetch, type Way } from './transport.js'

/** The secret among the headers, so that it is not quoted. */
const bearerOf = (headers: HTTPStreamRequest['headers']): string | undefined =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1]?.replace(/^Bearer /, '')

/**
 * The lines of a stream of events. It ends when the server's answer ends, and when `signal` aborts.
 * @throws the server's error in its class, NetworkError, ProtocolError, or what the session says.
 */
export async function* events(send: Fetch, url: URL, request: HTTPStreamRequest, signal: AbortSignal, keepalive?: boolean, session = false): AsyncGenerator<string, void> {
  let began = false
  try {
    const response = await reach(send, url, outgoing(request, signal, keepalive), session)
    // A page of a proxy may repeat the request.
    if (!response.ok) throw refusal({ status: response.status, body: await response.text().catch(() => '') }, bearerOf(request.headers))
    if (!response.body) throw new ProtocolError({ message: `Response is in an unknown format: status ${response.status} without a body, where a stream was asked for`, httpStatus: response.status })
    began = true
    for await (const line of lines(response.body, signal)) {
      if (signal.aborted) return
      yield line
    }
  } catch (error) {
    if (signal.aborted) return
    throw !began || CountersignError.is(error) ? error : new NetworkError('The connection to Fauna broke while streaming events', { cause: error })
  }
}

/** For FetchClient: with the headers that it is given, and nobody's session. */
export const plain = ({ url, fetch_keepalive, allowInsecureOrigin }: FetchClientOptions): Carrier => {
  const send = guarded(allowInsecureOrigin)
  return {
    request: async (req) => exchange(send, new URL(req.path ?? FaunaAPIPaths.QUERY, url), req, fetch_keepalive, false),
    stream: (req, _, signal) => events(send, new URL(req.path ?? FaunaAPIPaths.STREAM, url), req, signal, fetch_keepalive),
  }
}

/** An error as the server says one in a stream. The driver takes it as the end, where after an error thrown by its transport it tries again. */
const said = (code: string, message: string): string => JSON.stringify({ type: 'error', error: { code, message } })

/** A stream that lived shorter than this did not end because its token ran out: opened again, it would only end again. Milliseconds. */
const BRIEF = 1000

/** Whether this is the server's word for a token that ran out. A quick look first: nearly every line is another one. */
const ranOut = (line: string): boolean => {
  if (!line.includes('permission_loss')) return false
  try {
    return (JSON.parse(line) as { error?: { code?: unknown } }).error?.code === 'permission_loss'
  } catch {
    return false
  }
}

/** For `httpClient`: with the session's token, whatever the driver put there. */
export const ofSession = (config: Authorized<any> & { endpoint: Endpoint }): Carrier => {
  let made: Way | undefined
  const out = (): Way => (made ??= way(config))
  /** Why it is not for this user any more, if that is so. */
  const left = (guard: Fence): CountersignError | undefined => {
    try {
      guard.check()
    } catch {
      return new CountersignError('identity_changed', 'fauna: the user changed; this belonged to the one before and has ended', { backend: 'fauna' })
    }
    return undefined
  }
  const own = (guard: Fence): void => {
    const why = left(guard)
    if (why) throw why
  }

  async function* lively(req: HTTPStreamRequest, guard: Fence, signal: AbortSignal): AsyncGenerator<string, void> {
    const url = new URL(req.path ?? FaunaAPIPaths.STREAM, resolveEndpoint(config.endpoint, 'endpoint', 'fauna'))
    own(guard)
    const began = Date.now()
    for await (const line of events(out().channel!.fetch, url, req, signal, false, true)) {
      own(guard)
      if (ranOut(line) && Date.now() - began >= BRIEF) return
      yield line
    }
    own(guard)
  }

  /** What was refused, with the doctor's sentence where it is about the token. */
  const final = async (error: CountersignError): Promise<string> => {
    const { code, message } = error
    const refused = code === 'unauthorized' || code === 'token_rejected'
    const hint = error.hint ?? (refused ? (await made?.channel?.explain())?.hint : undefined)
    return said(refused ? 'unauthorized' : code, hint ? `${message} (${hint})` : message)
  }

  return {
    async request(req, guard) {
      own(guard)
      const response = await out().request(req)
      own(guard)
      return response
    },

    async *stream(req, guard, signal) {
      try {
        yield* lively(req, guard, signal)
      } catch (thrown) {
        if (signal.aborted) return
        // How the end showed says less than that its user left.
        const error = left(guard) ?? thrown
        if (!CountersignError.is(error) || error instanceof NetworkError || CountersignError.is(error, 'provider_failed', 'wasm_trapped')) throw error
        yield await final(error)
      }
    },
  }
}
