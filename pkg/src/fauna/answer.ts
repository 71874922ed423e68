import { conceal, scrub } from '../errors.js'
import { decodeTree } from './decode.js'
import { getServiceError, ProtocolError, type ServiceError } from './errors.js'
import type { HTTPResponse } from './http.js'
import type { LongType, QueryFailure, QuerySuccess, ValueFormat } from './wire.js'

type Body = Record<string, any>

/** How the values of an answer are written, and what must not be quoted from it. */
export interface Reading {
  format: ValueFormat
  long: LongType
  /** The client's own secret: a proxy's error page may repeat the request. */
  secret?: string | undefined
}

const record = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Without what looks like a JWT, and without our own secret, which looks like nothing in particular. One of less than six characters is no secret. */
export const hide = (text: string, secret: string | null | undefined): string => conceal(secret && secret.length > 5 ? text.replaceAll(secret, '[secret]') : text)

/** The beginning of somebody else's text, as it may be shown: at most 120 characters on one line, and nothing that looks like a token. */
export const excerpt = (text: string, secret?: string): string => {
  const shown = scrub(hide(text.slice(0, 100_000), secret).replace(/[\s\p{C}]+/gu, ' ').trim()).slice(0, 120)
  // The cut may have gone through a character.
  return shown ? `: ${shown.replace(/[\ud800-\udbff]$/, '')}` : ', and it is empty'
}

/** Not a word of it can be read. */
export const unreadable = (what: string, httpStatus: number): ProtocolError =>
  new ProtocolError({ message: `Error parsing response as JSON: the answer with status ${httpStatus} ${what}`, httpStatus })

/**
 * What the server said: what `take` finds in the body, or the error to throw. Only what `take` decodes and `error.abort` are values of the
 * query's format. `take` answers undefined when the body is not what it looks for.
 */
export const readBody = <R>(
  { status: httpStatus, body: text }: Pick<HTTPResponse, 'status' | 'body'>,
  { format, long, secret }: Reading,
  take: (body: Body, decode: (part: any) => any) => R | undefined,
): R | ServiceError | ProtocolError => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return unreadable(`is no JSON${excerpt(text, secret)}`, httpStatus)
  }
  try {
    if (record(body)) {
      const decode = (part: any) => (format === 'tagged' ? decodeTree(part, long) : part)
      const tags = body['query_tags']
      if (tags && typeof tags === 'string') body['query_tags'] = Object.fromEntries(tags.split(',').map((tag) => tag.split('=')))
      const result = take(body, decode)
      if (result !== undefined) return result
      const error = body['error']
      if (record(error) && typeof error['code'] === 'string' && typeof error['message'] === 'string') {
        if ('abort' in error) error['abort'] = decode(error['abort'])
        // What is said; what was aborted with is the caller's own.
        const { constraint_failures: broken } = error
        for (const said of [error, ...(Array.isArray(broken) ? broken : [])]) if (typeof said?.message === 'string') said.message = hide(said.message, secret)
        if (typeof body['summary'] === 'string') body['summary'] = hide(body['summary'], secret)
        return getServiceError(body as QueryFailure, httpStatus)
      }
    }
  } catch (error) {
    return unreadable(`cannot be read${excerpt((error as Error).message, secret)}`, httpStatus)
  }
  return new ProtocolError({ message: `Response is in an unknown format: status ${httpStatus}${excerpt(text, secret)}`, httpStatus })
}

/** The answer to a query. A success is known by its `data`, whatever the status. */
export const read = (response: HTTPResponse, reading: Reading): QuerySuccess<any> | ServiceError | ProtocolError => {
  if (response.status === 200 && (!response.body.length || response.headers['content-length'] === '0'))
    return new ProtocolError({ message: 'There was an issue communicating with Fauna. Response is empty. Please try again.', httpStatus: 500 })
  return readBody(response, reading, (body, decode) => {
    if (!('data' in body)) return undefined
    body['data'] = decode(body['data'])
    return body as QuerySuccess<any>
  })
}
