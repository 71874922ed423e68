// The two forms of a result: a ready tree, and the triples from which a client with a store of its own makes that tree.

/** @typedef {import('./query.mjs').Level} Level @typedef {import('./query.mjs').Triple} Triple @typedef {import('./schema.mjs').Row} Row */

/**
 * @param {ReturnType<typeof import('./schema.mjs').createStore>} store @param {Record<string, Level>} levels
 * @param {{ inference?: boolean }} [options] `inference`: single objects for links that hold one
 * @returns {Record<string, any[]>}
 */
export function treeOf(store, levels, { inference = false } = {}) {
  /** @param {Level} level @returns {any[]} */
  const branch = ({ etype, fields, nodes }) => nodes.map(({ row, children }) => {
    const shown = fields ? Object.fromEntries(fields.filter((f) => f in row.attrs).map((f) => [f, row.attrs[f]])) : row.attrs
    const tree = /** @type {Record<string, any>} */ ({ ...structuredClone(shown), id: row.id })
    for (const [label, level] of Object.entries(children)) {
      const nested = branch(level)
      tree[label] = inference && store.schema[etype]?.links[label]?.has === 'one' ? nested[0] : nested
    }
    return tree
  })
  return Object.fromEntries(Object.entries(levels).map(([etype, level]) => [etype, branch(level)]))
}

/** @param {Record<string, Level>} levels @returns {Record<string, import('./query.mjs').PageInfo> | undefined} none when no list is sorted or cut */
export function pageInfoOf(levels) {
  const pages = Object.entries(levels).flatMap(([etype, { page }]) => (page ? [[etype, page]] : []))
  return pages.length ? Object.fromEntries(pages) : undefined
}

/**
 * Everything a client needs to run the query again by itself: also what `where` looked at and what the list is sorted by.
 * @param {ReturnType<typeof import('./schema.mjs').createStore>} store @param {Record<string, Level>} levels @param {(row: Row) => boolean} visible
 */
export function joinRowsOf(store, levels, visible) {
  const { catalog } = store
  const seen = new Set()
  /** @type {Triple[][]} */
  const joinRows = []
  for (const level of Object.values(levels)) for (const triples of rowsOf(level)) joinRows.push(triples.filter(isNew))
  const page = pageInfoOf(levels)
  return [{ data: { 'datalog-result': { 'join-rows': joinRows.filter((row) => row.length) }, ...(page && { 'page-info': page }) }, 'child-nodes': [] }]

  function isNew(/** @type {Triple} */ [e, a, v]) {
    const key = JSON.stringify([e, a, v])
    return !seen.has(key) && Boolean(seen.add(key))
  }

  /** @param {Level} level @returns {Triple[][]} one list for each row of the level, what hangs below it included */
  function rowsOf({ etype, fields, paths, order, nodes }) {
    return nodes.map(({ row, children }) => [
      ...valueTriples(row, 'id'),
      ...(fields ?? Object.keys(row.attrs)).flatMap((label) => valueTriples(row, label)),
      ...(order === undefined ? [] : valueTriples(row, order)),
      ...paths.flatMap((path) => pathTriples(row, path)),
      ...Object.entries(children).flatMap(([label, level]) => [
        ...level.nodes.map((child) => linkTriple(etype, row, label, child.row)),
        ...rowsOf(level).flat(),
      ]),
    ])
  }

  /** @param {Row} row @param {string} label @returns {Triple[]} */
  function valueTriples(row, label) {
    const attr = catalog.find(row.etype, label)
    const value = label === 'id' ? row.id : row.attrs[label]
    return attr && value !== undefined ? [[row.id, attr.id, value, row.at]] : []
  }

  /** @param {string} etype @param {Row} row @param {string} label @param {Row} other @returns {Triple} */
  function linkTriple(etype, row, label, other) {
    const { attr, forward } = catalog.link(etype, label)
    const at = Math.max(row.at, other.at)
    return forward ? [row.id, attr.id, other.id, at] : [other.id, attr.id, row.id, at]
  }

  /** @param {Row} row @param {string[]} path @returns {Triple[]} */
  function pathTriples(row, [label, ...rest]) {
    if (!store.schema[row.etype].links[label]) return valueTriples(row, label)
    const others = store.linked(row, label).filter(visible)
    return others.flatMap((other) => [linkTriple(row.etype, row, label, other), ...(rest.length ? pathTriples(other, rest) : [])])
  }
}
