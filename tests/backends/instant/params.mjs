// What every route of the local Instant reads and checks in the same way.
import { appStatus, invalid } from './errors.mjs'

export const asObject = (/** @type {unknown} */ v) => (v !== null && typeof v === 'object' && !Array.isArray(v) ? /** @type {Record<string, any>} */ (v) : undefined)
export const asCode = (/** @type {unknown} */ v) => (typeof v === 'string' || typeof v === 'number' ? String(v).trim() : undefined)

/** @returns {Record<string, any>} */
export function bodyOf(/** @type {import('../lib/server.mjs').Request} */ req) {
  try {
    return asObject(req.json()) ?? {}
  } catch {
    throw invalid('body', null, ['The body is not JSON.'])
  }
}

export function readable(/** @type {Record<string, any>} */ knobs) {
  if (knobs.disabled) throw appStatus('disabled')
}

export function writable(/** @type {Record<string, any>} */ knobs) {
  readable(knobs)
  if (knobs.readOnly) throw appStatus('read-only')
}

/** Counts a knob down. */
export function take(/** @type {Record<string, any>} */ knobs, /** @type {string} */ name) {
  if (!(knobs[name] > 0)) return false
  knobs[name] -= 1
  return true
}
