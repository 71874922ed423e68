// `<table>_stream`: the rows strictly beyond a cursor, in batches. How far a subscription has come is kept by the server, so
// a client that connects again must say it anew.
import { GraphQLEnumType, GraphQLInputObjectType, GraphQLInt, GraphQLList, GraphQLNonNull } from 'graphql'
import { invalid, pathOf } from './failure.mjs'
import { Statement, condition, quote, select } from './sql.mjs'

/**
 * How far one streaming subscription has come; kept from one poll to the next.
 * @typedef {{ after?: unknown, rows: number, full: boolean }} Place
 *   `after`: the column's value in the last row that was sent; `rows` and `full`: of the last batch
 */

/** @param {import('./schema.mjs').Builder} builder @param {import('./catalog.mjs').Table} table */
export function streamFields(builder, table) {
  const columns = builder.selectable(table)
  const ordering = builder.once('cursor_ordering', () => new GraphQLEnumType({ name: 'cursor_ordering', values: { ASC: {}, DESC: {} } }))
  const value = new GraphQLInputObjectType({
    name: `${table.name}_stream_cursor_value_input`,
    fields: Object.fromEntries(columns.map(({ name, type }) => [name, { type: builder.scalars.scalar(type) }])),
  })
  const cursor = new GraphQLInputObjectType({
    name: `${table.name}_stream_cursor_input`,
    fields: { initial_value: { type: new GraphQLNonNull(value) }, ordering: { type: ordering } },
  })
  const type = new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(builder.row(table))))
  return {
    [`${table.name}_stream`]: {
      type,
      args: { batch_size: { type: new GraphQLNonNull(GraphQLInt) }, cursor: { type: new GraphQLNonNull(new GraphQLList(cursor)) }, where: { type: builder.bool(table) } },
      async resolve(_, args, { run, stream }, info) {
        const path = pathOf(info)
        const { column, initial, descending } = cursorOf(args.cursor, `${path}.args.cursor`)
        if (args.batch_size < 0) throw invalid("expected a non-negative 32-bit integer for type 'Int', but found a negative integer", `${path}.args.batch_size`)
        const statement = new Statement()
        const alias = statement.alias()
        const place = `${alias}.${quote(column)}`
        const after = stream.after ?? initial
        // Without a value it begins at the first row. A row whose column is null can be beyond no cursor.
        const beyond = after === null ? `${place} is not null` : `${place} ${descending ? '<' : '>'} ${statement.value(after, table.columns.get(column)?.type ?? 'text')}`
        const rows = await run(select(columns, table, alias, `where ${beyond}
          and ${condition(builder.scope(statement), table, alias, args.where, `${path}.args.where`)}
          order by ${place} ${descending ? 'desc' : 'asc'} limit ${statement.value(args.batch_size, 'int8')}`), statement.params, path)
        stream.rows = rows.length
        stream.full = rows.length > 0 && rows.length === args.batch_size
        if (rows.length) stream.after = rows.at(-1)[column]
        return rows
      },
    },
  }
}

/** Exactly one column of one element, as in the engine. */
function cursorOf(cursor, path) {
  const items = cursor.filter((item) => item !== null)
  const named = items.flatMap(({ initial_value: values, ordering }) => Object.entries(values).map(([column, initial]) => ({ column, initial, descending: ordering === 'DESC' })))
  if (named.length > 1) throw invalid('multiple column cursors are not supported yet', path)
  if (!named.length) throw invalid('one streaming column field is expected', path)
  return named[0]
}

/** Whether the only root field of this subscription is a stream. @param {import('./execute.mjs').Plan} plan */
export function isStream({ schema, operation, document }) {
  const root = schema.getSubscriptionType()
  const name = firstField(operation.selectionSet, document)
  return Boolean(name?.endsWith('_stream') && root?.getFields()[name]?.args.some((arg) => arg.name === 'batch_size'))
}

/** @returns {string | undefined} */
export function firstField(selectionSet, document) {
  for (const selection of selectionSet.selections) {
    if (selection.kind === 'Field') return selection.name.value
    const inner = selection.kind === 'InlineFragment'
      ? selection.selectionSet
      : document.definitions.find((definition) => definition.kind === 'FragmentDefinition' && definition.name.value === selection.name.value)?.selectionSet
    const found = inner && firstField(inner, document)
    if (found) return found
  }
  return undefined
}
