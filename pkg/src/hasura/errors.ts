import { CountersignError, scrub, type ErrorDetails } from '../errors.js'

/**
 * `extensions.code` as Hasura's engine knows it. The list is open: actions, remote schemas and the paid editions bring codes of their
 * own, and an action may leave `extensions` without any.
 */
export type HasuraErrorCode =
  | 'invalid-jwt' | 'invalid-headers' | 'jwt-invalid-claims' | 'jwt-missing-role-claims' | 'access-denied' | 'permission-error' | 'permission-denied' | 'not-found'
  | 'validation-failed' | 'parse-failed' | 'invalid-json' | 'bad-request' | 'unexpected-payload' | 'unexpected' | 'not-supported' | 'not-exists'
  | 'method-not-allowed' | 'conflict' | 'constraint-violation' | 'constraint-error' | 'data-exception' | 'coercion-error' | 'postgres-error'
  | 'postgres-max-connections-error' | 'mssql-error' | 'bigquery-error' | 'remote-schema-error' | 'remote-schema-conflicts' | 'already-exists'
  | 'already-tracked' | 'already-untracked' | 'dependency-error' | 'cyclic-dependency' | 'invalid-params' | 'invalid-configuration' | 'busy' | 'start-failed'
  | (string & {})

/** One entry of `errors`. */
export interface GraphQLErrorLike {
  message: string
  path?: readonly (string | number)[]
  /** `path`: where, as Hasura writes it (`$.selectionSet.messages`). `internal`: in Hasura's development mode only; never part of a message of ours. */
  extensions?: { code?: HasuraErrorCode; path?: string; [key: string]: unknown }
}

/**
 * The server answered with GraphQL errors. `code` is `token_rejected` when it refused the token, `signed_out` when it wanted one and
 * nobody is signed in, otherwise Hasura's own code (`validation-failed`, `constraint-violation`, ...; `backend` when it has none).
 * `kind` is then `token` or `backend`, `hint` says what to change and where, and `retryable` whether it may go better by itself
 * (`busy`, `postgres-max-connections-error`, or an answer with status 429, 502, 503, 504).
 */
export class GraphQLRequestError extends CountersignError {
  declare readonly code: 'token_rejected' | 'signed_out' | 'backend' | 'protocol' | HasuraErrorCode
  /** As the server sent them (the flat form of /v1alpha1 and /api/rest as one of these); only what looks like a JWT is cut out. */
  readonly errors: readonly GraphQLErrorLike[]
  /** Partial data, where a remote schema brought some. */
  readonly data?: unknown

  constructor(code: string, errors: readonly GraphQLErrorLike[], data: unknown, details: ErrorDetails) {
    const first = String(errors[0]?.message ?? 'GraphQL error')
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
    super(code, (details.kind === 'token' ? scrub(first) : first) + more, { backend: 'hasura', ...details })
    this.name = 'GraphQLRequestError'
    this.errors = errors
    if (data !== undefined && data !== null) this.data = data
  }
}
