// The app's data behind both doors, HTTP and the realtime session: every write is one transaction with a number, after which all live queries are looked at again.
import { evaluateQuery } from './query.mjs'
import { joinRowsOf, pageInfoOf, treeOf } from './results.mjs'
import { createStore, RULES } from './schema.mjs'
import { runTransaction } from './transact.mjs'
import { runTxSteps } from './tx-steps.mjs'

/** @typedef {import('./schema.mjs').Auth} Auth */

/** @param {{ users: Parameters<typeof createStore>[0]['users'] }} options */
export function createData({ users }) {
  const store = createStore({ users })
  /** @type {Set<() => void>} */
  const watchers = new Set()
  let txId = 0

  /** @param {() => void} work @returns {number} its number, and whoever watches hears of it when the caller has answered */
  function commit(work) {
    work()
    txId += 1
    touch()
    return txId
  }

  /** Something else than a transaction changed what queries see. */
  function touch() {
    queueMicrotask(() => watchers.forEach((look) => look()))
  }

  return {
    store,
    txId: () => txId,
    attrs: store.catalog.all,
    /** @param {() => void} look called after every transaction */
    watch: (look) => void watchers.add(look),
    touch,
    commit,
    /** @param {Auth} auth @param {unknown} steps of `/admin/transact` */
    transact: (auth, steps) => commit(() => runTransaction(store, auth, steps)),
    /** @param {Auth} auth @param {unknown} txSteps of the realtime session */
    transactSteps: (auth, txSteps) => commit(() => runTxSteps(store, auth, txSteps)),
    /** @param {Auth} auth @param {any} query @param {{ inference?: boolean }} [options] */
    tree(auth, query, options) {
      const levels = evaluateQuery(store, auth, query)
      const page = pageInfoOf(levels)
      return { result: treeOf(store, levels, options), meta: page ? { 'page-info': page } : null }
    },
    /** @param {Auth} auth @param {any} query */
    joinRows(auth, query) {
      const levels = evaluateQuery(store, auth, query)
      return { result: joinRowsOf(store, levels, (row) => RULES[row.etype]?.view(auth, row) ?? false), meta: null }
    },
  }
}
