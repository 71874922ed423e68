// What happened on the sockets: one record each, a line of the server's log for every event, and counts for soak tests.
// No token is ever in it.

/**
 * @typedef {{ at: number, event: string, [detail: string]: unknown }} Event   `at`: ms since the epoch
 *   `opened` · `init` (sub, role, secondsToExp) · `refused` (code, message) · `started` (op, kind, name) · `stopped` (op) · `closed` (by, code, reason)
 * @typedef {object} Record
 * @property {number} id          1, 2, 3 … in the order of opening
 * @property {string} path
 * @property {string} protocol    the dialect that is spoken
 * @property {string} [origin]
 * @property {boolean} open
 * @property {string} [sub]       of the last good init
 * @property {string} [role]
 * @property {number} [exp]       the moment (s since the epoch, of the token) at which the socket is cut
 * @property {number} running     subscriptions
 * @property {{ by: 'server' | 'client' | 'network', code: number, reason: string }} [closed]   `network`: the TCP connection went without a close frame
 * @property {Event[]} events
 */

const MOST_RECORDS = 300
const MOST_EVENTS = 2000
const MOST_SHOWN = 30

export class Journal {
  /** @param {import('../../lib/server.mjs').LogEntry[]} log */
  constructor(log) {
    this.log = log
    /** @type {Record[]} */
    this.records = []
    this.counts = { opened: 0, accepted: 0, refused: 0, cutAtExp: 0, closed: 0, started: 0, stopped: 0, nexts: 0 }
  }

  /** @param {{ path: string, protocol: string, origin?: string }} what @returns {Record} */
  open(what) {
    /** @type {Record} */
    const record = { id: ++this.counts.opened, ...what, open: true, running: 0, events: [] }
    this.records.push(record)
    if (this.records.length > MOST_RECORDS) this.records.shift()
    this.note(record, 'opened')
    return record
  }

  /** @param {Record} record @param {string} event @param {{ [detail: string]: unknown }} [details] */
  note(record, event, details = {}) {
    record.events.push({ at: Date.now(), event, ...details })
    if (record.events.length > MOST_EVENTS) record.events.shift()
    const said = Object.entries(details).filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => `${name} ${value}`)
    this.log.push({ at: new Date().toISOString(), method: 'SOCKET', path: record.path, status: 101, sub: record.sub, note: [`#${record.id} ${event}`, ...said].join(', ') })
    if (this.log.length > 200) this.log.shift()
  }

  /** For `counters` of the control address: the newest sockets, without their events. */
  shown() {
    return this.records.slice(-MOST_SHOWN).map(({ events: _, ...record }) => record)
  }
}
