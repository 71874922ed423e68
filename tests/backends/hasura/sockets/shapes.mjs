// Shapes of what goes in and out of a socket: the headers of an init, the payload of an error, the reason of a close.
import { HasuraError } from '../failure.mjs'

/** Of a close frame, in bytes of UTF-8. */
const MOST_REASON = 123

/** The message's headers before those of the handshake; both where both have one. */
export function merged(params, upgrade) {
  /** @type {import('../authenticate.mjs').Headers} */
  const headers = { ...upgrade }
  for (const [name, value] of Object.entries(params)) headers[name] = upgrade[name] === undefined ? value : [value, /** @type {string} */ (upgrade[name])]
  return headers
}

/** @param {unknown} payload of an `error` @param {'object' | 'array' | 'string'} shape */
export function shaped(payload, shape) {
  const one = [typeof payload === 'object' && payload !== null && 'errors' in payload ? payload.errors : payload].flat()[0]
  const error = typeof one === 'string' ? new HasuraError('unexpected', one).shaped() : one
  return shape === 'array' ? [error] : shape === 'object' ? error : error.message
}

/** @param {string} reason */
export function truncated(reason) {
  const bytes = Buffer.from(reason)
  // A character that is cut in two decodes to U+FFFD, which may take more room than it had.
  return bytes.length <= MOST_REASON ? reason : bytes.subarray(0, MOST_REASON).toString('utf8').replace(/\uFFFD+$/, '')
}
