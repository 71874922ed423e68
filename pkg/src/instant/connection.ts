// One connection of Instant's session protocol, as one user. The machine (`src/link`) decides when to connect and what is asked on which socket; this carries it out.
import { CountersignError, scrub } from '../errors.js'
import { run, told, type Hands, type Make, type statuses, type Told } from '../link.js'
import type { InstantAPIError } from './errors.js'
import { apiError } from './failure.js'
import type { User } from './port.js'
import { keyOf, type Query } from './queries.js'
import { id } from './tx.js'
import { webSocket, type Ears, type Message, type Way } from './way.js'

/** How the connection is doing, in the vendor's words. */
export type ConnectionStatus = 'connecting' | 'opened' | 'authenticated' | 'closed' | 'errored'
/** What the operator allows: `read-only`: no writes and no new sign-ins; `disabled`: nothing. */
export type AppStatus = 'active' | 'read-only' | 'disabled'

/** What it is made with. */
export interface Setup {
  appId: string
  clientName: string
  /** The address of the session protocol; throws what is wrong with it. */
  url(): URL
  /** Whose it is; `null`: nobody's. */
  user: User | null
  /** Who has to do with this query. */
  queryOf(key: string): Query | undefined
  show(status: ConnectionStatus): void
  allowed(status: AppStatus): void
  /** The server does not know the user's session any more. */
  lost(user: User): void
  /** The WebAssembly trapped. */
  broken(): void
}

/** How long a socket is kept for the next query. */
const KEEP = 3_000
const CONNECT = 30_000
const ACK = 10_000
/** A server with nothing to say is silent; after so long it is asked whether it is there. */
const QUIET = 30_000
/** Pauses before a query is asked again that the server had no time for; the last one repeats. */
const LATER = [1_000, 2_000, 5_000, 10_000]
/** So often in a row before it is told. */
const PATIENCE = 3

const fail = (code: string, message: string, cause?: unknown) => new CountersignError(code, `instant: ${message}`, { backend: 'instant', cause })

/** The server had no time for it, or says that something went wrong in itself. */
const isPassing = ({ status, body: { type } }: InstantAPIError): boolean => status >= 500 || status === 429 || type === 'timeout' || type === 'operation-timed-out' || type === 'rate-limited'

export class Connection implements Hands, Ears {
  readonly #setup: Setup
  readonly #machine: Told
  readonly #queries = new Map<number, Query>()
  readonly #ways = new Map<number, Way>()
  /** When a frame came last, by the wall clock. */
  #heardAt = 0
  #count = 0
  #app: AppStatus = 'active'
  #error: Error | undefined
  /** Another attempt would end the same way. */
  #refusal = false
  #over = false

  constructor(setup: Setup, make: Make) {
    this.#setup = setup
    this.#machine = run(make(0, -1, KEEP, CONNECT, ACK, QUIET), this)
  }

  tell(what: number, a = 0): void {
    this.#machine.tell(what, 0, a)
  }

