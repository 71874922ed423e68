// The Relay-shaped schema of /v1beta1/relay: `node(id:)` and a connection per table instead of its list, rows with an `id` that
// is unique in the whole schema. Mutations are those of the normal schema, over these rows.
import { GraphQLBoolean, GraphQLID, GraphQLInt, GraphQLInterfaceType, GraphQLNonNull, GraphQLObjectType, GraphQLString } from 'graphql'
import { invalid, pathOf } from './failure.mjs'
import { mutationFields } from './mutations.mjs'
import { Builder, fullListOf, listOf, roots } from './schema.mjs'
import { Statement, condition, quote, select } from './sql.mjs'

const VERSION = 1
const SCHEMA = 'public'

/** @param {unknown} value */
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64')
/** @param {string} text @returns {any} undefined when it is none of ours */
function decode(text) {
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString('utf8'))
  } catch {
    return undefined
  }
}

/** `[1,"public","messages",<key>]`. @param {import('./catalog.mjs').Table} table @param {any} row */
export const globalId = (table, row) => encode([VERSION, SCHEMA, table.name, ...table.key.map((name) => row[name])])

/** @param {import('./catalog.mjs').Catalog} catalog @param {string} role */
export function buildRelaySchema(catalog, role) {
  const builder = new RelayBuilder(catalog, role)
  const queries = {}
  const mutations = {}
  for (const table of catalog.tables.values()) {
    if (builder.isNode(table)) queries[`${table.name}_connection`] = builder.connection(table)
    Object.assign(mutations, mutationFields(builder, table))
  }
  if (Object.keys(queries).length) queries.node = builder.nodeField()
  return roots({ queries, mutations, subscriptions: queries })
}

class RelayBuilder extends Builder {
  node = new GraphQLInterfaceType({ name: 'Node', fields: { id: { type: new GraphQLNonNull(GraphQLID) } } })
  pageInfo = new GraphQLObjectType({
    name: 'PageInfo',
    fields: {
      hasNextPage: { type: new GraphQLNonNull(GraphQLBoolean), resolve: ({ more, edges }, _, { run }) => more(run, edges.at(-1), false) },
      hasPreviousPage: { type: new GraphQLNonNull(GraphQLBoolean), resolve: ({ more, edges }, _, { run }) => more(run, edges[0], true) },
      startCursor: { type: new GraphQLNonNull(GraphQLString), resolve: ({ edges }) => edges[0]?.cursor ?? '' },
      endCursor: { type: new GraphQLNonNull(GraphQLString), resolve: ({ edges }) => edges.at(-1)?.cursor ?? '' },
    },
  })

  /** Only a row whose whole key the role may see can be named. */
  isNode(table) { return this.visible(table) && this.keyArgs(table) !== undefined }

  row(table) {
    return this.once(table.name, () => new GraphQLObjectType({
      name: table.name,
      interfaces: this.isNode(table) ? [this.node] : [],
      fields: () => ({
        ...this.rowFields(table),
        ...Object.fromEntries(this.relationships(table).filter(({ kind, remoteTable }) => kind === 'array' && this.isNode(remoteTable))
          .map((relation) => [`${relation.name}_connection`, this.connection(relation.remoteTable, relation)])),
        ...(this.isNode(table) && { id: { type: new GraphQLNonNull(GraphQLID), resolve: (row) => globalId(table, row) } }),
      }),
    }))
  }

  nodeField() {
    return {
      type: this.node,
      args: { id: { type: new GraphQLNonNull(GraphQLID) } },
      resolve: async (_, { id }, { run }, info) => {
        const path = `${pathOf(info)}.args.id`
        const [version, schema, name, ...key] = [decode(id)].flat()
        const table = this.tables.get(name)
        if (version !== VERSION || schema !== SCHEMA || !table || !this.isNode(table) || key.length !== table.key.length) throw invalid('the node id is invalid', path)
        const statement = new Statement()
        const alias = statement.alias()
        const args = Object.fromEntries(table.key.map((column, i) => [column, key[i]]))
        const [row] = await run(select(this.selectable(table), table, alias, `where ${this.keyCondition(statement, table, alias, args, path)}`), statement.params, '$')
        return row ? { ...row, __typename: name } : null
      },
    }
  }

  /** @param {import('./catalog.mjs').Table} table @param {any} [relation] of a row, whose rows these are */
  connection(table, relation) {
    return {
      type: new GraphQLNonNull(this.connectionType(table)),
      args: {
        where: { type: this.bool(table) }, order_by: { type: listOf(this.order(table)) },
        first: { type: GraphQLInt }, after: { type: GraphQLString }, last: { type: GraphQLInt }, before: { type: GraphQLString },
      },
      resolve: async (parent, args, { run }, info) => {
        const page = new Page(this, table, args, pathOf(info), relation && { column: relation.remote, value: parent[relation.column] })
        return { edges: await page.edges(run), more: (...all) => page.more(...all) }
      },
    }
  }

