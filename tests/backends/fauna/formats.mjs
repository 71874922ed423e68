// Values on the wire: decoding tagged and simple input, making a result final (documents read, sets paged), and
// encoding it tagged, simple or decorated.
import { decorate, functionText } from './show.mjs'
import { cursor, FSet, page } from './sets.mjs'
import { EventSource } from './source.mjs'
import { asStruct } from './access.mjs'
import { RawNumber } from './json.mjs'
import { Bytes, Doc, doubleText, FDate, fitsLong, Fn, Int, integer, Module, Ordering, parseDate, parseTime, Time } from './values.mjs'

export class BadValue extends Error {}
const bad = (message) => new BadValue(message)

// In -----------------------------------------------------------------------------------------------------------------
/** @param {any} json as `readJson` gives it @param {(name: string) => boolean} isKnown modules and collections */
export function decodeTagged(json, isKnown) {
  if (json instanceof RawNumber) throw bad('numbers must be tagged')
  if (Array.isArray(json)) return json.map((item) => decodeTagged(item, isKnown))
  if (!(json instanceof Map)) return json
  const tag = [...json.keys()].find((key) => key.startsWith('@'))
  if (tag === undefined) return fields(json, isKnown)
  if (json.size > 1) throw bad('too many keys in tagged value')
  const decode = TAGS[tag]
  if (!decode) throw bad(`invalid tag '${tag}'`)
  return decode(json.get(tag), isKnown)
}
const fields = (json, isKnown) => new Map([...json].map(([key, item]) => [key, decodeTagged(item, isKnown)]))
const text = (kind, json) => {
  if (typeof json !== 'string') throw bad(`invalid ${kind}`)
  return json
}
const whole = (kind, fits) => (json) => {
  if (!/^[+-]?\d+$/.test(text(kind, json)) || !fits(BigInt(json))) throw bad(`invalid ${kind}`)
  return new Int(BigInt(json), kind === 'long')
}
const orBad = (kind, parse) => (json) => {
  const value = parse(text(kind, json))
  if (value === undefined) throw bad(`invalid ${kind}`)
  return value
}
const DOUBLE = /^(?:NaN|[+-]?Infinity|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/

function reference(json, isKnown) {
  if (typeof json === 'string') {
    const [, coll, id] = /^(\w+):(\d{1,19})$/.exec(json) ?? []
    if (!coll) throw bad('invalid document reference')
    return new Doc(named(coll, isKnown).name, id)
  }
  const coll = json instanceof Map ? json.get('coll') : undefined
  const id = json instanceof Map ? json.get('id') : undefined
  if (!(coll instanceof Map) || typeof id !== 'string' || !/^\d{1,19}$/.test(id)) throw bad('invalid document reference')
  const module = decodeTagged(coll, isKnown)
  if (!(module instanceof Module)) throw bad('invalid document reference')
  return new Doc(module.name, id)
}
const named = (name, isKnown) => {
  if (!isKnown(name)) throw bad(`no such module '${name}'`)
  return new Module(name)
}
const TAGS = {
  '@int': whole('integer', (v) => BigInt.asIntN(32, v) === v),
  '@long': whole('long', fitsLong),
  '@double': orBad('double', (json) => (DOUBLE.test(json) ? Number(json) : undefined)),
  '@time': orBad('time', parseTime),
  '@date': orBad('date', parseDate),
  '@bytes': orBad('bytes', (json) => {
    const buffer = Buffer.from(json, 'base64')
    return buffer.toString('base64') === json ? new Bytes(buffer) : undefined
  }),
  '@mod': (json, isKnown) => named(text('module', json), isKnown),
  '@doc': reference,
  '@ref': reference,
  '@object': (json, isKnown) => {
    if (!(json instanceof Map)) throw bad('invalid object')
    return fields(json, isKnown)
  },
}

/** Plain JSON (arguments under `x-format: simple`): numbers are Int, Long or Double by their magnitude. */
export function decodeSimple(json) {
  if (json instanceof RawNumber) return json.isInteger ? integer(BigInt(json.text)) : Number(json.text)
  if (Array.isArray(json)) return json.map(decodeSimple)
  return json instanceof Map ? new Map([...json].map(([key, item]) => [key, decodeSimple(item)])) : json
}

// Final --------------------------------------------------------------------------------------------------------------
const MAX_SETS = 10

/** Reads documents and first pages. Documents inside a document stay references. @param {any} run */
export function materialize(run, value, inDocument = false, depth = 0) {
  const inner = (item) => materialize(run, item, inDocument, depth)
  if (value instanceof Doc) return inDocument ? { kind: 'ref', fields: refFields(value) } : document(run, value)
  if (value instanceof FSet) {
    if (depth >= MAX_SETS) return { kind: 'cursor', cursor: cursor(run, { set: value, size: value.size }) }
    return { kind: 'set', fields: materialize(run, page(run, { set: value }), inDocument, depth + 1) }
  }
  if (value instanceof EventSource) return { kind: 'stream', token: run.tokenOf(value, run.tx.ts) }
  if (value instanceof Fn) return functionText(value)
  if (value instanceof Ordering) return '[ordering]'
  if (Array.isArray(value)) return value.map(inner)
  return value instanceof Map ? new Map([...value].map(([key, item]) => [key, inner(item)])) : value
}
const refFields = (doc) => new Map([['id', doc.id], ['coll', new Module(doc.coll)]])
function document(run, doc) {
  const found = run.read(doc)
  if (!found.fields) return { kind: 'ref', fields: refFields(doc), cause: found.cause }
  return { kind: 'doc', fields: materialize(run, asStruct(doc.coll, doc.id, found), true) }
}

// Out ----------------------------------------------------------------------------------------------------------------
/** @param {'tagged' | 'simple' | 'decorated'} format */
export function encode(value, format) {
  if (format === 'decorated') return decorate(value)
  return format === 'tagged' ? tagged(value) : simple(value)
}
const tag = (name, payload) => new Map([[name, payload]])

function tagged(value) {
  if (value instanceof Int) return tag(value.long ? '@long' : '@int', String(value.v))
  if (typeof value === 'number') return tag('@double', doubleText(value))
  if (value instanceof Time) return tag('@time', String(value))
  if (value instanceof FDate) return tag('@date', String(value))
  if (value instanceof Bytes) return tag('@bytes', value.buffer.toString('base64'))
  if (value instanceof Module) return tag('@mod', value.name)
  if (Array.isArray(value)) return value.map(tagged)
  if (value instanceof Map) {
    const object = new Map([...value].map(([key, item]) => [key, tagged(item)]))
    return [...object.keys()].some((key) => key.startsWith('@')) ? tag('@object', object) : object
  }
  if (value?.kind === 'doc') return tag('@doc', tagged(value.fields))
  if (value?.kind === 'set') return tag('@set', tagged(value.fields))
  if (value?.kind === 'cursor') return tag('@set', value.cursor)
  if (value?.kind === 'stream') return tag('@stream', value.token)
  if (value?.kind === 'ref') return tag('@ref', tagged(value.cause ? new Map([...value.fields, ['exists', false], ['cause', value.cause]]) : value.fields))
  return value
}

function simple(value) {
  if (value instanceof Int) return new RawNumber(String(value.v))
  if (typeof value === 'number') return Number.isFinite(value) ? value : doubleText(value)
  if (value instanceof Time || value instanceof FDate) return String(value)
  if (value instanceof Bytes) return value.buffer.toString('base64')
  if (value instanceof Module) return value.name
  if (Array.isArray(value)) return value.map(simple)
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, simple(item)]))
  if (value?.kind === 'cursor') return value.cursor
  if (value?.kind === 'stream') return value.token
  if (value?.kind === 'ref' && value.cause) return null
  return value?.kind ? simple(value.fields) : value
}
