import { CountersignError } from './errors.js'
import type { Backend, Expect } from './internal.js'
import { boot, forget } from './boot.js'
import type { Finding } from './types.js'

export type { Finding } from './types.js'

/** What the token is held against. Without a backend, what holds for every JWT. */
export interface LintOptions {
  backend?: Backend | undefined
  expect?: Expect | undefined
}

const load = () =>
  boot('diagnose', async () => (await import('../wasm/diagnose.js')).default, () => import('../wasm/diagnose-inline.js'))

/** The artefact throws `[code, message]`; a trap loses the instance, and the next call makes a new one. */
const translate = (error: unknown): unknown => {
  if (Array.isArray(error)) return new CountersignError(error[0], error[1])
  if (!(error instanceof WebAssembly.RuntimeError)) return error
  forget('diagnose')
  return new CountersignError('wasm_trapped', 'the doctor stopped while it looked at this token; the next call starts it anew', { cause: error })
}

/**
 * Says what is wrong with a token, or in one line that nothing is. The token stays in the page, and no finding contains it.
 * What cannot work comes first, with what to change and where.
 */
export async function lint(token: string, options: LintOptions = {}): Promise<Finding[]> {
  const doctor = await load()
  try {
    return doctor.lint(token, options) as Finding[]
  } catch (error) {
    throw translate(error)
  }
}

/**
 * Checks the signature of a token (RS256, RS384, RS512, PS256, PS384, PS512) against the keys of its issuer, and that it is valid now.
 * `jwks`: a key set, its URL, or the URL of the issuer. Only the finding `signature_ok` says that the signature is right.
 */
export async function verify(token: string, options: { jwks: string | object }): Promise<Finding[]> {
  const doctor = await load()
  try {
    return (await doctor.verify(token, options?.jwks)) as Finding[]
  } catch (error) {
    throw translate(error)
  }
}

/**
 * The first thing that cannot work, as one sentence with its remedy: what the clients put into `error.hint`. Never rejects.
 * When the token is right by itself, what it says of itself: then it is the backend that expects something else.
 */
export async function explain(token: string, options: LintOptions = {}): Promise<string | undefined> {
  try {
    const found = await lint(token, options)
    const first = found.find((finding) => !finding.ok)
    if (first) return first.fix ? `${first.message} ${first.fix}` : first.message
    const good = found.find((finding) => finding.code === 'ok')
    return good && `${good.message}. Nothing is wrong with this token by itself: compare it with the issuer, audience and keys that the backend is set up for, and look at the backend's clock.`
  } catch {
    return undefined
  }
}
