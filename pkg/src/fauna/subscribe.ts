// What a StreamClient does, loaded with its first iteration: the machine decides, this carries out.
import { CountersignError } from '../errors.js'
import type { Fence } from '../fence.js'
import { loadLive } from '../live.js'
import type { Session, Unsubscribe } from '../types.js'
import { getServiceError, NetworkError, ProtocolError, ServiceError } from './errors.js'
import { readEvent, readPage, sourceOf } from './event.js'
import { connection, type Connection } from './event-way.js'
import { Inbox } from './inbox.js'
import { Garbled } from './lines.js'
import { mono } from '../machine.js'
import { run, told, type causes, type Running } from './machine.js'
import type { ResyncEvent, Since, StreamEvent, StreamState, Subscribed } from './stream.js'
import type { Who } from './state.js'
import type { FeedSuccess, StreamEventError } from './wire.js'

type Cause = (typeof causes)[number]

/**
 * A cursor of longer ago, in milliseconds, is carried to the present before a stream begins there. The server keeps fifteen minutes of history at least, says on
 * a stream how far it is every five minutes, and a connection may live shorter than that: without news its cursor would grow old until it is refused.
 */
const OLD = 300_000
/** Events per page while it is carried. */
const MANY = 1000

/** Both of our clocks, in milliseconds: one may stand still in sleep, the other may be set. */
const now = (): Since => [mono(), Date.now()]
const age = ([before, then]: Since): number => Math.max(mono() - before, Date.now() - then)

/** So many attempts are without end. */
const MOST = 0xffff_ffff

/** What another attempt would not change. What passes is the network's, a provider's that is ill for now, or of a transport that throws what it likes. */
const lasting = (error: unknown): boolean =>
  CountersignError.is(error) && !error.retryable && !CountersignError.is(error, 'network', 'offline', 'timeout', 'outcome_unknown', 'budget_exhausted')

const changed = () => new CountersignError('identity_changed', 'fauna: the user changed; a stream belongs to the user with whom it began', { backend: 'fauna' })

class Subscription<T> {
  readonly #shared: Subscribed
  readonly #session: Session<any> | undefined
  readonly #inbox: Inbox<any>
  #begun = false
  #over = false
  #machine: Running | undefined
  #way: Connection | undefined
  readonly #guard: Fence
  /** Whose the loop before this one was. */
  readonly #whose: Who
  readonly #stop: Unsubscribe[] = []
  /** Where the next connection begins. */
  #token = ''
  #cursor: string | undefined
  /** The time of that, in microseconds of the server's clock, and when it came, by our own clocks. */
  #at: number | undefined
  #since: Since
  /** The source of what is delivered, and those after it: a cursor is one of its own source. */
  #delivered = ''
  readonly #coming: string[] = []
  /** Of the connection under way. */
  #control: AbortController | undefined
  /** Nothing has come of it yet. */
  #resumes = false
  #leasing: AbortController | undefined
  #held = false
  #go: (() => void) | undefined
  /** What went wrong last, and what the server said when events were missed. */
  #error: unknown
  #missed = ''
  #cause: Cause = 'first'
  #connects = 0

  constructor(shared: Subscribed, guard: Fence) {
    this.#shared = shared
    this.#guard = guard
    this.#stop.push(guard.end)
    this.#session = shared.own?.session
    this.#whose = shared.at?.who
    this.#since = shared.at?.since ?? now()
    this.#inbox = new Inbox<any>((event) => this.#deliver(event), (full) => this.#hold(full))
  }

  // ---- for the consumer

