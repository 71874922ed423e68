import { conceal, CountersignError, scrub } from '../errors.js'
import { GraphQLRequestError, type GraphQLErrorLike } from './errors.js'
import { otherHint, tokenHint } from './hints.js'
import type { Asked } from './response.js'
import { errorsOf, verdict } from './verdict.js'

const transient = (status: number) => status === 429 || status === 502 || status === 503 || status === 504

const sizes: Record<number, string> = {
  413: 'The request is larger than the server (or a proxy before it) takes: send fewer rows at once, or raise its limit',
  431: 'The headers are larger than the server (or a proxy before it) takes, often 8 KB, and the token is most of them: put fewer claims into the template',
}

/** A code of theirs, unless it is spelt like one of ours and would be taken for it. */
export const foreignCode = (code: unknown): string =>
  typeof code === 'string' && code && new CountersignError(code, '').kind === 'backend' ? code : 'backend'

/** The error that an answer without usable data stands for. `body`: its text as JSON, if it is that. */
export const failure = async (status: number, text: string, body: any, asked: Asked): Promise<CountersignError> => {
  const list = errorsOf(body)
  if (list.length) {
    // A server that repeats the header it was sent must not put the token into an error that is logged somewhere.
    const errors = (JSON.parse(conceal(JSON.stringify(list))) as unknown[]).map((error) => (error && typeof error === 'object' ? error : { message: String(error) })) as GraphQLErrorLike[]
    return graphqlError(status, errors, body.data, asked)
  }
  if (body && typeof body === 'object' && ('data' in body || 'errors' in body))
    return new CountersignError('protocol', 'hasura: the answer has neither data nor errors', { backend: 'hasura' })
  const words = text.trim() ? `: ${scrub(text.trim())}` : ''
  if (status === 401)
    return new CountersignError('token_rejected', `hasura: HTTP 401${words}`, { backend: 'hasura', template: asked.template, ...(await asked.explain()) })
  return status >= 400
    ? new CountersignError('backend', `hasura: HTTP ${status}${words}`, { backend: 'hasura', retryable: transient(status), hint: sizes[status] })
    : new CountersignError('protocol', `hasura: HTTP ${status} without a GraphQL answer${words}. Is the endpoint the URL of /v1/graphql?`, { backend: 'hasura' })
}

const graphqlError = async (status: number, errors: GraphQLErrorLike[], data: unknown, asked: Asked) => {
  const first = errors[0]!
  const { template } = asked
  const message = String(first.message)
  switch (verdict(first)) {
    case 'missing':
      if (asked.signedOut)
        return new GraphQLRequestError('signed_out', errors, data, {
          kind: 'token', template,
          hint: 'Nobody is signed in, and this Hasura serves no one without a token: set HASURA_GRAPHQL_UNAUTHORIZED_ROLE there, or sign in first',
        })
    // Fall through: a token was sent.
    case 'refresh':
    case 'clock':
    case 'config': {
      const known = await asked.explain()
      // What the engine's words call for, then what the doctor sees in the token.
      const both = [tokenHint(message, template), known?.hint].filter(Boolean).join('. ')
      return new GraphQLRequestError('token_rejected', errors, data, { kind: 'token', template, ...known, hint: both })
    }
    case 'role': {
      const role = asked.role ? `Role "${asked.role}"` : 'The role asked for'
      const fix = `Add it to the template "${template}" (claim https://hasura.io/jwt/claims), or ask with a role that is there`
      return new GraphQLRequestError('access-denied', errors, data, {
        kind: 'backend', template, hint: `${role} is not in x-hasura-allowed-roles of the token. ${fix}`,
      })
    }
    default: {
      const code = first.extensions?.code
      return new GraphQLRequestError(foreignCode(code), errors, data, {
        kind: 'backend', template, hint: otherHint(code, message, template) ?? (status === 404 ? 'Is the endpoint the URL of /v1/graphql?' : undefined),
        retryable: transient(status) || code === 'postgres-max-connections-error' || code === 'busy',
      })
    }
  }
}
