// Numbers that observers are told, as words: in the order of `Status` in src/auth/identity.rs, `Reason` in src/auth/entry.rs, `Decision` in src/auth/machine.rs.
import type { Status, TokenRequest } from '../types.js'

export const statuses: readonly Status[] = ['unknown', 'anonymous', 'signedIn', 'degraded']
export const reasons: readonly TokenRequest['reason'][] = ['first', 'expiring', 'rejected', 'forced', 'identity']

/** One per decision. `%`: the template; a digit: that number in seconds; `#`: why it was asked, and whether for a token newer than the provider's. */
const lines = [
  'asked for % (#)',
  'refreshed %: 0 s left, lead 1 s, skew [2, 3] s',
  'kept %: the same token, 0 s left, again in 1 s',
  'failed to refresh %: 0 s left, next try in 1 s',
  "denied a forced refresh of %: the minute's budget is used up",
]

/** The decision trace: why the token manager did what it did. An unknown end of the skew (NaN) is `?`. */
export const decision = (line: number, template: string, numbers: number[]): string =>
  lines[line]!.replace(/[%#0-3]/g, (mark) => {
    if (mark === '%') return template
    if (mark === '#') return reasons[numbers[0]!] + (numbers[1] && numbers[0] !== 3 ? ', forced' : '')
    const ms = numbers[+mark]!
    return isNaN(ms) ? '?' : `${+(ms / 1000).toFixed(1)}`
  })
