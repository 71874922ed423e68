// Postgres types as GraphQL scalars, and the comparison and ordering inputs over them.
import {
  GraphQLBoolean, GraphQLEnumType, GraphQLFloat, GraphQLInputObjectType, GraphQLInt, GraphQLList, GraphQLNonNull,
  GraphQLScalarType, GraphQLString, valueFromASTUntyped,
} from 'graphql'
import { scalarName } from './catalog.mjs'
import { ORDER } from './sql.mjs'

const BUILT_IN = { Int: GraphQLInt, Boolean: GraphQLBoolean, String: GraphQLString, Float: GraphQLFloat }

export const orderBy = new GraphQLEnumType({
  name: 'order_by',
  values: Object.fromEntries(Object.keys(ORDER).map((name) => [name, {}])),
})

/** The types of one schema: made once per Postgres type and shared. */
export class Scalars {
  constructor() {
    /** @type {Map<string, import('graphql').GraphQLScalarType>} */
    this.scalars = new Map()
    /** @type {Map<string, GraphQLInputObjectType>} */
    this.comparisons = new Map()
  }

  /** @param {string} type Postgres' name */
  scalar(type) {
    const name = scalarName(type)
    if (BUILT_IN[name]) return BUILT_IN[name]
    let scalar = this.scalars.get(name)
    if (!scalar) {
      // Any value is let through here: Postgres decides, and its refusal is a data-exception, as on the engine.
      scalar = new GraphQLScalarType({ name, parseValue: (value) => value, parseLiteral: (node, variables) => valueFromASTUntyped(node, variables) })
      this.scalars.set(name, scalar)
    }
    return scalar
  }

  /** @param {string} type Postgres' name */
  comparison(type) {
    const scalar = this.scalar(type)
    let input = this.comparisons.get(scalar.name)
    if (!input) {
      const list = new GraphQLList(new GraphQLNonNull(scalar))
      const one = ['_eq', '_neq', '_gt', '_lt', '_gte', '_lte', ...(scalar.name === 'String' ? ['_like', '_nlike', '_ilike', '_nilike'] : [])]
      input = new GraphQLInputObjectType({
        name: `${scalar.name}_comparison_exp`,
        fields: {
          ...Object.fromEntries(one.map((name) => [name, { type: scalar }])),
          _in: { type: list },
          _nin: { type: list },
          _is_null: { type: GraphQLBoolean },
        },
      })
      this.comparisons.set(scalar.name, input)
    }
    return input
  }
}
