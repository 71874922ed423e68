// Code written for the official driver, with its endpoint said: run.mjs compiles it as it stands, and again with only the import changed.
import {
  AbortError,
  AuthenticationError,
  AuthorizationError,
  Client,
  ClientClosedError,
  ClientError,
  ConsoleLogHandler,
  ConstraintFailureError,
  ContendedTransactionError,
  DateStub,
  Document,
  DocumentReference,
  EmbeddedSet,
  endpoints,
  FaunaAPIPaths,
  FaunaError,
  FetchClient,
  FlattenedSetIterator,
  fql,
  getDefaultHTTPClient,
  InvalidRequestError,
  isHTTPResponse,
  isStreamClient,
  LOG_LEVELS,
  LONG_MAX,
  LONG_MIN,
  Module,
  NamedDocument,
  NamedDocumentReference,
  NetworkError,
  NodeHTTP2Client,
  NullDocument,
  Page,
  parseDebugLevel,
  ProtocolError,
  QueryCheckError,
  QueryRuntimeError,
  QueryTimeoutError,
  ServiceError,
  ServiceInternalError,
  SetIterator,
  StreamToken,
  TaggedTypeFormat,
  ThrottlingError,
  TimeStub,
  type ArrayFragment,
  type ClientConfiguration,
  type ConstraintFailure,
  type DecodeOptions,
  type DocumentT,
  type EncodedObject,
  type Endpoints,
  type FQLFragment,
  type HTTPClient,
  type HTTPClientOptions,
  type HTTPRequest,
  type HTTPResponse,
  type HTTPStreamClient,
  type HTTPStreamRequest,
  type LogHandler,
  type LogLevel,
  type ObjectFragment,
  type Query,
  type QueryArgument,
  type QueryArgumentObject,
  type QueryFailure,
  type QueryInfo,
  type QueryInterpolation,
  type QueryOptions,
  type QueryRequest,
  type QueryStats,
  type QuerySuccess,
  type QueryValue,
  type QueryValueObject,
  type Span,
  type StreamAdapter,
  type SupportedFaunaAPIPaths,
  type TaggedBytes,
  type TaggedDate,
  type TaggedDouble,
  type TaggedInt,
  type TaggedLong,
  type TaggedMod,
  type TaggedObject,
  type TaggedRef,
  type TaggedTime,
  type TaggedType,
  type ValueFormat,
  type ValueFragment,
} from 'fauna'

// Clients.
endpoints['staging'] = new URL('https://fauna.staging.example')
export const everywhere: Endpoints = endpoints
export const config: ClientConfiguration = {
  secret: 'fn...',
  endpoint: endpoints.local,
  format: 'tagged',
  long_type: 'number',
  client_timeout_buffer_ms: 5000,
  http2_session_idle_ms: 5000,
  http2_max_streams: 100,
  fetch_keepalive: false,
  query_timeout_ms: 60_000,
  linearized: true,
  max_attempts: 5,
  max_backoff: 20,
  max_contention_retries: 5,
  query_tags: { name: 'readme query' },
  traceparent: '00-750efa5fb6a131eb2cf4db39f28366cb-000000000000000b-00',
  typecheck: true,
  performance_hints: false,
  logger: new ConsoleLogHandler(LOG_LEVELS.WARN),
}
export const client = new Client(config)
export const others: Client[] = [
  new Client({ secret: 'fn...', endpoint: new URL('https://fauna.example') }),
  new Client({ ...config, query_timeout_ms: 1 }, new FetchClient(options('https://fauna.example'))),
  new Client(config, getDefaultHTTPClient(options('https://fauna.example'))),
  new Client(config, NodeHTTP2Client.getClient(options('https://fauna.example'))),
]
function options(url: string): HTTPClientOptions {
  return { url, http2_session_idle_ms: 500, http2_max_streams: 100, fetch_keepalive: false }
}
export const made = (overrides: Partial<ClientConfiguration>): Client => new Client({ ...config, ...overrides })
export const copied: ClientConfiguration = client.clientConfiguration
export const host: string | undefined = client.clientConfiguration.endpoint?.host
export const shut = (transport: NodeHTTP2Client): boolean => (transport.close(), transport.isClosed())

