// The steps of `/admin/transact`: create, update, merge, link, unlink, delete. All of a call or none of it.
import { randomUUID } from 'node:crypto'
import { ApiError, asUuid, denied, invalid, notFound } from './errors.mjs'
import { RULES } from './schema.mjs'

/** @typedef {import('./schema.mjs').Row} Row @typedef {import('./schema.mjs').Auth} Auth */

const ACTIONS = ['create', 'update', 'merge', 'link', 'unlink', 'delete']
const isObject = (/** @type {unknown} */ v) => v !== null && typeof v === 'object' && !Array.isArray(v)

/**
 * @param {ReturnType<typeof import('./schema.mjs').createStore>} store
 * @param {Auth} auth @param {unknown} steps
 */
export function runTransaction(store, auth, steps) {
  if (!Array.isArray(steps)) throw invalid('steps', steps, ['`steps` must be a list.'], { in: [] })
  store.transaction(() => steps.forEach(stepper(store, auth, steps)))
}

/**
 * What does one step. Only within a transaction of the store: a step that fails leaves what it began.
 * @param {ReturnType<typeof import('./schema.mjs').createStore>} store
 * @param {Auth} auth @param {unknown} steps echoed when one is refused
 */
export function stepper(store, auth, steps) {
  const refuse = (/** @type {string} */ message, /** @type {(string | number)[]} */ at = []) => invalid('steps', steps, [message], { in: at })
  return step

  /** @param {any} parts @param {number} i */
  function step(parts, i) {
    if (!Array.isArray(parts) || parts.length < 3) throw refuse('A step is [action, namespace, id, arguments].', [i])
    const [action, etype, idOrLookup, args = {}, opts = {}] = parts
    if (!ACTIONS.includes(action)) throw refuse(`\`${action}\` is not an action this local server supports.`, [i, 0])
    if (typeof etype !== 'string') throw refuse('The namespace must be a string.', [i, 1])
    // A namespace without rules: nobody may create one.
    if (!store.schema[etype]) throw denied(etype, action === 'delete' ? 'delete' : 'create')
    if (action !== 'delete' && !isObject(args)) throw refuse('The arguments must be an object.', [i, 3])
    const target = resolve(etype, idOrLookup, [i, 2])

    if (action === 'delete') {
      if (!target.row) return
      permit(etype, 'delete', target.row.attrs, undefined)
      store.remove(target.row)
    } else if (action === 'link' || action === 'unlink') {
      relate(action, etype, target, args, i)
    } else {
      write(action, etype, target, args, opts, i)
    }
  }

  /** @param {string} action @param {string} etype @param {{ row?: Row, id: string, attrs: Record<string, any> }} target @param {any} args @param {any} opts @param {number} i */
  function write(action, etype, target, args, opts, i) {
    const { id: _ignored, ...fields } = args
    for (const [label, value] of Object.entries(fields)) {
      const attr = store.schema[etype].attrs[label]
      if (store.schema[etype].links[label]) throw refuse(`\`${label}\` is a link: use \`link\`.`, [i, 3, label])
      if (attr?.type && value !== null && typeof value !== attr.type) throw refuse(`Invalid value type for ${etype}.${label}. Value must be a ${attr.type} but the provided value type is ${typeof value}.`, [i, 3, label])
    }
    if (target.row && action === 'create') throw refuse(`Creating entities that exist: ${target.row.id}`, [i, 2])
    if (!target.row && opts?.upsert === false) throw refuse(`Updating entities that don't exist: ${target.id}`, [i, 2])
    const before = target.row?.attrs
    const after = { ...(before ?? target.attrs) }
    for (const label of Object.keys(fields)) store.catalog.learn(etype, label)
    for (const [label, value] of Object.entries(fields)) after[label] = action === 'merge' ? merged(after[label], value) : value
    unique(etype, target.id, after)
    permit(etype, before ? 'update' : 'create', before, after)
    if (target.row) target.row.attrs = after
    else store.insert(etype, target.id, after)
  }

  /** @param {'link' | 'unlink'} action @param {string} etype @param {{ row?: Row, id: string }} target @param {any} args @param {number} i */
  function relate(action, etype, target, args, i) {
    if (!target.row) throw notFound('entity', { etype, id: target.id })
    for (const [label, ids] of Object.entries(args)) {
      const link = store.schema[etype].links[label]
      if (!link) throw refuse(`There is no link \`${label}\` on \`${etype}\`.`, [i, 3, label])
      for (const other of lookupOrList(ids)) {
        const found = resolve(link.to, other, [i, 3, label]).row
        if (!found) throw notFound('entity', { etype: link.to, id: other })
        // Both ends change, so both must allow it.
        permit(etype, 'update', target.row.attrs, target.row.attrs)
        permit(link.to, 'update', found.attrs, found.attrs)
        store[action](target.row, label, found)
      }
    }
  }

  /** A list of ids, one id, or one lookup: only a lookup that is a pair looks like a list, and its first part is no uuid. */
  function lookupOrList(/** @type {any} */ ids) {
    return Array.isArray(ids) && !(ids.length === 2 && typeof ids[0] === 'string' && !asUuid(ids[0]) && !ids[0].startsWith('lookup__')) ? ids : [ids]
  }

  /**
   * An id, or a lookup by a unique attribute: `[attr, value]`, `{attr: value}`, `lookup__attr__json`.
   * @param {string} etype @param {any} by @param {(string | number)[]} at @returns {{ row?: Row, id: string, attrs: Record<string, any> }}
   */
  function resolve(etype, by, at) {
    const id = asUuid(by)
    if (id) {
      const row = store.get(id)
      if (row && row.etype !== etype) throw refuse(`The entity ${id} is not in \`${etype}\`.`, at)
      return { row, id, attrs: {} }
    }
    const [attr, value] = lookupOf(by) ?? []
    if (attr === undefined) throw refuse('An id must be a uuid or a lookup.', at)
    if (!store.schema[etype].attrs[attr]?.unique) throw refuse(`\`${etype}.${attr}\` is not a unique attribute.`, at)
    const row = store.ofType(etype).find((r) => r.attrs[attr] === value)
    return { row, id: row?.id ?? randomUUID(), attrs: { [attr]: value } }
  }

  /** @param {string} etype @param {string} id @param {Record<string, any>} attrs */
  function unique(etype, id, attrs) {
    for (const [label, attr] of Object.entries(store.schema[etype].attrs)) {
      if (!attr.unique || attrs[label] === undefined || attrs[label] === null) continue
      if (store.ofType(etype).some((r) => r.id !== id && r.attrs[label] === attrs[label])) {
        throw new ApiError({
          type: 'record-not-unique',
          message: `\`${label}\` is a unique attribute on \`${etype}\` and an entity already exists with \`${etype}.${label}\` = ${JSON.stringify(attrs[label])}`,
          hint: { 'record-type': 'triple', etype, label, value: attrs[label] },
        })
      }
    }
  }

  /** @param {string} etype @param {'create' | 'update' | 'delete'} action @param {Record<string, any> | undefined} before @param {Record<string, any> | undefined} after */
  function permit(etype, action, before, after) {
    if (!RULES[etype].write(auth, before, after)) throw denied(etype, action)
  }
}

/** @returns {[string, any] | undefined} */
function lookupOf(/** @type {any} */ by) {
  if (Array.isArray(by) && by.length === 2 && typeof by[0] === 'string') return [by[0], by[1]]
  if (isObject(by) && Object.keys(by).length === 1) return /** @type {[string, any]} */ (Object.entries(by)[0])
  const parts = typeof by === 'string' ? /^lookup__(.+?)__(.*)$/.exec(by) : null
  if (!parts) return undefined
  try {
    return [parts[1], JSON.parse(parts[2])]
  } catch {
    return undefined
  }
}

/** Deep merge: null deletes a key, anything but an object replaces. */
function merged(/** @type {any} */ old, /** @type {any} */ patch) {
  if (!isObject(patch)) return patch
  const result = { ...(isObject(old) ? old : {}) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}
