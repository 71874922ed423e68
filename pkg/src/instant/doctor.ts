import { CountersignError } from '../errors.js'
import type { Channel, Explained } from '../internal.js'
import type { Finding } from '../types.js'
import { doubts } from './id-token.js'

/** A sentence is worth a moment, not the sign-in. */
const patienceMs = 5_000

/** Where a client's warnings go; `false`: nowhere. Default the console. */
export type Logger = { warn(message: string): void } | false

/** Looks at identity tokens before they are sent, and explains them when they were refused. */
export interface Advisor {
  /** Warns of what the token itself shows to be wrong, once of each thing; the token is sent nevertheless. Never throws. */
  look(idToken: string): void
  explain(): Promise<Explained | undefined>
}

export const advisor = (open: () => Channel, issuer: string | undefined, logger: Logger = globalThis.console): Advisor => {
  const said = new Set<string>()
  return {
    look(idToken) {
      const news = doubts(idToken, issuer).filter((doubt) => !said.has(doubt))
      if (!news.length) return
      news.forEach((doubt) => said.add(doubt))
      try {
        if (logger) logger.warn(`countersign: instant: the identity token ${news.join('; it ')}. \`await db.check()\` says what to change`)
      } catch {
        // A logger that fails has nobody to tell.
      }
    },
    explain: explainer(open),
  }
}

/** What is known of the identity token, if it comes soon. */
const explainer = (open: () => Channel) => async (): Promise<Explained | undefined> => {
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
