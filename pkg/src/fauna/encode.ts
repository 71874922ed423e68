import { ClientError } from './errors.js'
import { kind, type Kind } from './kind.js'
import { located, passing } from './locate.js'
import { put } from './put.js'
import type { QueryInterpolation, TaggedType } from './wire.js'

/** The smallest and the largest 64-bit integer that Fauna can hold. */
export const LONG_MIN = -(2n ** 63n)
export const LONG_MAX = 2n ** 63n - 1n

type Value = { [kind]?: Kind; isoString: string; dateString: string; name: string; id: string; coll: { name: string }; ref: object; token: string; encode(): QueryInterpolation }

const number = (value: number): TaggedType => {
  if ((value | 0) === value) return { '@int': String(value) }
  if (Number.isSafeInteger(value)) return { '@long': String(value) }
  if (value === Infinity || value === -Infinity) throw new RangeError(`Fauna takes no ${value}`)
  return { '@double': String(value) }
}

const bigint = (value: bigint): TaggedType => {
  if (BigInt.asIntN(64, value) !== value)
    throw new RangeError('Fauna takes no bigint beyond 64 bits. Send a number')
  return BigInt.asIntN(32, value) === value ? { '@int': String(value) } : { '@long': String(value) }
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
const bytesOf = (value: object): Uint8Array | undefined => {
  if (ArrayBuffer.isView(value)) {
    if (builtin(value) === 'Uint8Array') return value as Uint8Array
    throw new ClientError('Fauna takes no view but Uint8Array. Send new Uint8Array(view.buffer, view.byteOffset, view.byteLength)')
  }
  return builtin(value) === 'ArrayBuffer' ? new Uint8Array(value as ArrayBuffer) : undefined
}

/** Everything that is neither a primitive, nor an array, nor a plain object; `undefined` when it is to be sent field by field. */
const special = (value: object): TaggedType | undefined => {
  const v = value as Value
  switch (v[kind]) {
    case 'time': return { '@time': v.isoString }
    case 'date': return { '@date': v.dateString }
    case 'mod': return { '@mod': v.name }
    case 'doc': return { '@ref': { id: v.id, coll: { '@mod': v.coll.name } } }
    case 'named': return { '@ref': { name: v.name, coll: { '@mod': v.coll.name } } }
    case 'null': return walk(v.ref)
    case 'stream': return v.token
    case 'set': throw new ClientError('Fauna takes no Set. Send its `data` or its `after`')
  }
  if (typeof v.encode === 'function') throw new TypeError('Fauna takes no Query in arguments. Put it into fql`...`')
  if (value instanceof Date) return { '@time': value.toISOString() }
  const bytes = bytesOf(value)
  if (bytes) return { '@bytes': base64(bytes) }
  // A copy, so that an invalid one throws this realm's RangeError.
  return builtin(value) === 'Date' ? { '@time': new Date(+value).toISOString() } : undefined
}

/** Plain objects skip the questions about special values; most arguments are plain. */
const plain = (value: object): boolean => {
  const proto = Object.getPrototypeOf(value)
  return proto === Object.prototype || proto === null
}

/** `wrap` where a key that begins with @ must be told from a tag; it counts even when its value is left out. */
const fields = <T>(value: object, walk: (value: unknown) => T, wrap?: boolean): Record<string, T> => {
  let wrapped = false
  let key = ''
  const out: Record<string, T> = {}
  try {
    for (key in value) {
      if (wrap && key.charCodeAt(0) === 64) wrapped = true
      const field = (value as Record<string, unknown>)[key]
      if (field !== undefined) put(out, key, walk(field))
    }
  } catch (error) {
    throw passing(error, key)
  }
  return wrapped ? { '@object': out as T } : out
}

const items = <T>(value: unknown[], walk: (value: unknown) => T): T[] => {
  const out = new Array<T>(value.length)
  let i = 0
  try {
    // Holes stay holes, which JSON writes as null.
    for (; i < value.length; i++) if (i in value) out[i] = walk(value[i])
  } catch (error) {
    throw passing(error, i)
  }
  return out
}

const walk = (value: unknown): TaggedType => {
  switch (typeof value) {
    case 'string':
    case 'boolean': return value
    case 'number': return number(value)
    case 'bigint': return bigint(value)
    case 'object':
      if (value === null) return null
      if (Array.isArray(value)) return items(value, walk)
      return (plain(value) ? undefined : special(value)) ?? fields(value, walk, true)
  }
  throw new TypeError(`Fauna takes no ${typeof value}`)
}

const node = (value: unknown): QueryInterpolation => {
  if (typeof value !== 'object' || value === null) return { value: walk(value) }
  if (Array.isArray(value)) return { array: items(value, node) }
  const like = plain(value) ? undefined : (value as Value)
  // Known by its method, because one of npm fauna's own would be an object without fields.
  if (typeof like?.encode === 'function') return like.encode()
  const other = like && special(like)
  return other === undefined ? { object: fields(value, node) } : { value: other }
}

/** A value in the tagged format. @throws TypeError, RangeError or ClientError; the message ends with the path. What a getter throws passes on. */
export const encode = (value: unknown): TaggedType => located(walk, value)

/** A node of a query's template. @throws as {@link encode}. */
export const encodeInterpolation = (value: unknown): QueryInterpolation => located(node, value)

/** The same for the argument of a template at an index, which the path then begins with: `${0}.at`. */
export const encodeArgument = (value: unknown, index: number): QueryInterpolation => located((arg) => {
    try {
      return node(arg)
    } catch (error) {
      throw passing(error, ~index)
    }
  }, value)
