import { conceal, CountersignError, scrub } from '../errors.js'
import { errorsOf, verdict } from './classify.js'
import { foreignCode, GraphQLRequestError, type GraphQLErrorLike } from './errors.js'
import type { Asked } from './response.js'

const transient = (status: number) => status === 429 || status === 502 || status === 503 || status === 504

/** The error that an answer without usable data stands for. `body`: it was GraphQL. */
export const failure = async (status: number, text: string, body: { data?: unknown; errors?: unknown } | undefined, asked: Asked): Promise<CountersignError> => {
  if (!body) return transportError(status, text, asked)
  // A server that repeats the header it was sent must not put the token into an error that is logged somewhere.
  const errors = JSON.parse(conceal(JSON.stringify(errorsOf(body)))) as GraphQLErrorLike[]
  return errors.length ? graphqlError(errors, body.data, asked) : new CountersignError('protocol', 'hasura: the answer has neither data nor errors', { backend: 'hasura' })
}

const transportError = async (status: number, text: string, asked: Asked) => {
  const words = text.trim() ? `: ${scrub(text.trim())}` : ''
  if (status === 401)
    return new CountersignError('token_rejected', `hasura: HTTP 401${words}`, { backend: 'hasura', template: asked.template, ...(await asked.explain()) })
  return status >= 400
    ? new CountersignError('backend', `hasura: HTTP ${status}${words}`, { backend: 'hasura', retryable: transient(status) })
    : new CountersignError('protocol', `hasura: HTTP ${status} without a GraphQL answer${words}. Is the endpoint the URL of /v1/graphql?`, { backend: 'hasura' })
}

const graphqlError = async (errors: GraphQLErrorLike[], data: unknown, asked: Asked) => {
  const first = errors[0]
  const { template } = asked
  switch (verdict(first)) {
    case 'refresh':
    case 'clock':
    case 'config':
      return new GraphQLRequestError('token_rejected', errors, data, { kind: 'token', template, ...(await asked.explain()) })
    case 'missing':
      return asked.signedOut
        ? new GraphQLRequestError('signed_out', errors, data, {
            kind: 'token', template,
            hint: 'Nobody is signed in, and this Hasura serves no one without a token: set HASURA_GRAPHQL_UNAUTHORIZED_ROLE there, or sign in first',
          })
        : new GraphQLRequestError('token_rejected', errors, data, {
            kind: 'token', template, ...(await asked.explain()),
            hint: 'A token was sent in the Authorization header but Hasura reads it elsewhere: see "header" in HASURA_GRAPHQL_JWT_SECRET',
          })
    case 'role': {
      const role = asked.role ? `Role "${asked.role}"` : 'The role asked for'
      const fix = `Add it to the template "${template}" (claim https://hasura.io/jwt/claims), or ask with a role that is there`
      return new GraphQLRequestError('access-denied', errors, data, {
        kind: 'backend', template, hint: `${role} is not in x-hasura-allowed-roles of the token. ${fix}`,
      })
    }
    default: {
      const code = first?.extensions?.code
      return new GraphQLRequestError(foreignCode(code), errors, data, {
        kind: 'backend', template, retryable: code === 'postgres-max-connections-error' || code === 'busy',
      })
    }
  }
}