// Documents and results.
type Customer = { name: string; email: string; joined: TimeStub; born: DateStub | null; tags: string[]; address: { city: string; lines: string[] }; balance: bigint | number }
type Order = { customer: DocumentReference; total: number; placed: TimeStub; notes: Page<{ text: string }> | EmbeddedSet }
export type CustomerDoc = DocumentT<Customer>

export async function customers(city: string, after?: string): Promise<CustomerDoc[]> {
  const filter = fql`.where(.address.city == ${city})`
  const set = after === undefined ? fql<Page<CustomerDoc>>`Customer.all()${filter}` : fql<Page<CustomerDoc>>`Set.paginate(${after})`
  const response: QuerySuccess<Page<CustomerDoc>> = await client.query<Page<CustomerDoc>>(set, { query_tags: { page: 'customers' } })
  const { data, after: next } = response.data
  const first: CustomerDoc | undefined = data[0]
  if (first) {
    const id: string = first.id
    const coll: Module = first.coll
    const year: number = first.joined.toDate().getUTCFullYear() + first.ts.toDate().getUTCFullYear()
    console.log(id, coll.name, year, first.ttl?.isoString, first.toObject().id, first.address.lines[0]?.length)
  }
  return next === undefined ? data : [...data, ...(await customers(city, next))]
}

/** The type of a query's answer follows the query. */
export async function inferred(): Promise<number> {
  const q: Query<{ total: number }> = fql<{ total: number }>`Order.byId("1") { total }`
  const { data, txn_ts, stats, summary, schema_version, query_tags, static_type } = await client.query(q)
  const total: number = data.total
  const info: QueryInfo = { ...(txn_ts !== undefined && { txn_ts }), ...(stats && { stats }) }
  console.log(summary?.length, schema_version, query_tags?.['a'], static_type, info.stats?.read_ops)
  for await (const page of client.paginate(fql<Page<Customer>>`Customer.all()`)) for (const { email } of page) console.log(email.toLowerCase())
  for await (const { name } of client.paginate(new Page<Customer>({ data: [] })).flatten()) console.log(name.toUpperCase())
  return total
}

