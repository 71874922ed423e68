import { conceal, CountersignError, scrub } from '../errors.js'
import { channel, resolveEndpoint, type Channel, type Expect } from '../internal.js'
import type { Finding, Session } from '../types.js'
import { ConvexError, ConvexRequestError, type ConvexErrorClass } from './errors.js'
import { isCurable, readFailure, requestError } from './failure.js'
import { functionName } from './reference.js'
import { convexToJson, isSimpleObject, jsonToConvex } from './values.js'

/** Which of the three endpoints, and the letter the vendor logs it by. */
export type Kind = 'query' | 'mutation' | 'action'

/** Where a function's log lines go. */
export type LogSink = Pick<Console, 'log' | 'warn' | 'error'>

/** What both clients take beside the session. */
export interface TransportOptions extends Expect {
  fetch?: typeof globalThis.fetch
  logger?: LogSink | boolean
  skipConvexDeploymentUrlCheck?: boolean
  /** Your own copy of the vendor's class, for `instanceof`. */
  ConvexError?: ConvexErrorClass
  session?: Session<any>
  template?: string
  anonymous?: boolean
  allowInsecureOrigin?: boolean
}

/** The token of a client without a session: `force` after the server refused `refused`. */
export type OwnToken = (refused?: string) => Promise<string | null>

/** `name-version`; a name the server does not know is as good as its own. */
const client = 'countersign-0.1.0'
const refuse = (code: string, message: string) => new CountersignError(code, `convex: ${message}`, { backend: 'convex' })
const local = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/

/** Sends calls and reads answers. Knows nothing of queues or of who may call. Loaded with the first call. */
export class Transport {
  readonly #address: string | undefined
  readonly #options: TransportOptions
  readonly #ownToken: OwnToken
  #channel: Channel | undefined

  constructor(address: string | undefined, options: TransportOptions, ownToken: OwnToken) {
    this.#address = address
    this.#options = options
    this.#ownToken = ownToken
  }

  /** A call with its arguments already encoded, so that a wrong argument fails at once and a later change of the object changes nothing. */
  prepare(kind: Kind, reference: unknown, args: unknown): (ts?: string) => Promise<unknown> {
    const path = functionName(reference)
    if (args !== undefined && !isSimpleObject(args))
      throw new CountersignError('option_invalid', `The arguments to a Convex function must be an object. Received: ${String(args)}`, { backend: 'convex' })
    const call = { path, format: 'convex_encoded_json', args: [convexToJson(args ?? {})] }
    return async (ts) => {
      const text = await this.post(ts === undefined ? kind : 'query_at_ts', JSON.stringify(ts === undefined ? call : { ...call, ts }), kind !== 'query')
      return this.#result(kind, path, text)
    }
  }