  next(): Promise<IteratorResult<StreamEvent<T>, void>> {
    if (!this.#begun) {
      this.#begun = true
      this.#begin().catch((error) => this.#finish(error))
    }
    // Another listener of the session may hear of the new user first, and ask; and what was queued when it ended was somebody's, too.
    if (!this.#mine()) this.#inbox.clear()
    return this.#inbox.next()
  }

  return(value?: any): Promise<IteratorResult<any, void>> {
    this.#begun = true
    this.#finish()
    return Promise.resolve({ value, done: true })
  }

  throw(error: unknown): Promise<IteratorResult<any, void>> {
    this.#begun = true
    this.#finish()
    return Promise.reject(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** What was handed out is where a later loop goes on. */
  #deliver(event: StreamEvent<T>): boolean {
    const { config } = this.#shared
    if (event.type === 'resync') {
      this.#delivered = this.#coming.shift()!
      this.#keep(undefined)
      return true
    }
    this.#shared.ts = event.txn_ts
    this.#keep(event.cursor ?? this.#shared.at?.cursor)
    return event.type !== 'status' || !!config.status_events
  }

  #keep(cursor: string | undefined): void {
    this.#shared.at = { token: this.#delivered, cursor, who: this.#session?.identityKey, since: this.#since }
  }

  #hold(held: boolean): void {
    this.#held = held
    this.#machine?.tell(told.held, 0, held ? 1 : 0)
    if (!held) this.#go?.()
  }

  // ---- beginning and end

