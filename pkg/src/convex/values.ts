import { CountersignError } from '../errors.js'
import { show } from './show.js'

// Convex's value encoding (`convex_encoded_json`): what JSON cannot say is an object with one `$` key. Own words, the vendor's rules.

/** What arrives in place of a commit timestamp that is not assigned yet. Opaque: it can be passed around, not read and not sent. */
class CommitTsPlaceholder {
  [Symbol.toPrimitive](hint: string): string {
    return hint === 'string' ? this.toString() : this.valueOf()
  }
  toString(): string {
    return '[unresolved commit timestamp]'
  }
  toJSON(): never {
    return this.valueOf()
  }
  valueOf(): never {
    throw new Error('This commit timestamp is unresolved: its value is assigned when the mutation commits. Read the document after the mutation completes to get its value.')
  }
}

const placeholder = new CommitTsPlaceholder()
const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n
/** Also what keeps an object that contains itself from using up the stack. */
const maxDepth = 64
const seeTypes = " To learn about Convex's supported types, see https://docs.convex.dev/using/types."

const refuse = (message: string): never => {
  throw new CountersignError('option_invalid', message, { backend: 'convex' })
}
const malformed = (message: string): never => {
  throw new CountersignError('protocol', message, { backend: 'convex' })
}

const toBase64 = (bytes: Uint8Array): string => {
  let text = ''
  // In slices: the argument list of one call is limited.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}
const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => {
  // atob also takes spaces and missing padding; the server never writes either.
  if (text.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) malformed('Invalid base64 in a Convex value')
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
const eight = (write: (view: DataView) => void): string => {
  const view = new DataView(new ArrayBuffer(8))
  write(view)
  return toBase64(new Uint8Array(view.buffer))
}
const viewOfEight = (text: string, tag: string): DataView => {
  const bytes = fromBase64(text)
  if (bytes.length !== 8) malformed(`Received ${bytes.length} bytes, expected 8 for ${tag}`)
  return new DataView(bytes.buffer)
}

const isSpecial = (n: number) => !Number.isFinite(n) || Object.is(n, -0)

/** A plain object, also one of another realm. */
export const isSimpleObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || (prototype as object).constructor?.name === 'Object'
}

const checkField = (name: string, fail: (message: string) => never) => {
  if (name.length > 1024) fail(`Field name ${name} exceeds maximum field name length 1024.`)
  if (name.startsWith('$')) fail(`Field name ${name} starts with a '$', which is reserved.`)
  const bad = /[^ -~]/.exec(name)
  if (bad) fail(`Field name ${name} has invalid character '${bad[0]}': Field names can only contain non-control ASCII characters`)
}

/** A JavaScript value as Convex writes it in JSON. Throws `option_invalid` for what Convex has no type for, naming the path. */
export const convexToJson = (value: unknown): unknown => {
  const where = (path: string) => (path ? ` (present at path ${path} in original object ${show(value)})` : '')
  const unsupported = (v: unknown, type: string, path: string) =>
    refuse(`${type}${show(v)} is not a supported Convex type${where(path)}.${path ? seeTypes : ''}`)

  const encode = (v: unknown, path: string, depth: number): unknown => {
    if (depth > maxDepth) refuse(`A Convex value may be nested ${maxDepth} deep; this one is deeper, or contains itself (at path ${path.slice(0, 200)})`)
    switch (typeof v) {
      case 'undefined':
        return refuse(`undefined is not a valid Convex value${where(path)}.${seeTypes}`)
      case 'boolean':
        return v
      case 'string':
        // A lone surrogate survives JSON.stringify as an escape that the server's parser refuses: the whole request, or the socket, fails.
        if (!/\p{Surrogate}/u.test(v)) return v
        return refuse(`The string${path ? ` at path ${path}` : ''} contains half of a surrogate pair, which is not valid Unicode. Use toWellFormed(), or do not cut strings inside a character`)
      case 'number':
        return isSpecial(v) ? { $float: eight((view) => view.setFloat64(0, v, true)) } : v
      case 'bigint':
        if (v < minInt64 || v > maxInt64) refuse(`BigInt ${v} does not fit into a 64-bit signed integer.`)
        return { $integer: eight((view) => view.setBigInt64(0, v, true)) }
    }
    if (v === null) return null
    if (v instanceof ArrayBuffer) return { $bytes: toBase64(new Uint8Array(v)) }
    // Array.from, not map: a hole is undefined, and says so.
    if (Array.isArray(v)) return Array.from(v, (item: unknown, i) => encode(item, `${path}[${i}]`, depth + 1))
    if (v instanceof Set) return unsupported([...v], 'Set', path)
    if (v instanceof Map) return unsupported([...v], 'Map', path)
    if (!isSimpleObject(v)) {
      const type = (v as { constructor?: { name?: string } }).constructor?.name
      return unsupported(v, type ? `${type} ` : '', path)
    }
    // Sorted at every level, so that equal arguments are equal text. fromEntries also keeps a field named __proto__ a field.
    const names = Object.keys(v).filter((name) => v[name] !== undefined).sort()
    return Object.fromEntries(names.map((name) => {
      checkField(name, refuse)
      return [name, encode(v[name], `${path}.${name}`, depth + 1)]
    }))
  }
  return encode(value, '', 0)
}

const tags: Record<string, (payload: any) => unknown> = {
  $bytes: (text) => fromBase64(text).buffer,
  $integer: (text) => viewOfEight(text, '$integer').getBigInt64(0, true),
  $float: (text) => {
    const float = viewOfEight(text, '$float').getFloat64(0, true)
    return isSpecial(float) ? float : malformed(`Float ${float} should be encoded as a number`)
  },
}

/** What Convex wrote, as a JavaScript value. Throws `protocol` for what it never writes. */
export const jsonToConvex = (json: unknown): unknown => {
  if (typeof json !== 'object' || json === null) return json === undefined || typeof json === 'function' ? malformed(`Unexpected type of ${String(json)}`) : json
  if (Array.isArray(json)) return json.map(jsonToConvex)
  const entries = Object.entries(json)
  if (entries.length === 1) {
    const [tag, payload] = entries[0]!
    const read = Object.hasOwn(tags, tag) ? tags[tag] : undefined
    if (read) return typeof payload === 'string' ? read(payload) : malformed(`Malformed ${tag} field on ${String(json)}`)
    if (tag === '$commitTs') return payload === null ? placeholder : malformed(`Malformed ${tag} field on ${String(json)}`)
    if (tag === '$set' || tag === '$map') malformed(`Received a ${tag === '$set' ? 'Set' : 'Map'} which is no longer supported as a Convex type.`)
  }
  return Object.fromEntries(entries.map(([name, v]) => {
    checkField(name, malformed)
    return [name, jsonToConvex(v)]
  }))
}
