// What graphql-ws is given to connect with. Loaded when it first asks.
import { CountersignError } from '../errors.js'

/** How long to stay with a provider that fails; graphql-ws gives an answer no second chance. */
const patienceMs = 10_000

/** The headers; none where nobody is signed in, or after waiting in vain. Rejects only what somebody must change. */
export const params = async (ask: () => Promise<Record<string, string>>): Promise<{ headers: Record<string, string> }> => {
  const until = Date.now() + patienceMs
  for (let wait = 250; ; wait *= 2) {
    try {
      return { headers: await ask() }
    } catch (error) {
      if (CountersignError.is(error, 'signed_out')) return { headers: {} }
      if (CountersignError.is(error) && error.kind === 'config') throw error
      if (Date.now() + wait > until) return { headers: {} }
    }
    await new Promise((resolve) => setTimeout(resolve, wait))
  }
}
