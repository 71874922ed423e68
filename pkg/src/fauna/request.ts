import { base64, bytesOf, encode } from './encode.js'
import { ClientError } from './errors.js'
import type { QueryArgumentObject, QueryOptions } from './wire.js'

/** The server refuses a whole request for one bad tag and does not say which; this says it, before anything is sent. */
const tags = (tags: Record<string, string>): string => {
  const all = Object.entries(tags).map((pair) => pair.join('='))
  for (const tag of all)
    if (!/^\w{1,40}=\w{1,80}$/.test(tag)) throw new ClientError(`query_tags: '${tag.slice(0, 130)}' is no valid tag. Keys (up to 40) and values (up to 80 characters) are letters, digits and _`)
  const text = all.join(',')
  if (all.length > 25 || text.length > 3000) throw new ClientError('query_tags: at most 25 tags and 3000 characters in all')
  return text
}

/**
 * The headers of a query: only names that Fauna's CORS answer allows, or the preflight would fail.
 * @throws ClientError for malformed tags.
 */
export const headers = (c: QueryOptions, lastTxnTs: number | undefined): Record<string, string> => {
  const out: Record<string, string> = {}
  const set = (name: string, value: unknown) => {
    if (value !== undefined) out[name] = String(value)
  }
  set('x-format', c.format)
  set('x-typecheck', c.typecheck)
  set('x-performance-hints', c.performance_hints)
  set('x-query-timeout-ms', c.query_timeout_ms)
  set('x-linearized', c.linearized)
  set('x-max-contention-retries', c.max_contention_retries)
  set('traceparent', c.traceparent)
  set('x-query-tags', c.query_tags && tags(c.query_tags))
  set('x-last-txn-ts', lastTxnTs)
  set('x-driver-env', 'driver=countersign')
  return out
}

/**
 * Arguments as the `simple` format reads them: plain JSON, in which a tag would be an ordinary object. What JSON cannot say exactly
 * (NaN, integers beyond 2^53) is refused rather than changed.
 */
export const simple = (args: QueryArgumentObject): unknown => {
  encode(args) // throws for everything that cannot be an argument at all, with its path
  const replace = function (this: any, key: string, value: unknown): unknown {
    const given = this[key] // before toJSON: a Node Buffer has one
    if (typeof given === 'bigint' || typeof given === 'number') {
      const n = Number(given)
      if (Number.isNaN(n) || (typeof given === 'bigint' && !Number.isSafeInteger(n))) throw new ClientError(`The simple format cannot carry ${given} exactly (argument '${key}'). Use format 'tagged'`)
      return n
    }
    const bytes = typeof given === 'object' && given !== null ? bytesOf(given) : undefined
    return bytes ? base64(bytes) : value
  }
  return JSON.parse(JSON.stringify(args, replace))
}
