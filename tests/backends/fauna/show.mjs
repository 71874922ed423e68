// Values as text: what `toString()`, string concatenation and interpolation give, and the `decorated` wire format.
//
// Decorated rendering (fixed, and what the tests compare with): scalars as FQL literals (strings in double quotes),
// `Time("...")`, `Date("...")`, `Bytes("...")`, modules by name; arrays and objects one item per line, two blanks of
// indentation, `[]` and `{}` when empty; keys that are no identifiers in quotes; a document as its object with id,
// coll, ts first; a reference as `Coll("id")`, a missing document as `Coll("id") /* cause */`; a set as its page, a nested
// one past the tenth level as its cursor in quotes; an event source as its token in quotes.
import { Bytes, Doc, doubleText, FDate, Fn, Int, Module, Ordering, Time } from './values.mjs'

const QUOTED = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f', '\v': '\\v', '\0': '\\0', '#': '\\#' }
export const quote = (text) => `"${text.replace(/[\\"\n\r\t\b\f\v\0#]/g, (char) => QUOTED[char])}"`
const key = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : quote(name))

/** As `toString()` would: a string is itself. */
export const show = (run, value) => (typeof value === 'string' ? value : literal(run, value))

function literal(run, value) {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return doubleText(value)
  if (value instanceof Int) return String(value.v)
  if (value instanceof Time || value instanceof FDate) return String(value)
  if (value instanceof Bytes) return value.buffer.toString('base64')
  if (value instanceof Module) return value.name
  if (value instanceof Fn) return functionText(value)
  if (value instanceof Doc) return `${value.coll}(${quote(value.id)})`
  if (value instanceof Ordering) return '[ordering]'
  if (Array.isArray(value)) return `[${value.map((item) => literal(run, item)).join(', ')}]`
  if (value instanceof Map) return value.size ? `{ ${[...value].map(([name, item]) => `${key(name)}: ${literal(run, item)}`).join(', ')} }` : '{}'
  return '[set]'
}
export const functionText = (fn) => (fn.name ? `[function ${fn.name}()]` : '[function <lambda>]')

/** @param {any} value a materialised value (see formats.mjs) */
export function decorate(value, indent = '') {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return Number.isFinite(value) ? doubleText(value) : Number.isNaN(value) ? 'Math.NaN' : `${value < 0 ? '-' : ''}Math.Infinity`
  if (value instanceof Int) return String(value.v)
  if (value instanceof Time) return `Time(${quote(String(value))})`
  if (value instanceof FDate) return `Date(${quote(String(value))})`
  if (value instanceof Bytes) return `Bytes(${quote(value.buffer.toString('base64'))})`
  if (value instanceof Module) return value.name
  if (Array.isArray(value)) return lines('[', ']', value.map((item) => decorate(item, `${indent}  `)), indent)
  if (value instanceof Map) return lines('{', '}', [...value].map(([name, item]) => `${key(name)}: ${decorate(item, `${indent}  `)}`), indent)
  if (value.kind === 'doc' || value.kind === 'set') return decorate(value.fields, indent)
  if (value.kind === 'cursor') return quote(value.cursor)
  if (value.kind === 'stream') return quote(value.token)
  const reference = `${value.fields.get('coll').name}(${quote(value.fields.get('id'))})`
  return value.cause ? `${reference} /* ${value.cause} */` : reference
}
const lines = (open, close, items, indent) =>
  items.length ? `${open}\n${items.map((item) => `${indent}  ${item}`).join(',\n')}\n${indent}${close}` : open + close
