// The steps of a client with a store of its own: triples and attributes, put back together into what the app's rules speak of.
import { invalid } from './errors.mjs'
import { stepper } from './transact.mjs'

/** @typedef {import('./catalog.mjs').Attr} Attr */

/**
 * All of a call or none of it.
 * @param {ReturnType<typeof import('./schema.mjs').createStore>} store
 * @param {import('./schema.mjs').Auth} auth @param {unknown} txSteps
 */
export function runTxSteps(store, auth, txSteps) {
  const refuse = (/** @type {string} */ message) => invalid('tx-steps', txSteps, [message])
  if (!Array.isArray(txSteps)) throw refuse('`tx-steps` must be a list.')
  store.transaction(() => {
    for (const step of txSteps) if (step?.[0] === 'add-attr') store.catalog.add(step[1])
    stepsOf(txSteps).forEach(stepper(store, auth, txSteps))
  })

  /** @param {any[][]} triples @returns {any[][]} `[action, namespace, id, arguments, options]` */
  function stepsOf(triples) {
    /** @type {any[][]} */
    const steps = []
    /** @type {{ key: string, step: any[] } | undefined} the row that the last triples were about */
    let open
    for (const [op, entity, attrId, value, opts] of triples) {
      if (op === 'add-attr' || op === 'rule-params') continue
      if (op === 'delete-entity') {
        open = undefined
        steps.push(['delete', attrId, named(entity)])
        continue
      }
      if (op !== 'add-triple' && op !== 'deep-merge-triple' && op !== 'retract-triple') throw refuse(`\`${op}\` is not a step this local server supports.`)
      const attr = store.catalog.get(attrId)
      if (!attr) throw refuse(`There is no attribute \`${attrId}\`.`)
      const [, etype, label] = attr['forward-identity']
      if (attr['value-type'] === 'ref') {
        open = undefined
        steps.push([op === 'retract-triple' ? 'unlink' : 'link', etype, named(entity), { [label]: named(value) }])
        continue
      }
      if (op === 'retract-triple') throw refuse('Only links can be retracted.')
      const action = op === 'deep-merge-triple' ? 'merge' : opts?.mode === 'create' ? 'create' : 'update'
      const key = JSON.stringify([etype, entity, opts?.mode])
      if (label === 'id' || !open || open.key !== key || !joins(open.step, action)) {
        open = { key, step: [action, etype, named(entity), {}, ...(opts?.mode === 'update' ? [{ upsert: false }] : [])] }
        steps.push(open.step)
      }
      open.step[0] = action
      if (label !== 'id') open.step[3][label] = value
    }
    return steps
  }

  /** A row begins with the triple of its id, which is a plain one whatever follows. @param {any[]} step @param {string} action */
  function joins([before, , , fields], action) {
    return before === action || Object.keys(fields).length === 0
  }

  /** A lookup names its attribute by id. @param {any} entity */
  function named(entity) {
    const attr = Array.isArray(entity) ? store.catalog.get(entity[0]) : undefined
    return attr ? [attr['forward-identity'][2], entity[1]] : entity
  }
}
