// What comes from `/stream/1` and `/feed/1`, as values and errors. Events are tagged, whatever the client's format.
import { excerpt, readBody } from './answer.js'
import { decodeTree } from './decode.js'
import { ClientError, getServiceError, ProtocolError, type ServiceError } from './errors.js'
import type { HTTPResponse } from './http.js'
import type { EventSource, FeedSuccess, LongType, QueryFailure } from './wire.js'

const unreadable = (what: string) => new ProtocolError({ message: `Error parsing an event: it ${what}`, httpStatus: 200 })

/** A line of a stream is no event: it is of another server, of a network that answers for it, or half of one. */
export class Garbled extends ProtocolError {
  constructor(text: string) {
    super({ message: `Error parsing an event as JSON${excerpt(text)}`, httpStatus: 200 })
  }
}

const known = (event: any): boolean => typeof event === 'object' && event !== null && typeof event.type === 'string'

/** The event with its values. @throws ProtocolError for a value that is none, and for an error that does not say which. */
const decoded = (event: any, decode: (part: any) => any): any => {
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
    throw unreadable(`cannot be read${excerpt((error as Error).message)}`)
  }
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') throw unreadable('is an error without a code or a message')
  return event
}

/** One line of a stream. @throws Garbled, ProtocolError for a value that is not one, ServiceError for an error event; it has no HTTP status. */
export const readEvent = (line: string, long: LongType): any => {
  let event: any
  try {
    event = JSON.parse(line)
  } catch {
    throw new Garbled(line)
  }
  if (!known(event)) throw new Garbled(line)
  decoded(event, (part) => decodeTree(part, long))
  if (event.type === 'error') throw getServiceError(event as QueryFailure)
  return event
}

type Answer = Pick<HTTPResponse, 'status' | 'body'>

/** What an answer says that brings no events. `secret`: not to be quoted from it. */
export const refusal = (answer: Answer, secret?: string): ServiceError | ProtocolError =>
  readBody<never>(answer, { format: 'tagged', long: 'number', secret }, () => undefined)

/** One page of a feed, or the error to throw. Its error events stay in it. */
export const readPage = (answer: Answer, long: LongType, secret: string | undefined): FeedSuccess | ServiceError | ProtocolError =>
  readBody(answer, { format: 'tagged', long, secret }, (page, decode) => {
    const { events, cursor } = page
    if (!Array.isArray(events) || typeof cursor !== 'string' || !events.every(known)) return undefined
    for (const event of events) decoded(event, decode)
    return page as FeedSuccess
  })

/** What a query for events answered. @throws ClientError when it is no event source. */
export const sourceOf = (value: any): EventSource => {
  if (typeof value?.token === 'string') return value
  throw new ClientError(`There is no event source in the answer, but ${value === null ? 'null' : `a value of type ${typeof value}`}. The query must end in .eventSource() or .eventsOn()`)
}
