// A token that must be of the organisation that the user is in now (H10). Loaded where a template says by which claim.
import type { TokenAnswer } from '../types.js'

/** Handed in: what every page has loaded is not loaded from here once more, in a file of its own. */
type PayloadOf = (token: string) => Record<string, unknown>

/** Clerk says "another organisation" before its server knows: a token asked for in between is the old one's. */
const AGAIN_MS = [250, 1000]

const claim = (answer: TokenAnswer, path: string | readonly string[], payloadOf: PayloadOf): unknown => {
  const token = typeof answer === 'string' ? answer : answer?.token
  let value: unknown = token && payloadOf(token)
  for (const name of typeof path === 'string' ? [path] : path) value = (value as Record<string, unknown> | undefined)?.[name]
  return value
}

/**
 * The answer whose claim names this organisation: the first one, or one of two more that are asked for a little later.
 * Rejects when the provider stays with another one. Nobody signed in is an answer too.
 */
export const ofOrg = async (first: TokenAnswer, again: () => PromiseLike<TokenAnswer> | TokenAnswer, path: string | readonly string[], org: string | null, payloadOf: PayloadOf): Promise<TokenAnswer> => {
  for (let n = 0, answer = first; ; n++, answer = await again()) {
    if (!answer || (claim(answer, path, payloadOf) ?? null) === org) return answer
    const wait = AGAIN_MS[n]
    if (!wait) throw new Error(`the claim ${[path].flat().join(' > ')} names another organisation than the one the user is in`)
    await new Promise((done) => setTimeout(done, wait))
  }
}
