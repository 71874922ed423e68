// The GraphQL schema of one role, generated from the catalog: a role sees the tables and columns Postgres lets it see,
// so a field it may not read is "not found", as on the engine.
import { GraphQLInputObjectType, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { columnsFor } from './catalog.mjs'
import { pathOf } from './failure.mjs'
import { mutationFields } from './mutations.mjs'
import { Scalars, orderBy } from './scalars.mjs'
import { Statement, condition, quote, select, tail } from './sql.mjs'
import { streamFields } from './streams.mjs'

/**
 * What resolvers get as context: statements of the request's transaction, which end the request when Postgres refuses them.
 * `stream`: how far a streaming subscription has come.
 * @typedef {{ run: (statement: string, params: unknown[], path: string) => Promise<any[]>, stream?: import('./streams.mjs').Place }} Run
 */

export const listOf = (type) => new GraphQLList(new GraphQLNonNull(type))
export const fullListOf = (type) => new GraphQLNonNull(listOf(type))

/** @param {import('./catalog.mjs').Catalog} catalog @param {string} role @returns {GraphQLSchema} */
export function buildSchema(catalog, role) {
  const builder = new Builder(catalog, role)
  const queries = {}
  const mutations = {}
  const streams = {}
  for (const table of catalog.tables.values()) {
    if (builder.visible(table)) {
      Object.assign(queries, builder.queryFields(table))
      Object.assign(streams, streamFields(builder, table))
    }
    Object.assign(mutations, mutationFields(builder, table))
  }
  return roots({ queries, mutations, subscriptions: { ...queries, ...streams } })
}

/** @param {Record<'queries' | 'mutations' | 'subscriptions', Record<string, any>>} fields */
export function roots({ queries, mutations, subscriptions }) {
  const some = (fields) => Object.keys(fields).length > 0
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'query_root', fields: some(queries) ? queries : { no_queries_available: { type: GraphQLString } } }),
    mutation: some(mutations) ? new GraphQLObjectType({ name: 'mutation_root', fields: mutations }) : null,
    // Validated like a query; over HTTP it is refused afterwards, see ./execute.mjs.
    subscription: some(subscriptions) ? new GraphQLObjectType({ name: 'subscription_root', fields: subscriptions }) : null,
  })
}

/** The types of one role's schema, each made once. */
export class Builder {
  /** @param {import('./catalog.mjs').Catalog} catalog @param {string} role */
  constructor(catalog, role) {
    this.tables = catalog.tables
    this.role = role
    this.scalars = new Scalars()
    this.made = new Map()
  }

  /** @template T @param {string} name @param {() => T} make @returns {T} */
  once(name, make) {
    if (!this.made.has(name)) this.made.set(name, make())
    return this.made.get(name)
  }

  selectable(table) { return columnsFor(table, this.role, 'SELECT') }
  visible(table) { return this.selectable(table).length > 0 }

  /** Relationships to tables this role can see, over columns it can see. */
  relationships(table) {
    const mine = new Set(this.selectable(table).map((column) => column.name))
    return table.relationships.flatMap((relation) => {
      const remote = this.tables.get(relation.table)
      return remote && mine.has(relation.column) && this.selectable(remote).some((c) => c.name === relation.remote) ? [{ ...relation, remoteTable: remote }] : []
    })
  }

  row(table) {
    return this.once(table.name, () => new GraphQLObjectType({ name: table.name, fields: () => this.rowFields(table) }))
  }

  rowFields(table) {
    return {
      ...Object.fromEntries(this.selectable(table).map((column) => {
        const scalar = this.scalars.scalar(column.type)
        return [column.name, { type: column.required ? new GraphQLNonNull(scalar) : scalar }]
      })),
      ...Object.fromEntries(this.relationships(table).map((relation) => [relation.name, this.relationField(relation)])),
    }
  }

  relationField({ kind, remote, column, remoteTable }) {
    const rows = async (parent, args, { run }, info) => {
      if (parent[column] === null) return []
      const statement = new Statement()
      const alias = statement.alias()
      const link = `${alias}.${quote(remote)} = ${statement.value(parent[column], remoteTable.columns.get(remote).type)}`
      const path = pathOf(info)
      return run(select(this.selectable(remoteTable), remoteTable, alias, tail(this.scope(statement), remoteTable, alias, args, path, link)), statement.params, path)
    }
    if (kind === 'array') return { type: fullListOf(this.row(remoteTable)), args: this.listArgs(remoteTable), resolve: rows }
    // Nullable although the key may not be: the row policy of the other table can hide the row.
    return { type: this.row(remoteTable), resolve: async (...all) => (await rows(...all))[0] ?? null }
  }

