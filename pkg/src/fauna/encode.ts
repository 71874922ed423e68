import { ClientError } from './errors.js'
import { kind, type Kind } from './kind.js'
import { located } from './locate.js'
import type { QueryInterpolation, TaggedType } from './wire.js'

/** The smallest and the largest 64-bit integer that Fauna can hold. */
export const LONG_MIN = -(2n ** 63n)
export const LONG_MAX = 2n ** 63n - 1n

type Bag = Record<string, unknown>
type Value = { [kind]?: Kind; isoString: string; dateString: string; name: string; id: string; coll: { name: string }; ref: object; token: string; encode(): QueryInterpolation }

const number = (value: number): TaggedType => {
  if ((value | 0) === value) return { '@int': String(value) }
  if (Number.isSafeInteger(value)) return { '@long': String(value) }
  if (value === Infinity || value === -Infinity) throw new RangeError(`Cannot convert ${value} to a Fauna type.`)
  return { '@double': String(value) }
}

const bigint = (value: bigint): TaggedType => {
  if (value < LONG_MIN || value > LONG_MAX)
    throw new RangeError("BigInt value exceeds max magnitude for a 64-bit Fauna long. Use a 'number' to represent doubles beyond that limit.")
  return value >= -2147483648n && value <= 2147483647n ? { '@int': String(value) } : { '@long': String(value) }
}

/** Standard base64 with padding, in slices because `fromCharCode` takes only so many arguments. */
export const base64 = (bytes: Uint8Array): string => {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

/** The type of a built-in, also one of another realm (an iframe, jsdom). */
const builtin = (value: object): string => Object.prototype.toString.call(value).slice(8, -1)

/** Bytes, if it is one of the two forms that Fauna takes. */
export const bytesOf = (value: object): Uint8Array | undefined => {
  if (ArrayBuffer.isView(value)) {
    if (builtin(value) === 'Uint8Array') return value as Uint8Array
    throw new ClientError('Only Uint8Array and ArrayBuffer can be sent as Fauna Bytes. Wrap the buffer of this view: new Uint8Array(view.buffer, view.byteOffset, view.byteLength)')
  }
  return builtin(value) === 'ArrayBuffer' ? new Uint8Array(value as ArrayBuffer) : undefined
}

const wrongType = (value: unknown) => new TypeError(`Passing ${typeof value} as a QueryArgument is not supported`)

/** `__proto__` as a field is data: assigning it would set the prototype instead. */
const define = (out: Bag, key: string, value: unknown) => Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true })

/** Everything that is neither a primitive, nor an array, nor a plain object; `undefined` when it is to be sent field by field. */
const special = (value: object): TaggedType | undefined => {
  const v = value as Value
  switch (v[kind]) {
    case 'time': return { '@time': v.isoString }
    case 'date': return { '@date': v.dateString }
    case 'mod': return { '@mod': v.name }
    case 'doc': return { '@ref': { id: v.id, coll: { '@mod': v.coll.name } } }
    case 'named': return { '@ref': { name: v.name, coll: { '@mod': v.coll.name } } }
    case 'null': return special(v.ref)
    case 'stream': return v.token
    case 'set': throw new ClientError('A Page or an EmbeddedSet could not be encoded: Fauna takes no Set values. Send its `data` or its `after` instead.')
    case 'query': throw new TypeError("Cannot encode instance of type 'Query'. Queries nest in fql`...` only, not in arguments.")
  }
  if (value instanceof Date) return { '@time': value.toISOString() }
  const bytes = bytesOf(value)
  if (bytes) return { '@bytes': base64(bytes) }
  return builtin(value) === 'Date' ? { '@time': (value as Date).toISOString() } : undefined
}

/** Plain objects skip the questions about special values; most arguments are plain. */
const plain = (value: object): boolean => {
  const proto = Object.getPrototypeOf(value)
  return proto === Object.prototype || proto === null
}

const fields = (value: Bag): TaggedType => {
  let wrapped = false
  const out: Bag = {}
  for (const key in value) {
    if (key.charCodeAt(0) === 64) wrapped = true
    const field = value[key]
    if (field === undefined) continue
    const encoded = typeof field === 'string' ? field : walk(field)
    if (key === '__proto__') define(out, key, encoded)
    else out[key] = encoded
  }
  return (wrapped ? { '@object': out } : out) as TaggedType
}

const walk = (value: unknown): TaggedType => {
  switch (typeof value) {
    case 'string':
    case 'boolean': return value
    case 'number': return number(value)
    case 'bigint': return bigint(value)
    case 'object':
      if (value === null) return null
      // `map` leaves holes alone, and JSON writes them as null.
      if (Array.isArray(value)) return value.map(each)
      return (plain(value) ? undefined : special(value)) ?? fields(value as Bag)
  }
  throw wrongType(value)
}

const node = (value: unknown): QueryInterpolation => {
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) return { array: value.map((item) => node(item)) }
    if ((value as Value)[kind] === 'query') return (value as Value).encode()
    const other = plain(value) ? undefined : special(value)
    if (other !== undefined) return { value: other }
    const out: Bag = {}
    for (const key in value) {
      const field = (value as Bag)[key]
      if (field === undefined) continue
      if (key === '__proto__') define(out, key, node(field))
      else out[key] = node(field)
    }
    return { object: out as { [key: string]: QueryInterpolation } }
  }
  return { value: walk(value) }
}

const each = (value: unknown) => walk(value)

/** A value in the tagged format. @throws TypeError, RangeError or ClientError, whose message ends with the path. */
export const encode = (value: unknown): TaggedType => located(() => walk(value), () => value, walk)

/** A node of a query's template. @throws as {@link encode}. */
export const encodeInterpolation = (value: unknown): QueryInterpolation => located(() => node(value), () => value, node)
