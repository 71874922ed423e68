// Every failure a query can end in, and the `summary` text that points at the place in the source.

/** A failure of the query itself: HTTP 400 with the code, and the place it happened. */
export class QueryFailure extends Error {
  /** @param {string} code @param {string} message @param {{s: number, e: number}} [span] @param {object} [more] constraint_failures, abort */
  constructor(code, message, span, more = {}) {
    super(message)
    this.code = code
    this.span = span
    this.more = more
  }
}

/** A failure before or around the query (protocol error): only `error` in the body. */
export class ProtocolFailure extends Error {
  constructor(status, code, message, stats) {
    super(message)
    this.status = status
    this.code = code
    this.stats = stats
  }
}

/** Source that does not parse, is not bound, or is outside the subset this server speaks. */
export const check = (message, span) => new QueryFailure('invalid_query', message, span)
export const fail = (code, message, span, more) => new QueryFailure(code, message, span, more)
export const badRequest = (message) => new ProtocolFailure(400, 'invalid_request', message)

export const failures = {
  nullAccess: (field, span) => fail('invalid_null_access', `Cannot access \`${field}\` on null.`, span),
  mismatch: (expected, received, span) => fail('type_mismatch', `expected type: ${expected}, received ${received}`, span),
  argument: (name, expected, received, span) =>
    fail('invalid_argument', `expected value for \`${name}\` of type ${expected}, received ${received}`, span),
  noFunction: (name, type, span) => fail('invalid_function_invocation', `The function \`${name}\` does not exist on \`${type}\``, span),
  arity: (expected, given, span) =>
    fail('invalid_function_invocation', `callee function expects ${expected}, but ${given} ${given === 1 ? 'was' : 'were'} provided.`, span),
  denied: (span) => fail('permission_denied', 'Insufficient privileges to perform the action.', span),
  cursor: (span) => fail('invalid_cursor', 'Cursor cursor is invalid or expired.', span),
  bounds: (index, length, span) => fail('index_out_of_bounds', `index ${index} out of bounds for length ${length}`, span),
}

/** The source a value stands in is marked by NUL, which source text itself may never contain. */
export const VALUE_MARK = '\0'
const SHOWN_VALUE = '<value>'

/** Line and column (from 1) of an offset, in the text as the caller will see it. */
function place(source, offset) {
  const before = source.slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  let end = source.indexOf('\n', offset)
  if (end < 0) end = source.length
  const shown = (text) => text.replaceAll(VALUE_MARK, SHOWN_VALUE)
  return { line: before.split('\n').length, column: shown(source.slice(start, offset)).length + 1, text: shown(source.slice(start, end)), end, shown }
}

/**
 * The report Fauna puts into `summary`: the message, where it is, and the line with carets under it.
 * @param {string} kind error or info
 */
export function annotate(kind, message, source, span) {
  if (!span) return `${kind}: ${message}\nat <no source>`
  const at = place(source, Math.min(span.s, source.length))
  const width = Math.max(1, at.shown(source.slice(span.s, Math.min(span.e, at.end))).length)
  const gutter = ' '.repeat(String(at.line).length)
  return [
    `${kind}: ${message}`,
    `at *query*:${at.line}:${at.column}`,
    `${gutter} |`,
    `${at.line} | ${at.text}`,
    `${gutter} | ${' '.repeat(at.column - 1)}${'^'.repeat(width)}`,
    `${gutter} |`,
  ].join('\n')
}

/** What `log()` leaves in the summary. */
export const logLine = (message, source, span) => `info at *query*:${place(source, span.s).line}: ${message}`
