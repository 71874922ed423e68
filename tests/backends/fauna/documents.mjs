// Collections and documents: the methods that read and write, and what a schema says about what may be written.
import { asStruct } from './access.mjs'
import { fail, failures } from './errors.mjs'
import { keeps, natives } from './natives.mjs'
import { COLLECTIONS } from './schema.mjs'
import { FSet } from './sets.mjs'
import { SET } from './lists.mjs'
import { EventSource } from './source.mjs'
import { Bytes, Doc, FDate, fitsLong, Int, int, isNumber, Module, Time, typeName } from './values.mjs'

const RESERVED = new Set(['id', 'coll', 'ts', 'data'])

/** The documents of a collection this caller may read, oldest first. */
const all = (coll) =>
  new FSet((run, at) => run.tx.ids(coll, at).map((id) => new Doc(coll, id, at)).filter((doc) => run.read(doc).fields), new EventSource({ coll }))

function documentId(value, coll, span) {
  const text = value instanceof Int ? String(value.v) : value
  if (typeof text !== 'string') throw failures.argument('id', 'ID', typeName(value), span)
  if (!/^\d{1,19}$/.test(text) || !fitsLong(BigInt(text))) throw fail('invalid_id', `\`${text}\` is not a valid ID.`, span)
  return String(BigInt(text))
}
/** A signature's Int arrives as a JS number; the next signature wants a value again. */
const restored = (arg) => (typeof arg === 'number' ? int(arg) : arg)
/** Methods of a set that a collection has too, meaning all its documents. */
const OF_ALL = ['count()', 'first()', 'order(...orderings: Ordering)', 'map(mapper: Function)', 'paginate(size: Int?)', 'pageSize(size: Int)']
const ofAll = (signature) => {
  const name = signature.slice(0, signature.indexOf('('))
  return [signature, (run, { name: coll }, args, span) => run.apply(SET.methods.get(name)(all(coll)), args.map(restored), span)]
}

export const COLLECTION = {
  fields: new Map([['name', (module) => module.name]]),
  methods: natives({
    'all()': (run, { name }) => all(name),
    'byId(id: Any)': (run, { name }, [id], span) => new Doc(name, documentId(id, name, span)),
    'where(predicate: Function)': (run, { name }, [predicate], span) => all(name).where(predicate, span),
    'firstWhere(predicate: Function)': (run, { name }, [predicate], span) => all(name).items(run).find(keeps(run, predicate, span)) ?? null,
    ...Object.fromEntries(OF_ALL.map(ofAll)),
    'create(data: Object)': (run, { name }, [data], span) => create(run, name, data, span),
  }),
}

export const DOCUMENT = natives({
  'exists()': (run, doc) => Boolean(run.read(doc).fields),
  'update(data: Object)': (run, doc, [data], span) => write(run, doc, (fields) => merged(fields, data), 'update', span),
  'updateData(data: Object)': (run, doc, [data], span) => write(run, doc, (fields) => merged(fields, data), 'update', span),
  'replace(data: Object)': (run, doc, [data], span) => write(run, doc, () => withoutNulls(data), 'update', span),
  'delete()': (run, doc, _, span) => {
    const before = run.demand(doc, span)
    run.access.demand(run, 'delete', doc.coll, [asStruct(doc.coll, doc.id, before)], span)
    run.tx.write(doc.coll, doc.id, null)
    run.stats.write++
    return doc
  },
})

/** A field of a document that exists. */
export function documentField(run, doc, name, span) {
  if (name === 'id') return doc.id
  if (name === 'coll') return new Module(doc.coll)
  const { ts, fields } = run.demand(doc, span)
  if (name === 'ts') return Time.fromMicros(ts)
  return fields.get(name) ?? null
}

function create(run, coll, data, span) {
  const given = data.get('id') ?? null
  const id = given === null ? run.tx.store.newId() : documentId(given, coll, span)
  const fields = withoutNulls(data)
  fields.delete('id')
  const failed = (message) => `Failed to create document in collection \`${coll}\`.${message}`
  validate(coll, fields, failed(''), span)
  if (run.tx.version(coll, id)?.fields) throw fail('document_id_exists', `Collection \`${coll}\` already contains document with id ${id}.`, span)
  run.access.demand(run, 'create', coll, [asStruct(coll, id, { ts: run.tx.ts, fields })], span)
  run.tx.write(coll, id, fields)
  run.stats.write++
  return new Doc(coll, id)
}

function write(run, doc, change, verb, span) {
  const before = run.demand(doc, span)
  const fields = change(before.fields)
  validate(doc.coll, fields, `Failed to ${verb} document with id ${doc.id} in collection \`${doc.coll}\`.`, span)
  const after = { ts: run.tx.ts, fields }
  run.access.demand(run, 'write', doc.coll, [asStruct(doc.coll, doc.id, before), asStruct(doc.coll, doc.id, after)], span)
  run.tx.write(doc.coll, doc.id, fields)
  run.stats.write++
  return new Doc(doc.coll, doc.id)
}

/** A null field is no field; an update's nested objects are merged. */
const withoutNulls = (data) => new Map([...data].filter(([, item]) => item !== null).map(([key, item]) => [key, item instanceof Map ? withoutNulls(item) : item]))
function merged(fields, changes) {
  const result = new Map(fields)
  for (const [key, item] of changes) {
    if (item === null) result.delete(key)
    else if (item instanceof Map) result.set(key, merged(result.get(key) instanceof Map ? result.get(key) : new Map(), item))
    else result.set(key, item)
  }
  return result
}

function validate(coll, fields, message, span) {
  const { fields: declared } = COLLECTIONS[coll]
  const problems = []
  const problem = (path, text) => problems.push({ paths: [path], message: text })
  for (const [name, item] of fields) {
    if (name === 'ttl' && item instanceof Time) continue
    if (RESERVED.has(name) || name === 'ttl' || (declared && !(name in declared))) problem([name], 'Unexpected field provided')
    else unstorable(item, [name], problem)
  }
  for (const [name, type] of Object.entries(declared ?? {})) {
    const wanted = type.replace('?', '')
    const item = fields.get(name)
    if (item === undefined) {
      if (!type.endsWith('?')) problem([name], `Missing required field of type ${wanted}`)
    } else if (wanted !== 'Any' && !(wanted === 'Number' ? isNumber(item) : typeName(item) === wanted)) problem([name], `Expected ${wanted}, provided ${typeName(item)}`)
  }
  if (problems.length) throw fail('constraint_failure', message, span, { constraint_failures: problems })
}
function unstorable(item, path, problem) {
  if (item instanceof Map) for (const [key, inner] of item) unstorable(inner, [...path, key], problem)
  else if (Array.isArray(item)) item.forEach((inner, i) => unstorable(inner, [...path, i], problem))
  else if (item !== null && typeof item === 'object' && ![Int, Time, FDate, Bytes, Doc, Module].some((type) => item instanceof type))
    problem(path, `Value of type ${typeName(item)} cannot be stored`)
}
