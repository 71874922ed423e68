// The three encodings of a result. Each function returns JSON text: `export_json` cannot be made with
// JSON.stringify (bare 64-bit integers), and floats keep their dot in all of them, as the real server writes them.
import { convexToJson } from 'convex/values'
import { badRequest } from './errors.mjs'

/** @typedef {'encoded' | 'clean' | 'export'} Format */

/** @type {Record<string, Format>} */
const NAMES = {
  convex_encoded_json: 'encoded', convex_json: 'encoded',
  json: 'clean', convex_clean_json: 'clean',
  export_json: 'export',
}

/** @param {unknown} name @param {Format} byDefault @returns {Format} */
export function parseFormat(name, byDefault) {
  if (name === undefined || name === null) return byDefault
  if (typeof name === 'string' && Object.hasOwn(NAMES, name)) return NAMES[name]
  throw badRequest('BadFormat', `format param must be one of [\`json\`]. Got ${name}`)
}

/** @param {any} value a Convex value @param {Format} format @returns {string} JSON */
export function encode(value, format) {
  if (format === 'encoded') return text(convexToJson(value), float)
  if (format === 'clean') return text(value, (n) => (Number.isFinite(n) ? float(n) : JSON.stringify(String(n))), {
    int64: (n) => JSON.stringify(String(n)),
    bytes: (bytes) => JSON.stringify(base64(bytes)),
  })
  return text(value, (n) => (Number.isFinite(n) ? float(n) : JSON.stringify(convexToJson(n))), {
    int64: String,
    bytes: (bytes) => JSON.stringify({ $bytes: base64(bytes) }),
  })
}

/** @param {ArrayBuffer} bytes */
const base64 = (bytes) => Buffer.from(bytes).toString('base64')

/** @param {number} n */
function float(n) {
  const plain = Object.is(n, -0) ? '-0' : String(n)
  return /^-?\d+$/.test(plain) ? `${plain}.0` : plain
}

/**
 * @param {any} value @param {(n: number) => string} number
 * @param {{ int64: (n: bigint) => string, bytes: (b: ArrayBuffer) => string }} [special] not needed for what is JSON already
 * @returns {string}
 */
function text(value, number, special) {
  if (typeof value === 'number') return number(value)
  if (typeof value === 'bigint' && special) return special.int64(value)
  if (value instanceof ArrayBuffer && special) return special.bytes(value)
  if (Array.isArray(value)) return `[${value.map((item) => text(item, number, special)).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${text(field, number, special)}`).join(',')}}`
  }
  return JSON.stringify(value ?? null)
}
