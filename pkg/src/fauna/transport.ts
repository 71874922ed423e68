import { CountersignError, type ErrorCode } from '../errors.js'
import { channel, resolveEndpoint, type Channel, type Expect } from '../internal.js'
import type { Authorized, Endpoint } from '../types.js'
import { excerpt, hide, unreadable } from './answer.js'
import type { Credentials } from './config.js'
import { ClientError, NetworkError } from './errors.js'
import { FaunaAPIPaths, type HTTPClient, type HTTPRequest, type HTTPResponse } from './http.js'

/** It is given the address as text, as the driver gives it to `fetch`: stubs of `fetch` compare it. */
export type Fetch = (url: string, init: RequestInit, sent?: () => void) => Promise<Response>

/**
 * Runs `work` for at most `ms` milliseconds and until `outer` aborts; then it rejects with the reason, whatever `work` does about
 * its signal. Timers and listeners are gone when it settles. With `waits` the time runs from each `sent()`: waiting for a token is the
 * session's, which has a limit and words of its own for it.
 */
export const within = async <R>(ms: number, outer: AbortSignal | undefined, work: (signal: AbortSignal, sent: () => void) => Promise<R>, waits = false): Promise<R> => {
  outer?.throwIfAborted()
  const own = new AbortController()
  const stop = () => own.abort(outer!.reason)
  outer?.addEventListener('abort', stop)
  // Timers cast to 32 bits and would fire at once beyond that.
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = () => {
    clearTimeout(timer)
    timer = setTimeout(() => own.abort(new NetworkError(`Fauna did not answer within ${ms} ms (query_timeout_ms and client_timeout_buffer_ms together). The query may have run`, { code: 'timeout' })), Math.min(ms, 2147483647))
  }
  if (!waits) run()
  try {
    return await Promise.race([
      work(own.signal, run),
      new Promise<never>((_, reject) => own.signal.addEventListener('abort', () => reject(own.signal.reason))),
    ])
  } catch (error) {
    throw own.signal.aborted ? own.signal.reason : error
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', stop)
  }
}

/** What went wrong on the way, in the vendor's class. Everything that is not about the network passes. */
export const networkError = (error: unknown): unknown => {
  if (CountersignError.is(error, 'timeout', 'offline', 'network')) {
    const { code, message, hint, template, token, retryable } = error
    return new NetworkError(message, { code, hint, template, token, retryable, cause: error.cause })
  }
  if (CountersignError.is(error)) return error
  // What Node says of the network is one step down: `fetch failed`, and its cause ECONNREFUSED.
  const below = (error as { cause?: { code?: unknown } } | null)?.cause
  const reason = below?.code
  const offline = globalThis.navigator?.onLine === false
  const [code, message]: [ErrorCode, string] = offline
    ? ['offline', 'Fauna was not reached: this device is offline']
    : ['network', `No answer came from Fauna${reason ? ` (${reason})` : ''}: refused connection, unknown host, TLS, CORS or a connection that broke. The browser's network panel or the cause tells more`]
  return new NetworkError(message, { code, cause: reason ? below : error })
}

const isLocal = (url: URL) => /^(localhost|127(\.\d+){3}|\[::1\]|.+\.localhost)$/.test(url.hostname)

/** Options that a platform does not know (`credentials` in workers) make it throw, so only known ones are set. */
const known = (init: RequestInit): RequestInit => {
  const proto = globalThis.Request?.prototype
  return proto ? Object.fromEntries(Object.entries(init).filter(([name]) => name in proto)) : init
}

/** Plain `fetch` for requests with a secret. Redirects are refused: they could lead the secret elsewhere. */
export const guarded = (insecure: boolean | undefined): Fetch => async (href, init) => {
  const url = new URL(href)
  if (url.protocol !== 'https:' && !insecure && !(url.protocol === 'http:' && isLocal(url)))
    throw new CountersignError('origin_not_allowed', `fauna: ${url.origin} is not https. Use https, or set \`allowInsecureOrigin\` if that network is yours`, { backend: 'fauna' })
  const response = await globalThis.fetch(href, {
    ...known({ cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer' }),
    ...init,
    redirect: 'manual',
  })
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400))
    throw new CountersignError('redirect_refused', 'fauna: the endpoint answered with a redirect, which is not followed with a token', { backend: 'fauna' })
  return response
}

