// Conditions of InstaQL: what `where` and `order` compare, and how.
import { asUuid } from './errors.mjs'

/** @typedef {import('./schema.mjs').Row} Row */

const OPERATORS = ['$in', 'in', '$ne', '$not', '$isNull', '$gt', '$gte', '$lt', '$lte', '$like', '$ilike']
const collator = new Intl.Collator('en-US')
export const isObject = (/** @type {unknown} */ v) => v !== null && typeof v === 'object' && !Array.isArray(v)

/**
 * @param {object} place
 * @param {ReturnType<typeof import('./schema.mjs').createStore>} place.store
 * @param {(row: Row) => boolean} place.visible   a condition through a link sees only what its asker may see
 * @param {(message: string, at: (string | number)[]) => Error} place.refuse
 */
export function createCompiler({ store, visible, refuse }) {
  const schema = store.schema
  return compile

  /** @param {string} etype @param {any} where @param {string[]} at @returns {(row: Row) => boolean} */
  function compile(etype, where, at) {
    if (!isObject(where)) throw refuse('`where` must be an object.', at)
    const tests = /** @type {((row: Row) => boolean)[]} */ ([])
    // Conditions through the same link are about the same linked row, so they are compiled together.
    const throughLinks = /** @type {Map<string, Record<string, any>>} */ (new Map())
    for (const [path, condition] of Object.entries(where)) {
      if (path === 'or' || path === 'and') {
        if (!Array.isArray(condition) || condition.length === 0) throw refuse(`\`${path}\` must be a list that is not empty.`, [...at, path])
        const branches = condition.map((branch, i) => compile(etype, branch, [...at, path, String(i)]))
        tests.push(path === 'or' ? (row) => branches.some((b) => b(row)) : (row) => branches.every((b) => b(row)))
        continue
      }
      const [head, ...rest] = path.split('.')
      if (rest.length === 0) {
        const test = compileValue(etype, head, condition, [...at, path])
        tests.push((row) => test(valuesOf(row, head)))
      } else {
        if (!schema[etype]?.links[head]) throw refuse(`There is no link \`${head}\` on \`${etype}\`.`, [...at, path])
        throughLinks.set(head, { ...throughLinks.get(head), [rest.join('.')]: condition })
      }
    }
    for (const [label, conditions] of throughLinks) {
      const nested = compile(schema[etype].links[label].to, conditions, at)
      // "Not equal" and "is null" also hold where there is nothing to compare with.
      const holdsWithout = Object.values(conditions).every((c) => isObject(c) && ('$ne' in c || '$not' in c || c.$isNull === true))
      tests.push((row) => {
        const others = store.linked(row, label).filter(visible)
        return others.length === 0 ? holdsWithout : others.some(nested)
      })
    }
    return (row) => tests.every((test) => test(row))
  }

  /** @param {Row} row @param {string} label @returns {any[]} an attribute's value, or the ids at the other end of a link */
  function valuesOf(row, label) {
    if (label === 'id') return [row.id]
    if (schema[row.etype].links[label]) return [...(row.links[label] ?? [])]
    return row.attrs[label] === undefined ? [] : [row.attrs[label]]
  }

  /** @param {string} etype @param {string} label @param {any} condition @param {string[]} at @returns {(values: any[]) => boolean} */
  function compileValue(etype, label, condition, at) {
    const attr = schema[etype]?.attrs[label]
    const isId = label === 'id' || Boolean(schema[etype]?.links[label])
    const scalar = (/** @type {any} */ v) => {
      if (!['string', 'number', 'boolean'].includes(typeof v)) throw refuse('A value must be a string, a number or a boolean.', at)
      if (isId && !asUuid(v)) throw refuse(`Expected \`${label}\` to be compared with a uuid.`, at)
      if (attr?.type && typeof v !== attr.type) throw refuse(`The data type of \`${etype}.${label}\` is \`${attr.type}\`, but the query got value \`${JSON.stringify(v)}\` of type \`${typeof v}\`.`, at)
      return v
    }
    if (!isObject(condition)) {
      const wanted = scalar(condition)
      return (values) => values.includes(wanted)
    }
    const [[op, operand] = [], ...more] = Object.entries(condition)
    if (op === undefined || more.length > 0 || !OPERATORS.includes(op)) throw refuse(`A condition takes exactly one operator of ${OPERATORS.join(', ')}.`, at)
    if (op === '$isNull') {
      if (typeof operand !== 'boolean') throw refuse('`$isNull` takes true or false.', at)
      return (values) => values.every((v) => v === null) === operand
    }
    if (op === '$in' || op === 'in') {
      if (!Array.isArray(operand)) throw refuse(`\`${op}\` takes a list.`, at)
      const wanted = operand.map(scalar)
      return (values) => values.some((v) => wanted.includes(v))
    }
    const wanted = scalar(operand)
    if (op === '$ne' || op === '$not') return (values) => values.length === 0 || values.some((v) => v !== wanted)
    if (!attr?.indexed || !attr.type) throw refuse(`The \`${etype}.${label}\` attribute must be indexed and typed to use \`${op}\`.`, at)
    if (op === '$like' || op === '$ilike') {
      if (attr.type !== 'string') throw refuse(`\`${op}\` can only be used with string attributes.`, at)
      const pattern = new RegExp(`^${wanted.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('%', '[^]*').replaceAll('_', '[^]')}$`, op === '$ilike' ? 'i' : '')
      return (values) => values.some((v) => typeof v === 'string' && pattern.test(v))
    }
    const holds = { $gt: (/** @type {number} */ c) => c > 0, $gte: (/** @type {number} */ c) => c >= 0, $lt: (/** @type {number} */ c) => c < 0, $lte: (/** @type {number} */ c) => c <= 0 }[op]
    return (values) => values.some((v) => v !== null && /** @type {any} */ (holds)(compare(v, wanted)))
  }
}

/** Every dotted path that a `where` names, `or` and `and` looked into. @param {any} where @returns {string[][]} */
export function paths(where) {
  return Object.entries(where ?? {}).flatMap(([path, condition]) => (path === 'or' || path === 'and' ? condition.flatMap(paths) : [path.split('.')]))
}

/** Nulls first; text as a person would sort it. */
export function compare(/** @type {any} */ a, /** @type {any} */ b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  if (typeof a === 'string' && typeof b === 'string') return collator.compare(a, b)
  return Number(a) - Number(b)
}
