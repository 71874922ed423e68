// An honest subset of InstaQL over the store: `where` with operators, `or` and `and`, order, limit, first, last, offset,
// cursors, fields, nested links. What is not supported (aggregates are an admin's) is refused, never ignored.
import { asUuid, invalid } from './errors.mjs'
import { RULES } from './schema.mjs'
import { compare, createCompiler, isObject, paths } from './where.mjs'

/**
 * @typedef {import('./schema.mjs').Row} Row @typedef {import('./schema.mjs').Auth} Auth
 * @typedef {[string, string, any, number]} Triple   entity, attribute, value, creation time in ms
 *
 * What one namespace of a query came to.
 * @typedef {object} Level
 * @property {string} etype
 * @property {string[]} [fields]
 * @property {string[][]} paths   what `where` looked at
 * @property {string} [order]     the attribute that it is sorted by
 * @property {{ row: Row, children: Record<string, Level> }[]} nodes
 * @property {PageInfo} [page]
 * @typedef {{ 'start-cursor': Triple | null, 'end-cursor': Triple | null, 'has-next-page?': boolean, 'has-previous-page?': boolean }} PageInfo
 */

const PAGING = ['limit', 'first', 'last', 'offset', 'after', 'before']
const TOP_ONLY = ['offset', 'first', 'last', 'after', 'before', 'afterInclusive', 'beforeInclusive']
const OPTIONS = ['where', 'order', 'limit', 'fields', 'aggregate', ...TOP_ONLY]

/**
 * @param {ReturnType<typeof import('./schema.mjs').createStore>} store
 * @param {Auth} auth @param {any} query
 * @returns {Record<string, Level>}
 */
