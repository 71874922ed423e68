// An honest subset of InstaQL over the store: `where` with operators, `or` and `and`, order, limit, first, last, offset,
// fields, nested links. What is not supported (cursors, aggregates) is refused, never ignored.
import { asUuid, invalid } from './errors.mjs'
import { RULES, SCHEMA } from './schema.mjs'

/** @typedef {import('./schema.mjs').Row} Row @typedef {import('./schema.mjs').Auth} Auth */

const UNSUPPORTED = ['after', 'afterInclusive', 'before', 'beforeInclusive', 'aggregate']
const TOP_ONLY = ['offset', 'first', 'last']
const OPTIONS = ['where', 'order', 'limit', 'fields', ...TOP_ONLY, ...UNSUPPORTED]
const OPERATORS = ['$in', 'in', '$ne', '$not', '$isNull', '$gt', '$gte', '$lt', '$lte', '$like', '$ilike']
const collator = new Intl.Collator('en-US')
const isObject = (/** @type {unknown} */ v) => v !== null && typeof v === 'object' && !Array.isArray(v)

/**
 * @param {ReturnType<typeof import('./schema.mjs').createStore>} store
 * @param {Auth} auth @param {any} query @param {{ inference?: boolean }} [options] `inference`: single objects for one-links
 */
export function runQuery(store, auth, query, { inference = false } = {}) {
  const refuse = (/** @type {string} */ message, /** @type {(string | number)[]} */ at) => invalid('query', query, [message], { in: at })
  if (!isObject(query)) throw refuse('The query must be an object.', [])
  const visible = (/** @type {Row} */ row) => RULES[row.etype]?.view(auth, row) ?? false

  const result = /** @type {Record<string, any>} */ ({})
  for (const [etype, node] of Object.entries(query)) {
    if (etype === '$$ruleParams') continue
    result[etype] = evaluate(etype, node, SCHEMA[etype] ? store.ofType(etype).filter(visible) : [], [etype], true)
  }
  return result

  /** @param {string} etype @param {any} node @param {Row[]} candidates @param {string[]} at @param {boolean} top */
  function evaluate(etype, node, candidates, at, top) {
    if (!isObject(node)) throw refuse('A namespace must be an object.', at)
    const { $: options = {}, ...children } = node
    const opts = checkOptions(options, [...at, '$'], top)
    const matcher = opts.where === undefined ? () => true : compile(etype, opts.where, [...at, '$', 'where'])
    let rows = candidates.filter(matcher)
    if (opts.order !== undefined) rows = sort(etype, rows, opts.order, [...at, '$', 'order'])
    if (opts.offset) rows = rows.slice(opts.offset)
    const size = opts.limit ?? opts.first
    if (size !== undefined) rows = rows.slice(0, size)
    if (opts.last !== undefined) rows = rows.slice(-opts.last)

    const entries = Object.entries(children)
    return rows.map((row) => {
      const shown = opts.fields ? Object.fromEntries(opts.fields.filter((/** @type {string} */ f) => f in row.attrs).map((/** @type {string} */ f) => [f, row.attrs[f]])) : row.attrs
      const tree = /** @type {Record<string, any>} */ ({ ...structuredClone(shown), id: row.id })
      for (const [label, child] of entries) {
        const link = SCHEMA[etype]?.links[label]
        const nested = evaluate(link?.to ?? label, child, link ? store.linked(row, label).filter(visible) : [], [...at, label], false)
        tree[label] = inference && link?.has === 'one' ? nested[0] : nested
      }
      return tree
    })
  }

  /** @param {any} options @param {string[]} at @param {boolean} top */
  function checkOptions(options, at, top) {
    if (!isObject(options)) throw refuse('The options of a namespace must be an object.', at)
    for (const key of Object.keys(options)) {
      if (!OPTIONS.includes(key)) throw refuse(`Unknown option \`${key}\`.`, [...at, key])
      if (UNSUPPORTED.includes(key)) throw refuse(`\`${key}\` is not supported by this local server.`, [...at, key])
      if (!top && TOP_ONLY.includes(key)) throw refuse(`\`${key}\` can only be used on a top-level namespace.`, [...at, key])
    }
    for (const key of ['limit', 'first', 'last']) {
      if (options[key] !== undefined && !(Number.isInteger(options[key]) && options[key] > 0)) throw refuse(`\`${key}\` must be a positive integer.`, [...at, key])
    }
    if (options.offset !== undefined && !(Number.isInteger(options.offset) && options.offset >= 0)) throw refuse('`offset` must not be negative.', [...at, 'offset'])
    if (['limit', 'first', 'last'].filter((key) => options[key] !== undefined).length > 1) throw refuse('Only one of `limit`, `first` and `last` can be used.', at)
    if (options.fields !== undefined && !(Array.isArray(options.fields) && options.fields.every((/** @type {unknown} */ f) => typeof f === 'string'))) throw refuse('`fields` must be a list of labels.', [...at, 'fields'])
    return options
  }

  /** @param {string} etype @param {Row[]} rows @param {any} order @param {string[]} at */
  function sort(etype, rows, order, at) {
    const [[field, direction] = [], ...more] = isObject(order) ? Object.entries(order) : []
    if (field === undefined || more.length > 0) throw refuse('`order` must have exactly one key.', at)
    if (direction !== 'asc' && direction !== 'desc') throw refuse('The direction of `order` must be "asc" or "desc".', [...at, field])
    const attr = SCHEMA[etype]?.attrs[field]
    if (field !== 'serverCreatedAt' && !(attr?.indexed && attr.type)) throw refuse(`The \`${etype}.${field}\` attribute must be indexed and typed to be used in \`order\`.`, [...at, field])
    const value = (/** @type {Row} */ row) => (field === 'serverCreatedAt' ? row.at : row.attrs[field] ?? null)
    const sign = direction === 'desc' ? -1 : 1
    return rows.sort((a, b) => sign * (compare(value(a), value(b)) || (a.id < b.id ? -1 : 1)))
  }

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
        if (!SCHEMA[etype]?.links[head]) throw refuse(`There is no link \`${head}\` on \`${etype}\`.`, [...at, path])
        throughLinks.set(head, { ...throughLinks.get(head), [rest.join('.')]: condition })
      }
    }
    for (const [label, conditions] of throughLinks) {
      const nested = compile(SCHEMA[etype].links[label].to, conditions, at)
      // "Not equal" and "is null" also hold where there is nothing to compare with.
      const holdsWithout = Object.values(conditions).every((c) => isObject(c) && ('$ne' in c || '$not' in c || c.$isNull === true))
      tests.push((row) => {
        const others = store.linked(row, label)
        return others.length === 0 ? holdsWithout : others.some(nested)
      })
    }
    return (row) => tests.every((test) => test(row))
  }

  /** @param {Row} row @param {string} label @returns {any[]} an attribute's value, or the ids at the other end of a link */
  function valuesOf(row, label) {
    if (label === 'id') return [row.id]
    if (SCHEMA[row.etype].links[label]) return [...(row.links[label] ?? [])]
    return row.attrs[label] === undefined ? [] : [row.attrs[label]]
  }

  /** @param {string} etype @param {string} label @param {any} condition @param {string[]} at @returns {(values: any[]) => boolean} */
  function compileValue(etype, label, condition, at) {
    const attr = SCHEMA[etype]?.attrs[label]
    const isId = label === 'id' || Boolean(SCHEMA[etype]?.links[label])
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

/** Nulls first; text as a person would sort it. */
function compare(/** @type {any} */ a, /** @type {any} */ b) {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  if (typeof a === 'string' && typeof b === 'string') return collator.compare(a, b)
  return Number(a) - Number(b)
}
