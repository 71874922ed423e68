// GraphQL arguments to SQL. Values only ever travel as parameters; names come from the catalog and are quoted.
import { scalarName } from './catalog.mjs'
import { invalid } from './failure.mjs'

/** @typedef {import('./catalog.mjs').Table} Table @typedef {import('./catalog.mjs').Column} Column */

/** @param {string} name */
export const quote = (name) => `"${name.replaceAll('"', '""')}"`

const COMPARISONS = {
  _eq: '=', _neq: '<>', _gt: '>', _lt: '<', _gte: '>=', _lte: '<=',
  _like: 'like', _nlike: 'not like', _ilike: 'ilike', _nilike: 'not ilike',
}

/** The parameters of one statement, and the places they are used in. */
export class Statement {
  constructor() {
    /** @type {(string | null)[]} */
    this.params = []
    this.aliases = 0
  }

  /**
   * A value as `$n`, converted by Postgres' own input function of the column's type: so bad input is Postgres' error.
   * @param {unknown} value @param {string} type
   */
  value(value, type) {
    const json = type === 'json' || type === 'jsonb'
    this.params.push(value === null || value === undefined ? null : json ? JSON.stringify(value) : literal(value))
    return `($${this.params.length}::text)::${quote(type)}`
  }

  alias() {
    return `t${this.aliases++}`
  }
}

