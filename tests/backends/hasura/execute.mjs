// One operation for one identity: parse, validate against the role's schema, run in one transaction under that role.
import { GraphQLError, execute, getVariableValues, parse } from 'graphql'
import { ADMIN, readCatalog } from './catalog.mjs'
import { HasuraError, fromPostgres, invalid, kindOf, parsing } from './failure.mjs'
import { multiplexed } from './multiplex.mjs'
import { buildRelaySchema } from './relay.mjs'
import { buildSchema } from './schema.mjs'
import { quote } from './sql.mjs'
import { validateDocument, variableError } from './validate.mjs'

/** @typedef {{ query?: string, variables: Record<string, unknown>, operationName?: string, persisted: boolean }} GraphQLRequest */

/** One element of a body, refused as the engine's JSON decoder would. @param {any} body @returns {GraphQLRequest} */
export function decodeRequest(body) {
  if (kindOf(body) !== 'Object') throw new HasuraError('parse-failed', parsing('GraphQL request', 'Object', body))
  const { query, variables, operationName, extensions } = body
  const persisted = kindOf(extensions) === 'Object' && extensions.persistedQuery !== undefined
  if (query === undefined && !persisted) throw new HasuraError('parse-failed', "the key 'query' was not present")
  if (query !== undefined && typeof query !== 'string') throw new HasuraError('parse-failed', parsing('Text', 'String', query), '$.query')
  const noVariables = variables === undefined || variables === null
  if (!noVariables && kindOf(variables) !== 'Object') throw new HasuraError('parse-failed', parsing('HashMap', 'Object', variables), '$.variables')
  const noName = operationName === undefined || operationName === null
  if (!noName && typeof operationName !== 'string') throw new HasuraError('parse-failed', parsing('Text', 'String', operationName), '$.operationName')
  return { query, variables: noVariables ? {} : variables, operationName: noName ? undefined : operationName, persisted }
}

/**
 * @typedef {'hasura' | 'relay'} Api   which of the two schemas of a role
 *
 * @typedef {object} Plan   an operation that may be run
 * @property {'query' | 'mutation' | 'subscription'} kind
 * @property {import('graphql').GraphQLSchema} schema
 * @property {boolean} known   whether the role exists in the database
 * @property {import('graphql').DocumentNode} document
 * @property {import('graphql').OperationDefinitionNode} operation
 * @property {GraphQLRequest} request
 * @property {import('./authenticate.mjs').Identity} identity
 */

const MOST_DOCUMENTS = 200

export class Executor {
  /** @param {import('@electric-sql/pglite').PGlite} db */
  constructor(db) {
    this.db = db
    /** Grows with every write: what was read at this version need not be read again. */
    this.version = 0
    this.forget()
  }

  /** After a change of tables or rights: the next request reads the catalog again. */
  forget() {
    this.catalog = undefined
    /** @type {Map<string, import('graphql').GraphQLSchema>} */
    this.schemas = new Map()
    /** @type {WeakMap<import('graphql').GraphQLSchema, Map<string, { document: import('graphql').DocumentNode, operation: import('graphql').OperationDefinitionNode }>>} */
    this.documents = new WeakMap()
    this.version += 1
  }

  /** @param {string} role @param {Api} api */
  async schemaOf(role, api) {
    const catalog = await (this.catalog ??= readCatalog(this.db))
    const key = `${api} ${role}`
    let schema = this.schemas.get(key)
    // Role names come from tokens: one that is no application role (the owner of the tables, say) has no permissions at all.
    const known = role === ADMIN || catalog.roles.has(role)
    if (!schema) {
      schema = (api === 'relay' ? buildRelaySchema : buildSchema)(known ? catalog : { tables: new Map(), roles: new Set() }, role)
      if (known) this.schemas.set(key, schema)
    }
    return { schema, known }
  }

