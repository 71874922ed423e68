import { CountersignError } from '../errors.js'
import type { SessionOptions, TokenSpec } from '../types.js'

export const invalid = (message: string): CountersignError => new CountersignError('option_invalid', message)

const base = () => (globalThis as { location?: { href?: string } }).location?.href

/** A normalised absolute address; relative ones are the page's. */
export const href = (input: RequestInfo | URL, what: string): URL => {
  try {
    return new URL(typeof input === 'object' && 'url' in input ? input.url : String(input), base())
  } catch {
    // The text is not repeated: a token in a query would be.
    throw invalid(`${what} is not a URL`)
  }
}

/** `'x'` is `{ template: 'x' }`. */
export const readSpec = (spec: TokenSpec): Exclude<TokenSpec, string> => (typeof spec === 'string' ? { template: spec } : spec)

/** Whether options are of the usual shape, so that the code that takes unusual ones apart need not be loaded. */
export const plain = ({ getToken, watch, isSignedOut, retryAfterMs, signOut, templates, routes, policy }: SessionOptions): boolean =>
  !policy &&
  [getToken, watch, isSignedOut, retryAfterMs, signOut].every((f) => f === undefined || typeof f === 'function') &&
  Array.isArray(routes ?? []) &&
  (routes ?? []).every((r) => typeof r?.url === 'string') &&
  typeof (templates ?? {}) === 'object' &&
  Object.values(templates ?? {}).every((s: any) => typeof s === 'string' || (s && Object.entries(s).every(([k, v]) => typeof v === (k === 'idToken' ? 'boolean' : 'string'))))
