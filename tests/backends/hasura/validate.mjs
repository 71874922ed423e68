// graphql-js finds what is wrong with a document; the words, code and path are Hasura's. Each rule runs on its own, so that
// an error is known by its rule and not by its English.
import {
  FieldsOnCorrectTypeRule, GraphQLError, Kind, KnownArgumentNamesRule, KnownFragmentNamesRule, NoUndefinedVariablesRule, NoUnusedVariablesRule,
  ProvidedRequiredArgumentsRule, ScalarLeafsRule, SingleFieldSubscriptionsRule, ValuesOfCorrectTypeRule, VariablesInAllowedPositionRule, specifiedRules, validate,
} from 'graphql'
import { lookup } from './claims.mjs'
import { invalid, kindOf } from './failure.mjs'

/** The quoted words of a graphql-js message. @param {string} message */
const quoted = (message) => [...message.matchAll(/"([^"]*)"/g)].map((match) => match[1])

/** The type in "Int cannot represent …". @param {string} message */
const builtIn = (message) => /(?:^|; )(\w+) cannot represent/.exec(message)?.[1]

/** @type {[import('graphql').ValidationRule, (error: GraphQLError, node: any, schema: import('graphql').GraphQLSchema) => string][]} */
const WORDS = [
  [SingleFieldSubscriptionsRule, () => 'subscriptions must select one top level field'],
  [KnownFragmentNamesRule, (_, node) => `reference to undefined fragment "${node.name.value}"`],
  [FieldsOnCorrectTypeRule, ({ message }) => `field '${quoted(message)[0]}' not found in type: '${quoted(message)[1]}'`],
  [ScalarLeafsRule, ({ message }, node) => (node.selectionSet
    ? 'unexpected subselection set for non-object field'
    : `missing selection set for "${quoted(message)[1].replace(/[[\]!]/g, '')}"`)],
  [KnownArgumentNamesRule, ({ message }) => `'${quoted(message)[1].split('.').pop()}' has no argument named '${quoted(message)[0]}'`],
  [ProvidedRequiredArgumentsRule, ({ message }) => `missing required field '${missingArgument(message)}'`],
  [NoUndefinedVariablesRule, (_, node) => `unbound variable "${node.name.value}"`],
  [NoUnusedVariablesRule, (_, node) => `following variable(s) have been defined, but have not been used in the query - ${node.variable.name.value}`],
  [VariablesInAllowedPositionRule, ({ message }) => {
    const [, name, declared, wanted] = /"\$(.*?)" of type "(.*?)" used in position expecting type "(.*?)"/.exec(message) ?? []
    return `variable '${name}' is declared as '${declared}', but used where '${wanted}' is expected`
  }],
  [ValuesOfCorrectTypeRule, ({ message }, node, schema) => {
    const undefinedField = /^Field "(.*?)" is not defined by type "(.*?)"/.exec(message)
    if (undefinedField) return `field '${undefinedField[1]}' not found in type: '${undefinedField[2]}'`
    const missing = /^Field "[^"]*\.(.*?)" of required type/.exec(message)
    if (missing) return `missing required field '${missing[1]}'`
    const unlisted = /^Value "(.*?)" does not exist in "(.*?)" enum/.exec(message)
    if (unlisted) return notListed(unlisted[1], /** @type {import('graphql').GraphQLEnumType} */ (schema.getType(unlisted[2])))
    const wanted = builtIn(message) ?? quoted(message)[0] ?? ''
    return node.kind === Kind.NULL ? `unexpected null value for type '${wanted.replace(/!$/, '')}'` : mismatch(wanted, found(node.kind))
  }],
]

/** @param {string} value @param {import('graphql').GraphQLEnumType} type */
const notListed = (value, type) => `expected one of the values [${type.getValues().map(({ name }) => `'${name}'`).join(', ')}] for type '${type.name}', but found '${value}'`

function missingArgument(message) {
  return /argument "([^"]*)"/i.exec(message)?.[1]
}

const named = new Set(WORDS.map(([rule]) => rule))
const OTHERS = specifiedRules.filter((rule) => !named.has(rule))

/**
 * @param {import('graphql').GraphQLSchema} schema @param {import('graphql').DocumentNode} document
 * @param {import('graphql').OperationDefinitionNode} operation the one to run: paths are relative to it
 */
export function validateDocument(schema, document, operation) {
  if (operation.operation === 'mutation' && !schema.getMutationType()) throw invalid('no mutations exist')
  if (operation.operation === 'subscription' && !schema.getSubscriptionType()) throw invalid('no subscriptions exist')
  for (const [rule, words] of WORDS) {
    const [error] = validate(schema, document, [rule], { maxErrors: 1 })
    if (!error) continue
    // Of a variable in the wrong place graphql-js names the definition first and the place second.
    const node = rule === VariablesInAllowedPositionRule ? error.nodes?.[1] : error.nodes?.[0]
    const path = !node || rule === NoUnusedVariablesRule || rule === SingleFieldSubscriptionsRule ? '$' : pathTo(document, operation, node)
    const missing = rule === ProvidedRequiredArgumentsRule ? `.args.${missingArgument(error.message)}` : ''
    throw invalid(words(error, node, schema), path + missing)
  }
  const [error] = validate(schema, document, OTHERS, { maxErrors: 1 })
  if (error) throw invalid(error.message, error.nodes?.[0] ? pathTo(document, operation, error.nodes[0]) : '$')
}

