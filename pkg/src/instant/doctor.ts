import { CountersignError } from '../errors.js'
import type { Channel, Explained } from '../internal.js'
import type { Finding } from '../types.js'

/** A sentence is worth a moment, not the sign-in. */
const patienceMs = 5_000

/** What is known of the identity token, if it comes soon. */
export const explainer = (open: () => Channel) => async (): Promise<Explained | undefined> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    return await Promise.race([open().explain(), new Promise<undefined>((resolve) => (timer = setTimeout(resolve, patienceMs)))])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

const findingOf = (error: unknown): Finding =>
  CountersignError.is(error)
    ? { ok: false, code: error.code, message: error.message, ...(error.hint ? { fix: error.hint } : {}) }
    : { ok: false, code: 'backend', message: `instant: ${(error as Error).message}` }

/** Everything that is known to be wrong: what the last sign-in said, the options, the token. */
export const checkup = async (open: () => Channel, last: Error | undefined, options?: () => unknown): Promise<Finding[]> => {
  const findings = last ? [findingOf(last)] : []
  try {
    options?.()
    return [...findings, ...(await open().check())]
  } catch (error) {
    return [...findings, findingOf(error)]
  }
}
