export { Client } from './fauna/client.js'
export type { ClientConfiguration, Credentials, FaunaConfig, ShownConfiguration } from './fauna/config.js'
export { Document, DocumentReference, Module, NamedDocument, NamedDocumentReference, NullDocument, type DocumentT } from './fauna/doc.js'
export { LONG_MAX, LONG_MIN } from './fauna/encode.js'
export { endpoints, type Endpoints } from './fauna/endpoints.js'
export {
  AbortError,
  AuthenticationError,
  AuthorizationError,
  ClientClosedError,
  ClientError,
  ConstraintFailureError,
  ContendedTransactionError,
  FaunaError,
  InvalidRequestError,
  NetworkError,
  ProtocolError,
  QueryCheckError,
  QueryRuntimeError,
  QueryTimeoutError,
  ServiceError,
  ServiceInternalError,
  ThrottlingError,
} from './fauna/errors.js'
export { FetchClient, FetchClient as NodeHTTP2Client, getDefaultHTTPClient, httpClient, type FetchClientOptions } from './fauna/fetch.js'
export { TaggedTypeFormat, type DecodeOptions } from './fauna/format.js'
export { FeedClient, FeedPage, type FeedClientConfiguration } from './fauna/feed.js'
export { StreamClient, type ResyncEvent, type StreamClientConfiguration, type StreamEvent, type StreamOptions, type StreamState } from './fauna/stream.js'
export type { LiveOptions } from './fauna/live.js'
export {
  FaunaAPIPaths,
  isHTTPResponse,
  isStreamClient,
  type HTTPClient,
  type HTTPClientOptions,
  type HTTPRequest,
  type HTTPResponse,
  type HTTPStreamClient,
  type HTTPStreamRequest,
  type StreamAdapter,
  type SupportedFaunaAPIPaths,
} from './fauna/http.js'
export { ConsoleLogHandler, LOG_LEVELS, parseDebugLevel, type LogHandler, type LogLevel } from './fauna/log.js'
export { FlattenedSetIterator, SetIterator } from './fauna/paginate.js'
export { fql, Query } from './fauna/query.js'
export { EmbeddedSet, Page, StreamToken } from './fauna/set.js'
export { DateStub, TimeStub } from './fauna/time.js'
export type * from './fauna/wire.js'