/**
 * A variable graphql-js could not convert, at the place that uses it.
 * @param {GraphQLError} error @param {Record<string, unknown>} variables
 */
export function variableError(error, document, operation, variables) {
  const name = /** @type {any} */ (error.nodes?.[0])?.variable?.name.value
  if (/was not provided|must not be null/.test(error.message)) return invalid(`expecting a value for non-nullable variable: "${name}"`)
  const path = pathTo(document, operation, (node) => node.kind === Kind.VARIABLE && node.name.value === name)
  const undefinedField = /Field "(.*?)" is not defined by type "(.*?)"/.exec(error.message)
  if (undefinedField) return invalid(`field '${undefinedField[1]}' not found in type: '${undefinedField[2]}'`, path)
  // graphql-js' sentence repeats the value; ours names its kind only.
  const inside = /^Variable "\$\w+" got invalid value .* at "\w+([.[][^"]*)";/s.exec(error.message)?.[1] ?? ''
  const type = builtIn(error.message) ?? /type "([^"]*)"/.exec(error.message)?.[1] ?? ''
  return invalid(mismatch(type, jsonKind(lookup(variables[name], `$${inside}`))), inside.startsWith('.') ? path + inside : path)
}

function jsonKind(value) {
  return { String: 'a string', Number: 'a number', Boolean: 'a boolean', Array: 'a list', Object: 'an object', Null: 'null' }[kindOf(value)] ?? 'another value'
}

const EXPECTED = {
  String: 'a string', Int: 'a 32-bit integer', Boolean: 'a boolean', Float: 'a float', order_by: 'an enum value',
}

function mismatch(type, kind) {
  const wanted = type.replace(/!$/, '')
  const what = EXPECTED[wanted] ?? (wanted.startsWith('[') ? 'a list' : /_(exp|input|order_by)$/.test(wanted) ? 'an object' : 'a value')
  return `expected ${what} for type '${wanted}', but found ${kind}`
}

function found(kind) {
  return {
    [Kind.STRING]: 'a string', [Kind.INT]: 'an integer', [Kind.FLOAT]: 'a float', [Kind.BOOLEAN]: 'a boolean',
    [Kind.ENUM]: 'an enum value', [Kind.LIST]: 'a list', [Kind.OBJECT]: 'an object',
  }[kind] ?? 'another value'
}

/**
 * A node's place as Hasura writes it, `$.selectionSet.messages.args.where`; fragments are inlined, as the engine does.
 * @param {import('graphql').DocumentNode} document @param {import('graphql').OperationDefinitionNode} operation
 * @param {any} target a node, or what it looks like
 */
export function pathTo(document, operation, target) {
  const is = typeof target === 'function' ? target : (node) => node === target
  const fragments = new Map(document.definitions.filter((d) => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [/** @type {any} */ (d).name.value, d]))
  const open = new Set()

  /** @returns {string | undefined} */
  function within(node, path) {
    if (is(node)) return path
    if (node.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.get(node.name.value)
      if (!fragment || open.has(fragment)) return undefined
      open.add(fragment)
      const hit = first(fragment.selectionSet.selections, path, selection)
      open.delete(fragment)
      return hit
    }
    return first(node.arguments, path, (arg) => {
      const here = `${path}.args.${arg.name.value}`
      // An unknown argument is the field's fault.
      return is(arg) ? path : value(arg.value, here)
    }) ?? first(node.selectionSet?.selections, node.kind === Kind.INLINE_FRAGMENT ? path : `${path}.selectionSet`, selection)
  }
  function selection(node, path) {
    return within(node, node.kind === Kind.FIELD ? `${path}.${node.name.value}` : path)
  }
  function value(node, path) {
    if (is(node)) return path
    if (node.kind === Kind.LIST) return first(node.values, path, (one, p, i) => value(one, `${p}[${i}]`))
    if (node.kind !== Kind.OBJECT) return undefined
    // An unknown member is the object's fault.
    return first(node.fields, path, (field) => (is(field) ? path : value(field.value, `${path}.${field.name.value}`)))
  }
  return first(operation.selectionSet.selections, '$.selectionSet', selection) ?? '$'
}

function first(nodes, path, look) {
  for (const [i, node] of (nodes ?? []).entries()) {
    const hit = look(node, path, i)
    if (hit) return hit
  }
  return undefined
}