  async #begin(): Promise<void> {
    const { config, own, ends, source, at } = this.#shared
    if (this.#shared.closed) return this.#finish()
    if (own?.state.closed) return this.#finish()
    const { signal } = config
    signal?.throwIfAborted()
    const end = () => this.#finish()
    const abort = () => this.#finish(signal!.reason, true)
    ends.add(end)
    own?.state.streams.add(end)
    signal?.addEventListener('abort', abort)
    this.#stop.push(
      () => ends.delete(end),
      () => own?.state.streams.delete(end),
      () => signal?.removeEventListener('abort', abort),
    )
    if (!this.#mine()) return
    // What waits for its source, or for its next attempt, has no request that the session could end.
    if (this.#session)
      this.#stop.push(
        this.#session.on('identity', () => this.#mine()),
        this.#session.on('disposed', () => this.#finish(new CountersignError('disposed', 'fauna: the session was disposed; its streams ended with it', { backend: 'fauna' }), true)),
      )
    const glue = await loadLive()
    if (this.#over) return
    this.#way = connection(config, own)
    this.#cursor = at ? at.cursor : config.cursor
    const again = typeof source === 'function' && !!config.resync_events
    if (!again) {
      this.#begins(at?.token ?? sourceOf(typeof source === 'function' ? await source() : source).token)
      if (this.#over) return
    }
    // The machine counts in whole numbers: what is none, or more than it can count, is not to become 0.
    const every = config.via === 'feed' ? Math.ceil(config.poll_ms ?? 5000) || 5000 : -1
    const most = config.max_attempts >= 1 ? Math.min(Math.ceil(config.max_attempts), MOST) : 1
    const later = own && !own.counted ? 0 : most
    this.#machine = run(glue.faunaStream(every, most, later, config.max_backoff * 1000 || 20_000, again), this)
    this.#listen()
    this.#machine.tell(told.start)
  }

  /** The source whose events are the first. */
  #begins(token: string): void {
    if (this.#over || !this.#mine()) return
    this.#token = this.#delivered = token
    this.#keep(this.#cursor)
  }

  /** Listens to what the page and the session say. */
  #listen(): void {
    const page = globalThis.document as Document | undefined
    const woken = () => this.#machine?.tell(told.woken)
    const seen = () => this.#machine?.tell(told.seen, 0, page!.hidden ? 0 : 1)
    if (page?.addEventListener) {
      page.addEventListener('visibilitychange', seen)
      this.#stop.push(() => page.removeEventListener('visibilitychange', seen))
      if (page.hidden) seen()
    }
    if (this.#session) this.#stop.push(this.#session.on('wake', woken))
    else if (globalThis.addEventListener) {
      globalThis.addEventListener('online', woken)
      this.#stop.push(() => globalThis.removeEventListener('online', woken))
    }
  }

  /** Whether the user is still the one with whom it began; if not, it is over, and what was not handed out yet is nobody's. */
  #mine(): boolean {
    const now = this.#session?.identityKey
    try {
      this.#guard.check()
      if (now === undefined || this.#whose === undefined || now === this.#whose) return true
    } catch {
      // Said below.
    }
    this.#finish(changed(), true)
    return false
  }

  /** Ends it: what is queued is still delivered, unless `now`. As with the driver, an error is the end of the stream itself, not only of this loop. */
  #finish(error?: unknown, now = error === undefined): void {
    if (this.#over) return
    this.#over = true
    const failed = error !== undefined
    // Not for a source that could not be had: a later loop asks for it again.
    if (failed && this.#token) this.#shared.closed = true
    this.#machine?.tell(told.close)
    this.#machine?.free()
    this.abort()
    this.#leasing?.abort()
    for (const stop of this.#stop.splice(0)) stop()
    this.#inbox.end(now, failed, error)
    this.#say('closed')
  }

  #say(status: StreamState['status'], more?: { retryInMs: number }): void {
    try {
      this.#shared.config.onState?.({ status, cause: this.#cause, connects: this.#connects, ...more })
    } catch {
      // It watches; what goes wrong there is not the stream's.
    }
  }

  // ---- what the machine wants

  source(id: number): void {
    const { source, at } = this.#shared
    if (!this.#mine()) return
    const anew = this.#token !== ''
    const ask = async () => {
      const token = (!anew && at?.token) || sourceOf(await (source as () => Promise<unknown>)()).token
      if (this.#over || !this.#mine()) return
      if (anew) this.#token = token
      else this.#begins(token)
      this.#machine?.tell(told.sourced, id)
    }
    void ask().catch((error) => this.#fail(id, error))
  }

  connect(id: number, cause: Cause): void {
    if (!this.#mine()) return
    const { via } = this.#shared.config
    // After a pause, or with a new source, the machine has said the cause before.
    if (cause !== 'first') this.#cause = cause
    this.#connects++
    if (via !== 'feed' || this.#connects === 1) this.#say('connecting')
    // Whoever was told may have ended it.
    if (this.#over) return
    const { signal } = (this.#control = new AbortController())
    // What ends it without a word of its own is the machine's watchdog.
    this.#error = undefined
    void (via === 'feed' ? this.#poll(id, signal) : this.#read(id, signal)).catch((error) => {
      if (!signal.aborted) this.#fail(id, error)
    })
  }

  abort(): void {
    this.#control?.abort()
    this.#go?.()
  }

  open(): void {
    this.#say('open')
    if (!this.#over) this.#lease()
  }

  wait(retryInMs: number, cause: Cause): void {
    this.#cause = cause
    this.#say('waiting', { retryInMs })
  }

  /** The source is a new one. */
  resync(): void {
    this.#cursor = this.#at = undefined
    this.#coming.push(this.#token)
    this.#inbox.put({ type: 'resync', code: this.#missed } satisfies ResyncEvent)
    this.#inbox.serve()
  }

  /** The machine is gone, and whatever else was in its instance. */
  broken(cause: unknown): void {
    this.#finish(new CountersignError('wasm_trapped', 'fauna: the WebAssembly trapped; the next stream starts anew', { backend: 'fauna', cause }), true)
  }

  end(): void {
    this.#finish(this.#error ?? new NetworkError('Fauna sent nothing for too long', { code: 'timeout' }))
  }

  // ---- connections

  #body(): { token: string; cursor?: string } {
    return this.#cursor === undefined ? { token: this.#token } : { token: this.#token, cursor: this.#cursor }
  }

  #take(event: any): void {
    const { type, txn_ts, cursor } = event
    // A status is of a time, and its cursor is the first one of it: whoever went on from there would be sent the other events of that transaction
    // twice. A resumed connection begins with one.
    if (type === 'status' && this.#cursor !== undefined && (this.#resumes || !(txn_ts > this.#at!))) event.cursor = this.#cursor
    else if (cursor !== undefined) this.#cursor = cursor
    if (!(txn_ts <= this.#at!)) {
      this.#at = txn_ts
      this.#since = now()
    }
    this.#resumes = false
    this.#inbox.put(event)
  }

  /** What came in one piece: what is right of it counts, also when the rest is an error. */
  #batch(id: number, lines: string[]): void {
    const { long_type, secret } = this.#shared.config
    let some = false
    try {
      for (const line of lines) {
        this.#take(readEvent(line, long_type, secret))
        some = true
      }
    } finally {
      if (some) {
        this.#inbox.serve()
        this.#machine?.tell(told.heard, id)
      }
    }
  }

  async #read(id: number, signal: AbortSignal): Promise<void> {
    const way = this.#way!
    if (way.pages && this.#cursor !== undefined && age(this.#since) > OLD) await this.#carry(signal)
    if (signal.aborted) return
    this.#resumes = true
    for await (const lines of await way.stream(this.#body(), signal)) {
      if (signal.aborted) return
      this.#batch(id, lines)
      await this.#room(signal)
      if (signal.aborted) return
    }
    if (signal.aborted) return
    this.#error = new NetworkError('The server ended the stream', { code: 'network' })
    this.#machine?.tell(told.ended, id)
  }

  /** While the consumer has enough, nothing more is read. */
  async #room(signal: AbortSignal): Promise<void> {
    while (this.#held && !signal.aborted) await new Promise<void>((go) => (this.#go = go))
  }

  /** Brings an old cursor to the present. Where pages cannot be had the stream is tried from where it was. */
  async #carry(signal: AbortSignal): Promise<void> {
    try {
      while (await this.#page(signal, MANY)) await this.#room(signal)
    } catch (error) {
      const refused = error instanceof ServiceError || error instanceof ProtocolError
      if (signal.aborted || !refused || error.code === 'unauthorized') throw error
    }
  }

  async #poll(id: number, signal: AbortSignal): Promise<void> {
    const more = await this.#page(signal)
    if (more !== undefined) this.#machine?.tell(told.page, id, more ? 1 : 0)
  }

  /** Takes a page of a feed; whether there is another one. Undefined when nobody wants it any more. */
  async #page(signal: AbortSignal, page_size = this.#shared.config.page_size): Promise<boolean | undefined> {
    const { long_type, secret } = this.#shared.config
    const body = this.#body()
    const answer = await this.#way!.page({ ...body, ...(page_size && { page_size }) }, signal, this.#guard.check).catch((error) => {
      // Not even text.
      throw error instanceof ProtocolError && error.httpStatus < 400 ? new Garbled(error.message) : error
    })
    const page = readPage(answer, long_type, secret)
    if (signal.aborted) return undefined
    if (page instanceof Error) throw page
    const { events, cursor, has_next } = page as FeedSuccess
    const bad = events.findIndex(({ type }) => type === 'error')
    for (const event of bad < 0 ? events : events.slice(0, bad)) this.#take(event)
    this.#inbox.serve()
    if (bad >= 0) throw getServiceError(events[bad] as StreamEventError)
    // Also of an empty page: it is how far the server has looked.
    // A server that repeats itself is not asked again at once.
    const more = has_next && cursor !== body.cursor
    this.#cursor = cursor
    this.#at = undefined
    this.#since = now()
    return more
  }

  #fail(id: number, error: unknown): void {
    if (this.#over || !this.#mine()) return
    this.#error = error
    const machine = this.#machine!
    // The session's provider is ill for now: it was the last token there was, and there will be another one.
    const ill = this.#session?.status === 'degraded' && CountersignError.is(error, 'unauthorized', 'permission_loss', 'token_expired')
    if (ill) machine.tell(told.dropped, id)
    else if (error instanceof Garbled) machine.tell(told.garbled, id)
    else if (error instanceof ServiceError || error instanceof ProtocolError) {
      this.#missed = error.code
      machine.tell(told.refused, id, error.httpStatus ?? 0, error.code)
      // A token that the session itself gives up is one that the server would refuse.
    } else if (CountersignError.is(error, 'token_expired')) machine.tell(told.refused, id, 401, 'unauthorized')
    else machine.tell(lasting(error) ? told.fatal : told.dropped, id)
  }

  /** Follows the tokens of the session: with each better one the stream is made anew, before the server cuts it. */
  #lease(): void {
    const { config, own } = this.#shared
    const session = this.#session
    if (!session || this.#leasing || config.via === 'feed') return
    const control = (this.#leasing = new AbortController())
    void (async () => {
      let known = false
      for await (const _ of session.leases(own!.state.config.template, { signal: control.signal })) {
        if (known) this.#machine?.tell(told.renewed)
        known = true
      }
    })().catch(() => {
      // Nobody is signed in: whoever connects next will hear of it.
      if (this.#leasing === control) this.#leasing = undefined
    })
  }
}

/** The events of one iteration. */
export const subscribe = <T>(shared: Subscribed, guard: Fence): AsyncGenerator<StreamEvent<T>, void, unknown> => new Subscription<T>(shared, guard) as unknown as AsyncGenerator<StreamEvent<T>, void, unknown>
