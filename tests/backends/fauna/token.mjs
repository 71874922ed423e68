// Tokens of event sources. A token holds everything: the source with its functions and the values these refer to, and the
// time it was made. It is no credential: whoever presents it reads with their own rights.
import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { fail } from './errors.mjs'
import { decodeTagged, encode } from './formats.mjs'
import { readJson, writeJson } from './json.mjs'
import { EventSource } from './source.mjs'
import { Bytes, Doc, FDate, Fn, Int, integer, Module, Time } from './values.mjs'

const VERSION = 1
const CHECK_BYTES = 8
/** Only so that a token with a slip in it is told from a good one. */
const checksum = (bytes) => createHash('sha256').update(bytes).digest().subarray(0, CHECK_BYTES)

/** @param {EventSource} source @param {number} ts of the transaction that made it, in microseconds @param {Map<string, any>} globals */
export function writeToken({ root, steps, fields }, ts, globals) {
  const json = {
    v: VERSION, ts, fields,
    root: 'coll' in root ? root : { doc: writeValue(root.doc, globals) },
    steps: steps.map(({ kind, fn }) => ({ kind, fn: writeValue(fn, globals) })),
  }
  const bytes = deflateRawSync(JSON.stringify(json))
  return Buffer.concat([checksum(bytes), bytes]).toString('base64')
}

/**
 * @param {string} token @param {Map<string, any>} globals
 * @param {(name: string) => boolean} isKnown modules and collections
 * @returns {{ source: EventSource, ts: number } | undefined} undefined: not a token
 */
export function readToken(token, globals, isKnown) {
  const whole = Buffer.from(token, 'base64')
  const bytes = whole.subarray(CHECK_BYTES)
  if (whole.toString('base64') !== token || !checksum(bytes).equals(whole.subarray(0, CHECK_BYTES))) return undefined
  const { v, ts, fields, root, steps } = JSON.parse(String(inflateRawSync(bytes)))
  if (v !== VERSION) return undefined
  const value = (json) => readValue(json, globals, isKnown)
  return { ts, source: new EventSource(root.doc ? { doc: value(root.doc) } : root, steps.map(({ kind, fn }) => ({ kind, fn: value(fn) })), fields) }
}

// Values ---------------------------------------------------------------------------------------------------------------
const SCALARS = [Int, Time, FDate, Bytes, Module]

function writeValue(value, globals) {
  const inner = (item) => writeValue(item, globals)
  if (value instanceof Doc) return { doc: [value.coll, value.id] }
  if (Array.isArray(value)) return { list: value.map(inner) }
  if (value instanceof Map) return { object: [...value].map(([key, item]) => [key, inner(item)]) }
  if (value instanceof Fn && !value.native) {
    const free = [...freeNames(value.body, new Set(value.params))].map((name) => [name, lookUp(value.env, name, globals)])
    return { params: value.params, body: writeNode(value.body, globals), vars: free.filter(([, item]) => item !== GLOBAL).map(([name, item]) => [name, inner(item)]) }
  }
  if (value === null || typeof value !== 'object' || SCALARS.some((type) => value instanceof type)) return { tagged: writeJson(encode(value, 'tagged')) }
  throw fail('invalid_receiver', 'This server cannot keep an event source whose functions refer to sets, event sources or functions of the server.')
}

function readValue(json, globals, isKnown) {
  const inner = (item) => readValue(item, globals, isKnown)
  if (json.doc) return new Doc(...json.doc)
  if (json.list) return json.list.map(inner)
  if (json.object) return new Map(json.object.map(([key, item]) => [key, inner(item)]))
  if (json.tagged !== undefined) return decodeTagged(readJson(json.tagged), isKnown)
  const env = { vars: new Map(json.vars.map(([name, item]) => [name, inner(item)])), up: { vars: globals } }
  return new Fn({ params: json.params, body: readNode(json.body, inner), env })
}

// Functions ------------------------------------------------------------------------------------------------------------
const isNode = (value) => value !== null && typeof value === 'object'
/** Places in the source text mean nothing once that text is gone. */
const PLACES = new Set(['s', 'e', 'at'])

/** A tree without places, its literals as values. */
function writeNode(node, globals) {
  if (Array.isArray(node)) return node.map((item) => writeNode(item, globals))
  if (!isNode(node)) return node
  if (node.t === 'number') return { t: 'value', v: writeValue(node.int === undefined ? node.double : integer(node.int), globals) }
  if (node.t === 'value') return { t: 'value', v: writeValue(node.v, globals) }
  return Object.fromEntries(Object.entries(node).filter(([key]) => !PLACES.has(key)).map(([key, item]) => [key, writeNode(item, globals)]))
}
function readNode(node, value) {
  if (Array.isArray(node)) return node.map((item) => readNode(item, value))
  if (!isNode(node)) return node
  if (node.t === 'value') return { t: 'value', v: value(node.v) }
  return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, readNode(item, value)]))
}

/** The names a tree uses but does not bind itself. @param {any} node @param {Set<string>} bound @param {Set<string>} [free] */
function freeNames(node, bound, free = new Set()) {
  const each = (children, names) => children.forEach((child) => isNode(child) && freeNames(child, names, free))
  if (node.t === 'name' && !bound.has(node.name)) free.add(node.name)
  else if (node.t === 'lambda') freeNames(node.body, new Set([...bound, ...node.params]), free)
  else if (node.t === 'block') {
    const inner = new Set(bound)
    for (const statement of node.body) {
      freeNames(statement.t === 'let' ? statement.value : statement, inner, free)
      if (statement.t === 'let') inner.add(statement.name)
    }
  } else if (node.t !== 'value') each(Object.values(node), bound)
  return free
}

const GLOBAL = Symbol('known wherever the token is read')
function lookUp(env, name, globals) {
  for (let scope = env; scope && scope.vars !== globals; scope = scope.up) if (scope.vars.has(name)) return scope.vars.get(name)
  return GLOBAL
}