export function evaluateQuery(store, auth, query) {
  const { schema, catalog } = store
  const refuse = (/** @type {string} */ message, /** @type {(string | number)[]} */ at) => invalid('query', query, [message], { in: at })
  if (!isObject(query)) throw refuse('The query must be an object.', [])
  const visible = (/** @type {Row} */ row) => RULES[row.etype]?.view(auth, row) ?? false
  const compile = createCompiler({ store, visible, refuse })

  const result = /** @type {Record<string, Level>} */ ({})
  for (const [etype, node] of Object.entries(query)) {
    if (etype === '$$ruleParams') continue
    result[etype] = evaluate(etype, node, schema[etype] ? store.ofType(etype).filter(visible) : [], [etype], true)
  }
  return result

  /** @param {string} etype @param {any} node @param {Row[]} candidates @param {string[]} at @param {boolean} top @returns {Level} */
  function evaluate(etype, node, candidates, at, top) {
    if (!isObject(node)) throw refuse('A namespace must be an object.', at)
    const { $: options = {}, ...children } = node
    const opts = checkOptions(options, [...at, '$'], top)
    const matcher = opts.where === undefined ? () => true : compile(etype, opts.where, [...at, '$', 'where'])
    const order = opts.order === undefined ? undefined : orderOf(etype, opts.order, [...at, '$', 'order'])
    const sorted = candidates.filter(matcher)
    if (order) sorted.sort(order.compare)
    // Below the top the whole of a link is sent, and the client cuts it.
    const { rows, page } = top ? cut(etype, sorted, opts, order, [...at, '$']) : { rows: sorted, page: undefined }
    return {
      etype,
      fields: opts.fields,
      paths: paths(opts.where),
      order: order?.field,
      page,
      nodes: rows.map((row) => ({
        row,
        children: Object.fromEntries(Object.entries(children).map(([label, child]) => {
          const link = schema[etype]?.links[label]
          return [label, evaluate(link?.to ?? label, child, link ? store.linked(row, label).filter(visible) : [], [...at, label], false)]
        })),
      })),
    }
  }

  /** @param {any} options @param {string[]} at @param {boolean} top */
  function checkOptions(options, at, top) {
    if (!isObject(options)) throw refuse('The options of a namespace must be an object.', at)
    for (const key of Object.keys(options)) {
      if (!OPTIONS.includes(key)) throw refuse(`Unknown option \`${key}\`.`, [...at, key])
      if (key === 'aggregate') throw refuse('`aggregate` is not supported by this local server.', [...at, key])
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

  /** @param {string} etype @param {any} order @param {string[]} at */
  function orderOf(etype, order, at) {
    const [[field, direction] = [], ...more] = isObject(order) ? Object.entries(order) : []
    if (field === undefined || more.length > 0) throw refuse('`order` must have exactly one key.', at)
    if (direction !== 'asc' && direction !== 'desc') throw refuse('The direction of `order` must be "asc" or "desc".', [...at, field])
    const attr = schema[etype]?.attrs[field]
    if (field !== 'serverCreatedAt' && !(attr?.indexed && attr.type)) throw refuse(`The \`${etype}.${field}\` attribute must be indexed and typed to be used in \`order\`.`, [...at, field])
    return sorting(field, direction === 'desc' ? -1 : 1)
  }

  /**
   * The page of a sorted list, and where it begins and ends: told whenever the list is sorted or cut.
   * @param {string} etype @param {Row[]} sorted @param {any} opts @param {ReturnType<typeof sorting> | undefined} order @param {string[]} at
   */
  function cut(etype, sorted, opts, order, at) {
    if (!order && !PAGING.some((key) => opts[key] !== undefined)) return { rows: sorted, page: undefined }
    const { field, position } = order ?? sorting('serverCreatedAt', 1)
    const attr = catalog.find(etype, field === 'serverCreatedAt' ? 'id' : field)
    const place = (/** @type {'after' | 'before'} */ key) => {
      if (opts[key] === undefined) return undefined
      const cursor = opts[key]
      if (!Array.isArray(cursor) || cursor.length !== 4 || !asUuid(cursor[0]) || !Number.isInteger(cursor[3])) throw refuse(`Expected a join row with 4 items for the cursor, got ${JSON.stringify(cursor)}.`, [...at, key])
      if (cursor[1] !== attr?.id) throw refuse(`The query orders by \`${field}\`, but the query that returned the cursor orders by another attribute.`, [...at, key])
      return position(cursor[0], field === 'serverCreatedAt' ? cursor[3] : cursor[2])
    }
    const [after, before] = [place('after'), place('before')]
    let rows = sorted.filter((row) => (!after || (opts.afterInclusive ? after(row) >= 0 : after(row) > 0)) && (!before || (opts.beforeInclusive ? before(row) <= 0 : before(row) < 0)))
    rows = rows.slice(opts.offset ?? 0)
    const size = opts.limit ?? opts.first
    if (size !== undefined) rows = rows.slice(0, size)
    if (opts.last !== undefined) rows = rows.slice(-opts.last)
    /** @returns {Triple | null} */
    const cursor = (/** @type {Row | undefined} */ row) => (row && attr ? [row.id, attr.id, field === 'serverCreatedAt' ? row.id : row.attrs[field] ?? null, row.at] : null)
    const [head, tail] = [rows[0], rows[rows.length - 1]]
    /** @type {PageInfo} */
    const page = {
      'start-cursor': cursor(head),
      'end-cursor': cursor(tail),
      'has-next-page?': tail !== undefined && tail !== sorted[sorted.length - 1],
      'has-previous-page?': head !== undefined && head !== sorted[0],
    }
    return { rows, page }
  }
}

/** One order over rows, and where a cursor stands in it. @param {string} field @param {1 | -1} sign */
function sorting(field, sign) {
  const value = (/** @type {Row} */ row) => (field === 'serverCreatedAt' ? row.at : row.attrs[field] ?? null)
  const against = (/** @type {string} */ idA, /** @type {any} */ a, /** @type {string} */ idB, /** @type {any} */ b) => sign * (compare(a, b) || (idA === idB ? 0 : idA < idB ? -1 : 1))
  return {
    field,
    compare: (/** @type {Row} */ a, /** @type {Row} */ b) => against(a.id, value(a), b.id, value(b)),
    /** Above zero for rows after the cursor. */
    position: (/** @type {string} */ id, /** @type {any} */ at) => (/** @type {Row} */ row) => against(row.id, value(row), id, at),
  }
}
