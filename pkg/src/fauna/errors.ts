import { conceal, CountersignError, type ErrorCode, type ErrorDetails } from '../errors.js'
import type { ConstraintFailure, QueryFailure, QueryInfo, QueryStats } from './wire.js'

/** The root of Fauna's errors, and of yours. It is a {@link CountersignError}: `kind` says who must act, `hint` what to change. */
export abstract class FaunaError extends CountersignError {
  override name = 'FaunaError'

  /** `options.code`: default `backend`. */
  constructor(message = '', options?: ErrorDetails & { code?: ErrorCode }) {
    super(options?.code ?? 'backend', message, { ...options, backend: 'fauna' })
  }
}

const again = /^(limit_exceeded|contended_transaction|time_out)$/

/** The server answered with an error. `code` is Fauna's own. */
export class ServiceError extends FaunaError {
  override name = 'ServiceError'
  /** The HTTP status; `undefined` for an error that arrived as an event. */
  declare readonly httpStatus?: number
  declare readonly queryInfo?: QueryInfo
  declare readonly constraint_failures?: ConstraintFailure[]

  constructor(failure: QueryFailure, httpStatus?: number, hint?: string) {
    const { code, message, constraint_failures } = failure.error
    super(message, { code, kind: code === 'unauthorized' ? 'token' : 'backend', retryable: again.test(code), hint })
    this.httpStatus = httpStatus
    this.queryInfo = { txn_ts: failure.txn_ts, summary: failure.summary && conceal(String(failure.summary)), query_tags: failure.query_tags, stats: failure.stats }
    if (failure.schema_version !== undefined) this.queryInfo.schema_version = failure.schema_version
    this.constraint_failures = constraint_failures
  }
}

/** The query failed while it ran: any code without a class of its own, `permission_denied` and `bad_gateway` among them. */
export class QueryRuntimeError extends ServiceError {
  override name = 'QueryRuntimeError'
}
/** `invalid_query`: the query does not parse or does not type-check; `queryInfo.summary` points at the place. */
export class QueryCheckError extends ServiceError {
  override name = 'QueryCheckError'
}
/** `invalid_request`: a header, an argument or the body is malformed. */
export class InvalidRequestError extends ServiceError {
  override name = 'InvalidRequestError'
}
/** `constraint_failure`: a write broke a rule of the schema. */
export class ConstraintFailureError extends ServiceError {
  override name = 'ConstraintFailureError'
  declare readonly constraint_failures: ConstraintFailure[]
}
/** `abort`: the query called `abort(value)`. */
export class AbortError extends ServiceError {
  override name = 'AbortError'
  /** The value given to `abort()`, decoded in the format of the query. */
  declare readonly abort: any

  constructor(failure: QueryFailure, httpStatus?: number) {
    super(failure, httpStatus)
    this.abort = failure.error.abort
  }
}
/** `unauthorized`: the server refused the token, also after one refresh. `hint` says what is wrong with it, as far as can be told from outside. */
export class AuthenticationError extends ServiceError {
  override name = 'AuthenticationError'
}
/** `forbidden`: administrative endpoints. A query without the rights fails with `permission_denied` or finds a NullDocument. */
export class AuthorizationError extends ServiceError {
  override name = 'AuthorizationError'
}
/** `contended_transaction`: others wrote the same documents too often meanwhile. */
export class ContendedTransactionError extends ServiceError {
  override name = 'ContendedTransactionError'
}
/** `limit_exceeded`: too many operations; the client has already tried `max_attempts` times. */
export class ThrottlingError extends ServiceError {
  override name = 'ThrottlingError'
}
/** `time_out`: the server gave the query up. */
export class QueryTimeoutError extends ServiceError {
  override name = 'QueryTimeoutError'
  declare readonly stats?: QueryStats

  constructor(failure: QueryFailure, httpStatus?: number) {
    super(failure, httpStatus)
    this.stats = failure.stats
  }
}
/** `internal_error`: the server's own fault. */
export class ServiceInternalError extends ServiceError {
  override name = 'ServiceInternalError'
}

/** The call was wrong and nothing was sent. */
export class ClientError extends FaunaError {
  override name = 'ClientError'

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { code: 'option_invalid', ...options })
  }
}
/** The client is closed. `code` is `disposed`. */
export class ClientClosedError extends FaunaError {
  override name = 'ClientClosedError'

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, { code: 'disposed', ...options })
  }
}
/**
 * No answer, or only half of one. `code` says which: `timeout`, `offline`, `network` (refused, unknown host, TLS, CORS or a connection
 * that broke before the answer: a browser does not tell them apart) or `outcome_unknown` (the answer broke off). The query may have run.
 * Where the platform knows more, as Node does, `cause.code` says so: ECONNREFUSED and ENOTFOUND reached nobody.
 */
export class NetworkError extends FaunaError {
  override name = 'NetworkError'

  constructor(message: string, options?: ErrorDetails & { code?: ErrorCode }) {
    super(message, { code: 'network', ...options })
  }
}
/** An answer that is not Fauna's. */
export class ProtocolError extends FaunaError {
  override name = 'ProtocolError'
  /** 500 for an empty answer with status 200, else the answer's own. */
  declare readonly httpStatus: number

  constructor({ message, httpStatus }: { message: string; httpStatus: number }) {
    super(message, { code: 'protocol' })
    this.httpStatus = httpStatus
  }
}

const classes: Record<string, new (failure: QueryFailure, httpStatus?: number, hint?: string) => ServiceError> = {
  invalid_query: QueryCheckError,
  invalid_request: InvalidRequestError,
  abort: AbortError,
  constraint_failure: ConstraintFailureError,
  unauthorized: AuthenticationError,
  forbidden: AuthorizationError,
  contended_transaction: ContendedTransactionError,
  limit_exceeded: ThrottlingError,
  time_out: QueryTimeoutError,
  internal_error: ServiceInternalError,
}

/** The class is chosen by the code alone, and two codes need the field that gives their class its sense. */
export const getServiceError = (failure: QueryFailure, httpStatus?: number, hint?: string): ServiceError => {
  const { code, abort, constraint_failures } = failure.error
  const bare = (code === 'abort' && abort === undefined) || (code === 'constraint_failure' && constraint_failures === undefined)
  const Class = !bare && Object.hasOwn(classes, code) ? classes[code]! : QueryRuntimeError
  return new Class(failure, httpStatus, hint)
}
