// `POST /feed/1`: one page of what happened since a cursor.
import { writeCursor } from './cursor.mjs'
import { eventStats, NO_STATS } from './events.mjs'
import { badRequest } from './errors.mjs'
import { subscription, tooOld } from './subscribe.mjs'

const DEFAULT_PAGE = 16
const MAX_PAGE = 16_000
/** So much of the caller's time is spent looking; then what was found is given. */
const SHARE = 0.95

/**
 * The page ends after an event that is an error; its cursor is then after that event, so that the next page goes on behind it.
 * When there is nothing more, the cursor is at the time the page was made: the next page need not look at the same history.
 * @param {string} text the request's body @param {number} timeoutMs @param {import('./database.mjs').Database} db @param {import('./database.mjs').Session} session
 */
export function feed(text, timeoutMs, db, session) {
  const started = db.clock()
  const { reader, from, pageSize = DEFAULT_PAGE } = subscription(text, db, session, { end: '.', startOrdinal: 0 })
  if (pageSize <= 0) throw badRequest('Invalid request body: page size must be greater than zero.')
  if (pageSize > MAX_PAGE) throw badRequest(`Invalid request body: page size can not be greater than ${MAX_PAGE}.`)

  const late = () => db.clock() - started > timeoutMs * SHARE
  const error = tooOld(from, db)
  // Nothing of a document: there is no position behind it, and asking again with the same cursor fails again.
  if (error) return { events: [{ type: 'error', error, stats: NO_STATS }], cursor: writeCursor(from), has_next: false, stats: NO_STATS }

  const snapshot = { ts: db.store.tick(db.micros()), ordinal: 0 }
  const events = []
  let seen = from
  let ended = false
  let more = false
  for (const told of reader.replay(from)) {
    more = ended || (told.event !== undefined && events.length === pageSize)
    if (more) break
    if (told.event) events.push(told.event)
    seen = told.cursor
    ended = told.terminal || late()
  }
  return { events, cursor: writeCursor(more ? seen : snapshot), has_next: more, stats: sum(events, db.clock() - started) }
}

function sum(events, ms) {
  const total = (name) => events.reduce((so, { stats }) => so + stats[name], 0)
  return { ...eventStats([], ms), read_ops: total('read_ops'), compute_ops: Math.max(1, total('compute_ops')) }
}
