import { CountersignError } from '../errors.js'
import { fence } from '../fence.js'
import { channel, resolveEndpoint, type Channel } from '../internal.js'
import { sinkOf } from '../sink.js'
import type { Authorized, Endpoint, Finding, Live, Unsubscribe } from '../types.js'
import type { Settled } from './batch.js'
import { payload, type Document, type Operation } from './document.js'
import { dataOf, readBody, type Asked, type Read } from './response.js'
import type { Retries } from './retry.js'
import { shell, type Shell } from './shell.js'
import type { Payload, Result, SocketState, WsClient, WsSink } from './ws.js'

/** Headers beside the token's, or a function that gives them anew for each request, at once. */
export type ExtraHeaders = HeadersInit | (() => HeadersInit)

/** What `HasuraClient` takes. */
export interface HasuraConfig<T extends string> extends Authorized<T> {
  /** The URL of `/v1/graphql` (or `/v1beta1/relay`). */
  endpoint: Endpoint
  /** The URL of the socket. Default: `endpoint`, over ws. */
  wsEndpoint?: Endpoint
  /** The subprotocol of the socket. `graphql-ws` is the legacy one, for engines before v2.0. Default `graphql-transport-ws`. */
  protocol?: 'graphql-transport-ws' | 'graphql-ws' | undefined
  /** `x-hasura-role` of every request; without it Hasura takes the token's default role. Left out while nobody is signed in. */
  role?: string | undefined
  /** `print` of `graphql`, for documents without source text (codegen's default output). */
  print?: ((document: any) => string) | undefined
  /**
   * Headers of every request, `fetch` included, unless the request brings its own: `x-hasura-*`, `x-request-id`, `traceparent`.
   * `authorization` and the admin secret are refused (`option_invalid`).
   */
  headers?: ExtraHeaders | undefined
  /** Further attempts after failures that pass by themselves, for `request` and `batch`. Default none. */
  retries?: Retries | false | undefined
}

/** For one live query or stream. */
export interface LiveQueryOptions {
  /** Another `x-hasura-role` than the client's; each role has a socket of its own. */
  role?: string | undefined
  /** A stream: under which name its rows have the cursor's column, if that is not its own. */
  cursor?: string | undefined
}

/** For one HTTP request. */
export interface SendOptions {
  /** Ends the waiting and the request: it rejects with the signal's reason. */
  signal?: AbortSignal | null | undefined
  /** Another `x-hasura-role` for this request. */
  role?: string | undefined
  /** Headers of this request; they come before the client's. `authorization` and the admin secret are refused (`option_invalid`). */
  headers?: ExtraHeaders | undefined
  /**
   * Further attempts after a network error, a status 429 (its `Retry-After` is honoured), 502, 503 or 504, and Hasura's `busy` and
   * `postgres-max-connections-error`; queries only, unless `mutations` is set. `false`: none, whatever the client says.
   */
  retries?: Retries | false | undefined
}

/** For one operation. */
export interface RequestOptions extends SendOptions {
  /** Which operation of the document is executed; needed where it has several. */
  operationName?: string | undefined
  /** Sent beside the query as it is. */
  extensions?: Record<string, unknown> | undefined
}

/** One operation of a batch. */
export interface BatchRequest<R = any, V = any> {
  document: Document<R, V>
  variables?: V | undefined
  /** Which operation of the document is executed; needed where it has several. */
  operationName?: string | undefined
  /** Sent beside the query as it is. */
  extensions?: Record<string, unknown> | undefined
}

type ResultOf<D> = D extends { __apiType?: (variables: any) => infer R } ? R : any
type VariablesOf<D> = D extends { __apiType?: (variables: infer V) => any } ? V : Record<string, unknown>
/** Variables are left out only where none is required. */
type Given<V> = {} extends V ? { variables?: V | undefined } : { variables: V }
/** The requests of a batch, by their documents. */
export type BatchRequests<D extends readonly unknown[]> = { readonly [K in keyof D]: Omit<BatchRequest, 'document' | 'variables'> & { document: D[K] } & Given<VariablesOf<D[K]>> }
/** Their results. */
export type BatchResults<D extends readonly unknown[]> = { -readonly [K in keyof D]: Settled<ResultOf<D[K]>> }

