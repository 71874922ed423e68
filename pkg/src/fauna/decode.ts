import { Document, DocumentReference, Module, NamedDocument, NamedDocumentReference, NullDocument } from './doc.js'
import { located } from './locate.js'
import { EmbeddedSet, Page, StreamToken } from './set.js'
import { DateStub, TimeStub } from './time.js'
import type { LongType } from './wire.js'

// The walk goes from the outside in and replaces values where they stand in the tree that JSON.parse built: only a tag makes a new
// object. Documents are copied while their fields are decoded, which is faster than giving the parsed object another prototype.

type Bag = Record<string, any>

const bad = (tag: string, wanted: string): never => {
  throw new RangeError(`Malformed value in the response: ${tag} must hold ${wanted}`)
}

const bag = (tag: string, value: any): Bag => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : bad(tag, 'an object'))
const str = (tag: string, value: any): string => (typeof value === 'string' ? value : bad(tag, 'a string'))

const num = (tag: string, value: any): number => {
  const n = typeof value === 'string' && value !== '' ? +value : NaN
  return n === n || value === 'NaN' ? n : bad(tag, 'a number in text')
}

const int = (tag: string, value: any): number => {
  const n = num(tag, value)
  return Number.isInteger(n) ? n : bad(tag, 'an integer in text')
}

const long = (text: any, mode: LongType): number | bigint => {
  const n = int('@long', text)
  if (mode === 'bigint') return BigInt(text)
  if (n >= Number.MIN_SAFE_INTEGER && n <= Number.MAX_SAFE_INTEGER) return n + 0 // never -0
  if (mode === 'auto') return BigInt(text)
  console.warn("A Fauna long is too large for a number and lost digits. Use long_type 'bigint' or 'auto'.")
  return n
}

const bytes = (text: any): Uint8Array => {
  let raw = ''
  try {
    raw = atob(str('@bytes', text))
  } catch {
    bad('@bytes', 'base64')
  }
  const out = new Uint8Array(raw.length)
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i)
  return out
}

/** The older form of a reference, `"Coll:id"`. */
const legacy = (text: string): DocumentReference => {
  const at = text.indexOf(':')
  return new DocumentReference({ coll: text.slice(0, at < 0 ? undefined : at), id: at < 0 ? (undefined as never) : text.slice(at + 1) })
}

/** Instances without the constructor's work; V8 learns their size, which it does not for `Object.create` and `setPrototypeOf`. */
const bare = <C extends abstract new (...args: any[]) => any>(Class: C) => {
  const Bare = function () {} as unknown as { new (): Bag; prototype: unknown }
  Bare.prototype = Class.prototype
  return Bare
}
const BareDocument = bare(Document)
const BareNamedDocument = bare(NamedDocument)

const document = (payload: any, mode: LongType): unknown => {
  if (typeof payload === 'string') return legacy(payload)
  let from = bag('@doc', payload)
  // A document with a field whose name begins with @ comes as {"@doc":{"@object":{...}}}.
  if (from['@object'] && Object.keys(from).length === 1) from = bag('@object', from['@object'])
  const doc = from['id'] ? new BareDocument() : new BareNamedDocument()
  for (const key in from) {
    const x = from[key]
    const y = typeof x === 'object' && x !== null ? walk(x, mode) : x
    // Assigning __proto__ would set the prototype instead of a field.
    if (key === '__proto__') Object.defineProperty(doc, key, { value: y, enumerable: true, configurable: true, writable: true })
    else doc[key] = y
  }
  if (typeof doc['coll'] === 'string') doc['coll'] = new Module(doc['coll'])
  if (!doc['id']) doc['data'] ||= {}
  return doc
}

const reference = (payload: any, mode: LongType): unknown => {
  if (typeof payload === 'string') return legacy(payload)
  const r = fields(bag('@ref', payload), mode) as any
  const ref = r.id ? new DocumentReference(r) : new NamedDocumentReference(r)
  return r.exists === false ? new NullDocument(ref, r.cause) : ref
}

const set = (payload: any, mode: LongType): unknown => {
  if (typeof payload === 'string') return new EmbeddedSet(payload)
  return new Page(fields(bag('@set', payload), mode) as any)
}

/** Decodes the fields of an object that is itself no tag. */
const fields = (value: Bag, mode: LongType): Bag => {
  for (const key in value) {
    const x = value[key]
    if (typeof x === 'object' && x !== null) field(value, key, x, mode)
  }
  return value
}

const field = (value: Bag, key: string, x: Bag, mode: LongType): void => {
  const y = walk(x, mode)
  if (y !== x) value[key] = y
}

/** Exactly one key, and a known one: anything else is a plain object. */
const tagged = (tag: string, payload: any, value: Bag, mode: LongType): unknown => {
  switch (tag) {
    case '@int': return int(tag, payload)
    case '@double': return num(tag, payload)
    case '@time': return TimeStub.from(payload)
    case '@mod': return new Module(str(tag, payload))
    case '@doc': return document(payload, mode)
    case '@ref': return reference(payload, mode)
    case '@long': return long(payload, mode)
    case '@date': return DateStub.from(payload)
    case '@set': return set(payload, mode)
    case '@object': return fields(bag(tag, payload), mode)
    case '@bytes': return bytes(payload)
    case '@stream': return new StreamToken(str(tag, payload))
  }
  return fields(value, mode)
}

const walk = (value: Bag, mode: LongType): unknown => {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const x = value[i]
      if (typeof x === 'object' && x !== null) {
        const y = walk(x, mode)
        if (y !== x) value[i] = y
      }
    }
    return value
  }
  let tag = ''
  let first = true
  for (const key in value) {
    if (first) {
      first = false
      if (key.charCodeAt(0) === 64) {
        tag = key
        continue
      }
    } else if (tag) return fields(value, mode) // a second key: no tag after all
    const x = value[key]
    if (typeof x === 'object' && x !== null) field(value, key, x, mode)
  }
  return tag ? tagged(tag, value[tag], value, mode) : value
}

const any = (value: unknown, mode: LongType): unknown => (typeof value === 'object' && value !== null ? walk(value, mode) : value)

/**
 * Decodes what JSON.parse made of `text`, or of a part of it: `pick` finds that part. The tree is used up.
 * @throws RangeError or TypeError with the path of the malformed value.
 */
export const decodeTree = (tree: unknown, mode: LongType, text: string, pick: (root: any) => unknown): any =>
  located(() => any(tree, mode), () => pick(JSON.parse(text)), (value) => any(structuredClone(value), mode))
