// What /stream/1 and /feed/1 have in common: the request's body, and where in the history it begins.
import { LAST, readCursor } from './cursor.mjs'
import { Reader } from './events.mjs'
import { badRequest, QueryFailure } from './errors.mjs'
import { readJson, RawNumber } from './json.mjs'
import { demandRead } from './source.mjs'

/** @param {string} message */
const badBody = (message) => badRequest(`Invalid request body: ${message}`)

/**
 * @param {string} text the request's body
 * @param {import('./database.mjs').Database} db
 * @param {import('./database.mjs').Session} session
 * @param {{ end: string, startOrdinal: number }} wording `end` of its sentences; a `start_ts` is after this event of its transaction
 * @returns {{ reader: Reader, from: import('./cursor.mjs').Cursor, madeAt: number, pageSize?: number }} `madeAt`: when the source was made, in microseconds
 */
export function subscription(text, db, session, { end, startOrdinal }) {
  const body = members(text)
  const token = body.string('token')
  if (token === undefined) throw badBody('Value for key token not found.')
  const [given, startTs, pageSize] = [body.string('cursor'), body.integer('start_ts'), body.integer('page_size')]
  if (given !== undefined && startTs !== undefined) throw badBody(`can not provide both \`start_ts\` and \`cursor\`${end}`)
  const made = db.eventSource(token)
  if (!made) throw badBody(`invalid event source provided${end}`)
  const cursor = given === undefined ? undefined : readCursor(given)
  if (given !== undefined && !cursor) throw badBody(`invalid event cursor provided${end}`)
  try {
    demandRead(db.viewer(session, db.store.lastTs), made.source)
  } catch (error) {
    if (!(error instanceof QueryFailure)) throw error
    throw badRequest(`Error evaluating provided stream, ${error.message}`)
  }
  const from = cursor ?? (startTs === undefined ? { ts: made.ts, ordinal: 0 } : { ts: startTs, ordinal: startOrdinal })
  return { reader: new Reader(db, session, made.source), from, madeAt: made.ts, pageSize }
}

/** For streams; a feed's `start_ts` is after the first event of its transaction only. */
export const AFTER_ALL = LAST

/** The event that says that the history does not reach back so far; undefined when it does. */
export function tooOld({ ts }, db) {
  if (ts >= db.historyStart()) return undefined
  const message = `Stream start time ${new Date(ts / 1000).toISOString()} is too far in the past. Recreate the stream and try again.`
  return { code: 'invalid_stream_start_time', message }
}

/** The members of a JSON object, by type; null counts as absent, and members nobody asks for are no error. */
function members(text) {
  if (!text) throw badRequest('No request body provided')
  let json
  try {
    json = readJson(text)
  } catch (error) {
    throw badBody(error.message)
  }
  if (!(json instanceof Map)) throw badBody('expected an object')
  const member = (name, isRight) => {
    const value = json.get(name) ?? undefined
    if (value !== undefined && !isRight(value)) throw badBody(unexpected(value))
    return value
  }
  return {
    /** @returns {string | undefined} */
    string: (name) => member(name, (value) => typeof value === 'string'),
    /** @returns {number | undefined} */
    integer(name) {
      const value = member(name, (raw) => raw instanceof RawNumber && raw.isInteger)
      return value === undefined ? undefined : Number(value.text)
    },
  }
}

function unexpected(value) {
  if (typeof value === 'string') return `Unexpected string value '${value}'.`
  if (value instanceof RawNumber) return `Unexpected number value ${value.text}.`
  return `Unexpected ${Array.isArray(value) ? 'array' : value instanceof Map ? 'object' : 'boolean'} value.`
}
