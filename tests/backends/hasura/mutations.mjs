// insert_<t>, insert_<t>_one, update_<t>, update_<t>_by_pk, delete_<t>, delete_<t>_by_pk: for the columns a role may write.
import { GraphQLInputObjectType, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType } from 'graphql'
import { columnsFor, mayDelete } from './catalog.mjs'
import { invalid, pathOf } from './failure.mjs'
import { Statement, condition, insert, remove, update } from './sql.mjs'

/** @param {import('./schema.mjs').Builder} builder @param {import('./catalog.mjs').Table} table */
export function mutationFields(builder, table) {
  return { ...insertFields(builder, table), ...updateFields(builder, table), ...deleteFields(builder, table) }
}

/** An input of plain columns, all optional: what is missing takes its default, and Postgres says if there is none. */
function columnsInput(builder, name, columns) {
  return new GraphQLInputObjectType({
    name,
    fields: Object.fromEntries(columns.map((column) => [column.name, { type: builder.scalars.scalar(column.type) }])),
  })
}

/** `affected_rows` and `returning`; the latter only for a role that may read. */
function response(builder, table) {
  return builder.once(`${table.name}_mutation_response`, () => new GraphQLObjectType({
    name: `${table.name}_mutation_response`,
    fields: () => ({
      affected_rows: { type: new GraphQLNonNull(GraphQLInt) },
      ...(builder.visible(table) && { returning: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(builder.row(table)))) } }),
    }),
  }))
}

const affected = (rows) => ({ affected_rows: rows.length, returning: rows })

function insertFields(builder, table) {
  const columns = columnsFor(table, builder.role, 'INSERT')
  if (!columns.length) return {}
  const input = new GraphQLNonNull(columnsInput(builder, `${table.name}_insert_input`, columns))
  const run = (context, info, objects) => {
    if (!objects.length) return []
    const statement = new Statement()
    const text = insert(statement, table, objects, columns[0].name, builder.selectable(table))
    return context.run(text, statement.params, `${pathOf(info)}.args.${info.fieldName.endsWith('_one') ? 'object' : 'objects'}`)
  }
  return {
    [`insert_${table.name}`]: {
      type: response(builder, table),
      args: { objects: { type: new GraphQLNonNull(new GraphQLList(input)) } },
      resolve: async (_, { objects }, context, info) => affected(await run(context, info, objects)),
    },
    ...(builder.visible(table) && {
      [`insert_${table.name}_one`]: {
        type: builder.row(table),
        args: { object: { type: input } },
        resolve: async (_, { object }, context, info) => (await run(context, info, [object]))[0] ?? null,
      },
    }),
  }
}

function updateFields(builder, table) {
  const columns = columnsFor(table, builder.role, 'UPDATE')
  if (!columns.length || !builder.visible(table)) return {}
  const set = { type: columnsInput(builder, `${table.name}_set_input`, columns) }
  const key = builder.keyArgs(table)
  const run = (context, info, values, where) => {
    const path = pathOf(info)
    if (!values || !Object.keys(values).length) throw invalid('at least any one of _set is expected', `${path}.args`)
    const statement = new Statement()
    const alias = statement.alias()
    return context.run(update(statement, table, values, where(statement, alias, `${path}.args`), alias, builder.selectable(table)), statement.params, path)
  }
  return {
    [`update_${table.name}`]: {
      type: response(builder, table),
      args: { where: { type: new GraphQLNonNull(builder.bool(table)) }, _set: set },
      resolve: async (_, args, context, info) => affected(await run(context, info, args._set,
        (statement, alias, path) => condition(builder.scope(statement), table, alias, args.where, `${path}.where`))),
    },
    ...(key && {
      [`update_${table.name}_by_pk`]: {
        type: builder.row(table),
        args: { pk_columns: { type: new GraphQLNonNull(new GraphQLInputObjectType({ name: `${table.name}_pk_columns_input`, fields: key })) }, _set: set },
        resolve: async (_, args, context, info) => (await run(context, info, args._set,
          (statement, alias, path) => builder.keyCondition(statement, table, alias, args.pk_columns, `${path}.pk_columns`)))[0] ?? null,
      },
    }),
  }
}

function deleteFields(builder, table) {
  if (!mayDelete(table, builder.role) || !builder.visible(table)) return {}
  const key = builder.keyArgs(table)
  const run = (context, info, where) => {
    const statement = new Statement()
    const alias = statement.alias()
    const path = pathOf(info)
    return context.run(remove(table, where(statement, alias, `${path}.args`), alias, builder.selectable(table)), statement.params, path)
  }
  return {
    [`delete_${table.name}`]: {
      type: response(builder, table),
      args: { where: { type: new GraphQLNonNull(builder.bool(table)) } },
      resolve: async (_, args, context, info) => affected(await run(context, info,
        (statement, alias, path) => condition(builder.scope(statement), table, alias, args.where, `${path}.where`))),
    },
    ...(key && {
      [`delete_${table.name}_by_pk`]: {
        type: builder.row(table),
        args: key,
        resolve: async (_, args, context, info) => (await run(context, info,
          (statement, alias, path) => builder.keyCondition(statement, table, alias, args, path)))[0] ?? null,
      },
    }),
  }
}