  bool(table) {
    return this.once(`${table.name}_bool_exp`, () => new GraphQLInputObjectType({
      name: `${table.name}_bool_exp`,
      fields: () => ({
        _and: { type: listOf(this.bool(table)) },
        _or: { type: listOf(this.bool(table)) },
        _not: { type: this.bool(table) },
        ...Object.fromEntries(this.selectable(table).map(({ name, type }) => [name, { type: this.scalars.comparison(type) }])),
        ...Object.fromEntries(this.relationships(table).map(({ name, remoteTable }) => [name, { type: this.bool(remoteTable) }])),
      }),
    }))
  }

  order(table) {
    return this.once(`${table.name}_order_by`, () => new GraphQLInputObjectType({
      name: `${table.name}_order_by`,
      fields: Object.fromEntries(this.selectable(table).map(({ name }) => [name, { type: orderBy }])),
    }))
  }

  listArgs(table) {
    return { where: { type: this.bool(table) }, order_by: { type: listOf(this.order(table)) }, limit: { type: GraphQLInt }, offset: { type: GraphQLInt } }
  }

  /** Arguments that name one row; undefined when the role may not see the whole key. */
  keyArgs(table) {
    const visible = new Set(this.selectable(table).map((column) => column.name))
    if (!table.key.length || !table.key.every((name) => visible.has(name))) return undefined
    return Object.fromEntries(table.key.map((name) => [name, { type: new GraphQLNonNull(this.scalars.scalar(table.columns.get(name).type)) }]))
  }

  /** @param {Statement} statement */
  scope(statement) { return { statement, tables: this.tables } }

  /** The condition "this row" for `<t>_by_pk` and its kind. */
  keyCondition(statement, table, alias, args, path) {
    return condition(this.scope(statement), table, alias, Object.fromEntries(table.key.map((name) => [name, { _eq: args[name] }])), path)
  }

  queryFields(table) {
    const list = async (_, args, { run }, info) => {
      const statement = new Statement()
      const alias = statement.alias()
      const path = pathOf(info)
      return run(select(this.selectable(table), table, alias, tail(this.scope(statement), table, alias, args, path)), statement.params, '$')
    }
    const one = async (_, args, { run }, info) => {
      const statement = new Statement()
      const alias = statement.alias()
      const where = this.keyCondition(statement, table, alias, args, `${pathOf(info)}.args`)
      return (await run(select(this.selectable(table), table, alias, `where ${where}`), statement.params, '$'))[0] ?? null
    }
    const key = this.keyArgs(table)
    return {
      [table.name]: { type: fullListOf(this.row(table)), args: this.listArgs(table), resolve: list },
      ...(key && { [`${table.name}_by_pk`]: { type: this.row(table), args: key, resolve: one } }),
      [`${table.name}_aggregate`]: { type: new GraphQLNonNull(this.aggregate(table, list)), args: this.listArgs(table), resolve: (_, args, __, info) => ({ args, info }) },
    }
  }

  aggregate(table, list) {
    const count = async ({ args, info }, _, { run }) => {
      const statement = new Statement()
      const alias = statement.alias()
      const rest = tail(this.scope(statement), table, alias, args, pathOf(info))
      return (await run(`select to_json(count(*)) as row from (select 1 from ${quote(table.name)} ${alias} ${rest}) r`, statement.params, '$'))[0]
    }
    const fields = new GraphQLObjectType({
      name: `${table.name}_aggregate_fields`,
      fields: { count: { type: new GraphQLNonNull(GraphQLInt), resolve: count } },
    })
    return new GraphQLObjectType({
      name: `${table.name}_aggregate`,
      fields: {
        aggregate: { type: fields, resolve: (source) => source },
        nodes: { type: fullListOf(this.row(table)), resolve: ({ args, info }, _, context) => list(null, args, context, info) },
      },
    })
  }
}
