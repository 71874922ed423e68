import { decodeTree } from './decode.js'
import { base64 } from './encode.js'
import { ClientError } from './errors.js'
import { kind } from './kind.js'
import { located, passing } from './locate.js'
import type { EncodedObject, QueryOptions } from './wire.js'

/** The server refuses a whole request for one bad tag and does not say which; this says it, before anything is sent. */
const tags = (tags: Record<string, string>): string | undefined => {
  const all = Object.entries(tags).map((pair) => pair.join('='))
  for (const tag of all)
    if (!/^\w{1,40}=\w{1,80}$/.test(tag)) throw new ClientError(`query_tags: '${tag.slice(0, 130)}' is no valid tag. Keys (up to 40) and values (up to 80 characters) are letters, digits and _`)
  const text = all.join(',')
  if (all.length > 25 || text.length > 3000) throw new ClientError(`query_tags: at most 25 tags and 3000 characters in all, and these are ${all.length} with ${text.length}`)
  // No tags at all: the server takes no empty header.
  return text || undefined
}

const whole = (option: string, value: number | undefined, least: number, most: number): number | undefined => {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return value
  throw new RangeError(`'${option}' must be a whole number from ${least} to ${most}, not ${String(value)}`)
}

/**
 * The headers of a query: only names that Fauna's CORS answer allows, or the preflight would fail.
 * @throws ClientError for malformed tags and for what no header can carry; RangeError for a number that Fauna would refuse.
 */
export const headers = (c: QueryOptions, lastTxnTs: number | undefined): Record<string, string> => {
  const out: Record<string, string> = {}
  const set = (name: string, value: unknown, option = name) => {
    if (value === undefined) return
    out[name] = String(value)
    // The platform would throw as well, and not say what.
    if (!/^[ -~]*$/.test(out[name])) throw new ClientError(`'${option}' holds characters that no header can carry (line breaks or non-ASCII)`)
  }
  set('x-format', c.format, 'format')
  set('x-typecheck', c.typecheck, 'typecheck')
  set('x-performance-hints', c.performance_hints, 'performance_hints')
  set('x-query-timeout-ms', whole('query_timeout_ms', c.query_timeout_ms, 1, 600_000))
  set('x-linearized', c.linearized, 'linearized')
  set('x-max-contention-retries', whole('max_contention_retries', c.max_contention_retries, 0, 7))
  set('traceparent', c.traceparent)
  set('x-query-tags', c.query_tags && tags(c.query_tags))
  set('x-last-txn-ts', lastTxnTs)
  set('x-driver-env', 'driver=countersign')
  return out
}

/**
 * Arguments as the `simple` format reads them: plain JSON, in which a tag would be an ordinary object. Made of the tagged ones, which were
 * written when they were given. Times, dates and bytes become text. What JSON cannot say (references, modules, NaN, integers beyond
 * 2^53) is refused rather than changed.
 * @throws ClientError, with the path.
 */
export const simple = (tagged: EncodedObject): EncodedObject => {
  const args = { arguments: decodeTree(tagged, 'auto') }
  located(look, args)
  return JSON.parse(JSON.stringify(args.arguments, (_, value) => (value instanceof Uint8Array ? base64(value) : value)))
}

/** Goes through once for the sake of the path, which writing JSON does not tell. With `auto` only what is no safe number is a bigint. */
const look = (value: any): void => {
  const not = /doc|named|mod/.test(value?.[kind]) ? 'a reference or a module' : Number.isNaN(value) || typeof value === 'bigint' ? `${value} exactly` : ''
  if (not) throw new ClientError(`The simple format cannot carry ${not}. Use format 'tagged'`)
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value))
    for (const key of Object.keys(value))
      try {
        look(value[key])
      } catch (error) {
        throw passing(error, Array.isArray(value) ? +key : key)
      }
}
