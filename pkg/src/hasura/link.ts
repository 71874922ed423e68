// One connection: the machine decides, this carries out. Operations and sockets are numbers between the two.
import { CountersignError, scrub } from '../errors.js'
import type { Session } from '../types.js'
import type { Follow } from './follow.js'
import { lend, type Line } from './line.js'
import { probed, run, told, type Hands, type Machine, type Told } from '../link.js'
import { guarded, Operations } from './operations.js'
import { ask, lasting } from './probe.js'
import type { Heard } from './shell.js'
import { reasonOf, Wire, type CloseLike, type Dialect, type Ears, type Message, type Protocol, type Texts } from './wire.js'
import type { Result, SocketState, WsListeners, WsSink } from './ws.js'

/** What a connection is made with. */
export interface Setup {
  machine: Machine
  /** Asked for each socket. */
  url(): string | URL | Promise<string | URL>
  protocol: Protocol
  dialect?: Dialect | undefined
  texts?: Texts | undefined
  /** The payload of `connection_init`; asked for each socket, when it is open. */
  init(token: string | null | undefined): unknown
  /** Whose tokens; without one there are none. */
  session?: Session<any> | undefined
  template?: string | undefined
  anonymous?: boolean | undefined
  role?: string | undefined
  WebSocket?: typeof WebSocket | undefined
  /** As npm graphql-ws does it, also where Hasura needs more. */
  standard?: boolean | undefined
  /** Leaves the server's pings unanswered. */
  disablePong?: boolean | undefined
  /** Finds out over HTTP why `connection_init` was refused; rejects with the reason. */
  probe?(): Promise<unknown>
  /** Pauses before an attempt. */
  pause?(attempt: number): unknown
  /** Whether a close that may pass, or an error, is worth another attempt. */
  worthIt?(errorOrEvent: unknown): boolean
  /** What an operation ends with when its socket is lost for good. `accepted`: over HTTP the same token was accepted meanwhile. */
  lost(event: unknown, accepted: boolean): unknown
  /** Where the connection is kept without operations, and is given up. */
  given?(error: unknown): void
  /** The WebAssembly trapped; nobody has been told yet. */
  broken(error: unknown): void
  heard: Heard
}

export class Link implements Hands, Ears {
  readonly #setup: Setup
  readonly #machine: Told
  readonly #operations: Operations
  readonly #lines = new Map<number, Line>()
  #error: unknown
  /** The token was refused here and accepted over HTTP, since the last acknowledgement. */
  #accepted = false
  /** How the last socket ended: with an event, or before there was one. */
  #last: { event?: CloseLike; error?: unknown } = {}
  /** With the words that came before the close, where the protocol has them there. */
  #why: CloseLike | undefined
  #over = false
  state: SocketState

  constructor(setup: Setup) {
    this.#setup = setup
    this.state = { status: 'idle', role: setup.role, sockets: 0, operations: 0 }
    this.#machine = run(setup.machine, this)
    this.#operations = new Operations((what, operation, socket) => this.tell(what, operation, socket))
  }

  emit<E extends keyof WsListeners>(event: E, ...args: Parameters<WsListeners[E]>): void {
    const all = this.#setup.heard[event]
    // Whoever begins to listen now hears of the next one.
    if (all?.size) for (const listener of [...all]) guarded(() => (listener as (...all: unknown[]) => void)(...args))
  }

  tell(what: number, id = 0, a = 0, words = ''): void {
    this.#machine.tell(what, id, a, words)
  }

  /** Adds an operation. `live`: it moves from socket to socket. */
  subscribe(follow: Follow, live: boolean, sink: WsSink<Result>, id?: string): () => void {
    const operation = this.#operations.add(follow, sink, id)
    this.tell(told.subscribe, operation.number, live ? 1 : 0)
    return () => this.#operations.leave(operation, told.unsubscribe, () => queueMicrotask(() => guarded(() => sink.complete())))
  }

  /** Ends everything with an error; without one it completes. */
  end(error?: unknown): void {
    if (this.#over) return
    this.#over = true
    // The sockets first: a sink that subscribes anew when it hears of the end finds nothing of this one, and its state comes after this one's.
    const operations = error === undefined ? [] : this.#operations.clear()
    this.tell(told.dispose)
    this.#machine.free()
    for (const line of this.#lines.values()) line.control.abort()
    for (const operation of operations) this.#operations.fail(operation, error)
  }

  /** There is no socket, or nothing to say on it. */
  #failed(socket: number, error: unknown): void {
    this.#last = { error }
    // Where the application decides, it is asked in the pause.
    this.tell(this.#setup.standard || !lasting(error) ? told.lost : told.failed, socket)
  }

  /** Whether the application wants another attempt after what happened last. */
  #worthIt(): boolean {
    const { event, error } = this.#last
    const { worthIt } = this.#setup
    return worthIt ? worthIt(event ?? error) : !!event || !lasting(error)
  }

  // ---- what the machine wants

  open(socket: number, retry: boolean): void {
    const line: Line = { control: new AbortController(), retry }
    this.#lines.set(socket, line)
    this.state = { ...this.state, sockets: this.state.sockets + 1 }
    this.emit('connecting', retry)
    this.#connect(socket, line).catch((error) => {
      if (this.#lines.get(socket) !== line) return
      this.#lines.delete(socket)
      line.control.abort()
      this.#error = error
      this.emit('error', error)
      this.#failed(socket, error)
    })
  }