/** `request` in both its forms: variables may be left out where none is required. */
export interface HasuraRequest {
  <R = any, V = Record<string, unknown>>(document: Document<R, V>, variables: NoInfer<V>, options?: RequestOptions): Promise<R>
  <R = any, V = Record<string, unknown>>(document: Document<R, V> & ({} extends V ? unknown : never), variables?: NoInfer<V>, options?: RequestOptions): Promise<R>
}

const own = 'x-hasura-role'

/** Adds what an option holds. Throws the name of what is wrong with it. */
const add = (headers: Headers, given: ExtraHeaders | undefined): void => {
  const plain = typeof given === 'function' ? given() : given
  // Of a promise, Headers would make none at all.
  if ((plain as { then?: unknown } | undefined)?.then) throw 'headers'
  if (plain) new Headers(plain).forEach((value, name) => {
    if (name === 'authorization') throw name
    if (/^x-hasura-(admin-secret|access-key)$/.test(name)) throw 'secret'
    headers.set(name, value)
  })
}

/** The error for an option that cannot be used; its words are loaded with the first one. */
const refused = async (...found: Parameters<typeof import('./invalid.js').invalid>): Promise<CountersignError> => (await import('./invalid.js')).invalid(...found)

/**
 * Hasura with the right token. Over HTTP its words are understood, so a token refused with status 200 is renewed and the request sent again; over sockets
 * what is subscribed moves to a new one before the token ends. It is itself a client of graphql-ws, for those who take one.
 */
export class HasuraClient<T extends string = string> implements WsClient {
  readonly #config: HasuraConfig<T>
  readonly #ws: Shell
  #channel: Channel | undefined
  #disposed = false

  /** Does nothing: a missing endpoint is reported by the first request. */
  constructor(config: HasuraConfig<T>) {
    this.#config = config
    this.#ws = shell(
      async (heard) => (await import('./sockets.js')).sockets(config, heard, () => this.#endpoint(), add, (role) => this.request('{ __typename }', {}, { role, signal: AbortSignal.timeout(10_000) })),
      config.session,
    )
    const { on, subscribe, iterate, terminate } = this.#ws
    Object.assign(this, { on, subscribe, iterate, terminate })
  }

