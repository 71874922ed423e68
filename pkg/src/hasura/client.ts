import { CountersignError } from '../errors.js'
import { channel, resolveEndpoint, type Channel } from '../internal.js'
import type { Authorized, Endpoint, Finding, Live, Sink, Unsubscribe } from '../types.js'
import { readDocument, type Document } from './document.js'
import { readResponse } from './response.js'
import { shell, type Shell } from './shell.js'
import type { Payload, Result, SocketState, WsClient, WsSink } from './ws.js'

/** What `HasuraClient` takes. */
export interface HasuraConfig<T extends string> extends Authorized<T> {
  /** The URL of `/v1/graphql` (or `/v1beta1/relay`). */
  endpoint: Endpoint
  /** `x-hasura-role` of every request; without it Hasura takes the token's default role. */
  role?: string
  /** The URL of the socket. Default: `endpoint`, over ws. */
  wsEndpoint?: Endpoint
  /** The subprotocol. `graphql-ws` is the legacy one, for engines before v2.0. Default `graphql-transport-ws`. */
  protocol?: 'graphql-transport-ws' | 'graphql-ws'
  /** `print` of `graphql`, for documents without source text (codegen's default output). */
  print?: (document: any) => string
}

/** For one live query or stream. */
export interface LiveQueryOptions {
  /** Another `x-hasura-role` than the client's; each role has a socket of its own. */
  role?: string
  /** A stream: under which name its rows have the cursor's column, if that is not its own. */
  cursor?: string
}

/** For one request. */
export interface RequestOptions {
  signal?: AbortSignal
  /** Another `x-hasura-role` for this request. */
  role?: string
}

/** How long `connectionParams` stays with a provider that fails; graphql-ws gives an answer no second chance. */
const patienceMs = 10_000

/** GraphQL over HTTP with the right token: Hasura's words are understood, so a token refused with status 200 is renewed and the request sent again. */
export class HasuraClient<T extends string = string> implements WsClient {
  readonly #config: HasuraConfig<T>
  readonly #ws: Shell
  #channel: Channel | undefined
  #disposed = false

  /** Does nothing: a missing endpoint is reported by the first request. */
  constructor(config: HasuraConfig<T>) {
    this.#config = config
    const { session, template, anonymous, role, protocol } = config
    this.#ws = shell(async (heard) => {
      const { sockets, socketUrl } = await import('./sockets.js')
      const url = () => (config.wsEndpoint === undefined ? socketUrl(this.#endpoint(), 'endpoint', config.allowInsecureOrigin) : socketUrl(config.wsEndpoint, 'wsEndpoint', config.allowInsecureOrigin))
      return sockets({ session, template, anonymous, role, protocol, url, heard, probe: (role) => this.request('{ __typename }', {}, role === undefined ? {} : { role }) })
    }, session)
    const { on, subscribe, iterate, terminate } = this.#ws
    Object.assign(this, { on, subscribe, iterate, terminate })
  }

