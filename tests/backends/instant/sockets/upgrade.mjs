// The door of the realtime sessions: the WebSocket handshake, and what all sessions hear of.
import { STATUS_CODES } from 'node:http'
import { WebSocketServer } from 'ws'
import { delay } from '../../lib/index.mjs'
import { Journal } from '../../hasura/sockets/journal.mjs'
import { act, counted, takes } from './knobs.mjs'
import { Rooms } from './rooms.mjs'
import { Session } from './session.mjs'

export const PATH = '/runtime/session'

export class Sockets {
  /**
   * @param {object} options
   * @param {Awaited<ReturnType<typeof import('../../lib/server.mjs').serve>>} options.server
   * @param {Pick<import('./session.mjs').Place, 'appId' | 'data' | 'userOf' | 'present'>} options.app
   */
  constructor({ server, app }) {
    const knobs = () => server.knobs
    this.knobs = knobs
    this.journal = new Journal(server.log)
    this.journal.counts = /** @type {any} */ ({ opened: 0, accepted: 0, closed: 0, frames: 0 })
    /** @type {Set<Session>} */
    this.sessions = new Set()
    /** @type {Set<import('node:stream').Duplex>} handshakes that the knob keeps */
    this.hanging = new Set()
    const status = () => (knobs().disabled ? 'disabled' : knobs().readOnly ? 'read-only' : 'active')
    /** @type {import('./session.mjs').Place} */
    this.place = { ...app, knobs, status, rooms: new Rooms(), journal: this.journal, sessions: this.sessions }
    this.told = status()
    this.wss = new WebSocketServer({ noServer: true, perMessageDeflate: false })
    server.server.on('upgrade', (req, tcp, head) => void this.upgrade(req, tcp, head))
    app.data.watch(() => { for (const session of this.sessions) session.queries.refresh() })
  }

  /** @param {import('node:http').IncomingMessage} req @param {import('node:stream').Duplex} tcp @param {Buffer} head */
  async upgrade(req, tcp, head) {
    tcp.on('error', () => {})
    const knobs = this.knobs()
    if (takes(knobs, 'hangUpgrade')) {
      this.hanging.add(tcp)
      return void tcp.on('close', () => this.hanging.delete(tcp))
    }
    if (knobs.latencyMs > 0) await delay(knobs.latencyMs)
    const url = new URL(req.url ?? '/', 'http://local')
    const status = url.pathname === PATH ? counted(knobs, 'refuseUpgrade')?.status : 404
    if (status) {
      this.journal.log.push({ at: new Date().toISOString(), method: 'GET', path: url.pathname, status, note: 'handshake refused' })
      return void tcp.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
    }
    this.wss.handleUpgrade(req, /** @type {import('node:net').Socket} */ (tcp), head, (ws) => this.open(ws, url, req.headers.origin))
  }

  /** @param {import('ws').WebSocket} ws @param {URL} url @param {string | undefined} origin */
  open(ws, url, origin) {
    const session = new Session({
      kind: 'ws',
      write: (text) => ws.readyState === ws.OPEN && ws.send(text),
      pause: () => ws.pause(),
      resume: () => ws.resume(),
      end(code, reason) {
        ws.resume() // or the answer to the close frame would not be read
        ws.close(code, reason)
      },
      drop: () => ws.terminate(),
    }, this.place, { path: url.pathname, origin, app: url.searchParams.get('app_id') })
    const stop = this.beat(ws, session)
    ws.on('message', (data) => session.received(String(data)))
    ws.on('error', () => {}) // followed by `close`
    ws.on('close', (code, reason) => {
      stop()
      session.ended(code, String(reason))
    })
  }

  /** Pings, and the end of a peer that answers none. @param {import('ws').WebSocket} ws @param {Session} session */
  beat(ws, session) {
    let heard = Date.now()
    /** @type {ReturnType<typeof setTimeout>} */
    let timer
    const next = () => {
      const { pingMs } = this.knobs()
      timer = setTimeout(() => {
        if (Date.now() - heard > this.knobs().silenceMs) return session.drop()
        if (pingMs && !session.line.frozen) ws.ping()
        next()
      }, pingMs || 5000)
    }
    ws.on('pong', () => { heard = Date.now() })
    ws.on('message', () => { heard = Date.now() })
    next()
    return () => clearTimeout(timer)
  }

  /** After a change of knobs. @param {Record<string, any>} changed */
  turned(changed) {
    if ('hangUpgrade' in changed && !changed.hangUpgrade) for (const tcp of this.hanging) tcp.destroy()
    for (const session of [...this.sessions]) session.turned(changed)
    const status = this.place.status()
    if (status !== this.told) for (const session of this.sessions) if (session.identity) session.send({ op: 'app-status-changed', status })
    this.told = status
    act(changed, this.knobs(), this.sessions)
  }

  counters() {
    return { ...this.journal.counts, open: this.sessions.size, queries: [...this.sessions].reduce((sum, { queries }) => sum + queries.live.size, 0) }
  }

  stop() {
    for (const session of [...this.sessions]) session.drop()
    this.wss.close()
  }
}