  /**
   * The data of one operation. Rejects {@link GraphQLRequestError} when the answer carries errors, with or without data; CountersignError
   * `network`, `backend` or `protocol` when it is no GraphQL; `identity_changed` when the user changes meanwhile; or `signal.reason`.
   */
  request = (async (document: unknown, variables?: unknown, options: RequestOptions = {}) =>
    this.#send([{ ...options, document, variables }], false, options, dataOf)) as HasuraRequest

  /**
   * Several operations as one HTTP request with one token and one role: their results in order, as `Promise.allSettled` gives them. One
   * that fails does not touch the others; a refusal of the whole batch is the result of each. Rejects only when there is no such answer
   * (CountersignError `network`, `backend`, `protocol`), and as `request` does.
   */
  batch = async <const D extends readonly Document<any, any>[]>(requests: BatchRequests<D>, options: SendOptions = {}): Promise<BatchResults<D>> => {
    const { length } = requests
    const settle: Read<any> = async (...answer) => (await import('./batch.js')).settle(length, ...answer)
    return (length ? await this.#send(requests as readonly Operation[], true, options, settle) : []) as BatchResults<D>
  }

  /**
   * `fetch` for Apollo, urql, graphql-request, Relay, SWR: the token goes to this endpoint's origin only (its `/v1beta1/relay`,
   * `/v1alpha1/graphql` and `/api/rest` too), and the answer is handed on unread. A refused token is renewed and the request sent again
   * once, unless its body is a stream. Everything else goes through as it is, apart from `redirect: 'error'`, `credentials: 'omit'`,
   * `referrerPolicy: 'no-referrer'` and `cache: 'no-store'` where `init` does not name them.
   */
  fetch: typeof globalThis.fetch = async (input, init) => {
    const way = this.#open()
    // As a dictionary a Request has its members on its prototype, where no spread finds them.
    if (init instanceof Request) [input, init] = [new Request(input, init), undefined]
    const { role, headers } = this.#config
    const more = new Headers()
    try {
      add(more, headers)
      if (role) more.set(own, role)
    } catch (cause) {
      throw await refused('headers', cause, [], role)
    }
    const given = new Headers(init?.headers ?? (input as Request).headers)
    // A role that the caller says is the caller's affair, signed in or not.
    const theirs = given.has(own)
    more.forEach((value, name) => given.has(name) || given.set(name, value))
    return way.fetch(input as URL, theirs ? { ...init, headers: given } : this.#outgoing(init, given))
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
  connectionParams = async (): Promise<{ headers: Record<string, string> }> =>
    // What cannot be loaded has a cause that passes, too.
    import('./params.js').then(
      ({ params }) => params(this.headers),
      () => ({ headers: {} }),
    )

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
    const { template, endpoint, print, role } = this.#config
    let key = ''
    let asked: any
    try {
      asked = payload({ document, variables }, print)
      key = JSON.stringify(['hasura', endpoint, template, options.role ?? role, options.cursor, asked])
    } catch {
      // `request` finds the same, and has words for it.
    }
    return {
      key,
      subscribe: (sink) => {
        const to = sinkOf(sink)
        if (key) return this.#ws.subscribe(asked, to, { ...options, values: { template, explain: () => this.#open().explain() } })
        this.request(document as string, variables as any).catch(to.error)
        return () => {}
      },
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

  /** A role belongs to a token: signed out, Hasura decides the role by itself. Who is signed in is known when the headers are read, and that is when they are sent. */
  #outgoing(init: RequestInit | undefined, headers: Headers): RequestInit {
    const { session } = this.#config
    return {
      ...init,
      get headers() {
        if (session.identityKey === null) headers.delete(own)
        return headers
      },
    }
  }

  async #send<R>(operations: readonly Operation[], batch: boolean, options: SendOptions, read: Read<R>): Promise<R> {
    const way = this.#open()
    const endpoint = this.#endpoint()
    const { session, template, print, headers: usual, role: always, retries: patience } = this.#config
    const { signal = null, role = null, retries = patience } = options
    const headers = new Headers({ 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json;q=0.9' })
    let step = 'document'
    let payloads
    let body: string
    // All of it is written down now: what the caller changes later belongs to a later request.
    try {
      payloads = operations.map((operation) => payload(operation, print))
      step = 'variables'
      body = JSON.stringify(batch ? payloads : payloads[0])
      step = 'headers'
      add(headers, usual)
      if (always) headers.set(own, always)
      add(headers, options.headers)
      if (role) headers.set(own, role)
      if (retries && !(retries.attempts >= 1)) throw 'retries'
    } catch (cause) {
      throw await refused(step, cause, operations.map(({ document }) => document), always, role)
    }
    const known = session.identityKey
    const asked: Asked = { role: headers.get(own), template, signedOut: false, explain: way.explain }
    let response: Response | undefined
    const once = async () => {
      response = undefined
      this.#alive()
      let text: Promise<string> | undefined
      response = await way.fetch(endpoint, this.#outgoing({ method: 'POST', body, signal }, headers), undefined, (answer) => (text = answer.text()))
      asked.signedOut = session.identityKey === null
      return readBody(response, text, asked, read)
    }
    return retries
      ? once().catch(async (error) => (await import('./retry.js')).again(error, once, payloads.map(({ query }) => query), retries, session, fence(session, 'hasura', known), signal, () => response?.headers.get('retry-after')))
      : once()
  }
}
