import { scrub } from '../errors.js'
import { decodeTree } from './decode.js'
import { getServiceError, ProtocolError } from './errors.js'
import type { HTTPResponse } from './http.js'
import type { LongType, QueryFailure, QuerySuccess, ValueFormat } from './wire.js'

const record = (value: unknown): value is Record<string, any> => typeof value === 'object' && value !== null && !Array.isArray(value)

const excerpt = (text: string) => (text ? `: ${scrub(text).slice(0, 120)}` : ', and it is empty')

/** What the server said: the result, or the error to throw. Only `data` and `error.abort` hold values of the query's format. */
export const read = (response: HTTPResponse, format: ValueFormat, long: LongType): QuerySuccess<any> | Error => {
  const { status: httpStatus, body: text } = response
  if (httpStatus === 200 && (!text.length || response.headers['content-length'] === '0'))
    return new ProtocolError({ message: 'There was an issue communicating with Fauna. Response is empty. Please try again.', httpStatus: 500 })
  let body: unknown
  try {
    body = JSON.parse(text)
    if (!record(body)) throw new TypeError('no object')
    const decode = (part: any) => (format === 'tagged' ? decodeTree(part, long) : part)
    if (typeof body['query_tags'] === 'string') body['query_tags'] = Object.fromEntries(body['query_tags'].split(',').map((tag) => tag.split('=')))
    if ('data' in body) {
      body['data'] = decode(body['data'])
      return body as QuerySuccess<any>
    }
    const error = body['error']
    if (record(error) && 'code' in error && 'message' in error) {
      if ('abort' in error) error['abort'] = decode(error['abort'])
      return getServiceError(body as QueryFailure, httpStatus)
    }
  } catch (error) {
    const what = body === undefined ? 'is no JSON' : `cannot be read (${scrub((error as Error).message)})`
    return new ProtocolError({ message: `Error parsing response as JSON: the answer with status ${httpStatus} ${what}${body === undefined ? excerpt(text) : ''}`, httpStatus })
  }
  return new ProtocolError({ message: `Response is in an unknown format: status ${httpStatus}${excerpt(text)}`, httpStatus })
}
