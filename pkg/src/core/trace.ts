// Numbers that observers are told, as words: in the order of `Status` in src/auth/identity.rs, `Reason` in src/auth/entry.rs, `notice` in src/js/ports.rs.
import type { Status, TokenRequest } from '../types.js'

export const statuses: readonly Status[] = ['unknown', 'anonymous', 'signedIn', 'degraded']
export const reasons: readonly TokenRequest['reason'][] = ['first', 'expiring', 'rejected', 'forced', 'identity']

const s = (ms: number) => `${(ms / 1000).toFixed(1)} s`

const end = (ms: number) => (ms === ms ? ms / 1000 : '?')

/** The decision trace, by the numbers of `notice` in src/js/ports.rs: why the token manager did what it did. */
export const decision = (kind: number, template: string, a: number, b: number, c: number, d: number): string => {
  switch (kind) {
    case 7:
      return `asked for ${template} (${reasons[a]}${b && a !== 3 ? ', forced' : ''})`
    case 8:
      return `refreshed ${template}: ${s(a)} left, lead ${s(b)}, skew [${end(c)}, ${end(d)}] s`
    case 9:
      return `kept ${template}: same token, ${s(a)} left; again in ${s(b)}`
    case 11:
      return `forced refresh of ${template} put off: the minute's budget is used up`
    default:
      return `refresh of ${template} failed: ${s(a)} left, next try in ${s(b)}`
  }
}
