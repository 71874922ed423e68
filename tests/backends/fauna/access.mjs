// What a caller may do: everything with a static secret, what the roles' predicates allow with a JWT.
import { Run } from './evaluate.mjs'
import { failures } from './errors.mjs'
import { parseQuery } from './parser.mjs'
import { checkNames } from './scope.mjs'
import { Module, Time } from './values.mjs'

/** A document as predicates and answers see it: id, coll, ts, then its own fields. */
export const asStruct = (coll, id, { ts, fields }) =>
  new Map([['id', id], ['coll', new Module(coll)], ['ts', Time.fromMicros(ts)], ...fields])

/** FQL functions of the schema, parsed once. */
const parsed = new Map()
export function schemaFunction(source, globals) {
  let node = parsed.get(source)
  if (!node) {
    node = parseQuery(source).body[0]
    checkNames(node, new Set(globals.keys()))
    parsed.set(source, node)
  }
  return node
}

export class Access {
  /**
   * @param {{ roles: string[] | null, globals: Map<string, any>, definitions: Record<string, any> }} options roles null: everything is allowed
   */
  constructor({ roles, globals, definitions }) {
    Object.assign(this, { roles, globals, definitions })
  }

  /** True when any of the caller's roles grants the action on these documents. */
  allows(run, action, coll, args) {
    if (!this.roles) return true
    return this.roles.some((role) => {
      const source = this.definitions[role]?.[coll]?.[action]
      return source !== undefined && predicateHolds(run, source, args, this.globals)
    })
  }
  /** True when some role lets the caller read documents of the collection, whichever ones those are. */
  readsFrom(coll) {
    return !this.roles || this.roles.some((role) => this.definitions[role]?.[coll]?.read !== undefined)
  }
  demand(run, action, coll, args, span) {
    if (!this.allows(run, action, coll, args)) throw failures.denied(span)
  }

  /** What the caller may see of a document; a forbidden read is not an error, the document is just not there. */
  read(run, doc) {
    const version = run.tx.version(doc.coll, doc.id, doc.at)
    if (!version) return { cause: 'not found' }
    if (!version.fields) return { cause: version.ts === run.tx.ts ? 'deleted' : 'not found' }
    if (!this.allows(run, 'read', doc.coll, [asStruct(doc.coll, doc.id, version)])) return { cause: 'permission denied' }
    return version
  }
}

/** Runs a predicate of the schema with the server's own rights; one that fails has not granted anything. */
export function predicateHolds(run, source, args, globals) {
  const inner = new Run({ ...run, access: new Access({ roles: null, globals, definitions: {} }) })
  try {
    const fn = inner.evaluate(schemaFunction(source, globals), { vars: globals })
    return inner.apply(fn, args) === true
  } catch {
    return false
  }
}
