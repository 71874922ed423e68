// Why a socket was refused: its close code does not say, HTTP does.
import { CountersignError } from '../errors.js'
import { probed } from '../link.js'

/** What another attempt would not change. */
export const lasting = (error: unknown): boolean =>
  !CountersignError.is(error) || (!error.retryable && !CountersignError.is(error, 'network', 'offline', 'timeout', 'provider_failed', 'token_expired', 'budget_exhausted', 'protocol'))

/** Asks, and says what that means; with the error, if it was one of ours. */
export const ask = async (probe: (() => Promise<unknown>) | undefined): Promise<[found: number, error?: CountersignError]> => {
  try {
    await probe?.()
    return [probed.accepted]
  } catch (error) {
    if (!CountersignError.is(error)) return [probed.unreachable]
    // A proxy's page or a failure inside Hasura says nothing about the token.
    if (!lasting(error) || error.code === 'backend' || error.code === 'unexpected') return [probed.unreachable, error]
    // After a rotation of keys the engine refuses tokens until the provider's max-age lapses.
    return [/JWSInvalidSignature|NoUsableKeys/.test(error.message) ? probed.passing : probed.refused, error]
  }
}
