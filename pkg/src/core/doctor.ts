// What a client asks the doctor. Loaded after a rejected token, or for check().
import { lint, explain as say } from '../diagnose.js'
import { CountersignError, scrub } from '../errors.js'
import type { CallSpec, Explained } from '../internal.js'
import type { Finding, TokenSnapshot } from '../types.js'
import { facts } from './words.js'

/** What is known of a refused token: the doctor's sentence, or none (an explanation that fails must not replace what it was to explain), and the facts. */
export const explain = async (held: string | null, { template, backend, issuer, audience }: CallSpec, token: TokenSnapshot | undefined): Promise<Explained> => {
  const known = { token: facts(template, token) }
  try {
    return held ? { ...known, hint: await say(held, { backend, expect: { issuer, audience } }) } : known
  } catch {
    return known
  }
}

/** Every finding about a client's configuration and its current token. Never rejects. */
export const check = async (getToken: () => Promise<string | null>, { backend, endpoint, issuer, audience }: CallSpec): Promise<Finding[]> => {
  try {
    endpoint()
    const token = await getToken()
    if (token === null) return [{ ok: false, code: 'signed_out', message: `${backend}: nobody is signed in`, fix: 'Sign in, then check again' }]
    return await lint(token, { backend, expect: { issuer, audience } })
  } catch (error) {
    const e = error as CountersignError
    return [{ ok: false, code: CountersignError.is(e) ? e.code : 'protocol', message: `${backend}: ${scrub(e)}`, ...(e.hint ? { fix: e.hint } : {}) }]
  }
}
