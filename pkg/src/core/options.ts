import { CountersignError } from '../errors.js'
import type { Policy, SessionOptions, TokenSpec } from '../types.js'

export const invalid = (message: string): CountersignError => new CountersignError('option_invalid', message)

const specFields = { template: 'string', audience: 'string', scope: 'string', idToken: 'boolean' } as const

/** `'x'` is `{ template: 'x' }`. */
export const readSpec = (name: string, spec: TokenSpec): Exclude<TokenSpec, string> => {
  if (typeof spec === 'string') return { template: spec }
  if (!spec || typeof spec !== 'object') throw invalid(`\`templates.${name}\` must be a text or an object with template, audience, scope or idToken`)
  for (const [field, type] of Object.entries(specFields)) {
    const value = spec[field as keyof typeof spec]
    if (value !== undefined && typeof value !== type) throw invalid(`\`templates.${name}.${field}\` must be a ${type}, got ${typeof value}. Is an environment variable missing?`)
  }
  return spec
}

/** The policy's numbers, checked. */
export const readPolicy = (policy: Policy | undefined): [keyof Policy, number][] => {
  if (policy === undefined) return []
  if (!policy || typeof policy !== 'object') throw invalid('`policy` must be an object')
  return (Object.entries(policy) as [keyof Policy, unknown][]).filter(([, v]) => v !== undefined).map(([field, value]) => {
    const least = /PerMinute|timeoutMs/.test(field) ? 1 : 0
    if (typeof value !== 'number' || !(value >= least) || value > 2 ** 31 - 1) throw invalid(`\`policy.${field}\` must be a number from ${least} to 2147483647, got ${typeof value === 'number' ? value : typeof value}`)
    return [field, value]
  })
}

/** What can be wrong with a session's options, said when it is first used. */
export const checkOptions = (options: SessionOptions): void => {
  for (const field of ['getToken', 'watch', 'isSignedOut', 'signOut'] as const)
    if (options[field] !== undefined && typeof options[field] !== 'function') throw invalid(`\`${field}\` must be a function, got ${typeof options[field]}`)
  if (options.templates !== undefined && (!options.templates || typeof options.templates !== 'object')) throw invalid('`templates` must be an object: your name for each token, and what to ask the provider for')
  if (options.routes !== undefined && !Array.isArray(options.routes)) throw invalid('`routes` must be an array of { url, template }')
}

const base = () => (globalThis as { location?: { href?: string } }).location?.href

/** A normalised absolute address; relative ones are the page's. */
export const href = (input: RequestInfo | URL, what: string): URL => {
  try {
    return new URL(typeof input === 'object' && 'url' in input ? input.url : String(input), base())
  } catch {
    // The text is not repeated: a token in a query would be.
    throw invalid(`${what} is not a URL; it must be absolute (https://...), or relative to the page`)
  }
}
