// What a client asks the doctor. Loaded after a rejected token, or for check().
import { lint, explain as say } from '../diagnose.js'
import { CountersignError, scrub } from '../errors.js'
import type { CallSpec } from '../internal.js'
import type { Finding } from '../types.js'

/** The doctor's sentence about a token, or nothing: an explanation that fails must not replace what it was to explain. */
export const explain = async (token: string | null, { backend, issuer, audience }: CallSpec): Promise<string | undefined> => {
  try {
    return token ? await say(token, { backend, expect: { issuer, audience } }) : undefined
  } catch {
    return undefined
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
    return [{ ok: false, code: CountersignError.is(e) ? e.code : 'protocol', message: `${backend}: ${scrub(e.message)}`, ...(e.hint ? { fix: e.hint } : {}) }]
  }
}
