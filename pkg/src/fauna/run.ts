import { CountersignError } from '../errors.js'
import type { Fence } from '../fence.js'
import { resolveEndpoint } from '../internal.js'
import { pause } from '../pause.js'
import type { Finding, Session } from '../types.js'
import { hide, read } from './answer.js'
import { getServiceError, NetworkError, ProtocolError, ThrottlingError } from './errors.js'
import { headers, simple } from './request.js'
import { ended, saw, seen, type State } from './state.js'
import { custom, way, type Way } from './transport.js'
import type { QueryOptions, QueryRequest, QuerySuccess } from './wire.js'

export { pages } from './pages.js'

/** The way out of a client's requests, made at first use. */
export const open = (state: State, secret?: string): Way => {
  const out = state.http ? custom(state.http, state.config, secret) : way(state.config, secret)
  const session = state.config.session as Session<any> | undefined
  if (session && !state.closed) state.unfollow ??= session.on('forget', () => (state.txn = undefined))
  return out
}

/** An answer that comes after a change of identity is nobody's. */
const deliverable = (guard: Fence): void => {
  try {
    guard.check()
  } catch {
    throw new CountersignError('identity_changed', 'fauna: the user changed while the query was under way; its answer is not delivered', { backend: 'fauna' })
  }
}

/** A refusal that the session has seen, in Fauna's class. */
export const refused = (error: unknown): unknown =>
  CountersignError.is(error, 'token_rejected')
    ? Object.assign(getServiceError({ error: { code: 'unauthorized', message: error.message } }, 401, error.hint), error.token && { token: error.token })
    : error

/** The same error with what the token explains of it. What explains is loaded with the first such error; without it the error stands by itself. */
export const told = (error: Error, out: Way, signal: AbortSignal | undefined): Error | Promise<Error> =>
  CountersignError.is(error, 'unauthorized') || error instanceof ProtocolError
    ? import('./explain.js').then(({ explained }) => explained(error as CountersignError, out, signal), () => error)
    : error

/**
 * Whether another attempt may be made. Throttled: always, the query has not run. Where it may have run and failed, or nobody knows: if
 * it may run twice. A refused token has had its replay by then, and everything else would be refused again.
 */
const curable = (error: unknown, idempotent: boolean | undefined): boolean => {
  if (error instanceof ThrottlingError) return true
  if (!idempotent) return false
  // A time limit of the session's, known by its template: it was waited for a token, and that has lasted long enough.
  if (error instanceof NetworkError) return !(error.code === 'timeout' && error.template)
  return /^(409|440|5\d\d)$/.test(String((error as { httpStatus?: number }).httpStatus))
}

/**
 * One query, with its attempts. `request.arguments` are in the tagged format. A query with another secret than the
 * client's (`own` false) belongs to nobody here: no session, no fence, no transaction time of the client's user.
 */
export const run = async (state: State, request: QueryRequest, options: QueryOptions, own: boolean, guard: Fence): Promise<QuerySuccess<any>> => {
  const { config } = state
  const { signal } = options
  const settled = { ...config, ...options }
  // Given as undefined, these keep the client's value. Without most of them there is no request.
  const format = (settled.format ??= config.format)
  const long = (settled.long_type ??= config.long_type)
  settled.idempotent ??= config.idempotent
  const client_timeout_ms = (settled.query_timeout_ms ??= config.query_timeout_ms) + config.client_timeout_buffer_ms
  if (request.arguments && format === 'simple') request.arguments = simple(request.arguments)
  const out = own ? (state.way ??= open(state)) : open(state, options.secret)
  const path = '/query/1'
  const secret: string | undefined = options.secret ?? config.secret
  guard.check()

  for (let attempt = 1; ; attempt++) {
    // The first was asked for before the client was closed.
    if (attempt > 1) ended(state)
    const sent = headers(settled, own ? seen(state) : undefined)
    // No header here holds a token: the way out adds it.
    config.logger?.debug('Fauna HTTP %s request to %s (timeout: %s), headers: %s', 'POST', path, String(client_timeout_ms), JSON.stringify(sent))
    const asked = Date.now()
    const answer = await out.request({ client_timeout_ms, data: request, headers: sent, method: 'POST', signal }, guard.check).then((response) => {
      config.logger?.debug('Fauna HTTP response %s from %s, headers: %s', response.status, path, hide(JSON.stringify(response.headers), secret))
      return read(response, { format, long, secret })
    }, refused)
    signal?.throwIfAborted()
    deliverable(guard)
    if (!(answer instanceof Error)) {
      const { stats, txn_ts } = answer as QuerySuccess<any>
      if (own) saw(state, txn_ts)
      // The transaction's time is the server's clock, in microseconds.
      if (txn_ts) out.channel?.clock(txn_ts / 1000, asked)
      if (stats) stats.attempts = attempt
      return answer as QuerySuccess<any>
    }
    // As the driver asks it: what is no number ends the attempts.
    if (!(attempt < config.max_attempts && curable(answer, settled.idempotent))) {
      const error = await told(answer, out, signal)
      deliverable(guard)
      throw error
    }
    await pause(Math.min(Math.random() * 2 ** (attempt - 1), config.max_backoff) * 1000, signal, own ? config.session : undefined, () => deliverable(guard))
  }
}

/** For `client.check()`: an error is a finding too. */
export const check = async (state: State): Promise<Finding[]> => {
  try {
    if (!state.http) resolveEndpoint(state.config.endpoint, 'endpoint', 'fauna')
    state.way ??= open(state)
    return await (await import('./explain.js')).findings(state.way)
  } catch (error) {
    const { code = 'backend', message, hint } = error as CountersignError
    return [{ ok: false, code, message: String(message), ...(hint && { fix: hint }) }]
  }
}