/** Without the secret, which only the way out itself puts on. */
const bare = (headers: HTTPRequest['headers']): HTTPRequest['headers'] => Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'))

export const bearer = (secret: string, insecure: boolean | undefined): Fetch => {
  const send = guarded(insecure)
  return (url, init) => send(url, { ...init, headers: { ...(init.headers as Record<string, string>), Authorization: `Bearer ${secret}` } })
}

/** A request as `fetch` takes it. Headers without a value are left out, and the body is JSON whatever they say. */
export const outgoing = ({ method, data, headers }: { method: string; data: unknown; headers: HTTPRequest['headers'] }, signal: AbortSignal, keepalive: boolean | undefined): RequestInit => {
  const own: Record<string, string> = { 'Content-Type': 'application/json' }
  for (const [name, value] of Object.entries(headers)) if (value !== undefined && name.toLowerCase() !== 'content-type') own[name] = value
  return { method, headers: own, body: JSON.stringify(data), signal, ...(keepalive && { keepalive }) }
}

/** The beginning of an answer, or what kept it away. A session says by itself what the network did: anything else from it is not about the network. */
export const reach = (send: Fetch, url: URL, init: RequestInit, session: boolean, sent?: () => void): Promise<Response> =>
  send(url.href, init, sent).catch((error) => {
    throw session && !CountersignError.is(error) ? error : networkError(error)
  })

/** A request and its whole answer. */
export const exchange = (send: Fetch, url: URL, request: HTTPRequest<any>, keepalive: boolean | undefined, session: boolean): Promise<HTTPResponse> =>
  within(request.client_timeout_ms, request.signal, async (signal, sent) => {
    const response = await reach(send, url, outgoing(request, signal, keepalive), session, sent)
    return { status: response.status, body: await text(response), headers: Object.fromEntries(response.headers) }
  }, session)

/** How a client's requests get out and whose they are. Made at first use, so that constructing is inert. */
export interface Way {
  /** Only with a session, and without a transport of the user's own. */
  channel?: Channel
  /** Without a channel: the secret, or the token that was sent last. */
  held?(): string | null | undefined
  /** What the token is held against when it is refused. */
  expect: Expect
  /** `check` throws when the request has lost its user; asked right before a token of the session is sent by ourselves. */
  request(request: HTTPRequest<any>, check?: () => void): Promise<HTTPResponse>
}

type Config = Credentials<any> & Expect & { endpoint: Endpoint; fetch_keepalive?: boolean }

const invalid = (message: string) => new CountersignError('option_invalid', `fauna: ${message}`, { backend: 'fauna' })

/** The one credential that counts: a secret (this query's or the client's) or the session. @throws CountersignError `option_invalid` when it is none or two. */
const credential = (config: Config, secret: string | undefined): { secret: string } | Authorized<any> => {
  const { session, template } = config as Authorized<any>
  if (session && secret && secret === config.secret) throw invalid('give `session` and `template`, or `secret`, not both')
  // The platform would say it too, and repeat the secret in its message.
  if (secret && !/^[ -~]*$/.test(secret.trim())) throw invalid('`secret` holds characters that no header can carry (line breaks or non-ASCII)')
  if (secret) return { secret }
  // With a session too: whoever gives a secret means its rights, and not those of whoever is signed in.
  if (secret !== undefined || !session) throw invalid(`\`secret\` is ${secret === '' ? 'empty' : secret}. Give one, or a \`session\` and no \`secret\``)
  if (!template) throw invalid("`template` is missing: which of the session's templates is for Fauna?")
  return config as Authorized<any>
}

