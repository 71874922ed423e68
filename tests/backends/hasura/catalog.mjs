// What Postgres says of itself: tables, columns, keys, and which role may do what with which column.

/**
 * @typedef {'SELECT' | 'INSERT' | 'UPDATE'} ColumnRight
 * @typedef {object} Column
 * @property {string} name
 * @property {string} type   Postgres' own name: text, int4, uuid …
 * @property {boolean} required   NOT NULL
 * @property {Record<ColumnRight, Set<string>>} rights   roles
 *
 * @typedef {{ name: string, kind: 'object' | 'array', table: string, column: string, remote: string }} Relationship
 *   Rows of `table` whose `remote` equals this row's `column`.
 *
 * @typedef {object} Table
 * @property {string} name
 * @property {Map<string, Column>} columns
 * @property {string[]} key   primary key columns, in order
 * @property {Relationship[]} relationships
 * @property {Set<string>} deleters   roles with DELETE
 *
 * @typedef {{ tables: Map<string, Table>, roles: Set<string> }} Catalog
 */

export const ADMIN = 'admin'

// Types whose GraphQL name is not Postgres' own.
const SCALAR_NAMES = { int4: 'Int', int2: 'Int', bool: 'Boolean', text: 'String', varchar: 'String', float4: 'Float', int8: 'bigint' }

/** @param {string} type Postgres' name; arrays are `_text` there */
export const scalarName = (type) => SCALAR_NAMES[type] ?? type.replace(/^_/, 'array_of_')

const GRAPHQL_NAME = /^[_A-Za-z]\w*$/

/** @param {{ query: (sql: string) => Promise<{ rows: any[] }> }} db @returns {Promise<Catalog>} */
export async function readCatalog(db) {
  const rows = async (sql) => (await db.query(sql)).rows
  /** @type {Map<string, Table>} */
  const tables = new Map()

  for (const { t, c, type, nullable } of await rows(`
    select c.table_name t, c.column_name c, c.udt_name type, c.is_nullable nullable
    from information_schema.columns c join information_schema.tables b using (table_schema, table_name)
    where c.table_schema = 'public' and b.table_type = 'BASE TABLE' order by c.table_name, c.ordinal_position`)) {
    if (!GRAPHQL_NAME.test(t) || !GRAPHQL_NAME.test(c)) continue // no name in GraphQL; the engine leaves them out too
    if (!tables.has(t)) tables.set(t, { name: t, columns: new Map(), key: [], relationships: [], deleters: new Set() })
    const rights = { SELECT: new Set(), INSERT: new Set(), UPDATE: new Set() }
    tables.get(t)?.columns.set(c, { name: c, type, required: nullable === 'NO', rights })
  }
  for (const { t, c, role, right } of await rows(`
    select table_name t, column_name c, grantee role, privilege_type "right"
    from information_schema.column_privileges where table_schema = 'public'`)) {
    tables.get(t)?.columns.get(c)?.rights[right]?.add(role)
  }
  for (const { t, role } of await rows(`
    select table_name t, grantee role from information_schema.table_privileges
    where table_schema = 'public' and privilege_type = 'DELETE'`)) {
    tables.get(t)?.deleters.add(role)
  }
  for (const { t, c } of await rows(`
    select k.table_name t, k.column_name c
    from information_schema.table_constraints n join information_schema.key_column_usage k using (constraint_schema, constraint_name)
    where n.table_schema = 'public' and n.constraint_type = 'PRIMARY KEY' order by k.ordinal_position`)) {
    tables.get(t)?.key.push(c)
  }
  for (const key of await rows(`
    select min(k.table_name) t, min(k.column_name) c, min(u.table_name) rt, min(u.column_name) rc
    from information_schema.referential_constraints r
    join information_schema.key_column_usage k using (constraint_schema, constraint_name)
    join information_schema.key_column_usage u on u.constraint_schema = r.unique_constraint_schema
      and u.constraint_name = r.unique_constraint_name and u.ordinal_position = k.position_in_unique_constraint
    where k.table_schema = 'public' group by r.constraint_name having count(*) = 1`)) {
    relate(tables, key)
  }
  const roles = await rows(`select rolname from pg_roles where not rolsuper and not rolcanlogin and rolname not like 'pg\\_%'`)
  return { tables, roles: new Set(roles.map((row) => row.rolname)) }
}

/** The two relationships of one single-column foreign key, named as the engine's console suggests. */
function relate(tables, { t, c, rt, rc }) {
  const [here, there] = [tables.get(t), tables.get(rt)]
  if (!here || !there) return
  const taken = (table, name) => table.columns.has(name) || table.relationships.some((r) => r.name === name)
  const short = c.replace(/_id$/, '')
  const object = short !== c && !taken(here, short) ? short : `${rt}_by_${c}`
  here.relationships.push({ name: object, kind: 'object', table: rt, column: c, remote: rc })
  const array = taken(there, t) ? `${t}_by_${c}` : t
  there.relationships.push({ name: array, kind: 'array', table: t, column: rc, remote: c })
}

/**
 * The columns a role has a right to; the administrator has every right.
 * @param {Table} table @param {string} role @param {ColumnRight} right @returns {Column[]}
 */
export function columnsFor(table, role, right) {
  return [...table.columns.values()].filter(({ rights }) => role === ADMIN || rights[right].has(role) || rights[right].has('PUBLIC'))
}

/** @param {Table} table @param {string} role */
export const mayDelete = (table, role) => role === ADMIN || table.deleters.has(role) || table.deleters.has('PUBLIC')
