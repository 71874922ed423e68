// /api/rest/<name>: stored queries as REST. The answer is the data itself, and a failure has a status of its own.
import { parse } from 'graphql'
import { fromPostgres, HasuraError } from './failure.mjs'
import { JSON_TYPE, failure, jsonBody, requestId } from './http.mjs'

export const REST = '/api/rest/'

/**
 * @typedef {{ url: string, methods: string[], query: string }} Stored
 *   `url` is what follows /api/rest/, e.g. `messages/:room`; `:room` is then the variable `room`
 */

/** @param {import('../lib/server.mjs').Request} req @param {import('./server.mjs').Asked} asked */
export async function rest(req, { settings, executor, identify }) {
  try {
    const identity = await identify()
    const path = req.path.slice(REST.length)
    const found = settings.rest.flatMap((stored) => {
      const params = matched(stored.url, path)
      return params ? [{ stored, params }] : []
    })
    if (!found.length) throw new HasuraError('not-found', 'Endpoint not found', '$', 404)
    const here = found.find(({ stored }) => stored.methods.includes(req.method))
    if (!here) throw new HasuraError('method-not-allowed', `Allowed methods: ${found.flatMap(({ stored }) => stored.methods).join(', ')}`)
    const { query } = here.stored
    const variables = variablesOf(query, { ...Object.fromEntries(req.url.searchParams), ...here.params }, req.text.trim() ? jsonBody(req.text) : {})
    const { data } = await executor.run({ query, variables, persisted: false }, identity)
    return { headers: { 'content-type': JSON_TYPE, 'x-request-id': requestId(req) }, body: data }
  } catch (caught) {
    const error = fromPostgres(caught)
    req.note({ note: `${error.code} at ${error.path}` })
    return failure(error, 'flat')
  }
}

/** @param {string} url @param {string} path @returns {Record<string, string> | undefined} */
function matched(url, path) {
  const [wanted, given] = [url.split('/'), path.split('/')]
  if (wanted.length !== given.length) return undefined
  /** @type {Record<string, string>} */
  const params = {}
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(given[i])
    else if (part !== given[i]) return undefined
  }
  return params
}

/** Of the address they are text: numbers and booleans are read where the query declares them. The body's come last. */
function variablesOf(query, texts, body) {
  const [operation] = parse(query).definitions
  const declared = new Map((operation.kind === 'OperationDefinition' ? operation.variableDefinitions ?? [] : []).map(({ variable, type }) => [variable.name.value, named(type)]))
  const read = (name, text) => {
    if (declared.get(name) === 'Int' || declared.get(name) === 'Float') return Number(text)
    if (declared.get(name) === 'Boolean') return text === 'true'
    return text
  }
  const all = { ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, read(name, text)])), ...body }
  // What the query does not declare is no business of it: an address may carry anything.
  return Object.fromEntries(Object.entries(all).filter(([name]) => declared.has(name)))
}

const named = (type) => (type.kind === 'NamedType' ? type.name.value : named(type.type))