/** Wrappers, as applications have them. */
export class Repository<T extends QueryValueObject> {
  readonly #client: Client
  readonly #collection: Module
  constructor(client: Client, collection: string) {
    this.#client = client
    this.#collection = new Module(collection)
  }
  async get(id: string, options?: QueryOptions): Promise<DocumentT<T> | null> {
    const { data } = await this.#client.query<DocumentT<T> | NullDocument>(fql`${this.#collection}.byId(${id})`, options)
    return data instanceof NullDocument ? null : data
  }
  async create(fields: T): Promise<DocumentT<T>> {
    return (await this.#client.query<DocumentT<T>>(fql`${this.#collection}.create(${fields})`)).data
  }
  pages(where: Query, options?: QueryOptions): SetIterator<DocumentT<T>> {
    return this.#client.paginate<DocumentT<T>>(fql`${this.#collection}.where(${where})`, options)
  }
  async all(): Promise<DocumentT<T>[]> {
    const all: DocumentT<T>[] = []
    const items: FlattenedSetIterator<DocumentT<T>> = this.pages(fql`_ => true`).flatten()
    for (let next = await items.next(); !next.done; next = await items.next()) all.push(next.value)
    return all
  }
}
export const orders = new Repository<{ total: number; placed: TimeStub }>(client, 'Order')
export const ask = <T extends QueryValue>(query: Query<T>, options?: QueryOptions): Promise<QuerySuccess<T>> => client.query<T>(query, options)
export const both = async () => [(await ask(fql<number>`1`)).data.toFixed(), (await ask(fql<string>`"a"`)).data.length]
export const generator = (source: SetIterator<Order>): AsyncGenerator<Order[], void, unknown> => source
export const moved = async () => ((client.lastTxnTs = (await client.query(fql`1`)).txn_ts), client.lastTxnTs)

// Queries.
const filters: Record<string, QueryArgument> = { city: 'Berlin', since: TimeStub.fromDate(new Date()), on: DateStub.from('2024-05-01'), big: 5n, raw: new Uint8Array(2), none: null, when: new Date(), list: [1, 'two', fql`3`] }
export const where: Query = Object.entries(filters).map(([key, value]) => fql`.where(doc => doc[${key}] == ${value})`).reduce((a, b) => fql`${a}${b}`, fql`Customer.all()`)
export const dynamic = fql(['Customer.byId(', ')'], '1')
export const source: FQLFragment = where.encode()
export const args: QueryArgumentObject = { customer: new DocumentReference({ coll: 'Customer', id: '1' }), role: new NamedDocumentReference({ coll: new Module('Role'), name: 'admin' }), nested: { a: [1, { b: fql`2` }] } }
export const withArguments = client.query(fql`byRole(customer, role)`, { arguments: args, format: 'simple', linearized: true, long_type: 'bigint', max_contention_retries: 3, query_timeout_ms: 100, traceparent: '', typecheck: false, performance_hints: true, secret: 'other' })
export const request: QueryRequest = { query: source, arguments: TaggedTypeFormat.encode({ a: 1 }) as EncodedObject }
export const fragments: QueryRequest<FQLFragment> = { query: source }
export const parts = (node: QueryInterpolation): number => ('fql' in node ? node.fql.length : 'array' in node ? node.array.length : 'object' in node ? Object.keys(node.object).length : 1)
export const pieces: [ValueFragment, ObjectFragment, ArrayFragment] = [{ value: { '@int': '1' } }, { object: { a: { value: 'x' } } }, { array: [{ value: true }] }]

// Values.
const tags: [TaggedInt, TaggedLong, TaggedDouble, TaggedTime, TaggedDate, TaggedBytes, TaggedMod, TaggedRef, TaggedObject] = [
  { '@int': '1' }, { '@long': '1' }, { '@double': '1.5' }, { '@time': '' }, { '@date': '' }, { '@bytes': '' }, { '@mod': 'A' }, { '@ref': { id: '1', coll: { '@mod': 'A' } } }, { '@object': { a: true } },
]
export const encoded: TaggedType[] = [...tags, TaggedTypeFormat.encode(LONG_MAX), TaggedTypeFormat.encode({ low: LONG_MIN, ref: new Document({ coll: 'A', id: '1', ts: TimeStub.from('2024-05-01T00:00:00Z'), extra: 1 }) })]
const decode: DecodeOptions = { long_type: 'bigint' }
export const decoded: { n: number } = TaggedTypeFormat.decode('{"n":{"@int":"1"}}', decode)
export const interpolated: QueryInterpolation = TaggedTypeFormat.encodeInterpolation([1])
export const show = (value: QueryValue): string => {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof TimeStub) return value.isoString
  if (value instanceof DateStub) return value.dateString
  if (value instanceof NamedDocument) return `${value.coll.name}/${value.name} ${value.ts.toString()}`
  if (value instanceof NullDocument) return `${value.cause} ${value.ref.coll.name}`
  if (value instanceof Module) return value.name
  if (value instanceof EmbeddedSet) return value.after
  if (value instanceof StreamToken) return value.token
  if (value instanceof Page) return value.data.map(show).join()
  if (value instanceof Uint8Array) return String(value.byteLength)
  if (Array.isArray(value)) return value.map(show).join()
  return Object.keys(value).join()
}
export const role = new NamedDocument<{ note: string }>({ coll: 'Role', name: 'admin', ts: TimeStub.fromDate(new Date()), data: { note: 'n' } }).data.note
export const tree: QueryValueObject = { a: { b: [TimeStub.from('2024-05-01T00:00:00Z'), { c: DateStub.fromDate(new Date()) }] } }

