import { decodeTree } from './decode.js'
import { ClientError, getServiceError, ProtocolError, type ServiceError } from './errors.js'
import type { EventSource, FeedSuccess, StreamEventError } from './wire.js'
import type { HTTPResponse } from './http.js'
import { scrub } from '../errors.js'
import { refusal } from './event-way.js'
import type { LongType, QueryFailure } from './wire.js'

const unreadable = (what: string, httpStatus: number) => new ProtocolError({ message: `Error parsing an event: ${what}`, httpStatus })

/** A line of a stream is no JSON: of another server, or of a network that answers for it. */
export class Garbled extends ProtocolError {
  constructor(text: string) {
    super({ message: `Error parsing an event as JSON: ${scrub(text).slice(0, 120)}`, httpStatus: 200 })
  }
}

/** The event with its values; an error event as the error that it is. Events are tagged, whatever the client's format. */
const decoded = (event: any, long: LongType): any => {
  try {
    if (event.type === 'error') {
      if (event.error?.abort !== undefined) event.error.abort = decodeTree(event.error.abort, long)
    } else if ('data' in event) event.data = decodeTree(event.data, long)
  } catch (error) {
    throw unreadable(scrub((error as Error).message), 200)
  }
  // What older servers call it.
  if (event.type === 'start') event.type = 'status'
  return event
}

const known = (event: any): boolean => typeof event === 'object' && event !== null && typeof event.type === 'string'

/** One line of a stream. @throws Garbled, ProtocolError for a value that is not one, ServiceError for an error event. */
export const readEvent = (line: string, long: LongType): any => {
  let event: any
  try {
    event = JSON.parse(line)
  } catch {
    throw new Garbled(line)
  }
  if (!known(event)) throw new Garbled(line)
  const out = decoded(event, long)
  if (out.type === 'error') throw errorOf(out)
  return out
}

/** The error that an event is; it has no HTTP status. */
export const errorOf = (event: StreamEventError): ServiceError | ProtocolError =>
  typeof event.error?.code === 'string' ? getServiceError(event as QueryFailure) : unreadable('an error event without a code', 200)

/** One page of a feed. Its error events stay in it. @throws ServiceError and ProtocolError. */
export const readPage = ({ status, body }: HTTPResponse, long: LongType): FeedSuccess => {
  let page: any
  try {
    page = JSON.parse(body)
  } catch {
    throw refusal(body, status)
  }
  if (!Array.isArray(page?.events) || typeof page.cursor !== 'string' || !page.events.every(known)) throw refusal(body, status)
  for (const event of page.events) decoded(event, long)
  return page
}

/** What a query for events answered. @throws ClientError when it is no event source. */
export const sourceOf = (value: any): EventSource => {
  if (typeof value?.token === 'string') return value
  throw new ClientError(
    `Error requesting a stream token. Expected a EventSource as the query result, but received ${typeof value}. Your query must return the result of '<Set>.eventSource' or '<Set>.eventsOn')`,
  )
}
