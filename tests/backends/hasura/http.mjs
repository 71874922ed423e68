// GraphQL over HTTP. On the two newer endpoints every GraphQL-level failure is HTTP 200; the oldest one answers with the
// error's own status and shape, and knows no batches.
import { randomUUID } from 'node:crypto'
import { decodeRequest } from './execute.mjs'
import { HasuraError, fromPostgres } from './failure.mjs'

export const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * @param {import('../lib/server.mjs').Request} req
 * @param {{ api: import('./execute.mjs').Api, shape: import('./failure.mjs').Shape }} how
 * @param {import('./server.mjs').Asked} asked
 */
export async function graphql(req, { api, shape }, { executor, identify }) {
  try {
    // Authentication comes before the body is looked at: a refused mutation never ran, whatever it said.
    const identity = await identify()
    // GET is for persisted queries, which only the paid editions have.
    if (req.method === 'GET') throw new HasuraError('not-supported', 'PersistedQueryNotSupported')
    const body = jsonBody(req.text)
    const answer = Array.isArray(body) && shape === 'compliant'
      ? await batch(body.map(decodeRequest), identity, executor, api)
      : await executor.run(decodeRequest(body), identity, api)
    return { headers: { 'content-type': JSON_TYPE, 'x-request-id': requestId(req) }, body: answer }
  } catch (error) {
    if (!(error instanceof HasuraError)) throw error
    req.note({ note: `${error.code} at ${error.path}` })
    return failure(error, shape)
  }
}

/** @param {HasuraError} error @param {import('./failure.mjs').Shape} shape */
export function failure(error, shape) {
  const headers = { 'content-type': JSON_TYPE }
  return shape === 'flat' ? { status: error.status, headers, body: error.shaped('flat') } : { headers, body: error.body() }
}

/** @param {import('../lib/server.mjs').Request} req */
export const requestId = (req) => req.headers['x-request-id'] ?? randomUUID()

/**
 * One after the other, each in its own transaction; one that fails does not touch the others. An empty batch is an empty list:
 * what the engine answers was not verified.
 */
async function batch(requests, identity, executor, api) {
  const answers = []
  for (const request of requests) {
    answers.push(await executor.run(request, identity, api).catch((error) => fromPostgres(error).body()))
  }
  return answers
}

/** @param {string} text */
export function jsonBody(text) {
  try {
    return JSON.parse(text)
  } catch {
    throw new HasuraError('invalid-json', text.trim() ? 'Error in $: not a valid json value' : 'Error in $: not enough input')
  }
}
