import type { Document, DocumentReference, Module, NamedDocument, NamedDocumentReference, NullDocument } from './doc.js'
import type { Query } from './query.js'
import type { EmbeddedSet, Page, StreamToken } from './set.js'
import type { DateStub, TimeStub } from './time.js'

/** How values travel: `tagged` keeps every type, `simple` is plain JSON, `decorated` is text for people. */
export type ValueFormat = 'simple' | 'tagged' | 'decorated'

/**
 * What a 64-bit integer becomes: always a `number` (with a warning on the console when that loses digits), always a `bigint`,
 * or with `auto` a `number` where it is exact and a `bigint` where it would not be.
 */
export type LongType = 'number' | 'bigint' | 'auto'

/** An object of query values. */
export interface QueryValueObject {
  [key: string]: QueryValue
}

/** What a query can answer in the `tagged` format. */
export type QueryValue =
  | null | string | number | bigint | boolean | QueryValueObject | QueryValue[] | Uint8Array | DateStub | TimeStub | Module | Document | DocumentReference
  | NamedDocument<any> | NamedDocumentReference | NullDocument | Page<any> | EmbeddedSet | StreamToken

/** What a query can be given. Objects may be of any interface; functions, symbols and `undefined` in arrays throw a TypeError when encoded. */
export type QueryArgument = QueryValue | Query | Date | ArrayBuffer | readonly QueryArgument[] | object

/** Named arguments: the query reads them as variables of these names. */
export type QueryArgumentObject = { [key: string]: QueryArgument }

/** `{ "@int": "5" }` and its like; the shape of the `tagged` format. */
export type TaggedInt = { '@int': string }
export type TaggedLong = { '@long': string }
export type TaggedDouble = { '@double': string }
export type TaggedTime = { '@time': string }
export type TaggedDate = { '@date': string }
export type TaggedBytes = { '@bytes': string }
export type TaggedMod = { '@mod': string }
export type TaggedRef = { '@ref': { id: string; coll: TaggedMod } | { name: string; coll: TaggedMod } }
export type TaggedObject = { '@object': EncodedObject }
export type EncodedObject = { [key: string]: TaggedType }
export type TaggedType =
  | string | boolean | null | EncodedObject | TaggedType[]
  | TaggedInt | TaggedLong | TaggedDouble | TaggedTime | TaggedDate | TaggedBytes | TaggedMod | TaggedRef | TaggedObject

/** The nodes of a query's template. */
export type FQLFragment = { fql: (string | QueryInterpolation)[] }
export type ValueFragment = { value: TaggedType }
export type ObjectFragment = { object: { [key: string]: QueryInterpolation } }
export type ArrayFragment = { array: QueryInterpolation[] }
export type QueryInterpolation = FQLFragment | ValueFragment | ObjectFragment | ArrayFragment

/** The body of a request to `/query/1`. */
export interface QueryRequest<T extends string | QueryInterpolation = string | QueryInterpolation> {
  query: T
  /** In the tagged format; with `format: 'simple'` plain JSON. */
  arguments?: EncodedObject
}

/** Options of one query; those that the client has too count for this query only. */
export interface QueryOptions {
  /** Named arguments: the query reads them as variables; those that are `undefined` are left out. With `format: 'simple'` they are sent as plain JSON. */
  arguments?: { [key: string]: QueryArgument | undefined }
  /** Default `tagged`. */
  format?: ValueFormat
  /** Strictly serialised, also for reads. Default: as the server decides. */
  linearized?: boolean
  /** Default `number`. */
  long_type?: LongType
  /** How often the server retries a contended transaction: 0 to 7. */
  max_contention_retries?: number
  /** At most 25 tags of letters, digits and `_`; keys up to 40, values up to 80 characters. */
  query_tags?: Record<string, string>
  /** How long the server may work on the query, in milliseconds. Default 5000, at most 600000. */
  query_timeout_ms?: number
  /** W3C trace context. */
  traceparent?: string
  /** Check types before running. Default: as the database says. */
  typecheck?: boolean
  /** Ask for performance hints in `summary`. Default false. */
  performance_hints?: boolean
  /**
   * Ours alone: this query may run twice (a read; a write that ends the same when repeated). Then a failed attempt is repeated, within
   * `max_attempts` and with the waits of a throttled one, also after contention (409), a time limit of the server (440, 503), 500, 502,
   * 504, and when no answer or half of one came: it may have run. Default: the client's `idempotent`, else false: only 429 is repeated.
   */
  idempotent?: boolean
  /** Another secret for this query; the session, if the client has one, is not asked. */
  secret?: string
  /** Aborts waiting, sending, reading and retrying. The call rejects with `signal.reason`. */
  signal?: AbortSignal
}

