import { CountersignError, scrub, type ErrorDetails } from '../errors.js'

/** One entry of `errors`. Hasura's `extensions.code` is open: actions and remote schemas bring their own. */
export interface GraphQLErrorLike {
  message: string
  path?: readonly (string | number)[]
  extensions?: { code?: string; path?: string; [key: string]: unknown }
}

/**
 * The server answered with GraphQL errors. `code` is `token_rejected` when it refused the token, `signed_out` when it wanted one and
 * nobody is signed in, otherwise Hasura's own code (`validation-failed`, `constraint-violation`, ...; `backend` when it has none).
 */
export class GraphQLRequestError extends CountersignError {
  /** As the server sent them; only what looks like a JWT is cut out. */
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

/** A code of theirs, unless it is spelt like one of ours and would be taken for it. */
export const foreignCode = (code: unknown): string =>
  typeof code === 'string' && code && new CountersignError(code, '').kind === 'backend' ? code : 'backend'
