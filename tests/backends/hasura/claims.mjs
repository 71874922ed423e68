// From a verified token's claims to session variables: claims_namespace, claims_namespace_path, claims_format and claims_map.
import { HasuraError, kindOf, parsing } from './failure.mjs'

export const DEFAULT_NAMESPACE = 'https://hasura.io/jwt/claims'
export const ALLOWED = 'x-hasura-allowed-roles'
export const DEFAULT = 'x-hasura-default-role'

/** @param {string} message */
const badClaims = (message) => new HasuraError('jwt-invalid-claims', message)
/** @param {string} claim */
const noRoles = (claim) => new HasuraError('jwt-missing-role-claims', `JWT claim does not contain ${claim}`)

/**
 * @param {Record<string, any>} claims of the whole token
 * @param {object} config
 * @param {string} [config.claims_namespace]
 * @param {string} [config.claims_namespace_path]
 * @param {'json' | 'stringified_json'} [config.claims_format]
 * @param {Record<string, any>} [config.claims_map]
 * @returns {{ allowed: string[], fallback: string, variables: Record<string, string> }}
 */
export function hasuraClaims(claims, config) {
  const found = config.claims_map ? mapped(claims, config.claims_map) : namespaced(claims, config)
  if (!(ALLOWED in found)) throw noRoles(ALLOWED)
  const allowed = found[ALLOWED]
  if (!Array.isArray(allowed)) throw badClaims(`invalid ${ALLOWED}; should be a list of roles: ${parsing('[]', 'Array', allowed)}`)
  const odd = allowed.findIndex((role) => typeof role !== 'string')
  if (odd >= 0) throw badClaims(`invalid ${ALLOWED}; should be a list of roles: ${parsing('Text', 'String', allowed[odd])}`)
  if (!(DEFAULT in found)) throw noRoles(DEFAULT)
  const fallback = found[DEFAULT]
  if (typeof fallback !== 'string') {
    throw badClaims(`invalid ${DEFAULT}; should be a single role name: ${parsing('Text', 'String', fallback)}`)
  }
  /** @type {Record<string, string>} */
  const variables = {}
  for (const [name, value] of Object.entries(found)) {
    if (name === ALLOWED || name === DEFAULT) continue
    if (typeof value !== 'string') throw badClaims(`x-hasura-* claims: ${parsing('Text', 'String', value)}`)
    variables[name] = value
  }
  return { allowed, fallback, variables }
}

/** Members named x-hasura-*, in lower case. @param {Record<string, any>} object */
export function sessionVariables(object) {
  return Object.fromEntries(Object.entries(object)
    .map(([name, value]) => [name.toLowerCase(), value])
    .filter(([name]) => name.startsWith('x-hasura-')))
}

function namespaced(claims, { claims_namespace: namespace = DEFAULT_NAMESPACE, claims_namespace_path: path, claims_format: format = 'json' }) {
  const value = path === undefined ? claims[namespace] : lookup(claims, path)
  if (value === undefined) {
    throw badClaims(path === undefined ? `claims key: '${namespace}' not found` : `claims not found at claims_namespace_path: '${path}'`)
  }
  if (format === 'json') {
    if (kindOf(value) !== 'Object') throw badClaims('expecting a json object when claims_format is json')
    return sessionVariables(value)
  }
  if (typeof value !== 'string') throw badClaims('expecting a string when claims_format is stringified_json')
  let parsed
  try {
    parsed = JSON.parse(value)
  } catch {
    parsed = undefined
  }
  if (kindOf(parsed) !== 'Object') {
    const where = path === undefined ? `claims_namespace ${namespace}` : `claims_namespace_path ${path}`
    throw badClaims(`expecting stringified json at: '${where}', but found: ${value}`)
  }
  return sessionVariables(parsed)
}

/** Each member is a literal or `{ path, default? }`. */
function mapped(claims, map) {
  /** @type {Record<string, any>} */
  const found = {}
  for (const [key, rule] of Object.entries(map)) {
    const name = key.toLowerCase()
    if (kindOf(rule) !== 'Object') {
      found[name] = rule
      continue
    }
    const value = lookup(claims, rule.path) ?? rule.default
    if (value !== undefined) found[name] = value
    else throw name === ALLOWED || name === DEFAULT ? noRoles(name) : badClaims(`JWT claim from claims_map, ${name} not found`)
  }
  return found
}

/**
 * The part of JSONPath that configurations use: `$`, `.name`, `['name']`, `[0]`.
 * @param {unknown} value @param {string} path
 */
export function lookup(value, path) {
  for (const step of steps(path)) {
    if (value === null || typeof value !== 'object') return undefined
    // Own members only: `$.constructor` is not a claim.
    value = Object.hasOwn(value, step) ? value[step] : undefined
  }
  return value
}

/** @param {string} path @returns {string[]} @throws on a path that is none, as the engine does at start */
export function steps(path) {
  if (!path.startsWith('$')) throw new Error(`invalid JSON path: ${path}`)
  const found = []
  const step = /\.([^.[\]]+)|\[(?:'([^']*)'|"([^"]*)"|(\d+))\]/y
  step.lastIndex = 1
  while (step.lastIndex < path.length) {
    const match = step.exec(path)
    if (!match) throw new Error(`invalid JSON path: ${path}`)
    found.push(match[1] ?? match[2] ?? match[3] ?? match[4])
  }
  return found
}
