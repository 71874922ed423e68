// The one error every part of this server throws: what Hasura prints under `errors`, and nothing else.

/** @typedef {{ message: string, extensions: { path: string, code: string } }} GraphQLFailure */

/** Codes whose status is not 400; it shows where answers have a status of their own. */
const STATUS = { unexpected: 500, 'postgres-error': 500, 'postgres-max-connections-error': 500, 'method-not-allowed': 405, busy: 503 }

/** `compliant`: as an entry of `errors`; `flat`: as the oldest endpoint prints it. @typedef {'compliant' | 'flat'} Shape */

export class HasuraError extends Error {
  /**
   * @param {string} code one of Hasura's `extensions.code` @param {string} message
   * @param {string} [path] where, as Hasura writes it: `$.selectionSet.messages`
   * @param {number} [status] of an endpoint that does not answer 200 always
   */
  constructor(code, message, path = '$', status = STATUS[code] ?? 400) {
    super(message)
    this.code = code
    this.path = path
    this.status = status
  }

  /** One error. @param {Shape} [shape] */
  shaped(shape) {
    const { path, code, message } = this
    return shape === 'flat' ? { path, error: message, code } : { message, extensions: { path, code } }
  }

  /** The GraphQL answer. `data` is absent, not null. @returns {{ errors: GraphQLFailure[] }} */
  body() {
    return { errors: [/** @type {GraphQLFailure} */ (this.shaped())] }
  }
}

/** @param {string} message @param {string} [path] */
export const invalid = (message, path) => new HasuraError('validation-failed', message, path)

// Postgres' integrity errors, in the words Hasura puts before Postgres' own.
const INTEGRITY = {
  23001: ['constraint-violation', 'Can not delete or update due to data being referred. '],
  23502: ['constraint-violation', 'Not-NULL violation. '],
  23503: ['constraint-violation', 'Foreign key violation. '],
  23505: ['constraint-violation', 'Uniqueness violation. '],
  23514: ['permission-error', 'Check constraint violation. '],
  '23P01': ['constraint-violation', 'Exclusion violation. '],
}

/** Raised by `hasura.session()` in ./seed.mjs when a policy needs a variable that the token does not carry. */
export const MISSING_VARIABLE = 'HS404'

/**
 * A Postgres error as Hasura reports it. Anything unexpected becomes an answer without detail, as in the engine.
 * @param {any} error @param {string} [path] @returns {HasuraError}
 */
export function fromPostgres(error, path = '$') {
  if (error instanceof HasuraError) return error
  const state = String(error?.code ?? '')
  const message = String(error?.message ?? 'unknown')
  if (state === MISSING_VARIABLE) return new HasuraError('not-found', message)
  if (INTEGRITY[state]) return new HasuraError(INTEGRITY[state][0], INTEGRITY[state][1] + message, path)
  if (state.startsWith('23')) return new HasuraError('constraint-violation', message, path)
  if (state === '22025') return new HasuraError('bad-request', message, path)
  if (state.startsWith('22')) return new HasuraError('data-exception', message, path)
  if (state === '42501') {
    // The row policy of a write, as opposed to a table or column the role may not touch at all.
    const policy = /row-level security/.test(message)
    return new HasuraError('permission-error', policy ? 'check constraint of an insert/update permission has failed' : message, path)
  }
  if (state.startsWith('53')) return new HasuraError('postgres-max-connections-error', message, path)
  if (state === '40001') return new HasuraError('concurrent-update', 'serialization failure due to concurrent update', path)
  return new HasuraError('unexpected', 'database query error', path)
}

/** A JSON value's kind, as Hasura's parser names it. @param {unknown} value */
export function kindOf(value) {
  if (value === null) return 'Null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'Array'
  return { string: 'String', number: 'Number', boolean: 'Boolean' }[typeof value] ?? 'Object'
}

/** @param {string} wanted @param {string} kind @param {unknown} value */
export const parsing = (wanted, kind, value) => `parsing ${wanted} failed, expected ${kind}, but encountered ${kindOf(value)}`

/** Where a field stands, as the engine writes it. @param {import('graphql').GraphQLResolveInfo} info */
export function pathOf(info) {
  const names = []
  for (let step = info.path; step; step = step.prev) if (typeof step.key === 'string') names.unshift(step.key)
  names[names.length - 1] = info.fieldName
  return `$.selectionSet.${names.join('.selectionSet.')}`
}
