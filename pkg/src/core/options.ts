import { CountersignError } from '../errors.js'
import type { Policy, SessionOptions, TokenSpec } from '../types.js'

const invalid = (message: string) => new CountersignError('option_invalid', message)

const specFields = { template: 'string', audience: 'string', scope: 'string', idToken: 'boolean', orgClaim: 'string' } as const

const checkSpec = (name: string, spec: TokenSpec): void => {
  if (typeof spec === 'string') return
  if (!spec || typeof spec !== 'object') throw invalid(`\`templates.${name}\` must be a text or an object with template, audience, scope or idToken`)
  for (const [field, type] of Object.entries(specFields)) {
    const value = spec[field as keyof typeof spec]
    if (field === 'orgClaim' && Array.isArray(value) && value.length && value.every((name) => typeof name === 'string')) continue
    if (value !== undefined && typeof value !== type) throw invalid(`\`templates.${name}.${field}\` must be a ${type}, got ${typeof value}. Is an environment variable missing?`)
  }
}

/** By which operation of `command` in src/bind/session.rs each is set. */
const operations: Record<keyof Policy, number> = {
  timeoutMs: 13, leadMs: 14, marginMs: 15, fallbackTtlMs: 16, opaqueTtlMs: 17, forcedPerMinute: 18, forcedPerMinuteAll: 19, backoffMs: 23, backoffMaxMs: 24, stuckMs: 25,
}

/** The policy's numbers, checked, by operation. */
const readPolicy = (policy: Policy | undefined): [op: number, value: number][] => {
  if (policy === undefined) return []
  if (!policy || typeof policy !== 'object') throw invalid('`policy` must be an object')
  return (Object.entries(policy) as [keyof Policy, unknown][]).filter(([, v]) => v !== undefined).map(([field, value]) => {
    if (!Object.hasOwn(operations, field)) throw invalid(`\`policy.${field}\` is not known. There are ${Object.keys(operations).join(', ')}`)
    const least = /PerMinute|timeoutMs|stuckMs/.test(field) ? 1 : 0
    if (typeof value !== 'number' || !(value >= least) || value > 2 ** 31 - 1) throw invalid(`\`policy.${field}\` must be a number from ${least} to 2147483647, got ${typeof value === 'number' ? value : typeof value}`)
    return [operations[field], value]
  })
}

/** What is wrong with a session's options, said when it is first used; and the numbers of its policy. Loaded only where `plain` below has a doubt. */
export const checkOptions = (options: SessionOptions): [op: number, value: number][] => {
  for (const field of ['getToken', 'watch', 'isSignedOut', 'retryAfterMs', 'signOut'] as const)
    if (options[field] !== undefined && typeof options[field] !== 'function') throw invalid(`\`${field}\` must be a function, got ${typeof options[field]}`)
  if (options.templates !== undefined && (!options.templates || typeof options.templates !== 'object')) throw invalid('`templates` must be an object: your name for each token, and what to ask the provider for')
  if (options.routes !== undefined && !Array.isArray(options.routes)) throw invalid('`routes` must be an array of { url, template }')
  for (const [i, route] of (options.routes ?? []).entries()) if (typeof route?.url !== 'string') throw invalid(`\`routes[${i}].url\` must be a text`)
  for (const [name, spec] of Object.entries(options.templates ?? {})) checkSpec(name, spec)
  return readPolicy(options.policy)
}
