// The handshake: path, origin and subprotocol, then a Socket.
import { WebSocketServer } from 'ws'
import { delay } from '../../lib/index.mjs'
import { HasuraError } from '../failure.mjs'
import { dialectOf } from './dialects.mjs'
import { act, takes } from './knobs.mjs'
import { Journal } from './journal.mjs'
import { Poller } from './poller.mjs'
import { Socket } from './socket.mjs'

/** @type {Record<string, { api: import('../execute.mjs').Api, shape: import('../failure.mjs').Shape }>} */
export const PATHS = {
  '/v1/graphql': { api: 'hasura', shape: 'compliant' },
  '/v1beta1/relay': { api: 'relay', shape: 'compliant' },
  '/v1alpha1/graphql': { api: 'hasura', shape: 'flat' },
}

const REASONS = { 400: 'Bad Request', 404: 'Not Found', 502: 'Bad Gateway', 503: 'Service Unavailable' }

export class Sockets {
  /**
   * @param {object} options
   * @param {Awaited<ReturnType<typeof import('../../lib/server.mjs').serve>>} options.server
   * @param {import('../execute.mjs').Executor} options.executor
   * @param {ReturnType<typeof import('../config.mjs').resolveConfig>} options.config
   * @param {import('./socket.mjs').Place['identify']} options.identify
   * @param {() => number} options.now
   */
  constructor({ server, executor, config, identify, now }) {
    const knobs = () => server.knobs
    this.knobs = knobs
    this.config = config
    this.journal = new Journal(server.log)
    this.poller = new Poller(executor, /** @type {any} */ (knobs))
    /** @type {Set<Socket>} */
    this.all = new Set()
    /** @type {Set<import('node:stream').Duplex>} handshakes that the knob keeps */
    this.hanging = new Set()
    this.place = { executor, poller: this.poller, journal: this.journal, knobs, now, identify, sockets: this.all }
    this.wss = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols: (_, req) => dialectOf(req.headers['sec-websocket-protocol']).name })
    // The engine names its choice to a client that offered nothing too, and a browser then refuses the handshake.
    this.wss.on('headers', (headers, req) => {
      if (req.headers['sec-websocket-protocol'] === undefined) headers.push(`Sec-WebSocket-Protocol: ${dialectOf(undefined).name}`)
    })
    server.server.on('upgrade', (req, tcp, head) => void this.upgrade(req, tcp, head))
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
    const path = new URL(req.url ?? '/', 'http://local').pathname
    const refusal = this.refusal(path, req.headers.origin)
    if (refusal) return this.refuse(tcp, path, refusal)
    const headers = this.headers(req)
    this.wss.handleUpgrade(req, /** @type {import('node:net').Socket} */ (tcp), head, (ws) => {
      new Socket(ws, this.place, { path, dialect: dialectOf(req.headers['sec-websocket-protocol']), headers, ...PATHS[path] })
    })
  }

  /** @param {string} path @param {string | undefined} origin @returns {{ status: number, headers?: string[], body: unknown } | undefined} */
  refusal(path, origin) {
    const knobs = this.knobs()
    if (knobs.shuttingDown) return { status: 503, headers: ['Retry-After: 0'], body: '' }
    if (knobs.refuseUpgrade) {
      const { status } = knobs.refuseUpgrade
      if (typeof knobs.refuseUpgrade.times === 'number' && --knobs.refuseUpgrade.times <= 0) knobs.refuseUpgrade = null
      return { status, body: { error: `the knob says ${status}` } }
    }
    if (!PATHS[path]) {
      const error = new HasuraError('not-found', `only '/v1/graphql', '/v1alpha1/graphql' and '/v1beta1/relay' are supported on websockets`)
      return { status: 404, body: error.shaped() }
    }
    const { corsDomain } = this.config
    if (origin !== undefined && Array.isArray(corsDomain) && !corsDomain.includes(origin)) {
      return { status: 400, body: new HasuraError('access-denied', 'received origin header does not match configured CORS domains').shaped() }
    }
    return undefined
  }

  refuse(tcp, path, { status, headers = [], body }) {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    this.journal.log.push({ at: new Date().toISOString(), method: 'GET', path, status, note: 'handshake refused' })
    tcp.end([`HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}`, 'Content-Type: application/json; charset=utf-8', `Content-Length: ${Buffer.byteLength(text)}`, 'Connection: close', ...headers, '', text].join('\r\n'))
  }

  /** The headers of the handshake that may say who asks. @param {import('node:http').IncomingMessage} req */
  headers({ headers }) {
    const { 'sec-websocket-key': _k, 'sec-websocket-version': _v, upgrade: _u, connection: _c, cookie, ...rest } = headers
    // With CORS off any page's socket would bring the user's cookie.
    const read = headers.origin === undefined || this.config.corsDomain !== false || this.config.wsReadCookie
    return /** @type {Record<string, string | undefined>} */ ({ ...rest, ...(read && { cookie }) })
  }

  /** After a change of knobs. @param {Record<string, any>} changed */
  turned(changed) {
    const knobs = this.knobs()
    if ('hangUpgrade' in changed && !changed.hangUpgrade) for (const tcp of this.hanging) tcp.destroy()
    if (STATE.some((name) => name in changed)) for (const socket of [...this.all]) socket.turned(changed)
    this.poller.turned()
    act(changed, knobs, this.all)
  }

  counters() {
    return { ...this.journal.counts, open: [...this.all].filter(({ closed }) => !closed).length, polled: this.poller.cohorts.size }
  }

  stop() {
    this.poller.stop()
    for (const { ws } of this.all) ws.terminate()
    this.wss.close()
  }
}

/** What the sockets themselves must hear of. */
const STATE = ['frozen', 'keepaliveMs', 'holdNext', 'nextDelayMs', 'cutAtExp', 'clockOffsetS']