/** Arrays as Postgres writes them; the engine's documentation says `{1,2,3}`. @param {unknown} value @returns {string} */
function literal(value) {
  if (Array.isArray(value)) return `{${value.map((item) => JSON.stringify(item === null ? null : String(item))).join(',')}}`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/**
 * @param {object} scope
 * @param {Statement} scope.statement
 * @param {Map<string, Table>} scope.tables
 * @param {Table} table @param {string} alias @param {any} exp `<t>_bool_exp` @param {string} path for errors
 * @returns {string}
 */
export function condition(scope, table, alias, exp, path) {
  if (exp === null || exp === undefined) return 'true'
  const parts = Object.entries(exp).map(([name, value]) => {
    const here = `${path}.${name}`
    if (name === '_and' || name === '_or') {
      if (value === null) throw invalid(`unexpected null value for type '[${table.name}_bool_exp!]'`, here)
      const inner = value.map((one, i) => condition(scope, table, alias, one, `${here}[${i}]`))
      return inner.length ? `(${inner.join(name === '_and' ? ' and ' : ' or ')})` : String(name === '_and')
    }
    if (name === '_not') return `not (${condition(scope, table, alias, value, here)})`
    const column = table.columns.get(name)
    if (column) return comparison(scope.statement, `${alias}.${quote(name)}`, column, value, here)
    const relation = table.relationships.find((r) => r.name === name)
    const remote = relation && scope.tables.get(relation.table)
    if (!remote) throw invalid(`field '${name}' not found in type: '${table.name}_bool_exp'`, path)
    const inner = scope.statement.alias()
    return `exists (select 1 from ${quote(remote.name)} ${inner} where ${inner}.${quote(relation.remote)} = ${alias}.${quote(relation.column)}
      and ${condition(scope, remote, inner, value, here)})`
  })
  return parts.length ? `(${parts.join(' and ')})` : 'true'
}

/** @param {Statement} statement @param {string} left @param {Column} column @param {any} operators @param {string} path */
function comparison(statement, left, column, operators, path) {
  if (operators === null) return 'true'
  const parts = Object.entries(operators).map(([name, value]) => {
    // Null would silently mean "no row" (or, dropped, "every row"); the engine refuses it.
    if (value === null) throw invalid(`unexpected null value for type '${name === '_is_null' ? 'Boolean' : scalarName(column.type)}'`, `${path}.${name}`)
    if (name === '_is_null') return `${left} is ${value ? '' : 'not '}null`
    if (name === '_in' || name === '_nin') {
      if (!value.length) return String(name === '_nin')
      return `${left} ${name === '_in' ? 'in' : 'not in'} (${value.map((one) => statement.value(one, column.type)).join(', ')})`
    }
    return `${left} ${COMPARISONS[name]} ${statement.value(value, column.type)}`
  })
  return parts.length ? `(${parts.join(' and ')})` : 'true'
}

/**
 * `where`, `order_by`, `limit` and `offset` as the tail of a select.
 * @param {Parameters<typeof condition>[0]} scope @param {Table} table @param {string} alias @param {any} args @param {string} path
 * @param {string} [also] a further condition
 */
export function tail(scope, table, alias, args, path, also = 'true') {
  const clauses = [`where ${also} and ${condition(scope, table, alias, args.where, `${path}.args.where`)}`]
  const order = (args.order_by ?? []).flatMap((one) => Object.entries(one))
    .filter(([, direction]) => direction !== null)
    .map(([column, direction]) => `${alias}.${quote(column)} ${ORDER[direction]}`)
  if (order.length) clauses.push(`order by ${order.join(', ')}`)
  for (const name of ['limit', 'offset']) {
    const count = args[name]
    if (count === null || count === undefined) continue
    if (count < 0) throw invalid("expected a non-negative 32-bit integer for type 'Int', but found a negative integer", `${path}.args.${name}`)
    clauses.push(`${name} ${scope.statement.value(count, 'int8')}`)
  }
  return clauses.join(' ')
}

/** The values of the enum `order_by`. */
export const ORDER = {
  asc: 'asc', asc_nulls_first: 'asc nulls first', asc_nulls_last: 'asc nulls last',
  desc: 'desc', desc_nulls_first: 'desc nulls first', desc_nulls_last: 'desc nulls last',
}

/**
 * Inserts all objects in one statement; columns an object leaves out take their default.
 * @param {Statement} statement @param {Table} table @param {Record<string, unknown>[]} objects
 * @param {string} anyColumn one the role may write, named when every object is empty
 * @param {Column[]} returning
 */
export function insert(statement, table, objects, anyColumn, returning) {
  const given = new Set(objects.flatMap((object) => Object.keys(object)))
  const names = given.size ? [...given] : [anyColumn]
  const type = (name) => table.columns.get(name)?.type ?? 'text'
  const row = (object) => `(${names.map((name) => (name in object ? statement.value(object[name], type(name)) : 'default')).join(', ')})`
  return written(`insert into ${quote(table.name)} (${names.map(quote).join(', ')}) values ${objects.map(row).join(', ')}`, returning)
}

/** @param {Statement} statement @param {Table} table @param {Record<string, unknown>} set @param {string} where @param {string} alias @param {Column[]} returning */
export function update(statement, table, set, where, alias, returning) {
  const sets = Object.entries(set).map(([name, value]) => `${quote(name)} = ${statement.value(value, table.columns.get(name)?.type ?? 'text')}`)
  return written(`update ${quote(table.name)} ${alias} set ${sets.join(', ')} where ${where}`, returning)
}

/** @param {Table} table @param {string} where @param {string} alias @param {Column[]} returning */
export function remove(table, where, alias, returning) {
  return written(`delete from ${quote(table.name)} ${alias} where ${where}`, returning)
}

/** Rows as Postgres' own JSON: timestamps and numbers then look as the engine prints them. */
function written(statement, returning) {
  const columns = returning.map(({ name }) => quote(name)).join(', ') || '1 as one'
  return `with w as (${statement} returning ${columns}) select row_to_json(w) as row from w`
}

/** @param {Column[]} columns @param {Table} table @param {string} alias @param {string} rest */
export function select(columns, table, alias, rest) {
  const list = columns.map(({ name }) => `${alias}.${quote(name)}`).join(', ')
  return `select row_to_json(r) as row from (select ${list} from ${quote(table.name)} ${alias} ${rest}) r`
}