  /** Asks it, if it is not asked already. */
  ask(query: Query): void {
    if (query.number !== undefined || this.#over || !query.listeners.size) return
    query.number = ++this.#count
    this.#queries.set(query.number, query)
    this.#machine.tell(told.subscribe, query.number, 1)
  }

  /** It is not asked any more. `what`: as the machine is told. */
  leave(query: Query, what: number = told.unsubscribe): void {
    const { number } = query
    if (number === undefined) return
    this.#machine.tell(what, number)
    query.number = undefined
    this.#queries.delete(number)
  }

  end(): void {
    this.#over = true
    for (const query of this.#queries.values()) query.number = undefined
    this.#queries.clear()
    this.tell(told.dispose)
    this.#machine.free()
    for (const way of this.#ways.values()) way.close()
    this.#ways.clear()
  }

  // ---- what the machine wants

  open(socket: number): void {
    try {
      const url = this.#setup.url()
      url.searchParams.set('app_id', this.#setup.appId)
      if (!globalThis.WebSocket) throw fail('option_invalid', 'there is no WebSocket here: set `globalThis.WebSocket` (in Node before 22, of npm ws)')
      this.#ways.set(socket, webSocket(socket, url, this))
    } catch (error) {
      this.#error = CountersignError.is(error) ? error : fail('option_invalid', `the browser refuses to open a socket (${scrub(error)}): look at connect-src of the page's Content Security Policy, and at ws: in a page of https:`, error)
      // Not before the machine has done what it is at.
      queueMicrotask(() => this.#fail(socket))
    }
  }

  #fail(socket: number): void {
    this.#refusal = true
    this.#machine.tell(told.failed, socket)
  }

  #send(socket: number, op: string, more: object): string {
    const event = id()
    this.#ways.get(socket)?.send({ op, 'client-event-id': event, ...more })
    return event
  }

  #add(query: Query, socket: number): string {
    return this.#send(socket, 'add-query', { q: query.q, 'return-type': 'tree' })
  }

  send(operation: number, socket: number): void {
    const query = this.#queries.get(operation)
    if (query) query.asked(this.#add(query, socket))
  }

  stop(operation: number, socket: number): void {
    const query = this.#queries.get(operation)
    if (query) this.#send(socket, 'remove-query', { q: query.q })
  }

  close(socket: number): void {
    this.#ways.get(socket)?.close()
    this.#ways.delete(socket)
  }

  /** There is no ping. A query that runs already is answered in a word (`add-query-exists`), and nothing else comes of it. */
  ping(socket: number): void {
    const [query] = this.#queries.values()
    if (query) this.#add(query, socket)
  }

  finish(operation: number, how: number): void {
    const query = this.#queries.get(operation)
    if (!query) return
    query.number = undefined
    this.#queries.delete(operation)
    if (how) query.fail(this.#error ?? fail('network', 'the connection was lost'))
  }

  status(status: (typeof statuses)[number]): void {
    if (status === 'connecting') this.#refusal = false
    this.#setup.show(status === 'connected' ? 'authenticated' : status === 'connecting' ? 'connecting' : this.#refusal ? 'errored' : 'closed')
  }

  broken(cause: unknown): void {
    const queries = [...this.#queries.values()]
    this.end()
    this.#setup.broken()
    const error = fail('wasm_trapped', 'the WebAssembly trapped; the next query starts anew', cause)
    for (const query of queries) query.fail(error)
  }

  // Nothing is moved from socket to socket, and no token expires.
  take(): void {}
  reject(): void {}
  probe(): void {}
  pause(): void {}

  // ---- what comes of a socket

  opened(socket: number): void {
    this.#setup.show('opened')
    this.#send(socket, 'init', { 'app-id': this.#setup.appId, 'refresh-token': this.#setup.user?.refresh_token })
    this.#machine.tell(told.opened, socket)
  }

  /** It may have been a result, and there is no other way to get it again. */
  garbled(socket: number, cause: unknown): void {
    // A parser quotes what it could not read, and a server may repeat a session's token.
    const words = cause instanceof SyntaxError ? 'no JSON' : scrub(cause)
    this.#error = fail('protocol', `what came over the socket is no message of Instant's (${words}); it is connected anew`)
    this.close(socket)
    this.#machine.tell(told.lost, socket)
  }

  closed(socket: number): void {
    this.#ways.delete(socket)
    this.#machine.tell(told.lost, socket)
  }

  message(socket: number, message: Message): void {
    const at = Date.now()
    // A short answer may be the one to a ping: who does not hear of it takes the socket for dead.
    if (message.op === 'add-query-exists' || Math.abs(at - this.#heardAt) > 1000) {
      this.#heardAt = at
      this.#machine.tell(told.heard, socket)
    }
    const transaction = message['processed-tx-id']
    if (message.op === 'init-ok') {
      this.#error = undefined
      this.#allow(message['app-status']?.status ?? 'active')
      this.#machine.tell(told.acked, socket, NaN)
    } else if (message.op === 'add-query-ok') this.#result(socket, this.#answered(message), message['result'], message['result-meta'], transaction)
    else if (message.op === 'refresh-ok') {
      for (const found of message['computations'] ?? []) this.#result(socket, this.#setup.queryOf(keyOf(found['instaql-query'])), found['instaql-result'], found['result-meta'], transaction)
    } else if (message.op === 'app-status-changed') this.#allow(message['status'])
    else if (message.op === 'error') void this.#refused(socket, message)
  }

  /** The query that an answer is for. */
  #answered(message: Message): Query | undefined {
    for (const query of this.#queries.values()) if (query.event === message['client-event-id']) return query
    return undefined
  }

  #result(socket: number, query: Query | undefined, result: unknown, meta: unknown, transaction: unknown): void {
    if (query?.number === undefined) return
    this.#machine.tell(told.arrived, query.number, socket)
    query.take(result, meta, transaction)
  }

  #allow(status: AppStatus): void {
    const before = this.#app
    this.#app = status
    this.#setup.allowed(status)
    if (status === 'disabled') for (const query of [...this.#queries.values()]) query.fail(fail('app-disabled', 'the app is switched off: it answers neither reads nor writes'))
    // What it says from now on was not said meanwhile.
    else if (before === 'disabled') this.tell(told.terminate)
  }

  async #refused(socket: number, message: Message): Promise<void> {
    const { user, clientName } = this.#setup
    const query = this.#answered(message)
    const error = await apiError(Number(message['status']) || 400, message, clientName)
    if (this.#over) return
    if (message['original-event']?.op === 'init') {
      if (user && error.body.type === 'record-not-found' && error.body.recordType === 'app-user') return this.#setup.lost(user)
      this.#error = error
      this.close(socket)
      return isPassing(error) ? this.#machine.tell(told.lost, socket) : this.#fail(socket)
    }
    if (query?.number === undefined) return
    this.leave(query, told.ended)
    if (!isPassing(error)) return query.fail(error)
    const wait = error.retryAfterMs || LATER[Math.min(query.tries, LATER.length - 1)]!
    // Whoever looks at the page has a right to know, while it goes on trying.
    if (++query.tries > PATIENCE) query.fail(error)
    // Timers cast to 32 bits and would fire at once beyond that.
    setTimeout(() => this.ask(query), Math.min(wait, 2147483647))
  }
}
