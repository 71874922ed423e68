// `value.name`: which members each kind of value has.
import { check, failures } from './errors.mjs'
import { COLLECTION, DOCUMENT, documentField } from './documents.mjs'
import { ARRAY, SET } from './lists.mjs'
import { isModule, MODULES } from './modules.mjs'
import { native } from './natives.mjs'
import { BYTES, DATE, STRING, TIME } from './scalars.mjs'
import { FSet } from './sets.mjs'
import { EVENT_SOURCE, EventSource } from './source.mjs'
import { show } from './show.mjs'
import { Bytes, Doc, FDate, Module, Time, typeName } from './values.mjs'

const [, toText] = native('toString()', (run, self) => show(run, self))
const noMember = (value, name, span) => check(`Type \`${typeName(value)}\` does not have field \`${name}\``, span)

/** The member's value; a method comes as a function bound to its receiver. */
export function member(run, value, name, span) {
  if (value === null) throw failures.nullAccess(name, span)
  if (value instanceof Map) return value.has(name) ? value.get(name) : name === 'toString' ? toText(value) : null
  if (value instanceof Doc) return DOCUMENT.has(name) ? DOCUMENT.get(name)(value) : name === 'toString' ? toText(value) : documentField(run, value, name, span)
  if (name === 'toString') return toText(value)
  if (isModule(value)) return ofModule(value, name, span)
  const table = tableOf(value)
  if (table?.fields.has(name)) return table.fields.get(name)(value)
  if (table?.methods.has(name)) return table.methods.get(name)(value)
  throw noMember(value, name, span)
}

function tableOf(value) {
  if (typeof value === 'string') return STRING
  if (Array.isArray(value)) return ARRAY
  if (value instanceof FSet) return SET
  if (value instanceof EventSource) return EVENT_SOURCE
  if (value instanceof Time) return TIME
  if (value instanceof FDate) return DATE
  if (value instanceof Bytes) return BYTES
  return value instanceof Module ? COLLECTION : undefined
}

function ofModule(module, name, span) {
  const { fields = {}, functions } = MODULES[module.name]
  if (Object.hasOwn(fields, name)) return fields[name]
  if (functions.has(name)) return functions.get(name)(module)
  throw noMember(module, name, span)
}

/** What calling a module itself means: `Time("...")`, `Order("1")`. */
export function construct(module, span) {
  if (!isModule(module)) return COLLECTION.methods.get('byId')(module)
  const { construct: made } = MODULES[module.name]
  if (!made) throw check(`\`${module.name}\` is not a function`, span)
  return made[1](module)
}
