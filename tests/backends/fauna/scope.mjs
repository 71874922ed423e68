// Names are checked before anything runs, as the server does: an unknown variable is a query that does not compile.
import { check } from './errors.mjs'

/** @param {any} node @param {Set<string>} bound names that mean something here */
export function checkNames(node, bound) {
  if (!node || typeof node !== 'object') return
  if (Array.isArray(node)) return node.forEach((item) => checkNames(item, bound))
  if (node.t === 'value') return // data, not code
  switch (node.t) {
    case 'name':
      if (!bound.has(node.name)) throw check(`Unbound variable \`${node.name}\``, node)
      return
    case 'block': {
      const inner = new Set(bound)
      for (const statement of node.body) {
        if (statement.t !== 'let') checkNames(statement, inner)
        else {
          checkNames(statement.value, inner)
          inner.add(statement.name)
        }
      }
      return
    }
    case 'lambda':
      return checkNames(node.body, new Set([...bound, ...node.params]))
    default:
      for (const [key, child] of Object.entries(node)) if (key !== 'at') checkNames(child, bound)
  }
}