  async #connect(socket: number, line: Line): Promise<void> {
    const { url, protocol, dialect, texts = {}, standard } = this.#setup
    // The token first: a server may wait three seconds for `connection_init`, and a provider may take longer.
    // What a subscription of another server means is not known: it is not moved.
    if (this.#setup.session) await lend(this.#setup.session, this.#setup, line, () => standard || this.tell(told.renewed, socket))
    const address = await url()
    if (this.#lines.get(socket) !== line) return
    const Socket = this.#setup.WebSocket ?? globalThis.WebSocket
    if (!Socket) throw new CountersignError('option_invalid', 'there is no WebSocket here: set `globalThis.WebSocket` (in Node before 22, of npm ws), or `webSocketImpl` of createWsClient', { backend: 'hasura' })
    try {
      line.wire = new Wire(socket, Socket, address, protocol, dialect, texts, this)
    } catch (cause) {
      throw standard ? cause : (await import('./invalid.js')).unopened(cause)
    }
  }

  send(number: number, socket: number): void {
    const operation = this.#operations.get(number)
    if (!operation) return
    const second = operation.on !== undefined
    try {
      const payload = operation.follow.payload(second)
      operation[second ? 'to' : 'on'] = socket
      operation.arrived = false
      this.#lines.get(socket)?.wire?.send({ id: operation.id, type: 'subscribe', payload })
    } catch (error) {
      // Its own fault: the others go on.
      this.#operations.fail(operation, CountersignError.is(error) ? error : new CountersignError('option_invalid', 'hasura: the operation cannot be written as JSON', { backend: 'hasura', cause: error }), told.unsubscribe)
    }
  }

  stop(number: number, socket: number): void {
    const operation = this.#operations.get(number)
    if (operation) this.#lines.get(socket)?.wire?.send({ id: operation.id, type: 'complete' })
  }

  take(number: number, socket: number): void {
    const operation = this.#operations.get(number)
    if (!operation) return
    operation.to = undefined
    if (operation.follow.moved()) return void (operation.on = socket)
    // Under another name: what comes under this one is not known to be new.
    this.stop(number, socket)
    this.#operations.rename(operation)
    operation.on = undefined
    this.send(number, socket)
  }

  close(socket: number, code: number): void {
    const line = this.#lines.get(socket)
    if (!line) return
    line.control.abort()
    line.over = true
    // A normal end is waited for, so that its event is told.
    if (line.wire) line.wire.close(code)
    else this.#lines.delete(socket)
  }

  ping(socket: number): void {
    this.#lines.get(socket)?.wire?.send({ type: 'ping' })
    this.emit('ping', false, undefined)
  }

  finish(number: number, how: number): void {
    if (number === 0) return guarded(() => this.#setup.given?.(this.#error))
    const operation = this.#operations.get(number)
    if (!operation) return
    if (how === 1) return this.#operations.fail(operation, this.#error)
    if (how === 2) return this.#operations.fail(operation, new CountersignError('outcome_unknown', 'hasura: the socket was lost before the answer came; a mutation may or may not have run', { backend: 'hasura' }))
    this.#operations.leave(operation, undefined, () => operation.sink.complete())
  }

  reject(socket: number): void {
    const lease = this.#lines.get(socket)?.lease
    if (lease) this.#setup.session?.reject(lease.id, 'connection_init was refused')
  }

  probe(): void {
    void ask(this.#setup.probe).then(([found, error]) => {
      this.#accepted = found === probed.accepted
      if (error) this.#error = error
      else if (this.#accepted && this.#why) this.#error = this.#setup.lost(this.#why, true)
      this.tell(told.probed, 0, found)
    })
  }

  pause(attempt: number): void {
    const ask = async () => {
      await undefined
      if (!this.#worthIt()) return told.refrained
      await this.#setup.pause?.(attempt)
      return told.paused
    }
    ask().then(
      (what) => this.tell(what),
      (error) => {
        this.#error = error
        this.tell(told.refrained)
      },
    )
  }

  /** How many are under way. */
  get operations(): number {
    return this.#operations.count
  }

  #newest(): Line | undefined {
    return [...this.#lines.values()].filter(({ wire }) => wire?.acked).at(-1)
  }

  status(status: SocketState['status'], ms: number): void {
    const { expiresAt: _, retryInMs: __, error: ___, ...rest } = this.state
    const ready = status === 'connected' || status === 'rotating'
    const expiresAt = ready ? this.#newest()?.lease?.notAfter : undefined
    this.state = { ...rest, status, operations: this.operations, ...(expiresAt !== undefined && { expiresAt }), ...(status === 'waiting' && { retryInMs: ms }), ...(!ready && this.#error instanceof Error && { error: this.#error }) }
    this.emit('state', this.state)
  }

  /** What keeps a socket from being opened. */
  troubled(error: Error): void {
    if (this.state.status !== 'connecting' && this.state.status !== 'waiting') return
    this.#error = error
    this.state = { ...this.state, error }
    this.emit('state', this.state)
  }

  broken(cause: unknown): void {
    const error = new CountersignError('wasm_trapped', 'hasura: the WebAssembly trapped; the next subscription starts anew', { backend: 'hasura', cause })
    this.#setup.broken(error)
    this.end(error)
    for (const line of this.#lines.values()) {
      line.control.abort()
      line.wire?.close(1000)
    }
  }

  // ---- what comes of the sockets

  opened(wire: Wire): void {
    const line = this.#lines.get(wire.id)
    if (!line) return
    this.emit('opened', wire.socket)
    const init = async () => {
      // A handshake may take longer than the token lives.
      while (line.lease && line.lease.notAfter <= Date.now()) await line.renewal
      const payload = await this.#setup.init(this.#setup.session && (line.lease?.token ?? null))
      if (!wire.open) return
      line.sent = true
      wire.send(payload ? { type: 'connection_init', payload } : { type: 'connection_init' })
      this.tell(told.opened, wire.id)
    }
    init().catch((error) => {
      if (line.over || this.#lines.get(wire.id) !== line) return
      this.emit('error', error)
      this.#error = error
      line.over = true
      wire.socket.close(4005, reasonOf(error))
      this.#failed(wire.id, error)
    })
  }

  message(wire: Wire, message: Message, frame: string): void {
    // Read for each message: the monotonic clock costs five times as much, and if this one jumps the machine hears once too often.
    const at = Date.now()
    const id = message.id
    const operation = id === undefined ? undefined : this.#operations.named(id)
    // graphql-ws's `keepAlive` counts from the last pong. Elsewhere once a second is enough, but a pong answers a ping: who does not hear of it takes the socket for dead.
    if (this.#setup.dialect && message.type === 'ping') this.tell(told.beat, wire.id)
    else if (message.type === 'pong' || (!this.#setup.standard && Math.abs(at - wire.heardAt) > 1000)) {
      wire.heardAt = at
      this.tell(told.heard, wire.id)
    }
    const say = () => this.emit('message', message)
    if (operation && (operation.on === wire.id || operation.to === wire.id)) {
      // In graphql-ws's order: a sink hears of a result or an error before the listeners, and of the end after them.
      if (message.type === 'complete') say()
      if (message.type === 'next') this.#operations.next(operation, wire.id, message.payload, frame)
      else if (message.type === 'error' || message.type === 'complete') this.#operations.ended(operation, wire.id, message)
      if (message.type !== 'complete') say()
      return
    }
    say()
    if (id !== undefined) return
    if (message.type === 'ping' || message.type === 'pong') this.#pulse(wire, message)
    else if (message.type === 'connection_ack') this.#acked(wire, message.payload)
    else if (message.type === 'connection_error') wire.words = typeof message.payload === 'string' ? message.payload : String(message.payload?.message ?? '')
  }

  #pulse(wire: Wire, { type, payload }: Message): void {
    const pong = type === 'pong'
    this.emit(pong ? 'pong' : 'ping', true, payload)
    if (pong || this.#setup.disablePong) return
    guarded(() => wire.send(payload ? { type: 'pong', payload } : { type: 'pong' }))
    this.emit('pong', false, payload)
  }

  #acked(wire: Wire, payload: any): void {
    const line = this.#lines.get(wire.id)
    if (!line || line.over || wire.acked) return
    wire.acked = true
    this.#error = undefined
    this.#accepted = false
    this.emit('connected', wire.socket, payload, line.retry)
    this.tell(told.acked, wire.id, line.lease ? line.lease.notAfter - Date.now() : NaN)
  }

  garbled(_wire: Wire, cause: unknown): void {
    this.emit('error', new CountersignError('protocol', `hasura: a frame that is no message of the protocol came over the socket (${scrub(cause)}); it was left out`, { backend: 'hasura', cause }))
  }

  error(_wire: Wire, event: unknown): void {
    this.emit('error', event)
  }

  closed(wire: Wire, event: CloseLike): void {
    const line = this.#lines.get(wire.id)
    if (!line) return
    line.control.abort()
    wire.acked = false
    this.#operations.lost(wire.id)
    const { code, reason } = event
    // One that made way for the next was not lost, whoever closed it.
    const replaced = this.#newest()?.wire!.id! > wire.id
    if (!replaced && (code !== 1000 || !line.over)) {
      this.#last = { event }
      this.#why = wire.words ? { code, reason: wire.words } : event
      this.#error = this.#setup.lost(this.#why, this.#accepted)
      this.state = { ...this.state, lastClose: { code, reason: scrub(wire.words || reason) } }
    }
    this.emit('closed', event)
    if (line.over) return void this.#lines.delete(wire.id)
    this.tell(told.closed, wire.id, code, wire.words ? `Connection initialization failed: ${wire.words}` : String(reason ?? ''))
    // Not before: the machine may want its token rejected.
    this.#lines.delete(wire.id)
  }
}
