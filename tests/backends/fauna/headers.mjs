// The request headers of /query/1 and their limits.
import { badRequest } from './errors.mjs'

const invalid = (name, reason) => badRequest(`Invalid header '${name}': ${reason}`)

/** How long the caller waits, all that /feed/1 reads. @param {Record<string, string | undefined>} headers */
export const readTimeout = (headers) => integer(headers, 'x-query-timeout-ms', 1, 600_000) ?? 120_000

/** @param {Record<string, string | undefined>} headers @param {string} name @param {number} least @param {number} most */
function integer(headers, name, least, most) {
  const value = headers[name]?.trim()
  if (value === undefined) return undefined
  if (!/^-?\d{1,18}$/.test(value)) throw invalid(name, 'expected an integer')
  if (Number(value) < least || Number(value) > most) throw invalid(name, `must be between ${least} and ${most}`)
  return Number(value)
}

/** @param {Record<string, string | undefined>} headers */
export function readHeaders(headers) {
  const text = (name) => headers[name]?.trim()
  const flag = (name) => {
    const value = text(name)?.toLowerCase()
    if (value === undefined || value === 'true') return value === 'true'
    if (value !== 'false') throw invalid(name, 'expected `true` or `false`')
    return false
  }
  const format = text('x-format')?.toLowerCase() ?? 'simple'
  if (!['simple', 'tagged', 'decorated'].includes(format)) throw invalid('x-format', 'expected `simple`, `tagged` or `decorated`')
  return {
    format: /** @type {'simple' | 'tagged' | 'decorated'} */ (format),
    // Read for their syntax only: nothing here is inferred, hinted at, or spread over replicas.
    typecheck: flag('x-typecheck'),
    performanceHints: flag('x-performance-hints'),
    linearized: flag('x-linearized'),
    timeoutMs: readTimeout(headers),
    contentionRetries: integer(headers, 'x-max-contention-retries', 0, 7),
    lastTxnTs: integer(headers, 'x-last-txn-ts', 0, Number.MAX_SAFE_INTEGER),
    tags: readTags(text('x-query-tags')),
  }
}

const NAME = /^[A-Za-z0-9_]+$/

/** `k=v,k2=v2`, given back as it came. */
function readTags(value) {
  if (value === undefined) return undefined
  const wrong = (reason) => invalid('x-query-tags', reason)
  if (Buffer.byteLength(value) > 3000) throw wrong('header is too long')
  const pairs = value.split(',').map((pair) => pair.split('='))
  if (pairs.some((pair) => pair.length !== 2)) throw wrong('invalid tags')
  if (pairs.length > 25) throw wrong('too many tags')
  for (const [key, content] of pairs) {
    if (!NAME.test(key) || key.length > 40) throw wrong('invalid key')
    if (!NAME.test(content) || content.length > 80) throw wrong('invalid value')
  }
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw wrong('duplicate key')
  return value
}