/** The text of a body. Bytes that are no UTF-8 are not replaced by question marks: they are no answer of Fauna's. */
const text = async (response: Response): Promise<string> => {
  // A stub of `fetch` that was written for the driver has `text()` alone.
  if (!response.arrayBuffer) return response.text()
  const bytes = await response.arrayBuffer().catch((cause) => {
    if (CountersignError.is(cause)) throw cause
    throw new NetworkError("The connection broke in the middle of Fauna's answer: the query may have run", { code: 'outcome_unknown', cause })
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw unreadable(`is no UTF-8${excerpt(new TextDecoder().decode(bytes.slice(0, 1000)))}`, response.status)
  }
}

/** Through `fetch`: the session's channel, or our own with a secret. @throws CountersignError `option_invalid`. */
export const way = (config: Config, secret = config.secret): Way => {
  const who = credential(config, secret)
  const endpoint = () => resolveEndpoint(config.endpoint, 'endpoint', 'fauna')
  const { allowInsecureOrigin } = config
  const door = 'secret' in who ? undefined : channel({ ...who, backend: 'fauna', endpoint })
  const send = door?.fetch ?? bearer(secret!, allowInsecureOrigin)
  return {
    ...(door ? { channel: door } : { held: () => secret }),
    expect: config,
    request: async (request) =>
      exchange(send, new URL(request.path ?? FaunaAPIPaths.QUERY, endpoint()), { ...request, headers: bare(request.headers) }, config.fetch_keepalive, !!door),
  }
}

/** Sends through a transport of the user's own. What it does wrong is said in its name; its NetworkError (of the driver's FetchClient) stays one. */
const entrusted = async (http: HTTPClient, request: HTTPRequest<any>, token: string | null): Promise<HTTPResponse> => {
  let response: HTTPResponse
  try {
    response = await http.request(request)
  } catch (cause) {
    if (CountersignError.is(cause)) throw cause
    const error: any = (cause as Error | undefined)?.name === 'NetworkError' ? networkError((cause as Error).cause ?? cause) : new ClientError('The HTTPClient given to this client failed', { cause })
    // It had the token in its hands, and may say so. The cause is a copy.
    if (error.cause) error.cause.message = hide(error.cause.message, token)
    throw error
  }
  const { status, body, headers } = response ?? {}
  if (typeof body !== 'string' || typeof status !== 'number' || !headers) throw new ClientError('The HTTPClient given to this client must answer { status, body, headers }, with the body as text')
  return response
}

/** Through a transport of the user's own: it decides where requests go, so the endpoint is not asked for. @throws CountersignError `option_invalid`. */
export const custom = (http: HTTPClient, config: Config, secret = config.secret): Way => {
  const who = credential(config, secret)
  let held: string | null | undefined = secret
  const token = async (force: boolean, signal: AbortSignal) =>
    'secret' in who
      ? who.secret
      : who.session.getToken(who.template, { force, signal }).catch((error) => {
          throw networkError(error)
        })
  return {
    held: () => held,
    expect: config,
    request: ({ signal, ...request }, check) =>
      within(request.client_timeout_ms, signal, async (signal, sent) => {
        const send = (token: string | null) => {
          check?.()
          held = token
          sent()
          return entrusted(http, { ...request, signal, headers: token ? { Authorization: `Bearer ${token}`, ...request.headers } : request.headers }, token)
        }
        const first = await token(false, signal)
        if (!first && !config.anonymous) throw new CountersignError('signed_out', 'fauna: nobody is signed in, so there is no token to send', { backend: 'fauna' })
        const response = await send(first)
        if (response.status !== 401 || 'secret' in who) return response
        // As through the session: one forced refresh, and a replay only with a token that is another one.
        check?.()
        // Without another token the refusal stands, as it does through the session.
        const second = await token(true, signal).catch((error) => {
          if (signal.aborted || CountersignError.is(error, 'identity_changed', 'disposed')) throw error
        })
        return second && second !== first ? send(second) : response
      }, true),
  }
}
