// What strings, times, dates and bytes can do. Positions in strings count code points, as FQL's do.
import { check, fail, failures } from './errors.mjs'
import { natives } from './natives.mjs'
import { FDate, Int, int, integer, parseDate, parseTime, Time } from './values.mjs'

const chars = (text) => Array.from(text)
const position = (text, index) => (index < 0 ? null : int(chars(text.slice(0, index)).length))
const noRegex = (run, text, args, span) => {
  throw check('This server does not support regular expressions', span)
}

function parseInteger(text, radix, long) {
  const digits = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, radix)
  const [, sign, body] = /^([+-]?)(.+)$/.exec(text.toLowerCase()) ?? []
  if (!body || [...body].some((digit) => !digits.includes(digit))) return null
  let v = [...body].reduce((sum, digit) => sum * BigInt(radix) + BigInt(digits.indexOf(digit)), 0n)
  if (sign === '-') v = -v
  const fits = long ? BigInt.asIntN(64, v) === v : BigInt.asIntN(32, v) === v
  return fits ? new Int(v, long) : null
}
function radixOf(radix, span) {
  if (radix < 2 || radix > 36) throw fail('invalid_argument', 'invalid argument `format`: invalid radix, expected a number from 2-36', span)
  return radix
}
const parseDouble = (text) => (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text.trim()) ? Number(text) : null)

export const STRING = {
  fields: new Map([['length', (text) => int(chars(text).length)]]),
  methods: natives({
    'at(index: Int)': (run, text, [index], span) => {
      const all = chars(text)
      if (index < 0 || index >= all.length) throw failures.bounds(index, all.length, span)
      return all[index]
    },
    'concat(other: String)': (run, text, [other]) => text + other,
    'startsWith(prefix: String)': (run, text, [prefix]) => text.startsWith(prefix),
    'endsWith(suffix: String)': (run, text, [suffix]) => text.endsWith(suffix),
    'includes(pattern: String)': (run, text, [pattern]) => text.includes(pattern),
    'indexOf(pattern: String, start: Int?)': (run, text, [pattern, start = 0]) =>
      position(text, text.indexOf(pattern, chars(text).slice(0, start).join('').length)),
    'lastIndexOf(pattern: String)': (run, text, [pattern]) => position(text, text.lastIndexOf(pattern)),
    'insert(index: Int, other: String)': (run, text, [index, other], span) => {
      const all = chars(text)
      if (index < 0 || index > all.length) throw failures.bounds(index, all.length, span)
      return all.toSpliced(index, 0, other).join('')
    },
    'replace(pattern: String, replacement: String)': (run, text, [pattern, replacement]) => text.replace(pattern, () => replacement),
    'replaceAll(pattern: String, replacement: String)': (run, text, [pattern, replacement]) => text.replaceAll(pattern, () => replacement),
    'slice(start: Int, end: Int?)': (run, text, [start, end]) =>
      chars(text).slice(Math.max(0, start), end === undefined ? undefined : Math.max(0, end)).join(''),
    'split(separator: String)': (run, text, [separator]) => (separator ? text.split(separator) : chars(text)),
    'toLowerCase()': (run, text) => text.toLowerCase(),
    'toUpperCase()': (run, text) => text.toUpperCase(),
    'casefold()': (run, text) => text.normalize('NFKC').toLowerCase(),
    'parseInt(radix: Int?)': (run, text, [radix = 10], span) => parseInteger(text, radixOf(radix, span), false),
    'parseLong(radix: Int?)': (run, text, [radix = 10], span) => parseInteger(text, radixOf(radix, span), true),
    'parseDouble()': (run, text) => parseDouble(text),
    'parseNumber()': (run, text) => parseInteger(text, 10, false) ?? parseInteger(text, 10, true) ?? parseDouble(text),
    ...Object.fromEntries(['matches', 'matchIndexes', 'includesRegex', 'replaceRegex', 'splitRegex'].map((name) => [`${name}(...args: Any)`, noRegex])),
  }),
}

const UNITS = {
  days: 86_400_000_000_000n, halfdays: 43_200_000_000_000n, hours: 3_600_000_000_000n, minutes: 60_000_000_000n,
  seconds: 1_000_000_000n, milliseconds: 1_000_000n, microseconds: 1000n, nanoseconds: 1n,
}
export const unitNanos = (unit, span) => {
  if (!(unit in UNITS)) throw fail('invalid_unit', `\`${unit}\` is not a valid time unit.`, span)
  return UNITS[unit]
}
const days = (unit, span) => {
  if (unit !== 'days') throw fail('invalid_unit', `\`${unit}\` is not a valid date unit.`, span)
}
const dateOf = (count) => new FDate(new Date(count * 86_400_000).toISOString().slice(0, -14))

export const TIME = {
  fields: new Map([
    ['year', (time) => int(time.date.getUTCFullYear())],
    ['month', (time) => int(time.date.getUTCMonth() + 1)],
    ['dayOfMonth', (time) => int(time.date.getUTCDate())],
    ['dayOfWeek', (time) => int(time.date.getUTCDay() || 7)],
    ['hour', (time) => int(time.date.getUTCHours())],
    ['minute', (time) => int(time.date.getUTCMinutes())],
    ['second', (time) => int(time.date.getUTCSeconds())],
  ]),
  methods: natives({
    'add(amount: Int, unit: String)': (run, time, [amount, unit], span) => new Time(time.nanos + BigInt(amount) * unitNanos(unit, span)),
    'subtract(amount: Int, unit: String)': (run, time, [amount, unit], span) => new Time(time.nanos - BigInt(amount) * unitNanos(unit, span)),
    'difference(other: Time, unit: String)': (run, time, [other, unit], span) => integer((time.nanos - other.nanos) / unitNanos(unit, span)),
    'toMicros()': (run, time) => integer(time.nanos / 1000n),
    'toMillis()': (run, time) => integer(time.nanos / 1_000_000n),
    'toSeconds()': (run, time) => integer(time.nanos / 1_000_000_000n),
  }),
}
export const DATE = {
  fields: new Map([
    ['year', (date) => int(new Date(date.days * 86_400_000).getUTCFullYear())],
    ['month', (date) => int(new Date(date.days * 86_400_000).getUTCMonth() + 1)],
    ['dayOfMonth', (date) => int(new Date(date.days * 86_400_000).getUTCDate())],
  ]),
  methods: natives({
    'add(amount: Int, unit: String)': (run, date, [amount, unit], span) => (days(unit, span), dateOf(date.days + amount)),
    'subtract(amount: Int, unit: String)': (run, date, [amount, unit], span) => (days(unit, span), dateOf(date.days - amount)),
    'difference(other: Date, unit: String)': (run, date, [other, unit], span) => (days(unit, span), int(date.days - other.days)),
  }),
}
export const BYTES = {
  fields: new Map(),
  methods: natives({
    'length()': (run, bytes) => int(bytes.buffer.length),
    'toBase64()': (run, bytes) => bytes.buffer.toString('base64'),
  }),
}

/** `Time("...")` and `Date("...")`, as constructors and as `fromString`. */
export function timeFrom(text, span) {
  const time = parseTime(text)
  if (!time) throw fail('invalid_time', `\`${text}\` is not a valid time.`, span)
  return time
}
export function dateFrom(text, span) {
  const date = parseDate(text)
  if (!date) throw fail('invalid_date', `\`${text}\` is not a valid date.`, span)
  return date
}
