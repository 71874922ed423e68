// One realtime session: who it is, what it watches, and when it ends. The transport below it is a WebSocket or an event stream.
import { randomBytes, randomUUID } from 'node:crypto'
import { delay } from '../../lib/index.mjs'
import { ApiError, invalid, unknown } from '../errors.mjs'
import { counted, delayOf, names } from './knobs.mjs'
import { Line } from './line.mjs'
import { OPS } from './ops.mjs'
import { Queries } from './queries.mjs'
import { featuresOf } from './versions.mjs'

/**
 * What all sessions of a server share.
 * @typedef {object} Place
 * @property {string} appId
 * @property {ReturnType<typeof import('../data.mjs').createData>} data
 * @property {import('./rooms.mjs').Rooms} rooms
 * @property {import('../../hasura/sockets/journal.mjs').Journal} journal
 * @property {() => Record<string, any>} knobs
 * @property {() => 'active' | 'read-only' | 'disabled'} status
 * @property {(token: string, app: string) => import('../users.mjs').User} userOf   throws `record-not-found` for a token that is not live
 * @property {(user: import('../users.mjs').User, token: string) => Record<string, any>} present
 * @property {Set<Session>} sessions
 *
 * @typedef {import('./line.mjs').Transport & { kind: 'ws' | 'sse', end(code: number, reason: string): void, drop(): void }} Transport
 * @typedef {{ op: string, 'client-event-id'?: string, [field: string]: any }} Event
 */

export class Session {
  /** @param {Transport} transport @param {Place} place @param {{ path: string, origin?: string, app: string | null }} how */
  constructor(transport, place, { path, origin, app }) {
    this.id = randomUUID()
    this.transport = transport
    this.place = place
    /** Of the address: what `init` says counts. */
    this.app = app
    this.line = new Line(transport, place.knobs, () => { place.journal.counts.frames += 1 })
    /** @type {{ user: import('../users.mjs').User | null, auth: import('../schema.mjs').Auth } | undefined} */
    this.identity = undefined
    this.features = featuresOf(undefined)
    this.queries = new Queries(this)
    /** @type {Map<string, Promise<void>>} what must stay in order among itself, and nothing else */
    this.groups = new Map()
    /** @type {string[]} what arrived over a connection that is half open */
    this.unread = []
    this.record = place.journal.open({ path, protocol: transport.kind, origin })
    place.sessions.add(this)
    if (place.knobs().frozen) this.freeze()
  }

  get closed() { return !this.record.open }

  // Out --------------------------------------------------------------------------------------------------------------
  /** @param {import('./line.mjs').Message} message */
  send(message) {
    if (!this.closed) this.line.send({ ...message, 'trace-id': randomBytes(16).toString('hex') })
  }

  /** @param {Event} event @param {import('./line.mjs').Message} message */
  answer(event, message) {
    if (!names(this.place.knobs().silent, event.op)) this.send({ ...message, 'client-event-id': event['client-event-id'] })
  }

  /** The message comes back whole, a refresh token in it too. @param {Event} event @param {unknown} error */
  refuse(event, error) {
    const original = { ...event, 'session-id': this.id }
    if (!(error instanceof ApiError)) {
      console.error('[instant session]', error)
      return this.answer(event, { op: 'error', status: 500, 'original-event': original, message: 'Yikes, something broke on our end! Sorry about that.' })
    }
    const { type, message, hint } = error.body
    this.place.journal.note(this.record, 'refused', { op: event.op, type })
    this.answer(event, { op: 'error', status: error.status >= 500 ? 500 : 400, 'original-event': original, type, message: message ?? error.body.error, hint })
  }

  // In ---------------------------------------------------------------------------------------------------------------
  /** From here on the session is this user's, whatever becomes of the token. @param {import('../users.mjs').User | null} user @param {unknown} [version] of the client */
  begin(user, version) {
    this.identity = { user, auth: user && { id: user.id, email: user.email } }
    this.features = featuresOf(version)
    this.queries.attrs = this.place.data.attrs()
    Object.assign(this.record, { sub: user?.email ?? user?.id })
    this.place.journal.counts.accepted += 1
    this.place.journal.note(this.record, 'init', { version })
  }

  /** @param {string} text */
  received(text) {
    if (this.line.frozen) return void this.unread.push(text)
    if (this.closed) return
    /** @type {Event} */
    let event
    try {
      event = JSON.parse(text)
    } catch {
      return this.place.journal.note(this.record, 'unreadable')
    }
    const knobs = this.place.knobs()
    if (names(knobs.ignore, event.op)) return
    const ms = delayOf(knobs.opDelayMs, event.op)
    const group = groupOf(event)
    const before = this.groups.get(group)
    if (!ms && !before) return this.handle(event)
    const done = (before ?? Promise.resolve()).then(() => delay(ms)).then(() => this.handle(event))
    this.groups.set(group, done)
    done.then(() => this.groups.get(group) === done && this.groups.delete(group))
  }

  /** @param {Event} event */
  handle(event) {
    if (this.closed) return
    try {
      if (!Object.hasOwn(OPS, event.op)) throw unknown()
      if (event.op !== 'init' && !this.identity) throw invalid('init', { 'sess-id': this.id }, ['`init` has not run for this session.'])
      const knobs = this.place.knobs()
      if (knobs.failOp?.op === event.op) {
        const { status = 500, type, message, hint } = counted(knobs, 'failOp')
        throw new ApiError({ ...unknown().body, ...(type && { type }), ...(message && { message }), ...(hint && { hint }) }, status)
      }
      OPS[event.op](this, event)
    } catch (error) {
      this.refuse(event, error)
    }
  }

  // The end ----------------------------------------------------------------------------------------------------------
  freeze() { this.line.freeze() }

  /** @param {Record<string, any>} changed the knobs; what was frozen by `freeze` stays so until `frozen` itself is turned off */
  turned(changed) {
    if ('frozen' in changed) {
      if (changed.frozen) this.freeze()
      else {
        this.line.thaw()
        for (const text of this.unread.splice(0)) this.received(text)
      }
    }
    this.line.turned()
  }

  /** With a close frame. @param {number} code @param {string} reason */
  close(code, reason) {
    if (this.closed) return
    this.over({ by: 'server', code, reason })
    this.transport.end(code, reason)
  }

  /** The TCP connection, without a frame. */
  drop() {
    if (!this.closed) this.over({ by: 'server', code: 1006, reason: '' })
    this.transport.drop()
  }

  /** The other side, or the network. @param {number} code @param {string} reason */
  ended(code, reason) {
    if (!this.closed) this.over({ by: code === 1006 ? 'network' : 'client', code, reason })
  }

  /** @param {{ by: 'server' | 'client' | 'network', code: number, reason: string }} closed */
  over(closed) {
    Object.assign(this.record, { open: false, running: 0, closed })
    this.line.stop()
    this.place.sessions.delete(this)
    this.place.rooms.leaveAll(this)
    this.place.journal.counts.closed += 1
    this.place.journal.note(this.record, 'closed', closed)
  }
}

/** Transactions of a session are carried out one by one, and so is what is about one query or one room. @param {Event} event */
function groupOf(event) {
  if (event.op === 'transact' || event.op === 'init') return event.op
  if (event.q !== undefined) return JSON.stringify(event.q)
  return event['room-id'] === undefined ? String(event.op) : `room ${event['room-id']}`
}
