import { Document, DocumentReference, Module, NamedDocument, NamedDocumentReference, NullDocument } from './doc.js'
import { located, passing } from './locate.js'
import { put } from './put.js'
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

/** The text of a tag, as Fauna writes it: Number() would also take blanks, hexadecimal and the empty string, and atob blanks. */
const text = (tag: string, value: any, wanted: string, shape?: RegExp): string => (typeof value === 'string' && (!shape || shape.test(value)) ? value : bad(tag, wanted))

const isInteger = /^-?\d{1,19}$/
const isDouble = /^(?:-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN)$/
const isBase64 = /^[A-Za-z\d+/]*={0,2}$/

const int = (tag: string, value: any): number => {
  const wanted = 'a 32-bit integer in text'
  const n = +text(tag, value, wanted, isInteger)
  return (n | 0) === n ? n : bad(tag, wanted)
}

const long = (tag: string, value: any, mode: LongType): number | bigint => {
  const wanted = 'a 64-bit integer in text'
  const n = +text(tag, value, wanted, isInteger)
  if (Number.isSafeInteger(n) && mode !== 'bigint') return n + 0 // never -0
  const big = BigInt(value)
  if (big !== BigInt.asIntN(64, big)) bad(tag, wanted)
  if (mode !== 'number') return big
  console.warn("A Fauna long is too large for a number and lost digits. Use long_type 'bigint' or 'auto'.")
  return n
}

const bytes = (tag: string, value: any): Uint8Array => {
  const raw = text(tag, value, 'base64', isBase64).length % 4 ? bad(tag, 'base64') : atob(value)
  const out = new Uint8Array(raw.length)
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i)
  return out
}

/** The older form of a reference, `"Coll:id"`. */
const legacy = (tag: string, value: string): DocumentReference => {
  const at = value.indexOf(':')
  return at > 0 && at < value.length - 1 ? new DocumentReference({ coll: value.slice(0, at), id: value.slice(at + 1) }) : bad(tag, 'Coll:id')
}

/** What makes a reference: a collection, and an id that is not empty or else a name. */
const checked = <R extends Bag>(tag: string, value: R): R => {
  const { coll, id, name } = value
  return (coll instanceof Module || (coll && typeof coll === 'string')) && typeof (id || name) === 'string' ? value : bad(tag, '`coll` and `id` or `name`')
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
  if (typeof payload === 'string') return legacy('@doc', payload)
  let from = bag('@doc', payload)
  // A document with a field whose name begins with @ comes as {"@doc":{"@object":{...}}}.
  if (from['@object'] && Object.keys(from).length === 1) from = bag('@object', from['@object'])
  const doc = from['id'] ? new BareDocument() : new BareNamedDocument()
  // In the order of the driver's classes, which is the order of columns in many a table. Assigned from the right.
  if (from['id']) doc['ts'] = doc['id'] = doc['coll'] = undefined
  else doc['data'] = doc['ts'] = doc['name'] = doc['coll'] = undefined
  for (const key in from) {
    const x = from[key]
    put(doc, key, typeof x === 'object' && x !== null ? into(x, mode, key) : x)
  }
  checked('@doc', doc)
  if (typeof doc['coll'] === 'string') doc['coll'] = new Module(doc['coll'])
  if (!doc['id']) doc['data'] ||= {}
  return doc
}

const reference = (payload: any, mode: LongType): unknown => {
  if (typeof payload === 'string') return legacy('@ref', payload)
  const r = checked('@ref', fields(bag('@ref', payload), mode)) as any
  const ref = r.id ? new DocumentReference(r) : new NamedDocumentReference(r)
  return r.exists === false ? new NullDocument(ref, r.cause) : ref
}

const set = (payload: any, mode: LongType): unknown => {
  if (typeof payload === 'string') return new EmbeddedSet(payload)
  const page = fields(bag('@set', payload), mode) as any
  return Array.isArray(page.data) ? new Page(page) : bad('@set', 'a cursor or `data`')
}

/** One step down. */
const into = (value: Bag, mode: LongType, key: string | number): unknown => {
  try {
    return walk(value, mode)
  } catch (error) {
    throw passing(error, key)
  }
}

const field = (value: Bag, key: string, x: Bag, mode: LongType): void => {
  const y = into(x, mode, key)
  if (y !== x) value[key] = y
}

/** Decodes the fields of an object that is itself no tag. */
const fields = (value: Bag, mode: LongType): Bag => {
  for (const key in value) {
    const x = value[key]
    if (typeof x === 'object' && x !== null) field(value, key, x, mode)
  }
  return value
}

/** Exactly one key, and a known one: anything else is a plain object. */
const tagged = (tag: string, payload: any, value: Bag, mode: LongType): unknown => {
  switch (tag) {
    case '@int': return int(tag, payload)
    case '@double': return +text(tag, payload, 'a number in text', isDouble)
    case '@time': return TimeStub.from(payload)
    case '@mod': return new Module(text(tag, payload, 'a string'))
    case '@doc': return document(payload, mode)
    case '@ref': return reference(payload, mode)
    case '@long': return long(tag, payload, mode)
    case '@date': return DateStub.from(payload)
    case '@set': return set(payload, mode)
    case '@object': return fields(bag(tag, payload), mode)
    case '@bytes': return bytes(tag, payload)
    case '@stream': return new StreamToken(text(tag, payload, 'a string'))
  }
  return fields(value, mode)
}

const walk = (value: Bag, mode: LongType): unknown => {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const x = value[i]
      if (typeof x === 'object' && x !== null) {
        const y = into(x, mode, i)
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

/**
 * Decodes what JSON.parse made of a text, or a part of it. The tree is used up.
 * @throws RangeError or TypeError with the path of the malformed value.
 */
export const decodeTree = (tree: unknown, mode: LongType): any =>
  located((value) => (typeof value === 'object' && value !== null ? walk(value, mode) : value), tree)