  /**
   * Everything that can be refused before anything is run.
   * @param {GraphQLRequest} request @param {import('./authenticate.mjs').Identity} identity @param {Api} [api]
   * @returns {Promise<Plan>} @throws {HasuraError}
   */
  async prepare(request, identity, api = 'hasura') {
    if (request.persisted) throw new HasuraError('not-supported', 'PersistedQueryNotSupported')
    const { schema, known } = await this.schemaOf(identity.role, api)
    const { document, operation } = this.validated(schema, request)
    const declared = new Set(operation.variableDefinitions?.map((definition) => definition.variable.name.value))
    const unexpected = Object.keys(request.variables).filter((name) => !declared.has(name))
    if (unexpected.length) throw invalid(`unexpected variables in variableValues: ${unexpected.join(', ')}`)
    const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables, { maxErrors: 1 })
    if (errors?.length) throw variableError(errors[0], document, operation, request.variables)
    return { kind: operation.operation, schema, known, document, operation, request, identity }
  }

  /** Hundreds of subscriptions of one page have the same text: it is parsed and validated once. */
  validated(schema, { query = '', operationName }) {
    let texts = this.documents.get(schema)
    if (!texts) this.documents.set(schema, (texts = new Map()))
    const key = `${operationName ?? ''} ${query}`
    let found = texts.get(key)
    if (!found) {
      const document = parsed(query)
      const operation = pick(document, operationName)
      validateDocument(schema, document, operation)
      if (texts.size >= MOST_DOCUMENTS) texts.clear()
      texts.set(key, (found = { document, operation }))
    }
    return found
  }

  /**
   * Over HTTP.
   * @param {GraphQLRequest} request @param {import('./authenticate.mjs').Identity} identity @param {Api} [api]
   * @returns {Promise<{ data: any }>} @throws {HasuraError}
   */
  async run(request, identity, api) {
    const plan = await this.prepare(request, identity, api)
    if (plan.kind === 'subscription') {
      throw new HasuraError('unexpected-payload', 'subscriptions are not supported over HTTP, use websockets instead')
    }
    return this.perform(plan)
  }

  /** A query or a mutation. @param {Plan} plan @returns {Promise<{ data: any }>} */
  async perform(plan) {
    const answer = await this.transaction(plan.identity, plan.known, plan.kind === 'query', (run) => perform(plan, { run }))
    if (plan.kind === 'mutation') this.version += 1
    return answer
  }

  /**
   * Several subscriptions of one identity in one transaction, as the engine multiplexes them.
   * @param {{ plan: Plan, stream?: import('./streams.mjs').Place }[]} asked at least one
   * @returns {Promise<{ data: any }[]>} @throws {HasuraError} if one of them failed, whichever it was
   */
  async poll(asked) {
    const [{ plan: { identity, known } }] = asked
    return this.transaction(identity, known, true, (one) => {
      const run = multiplexed(one)
      return Promise.all(asked.map(({ plan, stream }) => perform(plan, { run, stream })))
    })
  }

  /**
   * All statements of one operation, as the database role and with the session variables of the verified token. Rolled back on any failure.
   * @template T
   * @param {import('./authenticate.mjs').Identity} identity @param {boolean} known whether the role exists in the database
   * @param {boolean} readOnly
   * @param {(run: import('./schema.mjs').Run['run']) => Promise<T>} work @returns {Promise<T>}
   */
  async transaction({ role, variables }, known, readOnly, work) {
    try {
      return await this.db.transaction(async (tx) => {
        if (readOnly) await tx.exec('set transaction read only')
        await tx.query("select set_config('hasura.user', $1, true)", [JSON.stringify(variables)])
        if (role !== ADMIN && known) await tx.exec(`set local role ${quote(role)}`)
        return work(async (statement, params, path) => {
          // Such a role's schema has no tables, so nothing should come here; without SET ROLE it must not run.
          if (role !== ADMIN && !known) throw new HasuraError('permission-error', 'permission denied', path)
          try {
            return (await tx.query(statement, params)).rows.map(({ row }) => row)
          } catch (error) {
            throw fromPostgres(error, path)
          }
        })
      })
    } catch (error) {
      throw fromPostgres(error)
    }
  }
}

/** @param {Plan} plan @param {import('./schema.mjs').Run} context @throws the first failure: on the engine any failure is the whole answer */
async function perform({ schema, document, operation, request }, { run, stream }) {
  /** @type {HasuraError | undefined} */
  let failure
  const contextValue = {
    stream,
    // Fields run side by side, and after a refusal Postgres refuses the rest of the transaction too: the first one tells why.
    run: (...args) => run(...args).catch((error) => {
      failure ??= error
      throw error
    }),
  }
  const { data, errors } = await execute({
    schema, document, contextValue, variableValues: request.variables, operationName: operation.name?.value,
  })
  if (failure) throw failure
  if (errors?.length) {
    const original = errors[0].originalError
    if (original instanceof HasuraError) throw original
    if (original && !(original instanceof GraphQLError)) throw original
    throw new HasuraError('unexpected', errors[0].message)
  }
  return { data }
}

/** @param {string} query */
function parsed(query) {
  try {
    return parse(query, { noLocation: true })
  } catch {
    throw invalid('not a valid graphql query', '$.query')
  }
}

/** @param {import('graphql').DocumentNode} document @param {string | undefined} name */
function pick(document, name) {
  const operations = document.definitions.filter((definition) => definition.kind === 'OperationDefinition')
  if (name !== undefined) {
    const found = operations.find((operation) => operation.name?.value === name)
    if (!found) throw invalid(`no such operation found in the document: "${name}"`)
    return found
  }
  if (operations.length !== 1) throw invalid('exactly one operation has to be present in the document when operationName is not specified')
  return operations[0]
}