/** What a query cost. */
export type QueryStats = {
  compute_ops: number
  read_ops: number
  write_ops: number
  /** Milliseconds in the server. */
  query_time_ms: number
  /** Bytes. */
  storage_bytes_read: number
  /** Bytes. */
  storage_bytes_write: number
  contention_retries: number
  /** HTTP attempts that this client made: 1, and one more for each retry after a throttled one. */
  attempts: number
  rate_limits_hit?: ('read' | 'write' | 'compute')[]
}

/** What comes with a result and with most errors. */
export type QueryInfo = {
  /** Time of the transaction, microseconds since the epoch. */
  txn_ts?: number
  /** Microseconds since the epoch. */
  schema_version?: number
  /** Warnings, `log()` output and hints, for people. */
  summary?: string
  query_tags?: Record<string, string>
  stats?: QueryStats
}

/** A query's answer. */
export type QuerySuccess<T = any> = QueryInfo & {
  data: T
  /** The inferred type, when the query was type-checked. */
  static_type?: string
}

/** A rule of the schema that a write broke. */
export type ConstraintFailure = {
  message: string
  name?: string
  /** Each path leads to a field: `['address', 'lines', 0]`. */
  paths?: (string | number)[][]
}

/** A failed query, as the server says it. */
export type QueryFailure = QueryInfo & {
  error: { code: string; message: string; constraint_failures?: ConstraintFailure[]; abort?: any }
}

/** A place in FQL source. */
export interface Span {
  /** Which source: `*query*` is the one that was sent. */
  src: string
  /** The first and the last character, counted from 0; the last is part of it. */
  start: number
  end: number
  /** The function that the place is in, if it is in one. */
  function: string
}

/** Where events come from: what `eventSource()` and `eventsOn()` return in the tagged format, or any object with its token. */
export interface EventSource {
  readonly token: string
}

/** The body of a request to `/stream/1`. At most one of `cursor` and `start_ts`; both mean "after this point". */
export type StreamRequest = {
  token: string
  /** Microseconds since the epoch. */
  start_ts?: number
  cursor?: string
}

/** What an event or a page of a feed cost. The server fills in `read_ops`, `storage_bytes_read`, `compute_ops`, `processing_time_ms` and `rate_limits_hit`. */
export type EventStats = QueryStats & {
  /** Milliseconds in the server. */
  processing_time_ms?: number
}

/** Nothing happened up to this point: how far a stream has come, and what it costs. */
export type StreamEventStatus = {
  type: 'status'
  /** Microseconds since the epoch. */
  txn_ts: number
  /** Where to go on from. Several events may share a `txn_ts`; a cursor is exact. */
  cursor: string
  stats: EventStats
}

/** Something happened to `data`; what `remove` brings is as it was before. */
export type StreamEventData<T = any> = {
  type: 'add' | 'remove' | 'update'
  /** Microseconds since the epoch. */
  txn_ts: number
  /** Where to go on from. Several events may share a `txn_ts`; a cursor is exact. */
  cursor: string
  stats: EventStats
  data: T
}

/** The end of a stream or of a feed's page. */
export type StreamEventError = { type: 'error' } & QueryFailure

/** The body of a request to `/feed/1`. */
export type FeedRequest = StreamRequest & {
  /** How many events at most: 1 to 16000. Default 16. */
  page_size?: number
}

/** A page of `/feed/1`. */
export type FeedSuccess<T = any> = {
  events: (StreamEventData<T> | StreamEventError)[]
  /** Where the next page begins; it moves on even without events. */
  cursor: string
  /** Whether there is more now. A feed has no end: later there may be. */
  has_next: boolean
  stats?: EventStats
}

/** A failed request to `/feed/1`. */
export type FeedError = QueryFailure