  /** The data of one operation. Rejects {@link GraphQLRequestError} when the answer carries errors, with or without data. */
  request = async <R = any, V = Record<string, unknown>>(document: Document<R, V>, variables?: NoInfer<V>, options: RequestOptions = {}): Promise<R> => {
    const way = this.#open()
    const endpoint = this.#endpoint()
    const { query, operationName } = readDocument(document, this.#config.print)
    const role = options.role ?? this.#config.role
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...this.#roleHeader(role),
    }
    const signal = options.signal
    const body = encode({ query, variables, operationName })
    const response = await way.fetch(endpoint, { method: 'POST', headers, body, ...(signal ? { signal } : {}) })
    const signedOut = this.#config.session.identityKey === null
    return (await readResponse(response, { role, template: this.#config.template, signedOut, signal, explain: way.explain })) as R
  }

  /** `fetch` for Apollo, urql, graphql-request, Relay, SWR: the token goes to this endpoint's origin only, and the answer is handed on unread. */
  fetch: typeof globalThis.fetch = async (input, init) => {
    const way = this.#open()
    const request = input instanceof Request ? input : undefined
    const given = request ? { ...(await unpack(request)), ...init } : init
    const role = this.#roleHeader(this.#config.role)
    if (!role['x-hasura-role']) return way.fetch(request ? request.url : (input as URL | string), given)
    const headers = new Headers(given?.headers)
    if (!headers.has('x-hasura-role')) headers.set('x-hasura-role', role['x-hasura-role'])
    return way.fetch(request ? request.url : (input as URL | string), { ...given, headers })
  }

  /** The headers of a request of now, for a client that sends by itself. Signed out: none. */
  headers = async (): Promise<Record<string, string>> => {
    this.#alive()
    const { session, template, role } = this.#config
    const token = await session.getToken(template)
    return token === null ? {} : { authorization: `Bearer ${token}`, ...(role ? { 'x-hasura-role': role } : {}) }
  }

  /**
   * For graphql-ws's `createClient`. It never rejects for a cause that passes (graphql-ws would close for good): it waits up to ten
   * seconds and then answers as if signed out, which the server refuses and graphql-ws retries.
   */
  connectionParams = async (): Promise<{ headers: Record<string, string> }> => {
    const until = Date.now() + patienceMs
    for (let wait = 250; ; wait *= 2) {
      try {
        return { headers: await this.headers() }
      } catch (error) {
        if (CountersignError.is(error, 'signed_out')) return { headers: {} }
        if (CountersignError.is(error) && error.kind === 'config') throw error
        if (Date.now() + wait > until) return { headers: {} }
      }
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }

  /** What is wrong with the configuration, if anything; it looks at the token and asks Hasura nothing. Never rejects. */
  check = async (): Promise<Finding[]> => {
    try {
      this.#endpoint()
      return await this.#open().check()
    } catch (error) {
      const { code = 'protocol', message } = error as CountersignError
      return [{ ok: false, code, message }]
    }
  }

  /** {@inheritDoc WsClient.on} */
  declare on: WsClient['on']
  /** {@inheritDoc WsClient.subscribe} `options`: the role, and the cursor's name of a stream. */
  declare subscribe: <D = Record<string, unknown>, X = unknown>(payload: Payload, sink: WsSink<Result<D, X>>, options?: LiveQueryOptions) => Unsubscribe
  /** {@inheritDoc WsClient.iterate} */
  declare iterate: WsClient['iterate']
  /** {@inheritDoc WsClient.terminate} */
  declare terminate: WsClient['terminate']

  /**
   * A live query, or a stream: each value is the data of a result. It goes on over short tokens, lost connections and restarts; a live query does not repeat a result that
   * has not changed, a stream repeats no row and leaves none out. It ends with `identity_changed`, `signed_out`, or what Hasura says ({@link GraphQLRequestError}).
   * A runtime error of a live query is told, and values go on after it.
   */
  live = <R = any, V = Record<string, unknown>>(document: Document<R, V>, variables?: NoInfer<V>, options: LiveQueryOptions = {}): Live<R> => {
    const { template, endpoint, print } = this.#config
    const payload = { ...readDocument(document, print), ...(variables && { variables }) } as Payload
    return {
      key: JSON.stringify(['hasura', endpoint, template, options.role ?? this.#config.role, payload, options.cursor]),
      subscribe: (sink) => this.#ws.subscribe(payload, sinkOf(sink), { ...options, values: { template, explain: () => this.#open().explain() } }),
    }
  }

  /** How the connection of a role is doing; of the client's role by default. Its value comes at once, and then with each change. */
  connection = ({ role = this.#config.role }: Pick<LiveQueryOptions, 'role'> = {}): Live<SocketState> => ({
    key: JSON.stringify(['hasura socket', this.#config.endpoint, role]),
    subscribe: (sink) => {
      const { next } = sinkOf(sink)
      next(this.#ws.state(role))
      return this.#ws.on('state', (state) => state.role === role && next(state))
    },
  })

  /** Ends the client: what runs over its sockets completes, later calls reject `disposed`. */
  dispose = (): void => {
    this.#disposed = true
    this.#ws.dispose()
  }

  #alive() {
    if (this.#disposed) throw new CountersignError('disposed', 'hasura: this client was disposed', { backend: 'hasura' })
  }

  #open(): Channel {
    this.#alive()
    return (this.#channel ??= channel({ ...this.#config, backend: 'hasura', endpoint: () => this.#endpoint() }))
  }

  #endpoint(): URL {
    return resolveEndpoint(this.#config.endpoint, 'endpoint', 'hasura')
  }

  /** A role belongs to a token: signed out, Hasura decides the role by itself and would refuse another. */
  #roleHeader(role: string | undefined): { 'x-hasura-role'?: string } {
    return role && this.#config.session.identityKey !== null ? { 'x-hasura-role': role } : {}
  }
}

/** What is told to nobody is told to nobody. */
const sinkOf = <R>(sink: Sink<R> | ((value: R) => void)): WsSink<R> => {
  const to = typeof sink === 'function' ? { next: sink } : sink
  return { next: (value) => to.next(value), error: (error) => to.error?.(error), complete: () => to.complete?.() }
}

const encode = (body: object): string => {
  try {
    return JSON.stringify(body)
  } catch (error) {
    throw new CountersignError('option_invalid', 'hasura: `variables` cannot be written as JSON', { backend: 'hasura', cause: error })
  }
}

/** A Request as what `fetch` takes beside a URL. The body is read once, so that it can be sent twice. */
const unpack = async (request: Request): Promise<RequestInit> => {
  const { method, headers, signal, mode, integrity, keepalive } = request
  const body = method === 'GET' || method === 'HEAD' ? undefined : await request.clone().arrayBuffer()
  return { method, headers, signal, mode, integrity, keepalive, ...(body?.byteLength ? { body } : {}) }
}
