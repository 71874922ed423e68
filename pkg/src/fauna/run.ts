import { conceal, CountersignError } from '../errors.js'
import type { Fence } from '../fence.js'
import { resolveEndpoint, type Explained } from '../internal.js'
import type { Finding, Session } from '../types.js'
import { read } from './answer.js'
import { getServiceError, ServiceError, ThrottlingError } from './errors.js'
import { headers, simple } from './request.js'
import { ended, saw, seen, type State } from './state.js'
import { custom, way, within, type Way } from './transport.js'
import type { QueryOptions, QueryRequest, QuerySuccess } from './wire.js'

/** The way out of a client's requests, made at first use. */
export const open = (state: State, secret?: string): Way => {
  const out = state.http ? custom(state.http, state.config, secret) : way(state.config, secret)
  const session = state.config.session as Session<any> | undefined
  if (session) state.unfollow ??= session.on('forget', () => (state.txn = undefined))
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

/** Waits, or rejects with the reason as soon as the signal aborts. */
export const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  within(2147483647, signal, () => new Promise((resolve) => setTimeout(resolve, ms)))

/** The same error with what is known of the token that was refused; `known`: by whoever noticed. */
export const explained = async (error: ServiceError, { channel }: Way, known: Explained = {}): Promise<ServiceError> => {
  const { hint, token } = (known.hint ? known : await channel?.explain()) ?? {}
  return Object.assign(error, hint && { hint }, token && { token })
}

/**
 * One query, with the retries of throttled attempts. `request.arguments` are in the tagged format. A query with another secret than the
 * client's (`own` false) belongs to nobody here: no session, no fence, no transaction time of the client's user.
 */
export const run = async (state: State, request: QueryRequest, options: QueryOptions, own: boolean, guard: Fence): Promise<QuerySuccess<any>> => {
  const { config } = state
  const settled = { ...config, ...options }
  // Given as undefined, these keep the client's value: without them there is no request.
  const format = (settled.format ??= config.format)
  const long = (settled.long_type ??= config.long_type)
  const timeout = (settled.query_timeout_ms ??= config.query_timeout_ms)
  if (options.arguments && format === 'simple') request.arguments = simple(options.arguments)
  const out = own ? (state.way ??= open(state)) : open(state, options.secret)

  for (let attempt = 1; ; attempt++) {
    ended(state)
    guard.check()
    const sent = headers(settled, own ? seen(state) : undefined)
    // No header here holds a token: the way out adds it.
    config.logger?.debug('Fauna HTTP request to /query/1 (attempt %s), headers: %s', attempt, JSON.stringify(sent))
    const asked = Date.now()
    const response = await out
      .request({ client_timeout_ms: timeout + config.client_timeout_buffer_ms, data: request, headers: sent, method: 'POST', signal: options.signal }, guard.check)
      .catch(async (error) => {
        options.signal?.throwIfAborted()
        deliverable(guard)
        if (!CountersignError.is(error, 'token_rejected')) throw error
        throw await explained(getServiceError({ error: { code: 'unauthorized', message: error.message } }, 401), out, error)
      })
    deliverable(guard)
    config.logger?.debug('Fauna HTTP response %s from /query/1, headers: %s', response.status, conceal(JSON.stringify(response.headers)))
    const answer = read(response, format, long)
    if (!(answer instanceof Error)) {
      if (own) saw(state, answer.txn_ts)
      // The transaction's time is the server's clock, in microseconds.
      if (answer.txn_ts) out.channel?.clock(answer.txn_ts / 1000, asked)
      if (answer.stats) answer.stats.attempts = attempt
      return answer
    }
    if (!(answer instanceof ThrottlingError) || attempt >= config.max_attempts)
      throw CountersignError.is(answer, 'unauthorized') ? await explained(answer as ServiceError, out) : answer
    await pause(Math.min(Math.random() * 2 ** (attempt - 1), config.max_backoff) * 1000, options.signal)
  }
}

/** For `client.check()`: an error is a finding too. */
export const check = async (state: State): Promise<Finding[]> => {
  try {
    if (!state.http) resolveEndpoint(state.config.endpoint, 'endpoint', 'fauna')
    const { channel } = (state.way ??= open(state))
    return channel ? await channel.check() : []
  } catch (error) {
    const { code = 'backend', message, hint } = error as CountersignError
    return [{ ok: false, code, message: String(message), ...(hint && { fix: hint }) }]
  }
}