// Errors.
export function explain(error: unknown): string {
  if (error instanceof AbortError) return `aborted with ${show(error.abort)}`
  if (error instanceof ConstraintFailureError) return error.constraint_failures.map((failure: ConstraintFailure) => `${failure.name ?? ''} ${failure.message} ${failure.paths?.map((path) => path.join('.')).join() ?? ''}`).join()
  if (error instanceof QueryTimeoutError) return `after ${error.stats?.query_time_ms ?? 0}`
  if (error instanceof ThrottlingError || error instanceof ContendedTransactionError) return 'later'
  if (error instanceof AuthenticationError || error instanceof AuthorizationError) return `who are you: ${error.httpStatus ?? 0}`
  if (error instanceof QueryCheckError || error instanceof InvalidRequestError || error instanceof QueryRuntimeError || error instanceof ServiceInternalError) return error.queryInfo?.summary ?? error.message
  if (error instanceof ServiceError) {
    switch (error.code) {
      case 'document_not_found':
        return error.queryInfo?.query_tags?.['page'] ?? ''
      default:
        return error.code
    }
  }
  if (error instanceof NetworkError) return String(error.cause)
  if (error instanceof ProtocolError) return `${error.httpStatus}`
  if (error instanceof ClientClosedError || error instanceof ClientError) return error.message
  return error instanceof FaunaError ? error.name : 'not of Fauna'
}
const failure: QueryFailure = { error: { code: 'abort', message: 'm', abort: 1 }, summary: 's' }
export const failures: FaunaError[] = [new ServiceError(failure, 400), new ClientError('m', { cause: 1 }), new NetworkError('m', { cause: 1 }), new ProtocolError({ message: 'm', httpStatus: 500 }), new ThrottlingError(failure)]
export const span = ({ start, end, src, function: name }: Span): string => `${src}:${start}-${end} ${name}`

// Transports and logs.
export class Counting implements HTTPClient, HTTPStreamClient {
  requests = 0
  readonly #inner = getDefaultHTTPClient(options('https://fauna.example'))
  async request<T = QueryRequest>(req: HTTPRequest<T>): Promise<HTTPResponse> {
    this.requests++
    const path: SupportedFaunaAPIPaths = req.path ?? FaunaAPIPaths.QUERY
    console.log(path, req.client_timeout_ms.toFixed(), req.headers['x-format'], req.method, JSON.stringify(req.data))
    const response = await this.#inner.request<T>({ ...req, headers: { ...req.headers, traceparent: undefined } })
    if (!isHTTPResponse(response)) throw new Error('no response')
    return { status: response.status, body: response.body, headers: response.headers }
  }
  stream(req: HTTPStreamRequest): StreamAdapter {
    const { read, close } = this.#inner.stream({ ...req, data: { ...req.data, start_ts: 5 } })
    return {
      read: (async function* () {
        for await (const line of read) yield line.trim()
      })(),
      close,
    }
  }
  close(): void {
    this.#inner.close()
  }
}
export class Logged extends FetchClient {
  override async request<T = QueryRequest>(req: HTTPRequest<T>): Promise<HTTPResponse> {
    const response = await super.request(req)
    console.log(response.headers['x-faunadb-build'])
    return response
  }
}
export const counted = new Client(config, new Counting())
export const streams: boolean = isStreamClient(new Counting())
export class Lines implements LogHandler {
  readonly lines: string[] = []
  trace(msg: string, ...args: any[]): void { this.lines.push(msg, ...args) }
  debug(msg: string, ...args: any[]): void { this.lines.push(msg, ...args) }
  info(msg: string, ...args: any[]): void { this.lines.push(msg, ...args) }
  warn(msg: string, ...args: any[]): void { this.lines.push(msg, ...args) }
  error(msg: string, ...args: any[]): void { this.lines.push(msg, ...args) }
  fatal(msg: string, ...args: any[]): void { this.lines.push(msg, ...args) }
}
export const level: LogLevel = parseDebugLevel('1')
export const loud = new Client({ ...config, logger: new Lines() }).query(fql`1`)
export const formats: ValueFormat[] = ['simple', 'tagged', 'decorated']
export const cost = (stats: QueryStats): number => stats.compute_ops + stats.read_ops + stats.write_ops + stats.query_time_ms + stats.storage_bytes_read + stats.storage_bytes_write + stats.contention_retries + stats.attempts + (stats.rate_limits_hit?.length ?? 0)
client.close()