  /** The body of a 200 or 560. `effects`: a request that may have changed something although no answer came. */
  async post(endpoint: string, body: string | undefined, effects = false): Promise<{ status: number; text: string }> {
    const url = `${this.#base().href.replace(/\/$/, '')}/api/${endpoint}`
    const init: RequestInit = { method: 'POST', headers: { 'content-type': 'application/json', 'convex-client': client }, ...(body === undefined ? {} : { body }) }
    let response: Response
    let text: string
    try {
      response = await (this.#options.session ? this.#open().fetch(url, init) : this.#send(url, init))
      text = await response.text()
    } catch (error) {
      if (CountersignError.is(error) && error.code !== 'network') throw error
      throw effects
        ? new CountersignError('outcome_unknown', 'convex: no answer came; the call may or may not have run', { backend: 'convex', cause: error })
        : CountersignError.is(error) ? error : new CountersignError('network', 'convex: the request failed', { backend: 'convex', cause: error })
    }
    if (response.ok || response.status === 560) return { status: response.status, text }
    throw await requestError(response.status, text, async () => (this.#options.session ? this.#open().explain() : undefined), this.#options.template)
  }

  /** A point in time for consistent queries. */
  async timestamp(): Promise<string> {
    const { text } = await this.post('query_ts', undefined)
    try {
      const { ts } = JSON.parse(text) as { ts?: unknown }
      if (typeof ts === 'string') return ts
    } catch {
      // Falls through: an answer that is not Convex's.
    }
    throw refuse('protocol', 'no timestamp in the answer of query_ts')
  }

  async check(): Promise<Finding[]> {
    try {
      this.#base()
      return this.#options.session ? await this.#open().check() : []
    } catch (error) {
      if (!CountersignError.is(error)) return [{ ok: false, code: 'protocol', message: 'convex: the configuration could not be checked' }]
      return [{ ok: false, code: error.code, message: error.message }]
    }
  }

  #result(kind: Kind, path: string, { status, text }: { status: number; text: string }): unknown {
    let body: { status?: unknown; value?: unknown; errorMessage?: unknown; errorData?: unknown; logLines?: unknown } | null
    try {
      body = JSON.parse(text)
    } catch {
      body = null
    }
    if (Array.isArray(body?.logLines)) this.#log(kind, path, body.logLines)
    if (body?.status === 'success') return jsonToConvex(body.value)
    if (body?.status !== 'error') {
      const message = `convex: HTTP ${status} with an answer that is not Convex's: ${scrub(text).slice(0, 200)}`
      throw new CountersignError('protocol', message, { backend: 'convex' })
    }
    const message = String(body.errorMessage)
    if (body.errorData === undefined) throw new ConvexRequestError('backend', message, status, undefined)
    const error = new (this.#options.ConvexError ?? ConvexError)(message) as Error & { data: unknown }
    error.data = jsonToConvex(body.errorData)
    throw error
  }

  #log(kind: Kind, path: string, lines: unknown[]) {
    const { logger } = this.#options
    if (logger === false) return
    const sink = typeof logger === 'object' ? logger : console
    for (const line of lines.map((each) => conceal(String(each)))) {
      const level = /^\[(WARN|ERROR)\]/.exec(line)?.[1]
      sink[level === 'WARN' ? 'warn' : level === 'ERROR' ? 'error' : 'log'](`[CONVEX ${kind[0]!.toUpperCase()}(${path})] ${line}`)
    }
  }

  #base(): URL {
    const url = resolveEndpoint(this.#address, 'address', 'convex')
    if (url.hostname.endsWith('.convex.site') && !this.#options.skipConvexDeploymentUrlCheck)
      throw refuse('option_invalid', '`address` ends with .convex.site, which serves HTTP actions. The address of the deployment ends with .convex.cloud')
    return url
  }

  #open(): Channel {
    const { session, template, ...options } = this.#options
    if (options.fetch) throw refuse('option_invalid', '`fetch` cannot be combined with `session`, whose own fetch puts the token on')
    return (this.#channel ??= channel({ ...options, session: session!, template: template!, backend: 'convex', endpoint: () => this.#base() }))
  }

  /** Without a session: the caller's token, and one more try where the server refused it before anything ran. */
  async #send(url: string, init: RequestInit): Promise<Response> {
    const go = (token: string | null) => {
      if (token !== null && !this.#options.allowInsecureOrigin && url.startsWith('http:') && !local.test(new URL(url).hostname))
        throw refuse('origin_not_allowed', 'a token goes to https only (http on localhost); `allowInsecureOrigin` lifts that')
      const headers = { ...(init.headers as Record<string, string>), ...(token === null ? {} : { authorization: `Bearer ${token}` }) }
      const send = this.#options.fetch ?? globalThis.fetch
      return send(url, { redirect: 'error', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store', ...init, headers })
    }
    const token = await this.#ownToken()
    const response = await go(token)
    if (response.status !== 401 || token === null || !isCurable(readFailure(await response.clone().text()).code)) return response
    const next = await this.#ownToken(token)
    return next === null || next === token ? response : go(next)
  }
}
