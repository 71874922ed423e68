export { Client } from './fauna/client.js'
export type { ClientConfiguration, Credentials, FaunaConfig, LogHandler } from './fauna/config.js'
export { Document, DocumentReference, Module, NamedDocument, NamedDocumentReference, NullDocument, type DocumentT } from './fauna/doc.js'
export { LONG_MAX, LONG_MIN } from './fauna/encode.js'
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
export { TaggedTypeFormat, type DecodeOptions } from './fauna/format.js'
export { FeedClient, FeedPage, type FeedClientConfiguration } from './fauna/feed.js'
export { StreamClient, type ResyncEvent, type StreamClientConfiguration, type StreamEvent, type StreamOptions, type StreamState } from './fauna/stream.js'
export type { LiveOptions } from './fauna/live.js'
export type * from './fauna/event-types.js'
export { FlattenedSetIterator, SetIterator } from './fauna/paginate.js'
export { fql, Query } from './fauna/query.js'
export { EmbeddedSet, Page, StreamToken } from './fauna/set.js'
export { DateStub, TimeStub } from './fauna/time.js'
export { httpClient, type HTTPClient, type HTTPRequest, type HTTPResponse } from './fauna/http.js'
export type * from './fauna/wire.js'
