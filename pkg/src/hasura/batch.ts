// What became of a batch. Loaded with the first one.
import { CountersignError } from '../errors.js'
import { GraphQLRequestError } from './errors.js'
import { failure } from './failure.js'
import type { Asked } from './response.js'

/** One result of a batch, as `Promise.allSettled` would give it. */
export type Settled<R> = { status: 'fulfilled'; value: R } | { status: 'rejected'; reason: GraphQLRequestError }

/** The results of `count` requests that were sent as one. */
export const settle = async (count: number, status: number, text: string, body: any, asked: Asked): Promise<Settled<any>[]> => {
  if (!Array.isArray(body)) {
    const reason = await failure(status, text, body?.data === undefined ? body : undefined, asked)
    // A batch that was refused before it was executed is answered with one object, and that holds for each of its requests.
    if (reason instanceof GraphQLRequestError) return Array.from({ length: count }, () => ({ status: 'rejected', reason }))
    if (CountersignError.is(reason, 'protocol') && body) throw new CountersignError('protocol', 'hasura: the answer to a batch is no array. Is the endpoint the URL of /v1/graphql?', { backend: 'hasura' })
    throw reason
  }
  if (body.length !== count)
    throw new CountersignError('protocol', `hasura: ${body.length} answers to a batch of ${count} requests`, { backend: 'hasura' })
  return Promise.all(
    body.map(async (one): Promise<Settled<any>> => {
      if (one?.data !== undefined && !one.errors?.length) return { status: 'fulfilled', value: one.data }
      const reason = await failure(status, '', one, asked)
      if (reason instanceof GraphQLRequestError) return { status: 'rejected', reason }
      return { status: 'rejected', reason: new GraphQLRequestError('protocol', [{ message: 'the answer has neither data nor errors' }], undefined, {}) }
    }),
  )
}
