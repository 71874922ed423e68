// What a provider answered, of whatever kind.

/** No header that a server takes is as long: of a longer text the core sees no more than that it is one. */
const LONGEST = 64 * 1024

/** A text, its beginning for the core to look at, and its expiry or 0; or by number what else it is: `failure` in src/bind/session.rs has the numbers. */
export type Read = readonly [token: string, copy: string, expiresAt: number] | number

/** Takes `string | null | undefined | '' | { token, expiresAt? }`, and anything else by its type. Throws what a getter of the answer throws. */
export const read = (answer: unknown): Read => {
  const boxed = typeof answer === 'object' && answer !== null
  const { token, expiresAt } = (boxed ? answer : { token: answer }) as { token?: unknown; expiresAt?: unknown }
  if (typeof token === 'string') {
    // Taken for milliseconds, seconds and durations are in 1970: said, not guessed around. The upper end is the last instant that a Date can show.
    const time = typeof expiresAt === 'number' && expiresAt >= 1e11 && expiresAt <= 8.64e15
    if (token && !time && (expiresAt ?? null) !== null) return -7
    return [token, token.slice(0, LONGEST + 1), time ? expiresAt : 0]
  }
  if (token === null || (token === undefined && !boxed)) return -1
  return boxed ? -4 : typeof token === 'number' ? -2 : typeof token === 'boolean' ? -3 : -5
}
