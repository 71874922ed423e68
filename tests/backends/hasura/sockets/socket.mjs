// One socket: who it is, what it runs, and when it ends.
import { HasuraError, fromPostgres } from '../failure.mjs'
import { BadMessage, decodeMessage } from './messages.mjs'
import { Line } from './line.mjs'
import { takes } from './knobs.mjs'
import { merged, shaped, truncated } from './shapes.mjs'

/** setTimeout's own limit; a longer wait would end at once. */
const MOST_WAIT = 2 ** 31 - 1

/**
 * What all sockets of a server share.
 * @typedef {object} Place
 * @property {import('../execute.mjs').Executor} executor
 * @property {import('./poller.mjs').Poller} poller
 * @property {import('./journal.mjs').Journal} journal
 * @property {() => Record<string, any>} knobs
 * @property {() => number} now   seconds, of the server's own clock
 * @property {(headers: import('../authenticate.mjs').Headers) => Promise<import('../authenticate.mjs').Identity>} identify
 * @property {Set<Socket>} sockets   those whose TCP connection is there
 */

export class Socket {
  /**
   * @param {import('ws').WebSocket} ws @param {Place} place
   * @param {{ path: string, dialect: import('./dialects.mjs').Dialect, headers: Record<string, string | undefined>, api: import('../execute.mjs').Api, shape: import('../failure.mjs').Shape }} how
   */
  constructor(ws, place, { path, dialect, headers, api, shape }) {
    Object.assign(this, { ws, place, dialect, api, shape })
    /** Of the handshake: they count until the first init. */
    this.headers = headers
    this.line = new Line(ws, place.knobs)
    /** @type {Map<string, () => void>} what ends each running subscription */
    this.operations = new Map()
    /** @type {import('../authenticate.mjs').Identity | undefined} */
    this.identity = undefined
    /** @type {string | undefined} why the last init was refused */
    this.refusal = undefined
    this.queue = Promise.resolve()
    this.record = place.journal.open({ path, protocol: dialect.name, origin: headers.origin })
    place.sockets.add(this)
    // A socket is one serial conversation: what a message does is over before the next one is looked at.
    ws.on('message', (data) => { this.queue = this.queue.then(() => this.received(String(data))).catch((error) => this.fault(error)) })
    ws.on('error', () => {}) // followed by `close`
    ws.on('close', (code, reason) => this.ended(code, String(reason)))
    if (place.knobs().frozen) this.line.freeze()
    this.keepalive()
    this.beat()
  }

  get closed() { return !this.record.open }

  // Out --------------------------------------------------------------------------------------------------------------
  send(message) { this.line.send(JSON.stringify(message)) }

  /** A frame of an operation. */
  tell({ type, id, payload }) {
    if (this.closed) return
    const shape = type === 'error' && this.place.knobs().errorShape
    this.line.tell(JSON.stringify({ type, id, payload: shape ? shaped(payload, shape) : payload }), false)
  }

  /** @param {string} id @param {string} payload JSON text */
  next(id, payload) {
    if (this.closed) return
    this.place.journal.counts.nexts += 1
    this.line.tell(`{"type":"${this.dialect.result}","id":${JSON.stringify(id)},"payload":${payload}}`, true)
  }

  /** @param {HasuraError} error */
  oneError(error) { return this.shape === 'flat' ? error.message : error.shaped() }
  errors(error) { return this.shape === 'flat' ? error.shaped('flat') : [error.shaped()] }

  keepalive() { this.send(this.dialect.keepalive()) }

  beat() {
    clearInterval(this.beating)
    const { keepaliveMs } = this.place.knobs()
    if (keepaliveMs > 0 && !this.closed) this.beating = setInterval(() => this.keepalive(), keepaliveMs)
  }

  burst(count, size) {
    const pad = 'x'.repeat(size)
    for (const id of this.operations.keys()) {
      for (let n = 0; n < count; n++) this.next(id, `{"data":{"burst":[{"n":${n},"pad":"${pad}"}]}}`)
    }
  }

  /** @param {Record<string, any>} changed the knobs; one that was frozen by `freeze` stays so until `frozen` itself is turned off */
  turned(changed) {
    if ('frozen' in changed) changed.frozen ? this.line.freeze() : this.line.thaw()
    this.beat()
    this.line.pump()
    if (this.record.exp !== undefined && !this.closed) this.watch()
  }

  // In ---------------------------------------------------------------------------------------------------------------
  /** @param {string} text */
  async received(text) {
    if (this.closed) return
    let message
    try {
      message = decodeMessage(text)
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      return this.dialect.unparseable(this, error.message)
    }
    if (message.type === 'init') return this.init(message.headers)
    if (message.type === 'start') return this.start(message.id, message.request)
    if (message.type === 'stop') return this.stop(message.id)
    if (message.type === 'ping') return this.send({ type: 'pong', payload: message.payload })
    if (message.type === 'terminate') return this.close(1000, '')
  }

