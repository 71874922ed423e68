// What comes from `/stream/1` and `/feed/1`, as values and errors. Events are tagged, whatever the client's format.
import { excerpt, hide, readBody } from './answer.js'
import { decodeTree } from './decode.js'
import { ClientError, getServiceError, ProtocolError, type ServiceError } from './errors.js'
import type { HTTPResponse } from './http.js'
import { Garbled } from './lines.js'
import type { EventSource, FeedSuccess, LongType, QueryFailure } from './wire.js'

const unreadable = (what: string) => new ProtocolError({ message: `Error parsing an event: it ${what}`, httpStatus: 200 })

const garbled = (text: string, secret: string | undefined) => new Garbled(`Error parsing an event as JSON${excerpt(text, secret)}`)

/** `resync` is a word of ours. */
const known = (event: any): boolean => typeof event === 'object' && event !== null && typeof event.type === 'string' && event.type !== 'resync'

/** The event with its values. @throws ProtocolError for a value that is none, and for an error that does not say which. */
const decoded = (event: any, decode: (part: any) => any, secret: string | undefined): any => {
  const { error } = event
  try {
    if (event.type !== 'error') {
      if ('data' in event) event.data = decode(event.data)
      // What older servers call it.
      if (event.type === 'start') event.type = 'status'
      return event
    }
    if (error?.abort !== undefined) error.abort = decode(error.abort)
  } catch (error) {
    throw unreadable(`cannot be read${excerpt((error as Error).message, secret)}`)
  }
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') throw unreadable('is an error without a code or a message')
  error.message = hide(error.message, secret)
  return event
}

/** One line of a stream. @throws Garbled, ProtocolError for a value that is not one, ServiceError for an error event; it has no HTTP status. */
export const readEvent = (line: string, long: LongType, secret: string | undefined): any => {
  let event: any
  try {
    event = JSON.parse(line)
  } catch {
    throw garbled(line, secret)
  }
  if (!known(event)) throw garbled(line, secret)
  decoded(event, (part) => decodeTree(part, long), secret)
  if (event.type === 'error') throw getServiceError(event as QueryFailure)
  return event
}

type Answer = Pick<HTTPResponse, 'status' | 'body'>

/** What an answer says that brings no events. `secret`: not to be quoted from it. */
export const refusal = (answer: Answer, secret?: string): ServiceError | ProtocolError =>
  readBody<never>(answer, { format: 'tagged', long: 'number', secret }, () => undefined)

/** One page of a feed, or the error to throw: Garbled for what is none. Its error events stay in it. */
export const readPage = (answer: Answer, long: LongType, secret: string | undefined): FeedSuccess | ServiceError | ProtocolError => {
  let page = false
  const result = readBody(answer, { format: 'tagged', long, secret }, (body, decode) => {
    const { events, cursor } = body
    page = Array.isArray(events) && typeof cursor === 'string' && events.every(known)
    if (!page) return undefined
    for (const event of events) decoded(event, decode, secret)
    return body as FeedSuccess
  })
  return !page && result instanceof ProtocolError && answer.status < 400 ? new Garbled(result.message) : result
}

/** What a query for events answered. @throws ClientError when it is no event source. */
export const sourceOf = (value: any): EventSource => {
  if (typeof value?.token === 'string') return value
  throw new ClientError(`There is no event source in the answer, but ${value === null ? 'null' : `a value of type ${typeof value}`}. The query must end in .eventSource() or .eventsOn()`)
}
