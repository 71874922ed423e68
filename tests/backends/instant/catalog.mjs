// The attributes of the app, as clients receive them in `init-ok`: what the schema names, and what writes have added since.
import { createHash } from 'node:crypto'
import { ApiError, denied, invalid } from './errors.mjs'

/**
 * @typedef {import('./schema.mjs').Entity} Entity
 * @typedef {{ id: string, 'forward-identity': string[], 'reverse-identity'?: string[], 'value-type': 'blob' | 'ref', cardinality: 'one' | 'many', 'unique?': boolean, 'index?': boolean, [more: string]: any }} Attr
 */

const SYSTEM = /^\$/
/** Always the same for the same name, as in a database that lives on: clients keep results with these ids in them. @param {string[]} name */
function uuidOf(...name) {
  const hex = createHash('sha256').update(name.join(' ')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** @param {Record<string, Entity>} initial */
export function createCatalog(initial) {
  let schema = structuredClone(initial)
  /** @type {Attr[]} */
  let attrs = []

  const find = (/** @type {string} */ etype, /** @type {string} */ label) => attrs.find(({ 'forward-identity': [, e, l] }) => e === etype && l === label)
  const findReverse = (/** @type {string} */ etype, /** @type {string} */ label) => attrs.find(({ 'reverse-identity': reverse }) => reverse?.[1] === etype && reverse[2] === label)

  /** @param {string} etype @param {string} label @param {import('./schema.mjs').Attr} [how] @returns {Attr} */
  const blob = (etype, label, { type, indexed = false, unique = false } = {}) => ({
    id: uuidOf('attr', etype, label),
    'forward-identity': [uuidOf('forward', etype, label), etype, label],
    'value-type': 'blob',
    cardinality: 'one',
    'unique?': unique,
    'index?': indexed,
    'required?': false,
    ...(label === 'id' && { 'primary?': true }),
    'inferred-types': type ? [type] : null,
    catalog: SYSTEM.test(etype) ? 'system' : 'user',
    ...(type && { 'checked-data-type': type }),
  })

  for (const [etype, { attrs: labels, links }] of Object.entries(schema)) {
    attrs.push(blob(etype, 'id', { indexed: false, unique: true }))
    for (const [label, how] of Object.entries(labels)) attrs.push(blob(etype, label, how))
    for (const [label, { to, reverse, has }] of Object.entries(links)) {
      if (findReverse(etype, label)) continue
      attrs.push({
        id: uuidOf('attr', etype, label),
        'forward-identity': [uuidOf('forward', etype, label), etype, label],
        'reverse-identity': [uuidOf('reverse', etype, label), to, reverse],
        'value-type': 'ref',
        cardinality: has,
        'unique?': schema[to].links[reverse].has === 'one',
        'index?': false,
        'required?': false,
        'inferred-types': null,
        catalog: 'user',
      })
    }
  }

  return {
    get schema() { return schema },
    all: () => attrs,
    get: (/** @type {unknown} */ id) => attrs.find((attr) => attr.id === id),
    find,
    /** The attribute behind a link's label, whichever end the label stands at. @param {string} etype @param {string} label @returns {{ attr: Attr, forward: boolean }} */
    link(etype, label) {
      const attr = find(etype, label)
      return attr ? { attr, forward: true } : { attr: /** @type {Attr} */ (findReverse(etype, label)), forward: false }
    },
    /** A label that was never written before becomes an attribute, untyped and without an index. @param {string} etype @param {string} label */
    learn(etype, label) {
      if (find(etype, label)) return
      attrs = [...attrs, blob(etype, label)]
      schema[etype].attrs[label] = {}
    },
    /** `add-attr` of a client, under the id that the client chose. @param {any} asked */
    add(asked) {
      const { isUnsynced: _, ...attr } = asked ?? {}
      const [, etype, label] = attr['forward-identity'] ?? []
      const [, to, reverse] = attr['reverse-identity'] ?? []
      if (typeof attr.id !== 'string' || typeof etype !== 'string' || typeof label !== 'string') throw invalid('tx-steps', asked, ['An attribute has an `id` and a `forward-identity`.'])
      // Namespaces without rules: nobody may add to them.
      for (const name of to === undefined ? [etype] : [etype, to]) if (!schema[name] || SYSTEM.test(name)) throw denied('attrs', 'create')
      if (find(etype, label)) throw new ApiError({ type: 'record-not-unique', message: 'Record not unique: attr', hint: { 'record-type': 'attr', etype, label } })
      attrs = [...attrs, { 'required?': false, 'inferred-types': null, catalog: 'user', ...attr }]
      if (attr['value-type'] !== 'ref') {
        schema[etype].attrs[label] = { type: attr['checked-data-type'], indexed: attr['index?'], unique: attr['unique?'] }
        return
      }
      schema[etype].links[label] = { to, reverse, has: attr.cardinality }
      schema[to].links[reverse] = { to: etype, reverse: label, has: attr['unique?'] ? 'one' : 'many' }
    },
    /** What a transaction that fails puts back. */
    snapshot() {
      const before = { attrs, schema: structuredClone(schema) }
      return () => void ({ attrs, schema } = before)
    },
  }
}
