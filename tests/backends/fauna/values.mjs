// FQL's values as this server holds them: string, boolean and null as themselves, Double as a JS number, Int and
// Long as `Int`, arrays as arrays, structs as Maps, and the classes below.

export class Int {
  /** @param {bigint} v @param {boolean} [long] a Long keeps its type on the wire even when it is small */
  constructor(v, long = v < -0x80000000n || v > 0x7fffffffn) {
    this.v = v
    this.long = long
  }
}
const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n
export const fitsLong = (v) => v >= MIN && v <= MAX
/** The result of integer arithmetic: Int, Long, or (beyond 64 bits) Double, as the server does. */
export const integer = (v) => (fitsLong(v) ? new Int(v) : Number(v))
export const int = (n) => new Int(BigInt(n))

export class Time {
  /** @param {bigint} nanos since the epoch */
  constructor(nanos) {
    this.nanos = nanos
  }
  static fromMicros = (micros) => new Time(BigInt(micros) * 1000n)
  get date() {
    return new Date(Number(floorDiv(this.nanos, 1000000n)))
  }
  toString() {
    const whole = this.date.toISOString().slice(0, -5).replace(/^([+-])0*(\d{4,})-/, (_, sign, year) => `${sign}${year}-`)
    const rest = ((this.nanos % 1000000000n) + 1000000000n) % 1000000000n
    if (rest === 0n) return `${whole}Z`
    const digits = String(rest).padStart(9, '0')
    return `${whole}.${digits.endsWith('000000') ? digits.slice(0, 3) : digits.endsWith('000') ? digits.slice(0, 6) : digits}Z`
  }
}
const floorDiv = (a, b) => (a < 0n && a % b !== 0n ? a / b - 1n : a / b)

export class FDate {
  /** @param {string} text YYYY-MM-DD, already checked */
  constructor(text) {
    this.text = text
  }
  get days() {
    return Math.round(dayMillis(this.text) / 86400000)
  }
  toString() {
    return this.text
  }
}
export class Bytes {
  /** @param {Buffer} buffer */
  constructor(buffer) {
    this.buffer = buffer
  }
}
/** A collection or a module of the standard library, by name. */
export class Module {
  constructor(name) {
    this.name = name
  }
}
/** A document by reference; what it holds is read when it is used. `at`: the frozen snapshot of a cursor. */
export class Doc {
  constructor(coll, id, at) {
    this.coll = coll
    this.id = id
    this.at = at
  }
}
/** A lambda (`params`, `body`, `env`) or a function of the server (`native`). */
export class Fn {
  constructor({ name, params, body, env, native }) {
    Object.assign(this, { name, params, body, env, native })
  }
}
/** What `asc(...)` and `desc(...)` give. */
export class Ordering {
  constructor(fn, sign) {
    this.fn = fn
    this.sign = sign
  }
}

const DATE = /^(\d{4}|-\d{4,6}|\+\d{5,6})-(\d\d)-(\d\d)$/
const TIME = /^(\d{4}|-\d{4,6}|\+\d{5,6})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d)(?::?(\d\d))?)$/

function dayMillis(text) {
  const [, year, month, day] = DATE.exec(text) ?? []
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day) ? date.getTime() : Number.NaN
}

/** @returns {Date | undefined} FQL's date of a text, undefined when it is none */
export const parseDate = (text) => (Number.isNaN(dayMillis(text)) ? undefined : new FDate(text))

export function parseTime(text) {
  const found = TIME.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, oh = 0, om = 0, os = 0] = found
  const midnight = dayMillis(`${year}-${month}-${day}`)
  if (Number.isNaN(midnight) || hour > 23 || minute > 59 || second > 59 || om > 59) return undefined
  const seconds = midnight / 1000 + hour * 3600 + minute * 60 + Number(second) - (sign === '-' ? -1 : 1) * (oh * 3600 + om * 60 + Number(os))
  return new Time(BigInt(seconds) * 1000000000n + BigInt(fraction.padEnd(9, '0')))
}

/** Java's text of a double, which is what Fauna writes: 22.2, 1.0E10, NaN, Infinity. */
export function doubleText(n) {
  if (Number.isNaN(n)) return 'NaN'
  if (!Number.isFinite(n)) return n > 0 ? 'Infinity' : '-Infinity'
  if (Object.is(n, -0)) return '-0.0'
  const size = Math.abs(n)
  if (n === 0 || (size >= 1e-3 && size < 1e7)) return Number.isInteger(n) ? `${n}.0` : String(n)
  const [digits, exponent] = n.toExponential().split('e')
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
}

export const isNumber = (v) => v instanceof Int || typeof v === 'number'
export const raw = (v) => (v instanceof Int ? v.v : v)

/** The name of a value's type, as error messages show it. */
export function typeName(v) {
  if (v === null) return 'Null'
  if (v instanceof Int) return v.long ? 'Long' : 'Int'
  if (v instanceof Doc) return v.coll
  if (v instanceof Module) return v.name
  if (v instanceof Map) return 'Object'
  if (Array.isArray(v)) return 'Array'
  if (v instanceof FDate) return 'Date'
  if (v instanceof Fn) return 'Function'
  const plain = { string: 'String', boolean: 'Boolean', number: 'Double' }[typeof v]
  return plain ?? v.constructor.name
}

const orderOf = (v) => ['Null', 'Boolean', 'Number', 'String', 'Bytes', 'Time', 'Date', 'Array', 'Object'].indexOf(isNumber(v) ? 'Number' : typeName(v))

/** Negative, zero, positive; undefined when the two have no order between them. */
export function compare(a, b) {
  if (isNumber(a) && isNumber(b)) return raw(a) < raw(b) ? -1 : raw(a) > raw(b) ? 1 : raw(a) == raw(b) ? 0 : Number.isNaN(raw(a)) ? 1 : -1
  if (typeof a === typeof b && (typeof a === 'string' || typeof a === 'boolean')) return a < b ? -1 : a > b ? 1 : 0
  if (a instanceof Time && b instanceof Time) return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
  if (a instanceof FDate && b instanceof FDate) return a.days - b.days
  if (a instanceof Bytes && b instanceof Bytes) return Buffer.compare(a.buffer, b.buffer)
  if (a instanceof Doc && b instanceof Doc) return compare(a.coll, b.coll) || (BigInt(a.id) < BigInt(b.id) ? -1 : a.id === b.id ? 0 : 1)
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < a.length && i < b.length; i++) {
      const order = totalCompare(a[i], b[i])
      if (order) return order
    }
    return a.length - b.length
  }
  return a === null && b === null ? 0 : undefined
}
/** An order between any two values, by type where nothing else decides. */
export const totalCompare = (a, b) => compare(a, b) ?? orderOf(a) - orderOf(b)

/** Equality of values that need no database (a missing document against null is the evaluator's business). */
export function equals(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equals(item, b[i]))
  if (a instanceof Map && b instanceof Map) return a.size === b.size && [...a].every(([key, item]) => b.has(key) && equals(item, b.get(key)))
  if (a instanceof Module && b instanceof Module) return a.name === b.name
  if (isNumber(a) && isNumber(b)) return raw(a) == raw(b)
  return a === b || compare(a, b) === 0
}