  connectionType(table) {
    const edge = () => this.once(`${table.name}Edge`, () => new GraphQLObjectType({
      name: `${table.name}Edge`,
      fields: { cursor: { type: new GraphQLNonNull(GraphQLString) }, node: { type: new GraphQLNonNull(this.row(table)) } },
    }))
    return this.once(`${table.name}Connection`, () => new GraphQLObjectType({
      name: `${table.name}Connection`,
      fields: () => ({ edges: { type: fullListOf(edge()) }, pageInfo: { type: new GraphQLNonNull(this.pageInfo), resolve: (connection) => connection } }),
    }))
  }
}

/** A part of an ordered set of rows, and what lies on its either side. */
class Page {
  constructor(builder, table, args, path, link) {
    Object.assign(this, { builder, table, args, path, link })
    const { first, last } = args
    if (typeof first === 'number' && typeof last === 'number') throw invalid('"first" and "last" are not allowed at once', `${path}.args`)
    for (const name of ['first', 'last']) if (args[name] < 0) throw invalid("expected a non-negative 32-bit integer for type 'Int', but found a negative integer", `${path}.args.${name}`)
    const asked = (args.order_by ?? []).flatMap((one) => Object.entries(one)).filter(([, direction]) => direction !== null)
    // The key comes last: a cursor has to name one place.
    const order = [...asked, ...table.key.filter((name) => !asked.some(([column]) => column === name)).map((name) => [name, 'asc'])]
    this.order = order.map(([column, direction]) => ({
      column, type: table.columns.get(column).type, descending: direction.startsWith('desc'),
      nullsFirst: direction.endsWith('_nulls_first') || direction === 'desc',
    }))
  }

  async edges(run) {
    const { first, last, after, before } = this.args
    const backward = typeof last === 'number'
    const rows = await this.rows(run, { after: this.place('after', after), before: this.place('before', before), backward, limit: first ?? last })
    if (backward) rows.reverse()
    return rows.map((node) => ({ node, cursor: encode(Object.fromEntries(this.order.map(({ column }) => [column, node[column]]))) }))
  }

  /** Whether there are rows after an edge, or before it. */
  async more(run, edge, backward) {
    if (!edge) return false
    const rows = await this.rows(run, { [backward ? 'before' : 'after']: edge.node, backward, limit: 1 })
    return rows.length > 0
  }

  place(name, cursor) {
    if (cursor === undefined || cursor === null) return undefined
    const values = decode(cursor)
    if (!values || this.order.some(({ column }) => !(column in values))) throw invalid('the cursor is invalid', `${this.path}.args.${name}`)
    return values
  }

  rows(run, { after = undefined, before = undefined, backward, limit }) {
    const { builder, table, args, link } = this
    const statement = new Statement()
    const alias = statement.alias()
    const parts = [condition(builder.scope(statement), table, alias, args.where, `${this.path}.args.where`)]
    if (link) parts.push(`${alias}.${quote(link.column)} = ${statement.value(link.value, table.columns.get(link.column).type)}`)
    if (after) parts.push(this.beyond(statement, alias, after, false))
    if (before) parts.push(this.beyond(statement, alias, before, true))
    const order = this.order.map(({ column, descending, nullsFirst }) => `${alias}.${quote(column)} ${descending !== backward ? 'desc' : 'asc'} nulls ${nullsFirst !== backward ? 'first' : 'last'}`)
    const count = typeof limit === 'number' ? `limit ${statement.value(limit, 'int8')}` : ''
    return run(select(builder.selectable(table), table, alias, `where ${parts.join(' and ')} order by ${order.join(', ')} ${count}`), statement.params, '$')
  }

  /** The rows on one side of a place: the first column that differs decides. */
  beyond(statement, alias, values, backward) {
    const sides = this.order.map(({ column, type, descending, nullsFirst }, i) => {
      const before = this.order.slice(0, i).map((same) => `${alias}.${quote(same.column)} is not distinct from ${statement.value(values[same.column], same.type)}`)
      const here = `${alias}.${quote(column)}`
      const nullsBeyond = nullsFirst === backward
      const further = values[column] === null
        ? (nullsBeyond ? 'false' : `${here} is not null`)
        : `(${here} ${descending !== backward ? '<' : '>'} ${statement.value(values[column], type)}${nullsBeyond ? ` or ${here} is null` : ''})`
      return `(${[...before, further].join(' and ')})`
    })
    return `(${sides.join(' or ')})`
  }
}
