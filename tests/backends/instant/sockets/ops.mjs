// What each op does, in the order of the protocol note's table.
import { appStatus, asUuid, invalid, malformed, missing, notFound } from '../errors.mjs'

/** @typedef {import('./session.mjs').Session} Session @typedef {import('./session.mjs').Event} Event */

const CORE = '@instantdb/core'

/** @type {Record<string, (session: Session, event: Event) => void>} */
export const OPS = {
  init,

  'add-query': (session, event) => {
    const { q, 'return-type': form = 'join-rows' } = event
    readable(session)
    if (q === undefined || q === null) throw invalid('add-query', { q }, ['Query can not be null.'])
    if (session.queries.has(q)) return session.answer(event, { op: 'add-query-exists', q })
    const { result, meta } = session.queries.add(q, form, event['inference?'] === true)
    session.answer(event, { op: 'add-query-ok', q, result, 'result-meta': meta, ...processed(session) })
  },

  'remove-query': (session, event) => {
    session.queries.remove(event.q)
    session.answer(event, { op: 'remove-query-ok', q: event.q })
  },

  transact: (session, event) => {
    const { data } = session.place
    readable(session)
    if (session.place.status() === 'read-only') throw appStatus('read-only')
    const txId = data.transactSteps(session.identity?.auth ?? null, event['tx-steps'])
    session.place.journal.note(session.record, 'transacted', { tx: txId })
    session.answer(event, { op: 'transact-ok', 'tx-id': txId, isn: isnOf(txId) })
  },

  'join-room': (session, event) => {
    const room = roomOf(event)
    const joined = session.place.rooms.join(session, room, event.data)
    session.answer(event, { op: 'join-room-ok', 'room-id': room })
    joined()
  },

  'leave-room': (session, event) => {
    const room = roomOf(event)
    session.place.rooms.leave(session, room)
    session.answer(event, { op: 'leave-room-ok', 'room-id': room })
  },

  'set-presence': (session, event) => {
    const room = roomOf(event)
    const told = session.place.rooms.set(session, room, event.data)
    session.answer(event, { op: 'set-presence-ok', 'room-id': room })
    told()
  },

  'client-broadcast': (session, event) => {
    const said = { 'room-id': roomOf(event), topic: event.topic, data: { 'peer-id': session.id, user: publicUser(session), data: event.data } }
    session.place.rooms.broadcast(session, said)
    session.answer(event, { op: 'client-broadcast-ok', ...said })
  },
}

/** @param {Session} session @param {Event} event */
function init(session, event) {
  if (session.identity) throw invalid('init', event, ['`init` has already run for this session.'])
  if (event['app-id'] === undefined) throw missing(['app-id'])
  const app = asUuid(event['app-id'])
  if (app === undefined) throw malformed(['app-id'], event['app-id'])
  const { place } = session
  if (app !== place.appId) throw notFound('app', { id: app })
  const token = event['refresh-token'] ?? undefined
  session.begin(token === undefined ? null : place.userOf(token, app), event.versions?.[CORE])
  session.answer(event, {
    op: 'init-ok',
    'session-id': session.id,
    auth: { app: { id: app, title: 'local' }, user: session.identity?.user && place.present(session.identity.user, token), 'admin?': false },
    attrs: place.data.attrs(),
    'app-status': { status: place.status() },
  })
}

/** How far the results that go with it have come. @param {Session} session */
export function processed({ place: { data } }) {
  return { 'processed-tx-id': data.txId(), 'processed-isn': isnOf(data.txId()) }
}

/** A place in the database's journal; clients keep it and do not look into it. @param {number} txId */
const isnOf = (txId) => `1/${txId.toString(16).padStart(8, '0')}`

/** @param {Session} session */
export const publicUser = (session) => (session.identity?.user ? { id: session.identity.user.id } : null)

/** @param {Event} event @returns {string} */
function roomOf(event) {
  const room = event['room-id']
  if (room === undefined || room === null) throw missing(['room-id'])
  if (typeof room !== 'string') throw malformed(['room-id'], room)
  return room
}

/** @param {Session} session */
function readable(session) {
  if (session.place.status() === 'disabled') throw appStatus('disabled')
}