  /** A second one changes who later operations belong to, but not when the socket is cut. */
  async init(params) {
    const knobs = this.place.knobs()
    if (takes(knobs, 'hangInit')) return
    if (takes(knobs, 'dropInit')) return this.drop()
    const upgrade = this.identity || this.refusal ? {} : this.headers
    try {
      const identity = await this.place.identify(merged(params, upgrade))
      if (takes(knobs, 'refuseInit')) throw new HasuraError('invalid-jwt', knobs.refuseInitWith)
      if (knobs.ackDelayMs) await new Promise((resolve) => { setTimeout(resolve, knobs.ackDelayMs) })
      if (this.closed) return
      this.accepted(identity)
    } catch (error) {
      if (!(error instanceof HasuraError)) throw error
      if (this.closed) return
      this.refusal = error.message
      this.identity = undefined
      this.place.journal.counts.refused += 1
      this.place.journal.note(this.record, 'refused', { code: error.code, message: error.message })
      this.dialect.refused(this, error.message, knobs.engine)
    }
  }

  accepted(identity) {
    this.identity = identity
    this.refusal = undefined
    const { sub, role, exp } = identity
    Object.assign(this.record, { sub, role })
    this.place.journal.counts.accepted += 1
    this.place.journal.note(this.record, 'init', { sub, role, secondsToExp: exp === undefined ? undefined : Math.round((exp - this.place.now()) * 1000) / 1000 })
    this.send({ type: 'connection_ack' })
    this.keepalive()
    if (exp === undefined || this.record.exp !== undefined) return
    this.record.exp = exp
    this.watch()
  }

  /** The raw expiry, whatever skew the verification allows. */
  watch() {
    clearTimeout(this.watching)
    const left = (this.record.exp - this.place.now()) * 1000
    this.watching = setTimeout(() => {
      if ((this.record.exp - this.place.now()) * 1000 > 0 || !this.place.knobs().cutAtExp) {
        this.watching = setTimeout(() => this.watch(), 250)
        return
      }
      this.place.journal.counts.cutAtExp += 1
      this.drop()
    }, Math.min(Math.max(left, 0), MOST_WAIT))
  }

  // Operations -------------------------------------------------------------------------------------------------------
  /** @param {string} id @param {import('../execute.mjs').GraphQLRequest} request */
  async start(id, request) {
    if (this.operations.has(id)) return this.dialect.notStarted(this, id, `an operation already exists with this id: ${id}`)
    if (this.refusal) return this.dialect.notStarted(this, id, `cannot start as connection_init failed with: ${this.refusal}`)
    if (!this.identity) return this.dialect.notStarted(this, id, 'start received before the connection is initialised')
    let plan
    try {
      plan = await this.place.executor.prepare(request, this.identity, this.api)
    } catch (error) {
      return this.dialect.invalid(this, id, fromPostgres(error))
    }
    if (this.closed) return
    this.place.journal.counts.started += 1
    this.place.journal.note(this.record, 'started', { op: id, kind: plan.kind, name: plan.operation.name?.value })
    if (plan.kind === 'subscription') return this.subscribe(id, plan)
    const silent = plan.kind === 'mutation' && takes(this.place.knobs(), 'mutationsHang')
    try {
      const { data } = await this.place.executor.perform(plan)
      if (silent) return
      this.next(id, JSON.stringify({ data }))
      this.tell({ type: 'complete', id })
    } catch (error) {
      if (!silent) this.dialect.failed(this, id, fromPostgres(error))
    }
  }

  subscribe(id, plan) {
    const stop = this.place.poller.add(plan, {
      next: (data) => this.next(id, `{"data":${data}}`),
      failed: (error, first) => {
        // An argument that can never be: the engine finds it before the subscription begins.
        if (!first || error.code !== 'validation-failed') return this.next(id, JSON.stringify({ errors: [error.shaped(this.shape)] }))
        this.stop(id)
        this.dialect.invalid(this, id, error)
      },
    })
    this.operations.set(id, stop)
    this.record.running = this.operations.size
  }

  /** Nothing is answered; an unknown id is nobody's concern. @param {string} id */
  stop(id) {
    const stop = this.operations.get(id)
    if (!stop) return
    stop()
    this.operations.delete(id)
    this.record.running = this.operations.size
    this.place.journal.counts.stopped += 1
    this.place.journal.note(this.record, 'stopped', { op: id })
  }

  // The end ----------------------------------------------------------------------------------------------------------
  /** With a close frame. @param {number} code @param {string} reason */
  close(code, reason) {
    if (this.closed) return
    const said = truncated(reason)
    this.line.flush()
    this.over({ by: 'server', code, reason: said })
    this.line.finish(() => {
      this.ws.resume()
      this.ws.close(code, said)
    })
  }

  /** The TCP connection, without a frame: the client's close event is 1006. Nobody hears of it over a half-open one. */
  drop() {
    if (this.closed) return
    this.over({ by: 'server', code: 1006, reason: '' })
    this.line.finish(() => this.ws.terminate())
  }

  ended(code, reason) {
    this.place.sockets.delete(this)
    if (!this.closed) this.over({ by: code === 1006 ? 'network' : 'client', code, reason })
  }

  over(closed) {
    for (const stop of this.operations.values()) stop()
    this.operations.clear()
    this.line.stop()
    clearInterval(this.beating)
    clearTimeout(this.watching)
    Object.assign(this.record, { open: false, running: 0, closed })
    this.place.journal.counts.closed += 1
    this.place.journal.note(this.record, 'closed', closed)
  }

  /** A fault of ours must be seen by whoever runs the tests. */
  fault(error) {
    console.error('[hasura socket]', error)
    this.drop()
  }
}
