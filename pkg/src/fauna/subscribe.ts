// What a StreamClient does, loaded with its first iteration: the machine decides, this carries out.
import { CountersignError } from '../errors.js'
import { fence, type Fence } from '../fence.js'
import { loadLive } from '../live.js'
import type { Lease, Session, Unsubscribe } from '../types.js'
import { ClientClosedError, type ProtocolError } from './errors.js'
import { Garbled, readEvent, sourceOf, errorOf, readPage } from './event.js'
import type { StreamEventError } from './wire.js'
import { connection, type Connection } from './event-way.js'
import { run, told, type causes, type MachineClass, type Running } from './machine.js'
import type { StreamEvent, StreamState, Subscribed } from './stream.js'

/** Events kept for a consumer that is slow: then nothing more is read until most of them are gone. */
const MANY = 1024
const FEW = 256

type Cause = (typeof causes)[number]
type Waiting = { resolve(result: IteratorResult<any, void>): void; reject(error: unknown): void }

const network = (error: unknown): boolean =>
  CountersignError.is(error) ? error.retryable || CountersignError.is(error, 'network', 'offline', 'timeout', 'outcome_unknown') : (error as { name?: unknown } | null)?.name === 'NetworkError'

class Subscription<T> {
  readonly #shared: Subscribed
  #queue: any[] = []
  #head = 0
  readonly #waiting: Waiting[] = []
  #begun = false
  #over = false
  #error: unknown
  #failed = false
  #machine: Running | undefined
  #way: Connection | undefined
  #guard: Fence | undefined
  #token = ''
  #cursor: string | undefined
  #current = 0
  #control: AbortController | undefined
  #leasing: AbortController | undefined
  #connects = 0
  #held = false
  #go: (() => void) | undefined
  readonly #stop: Unsubscribe[] = []

  constructor(shared: Subscribed) {
    this.#shared = shared
    this.#cursor = shared.cursor
  }

  // ---- for the consumer

  next(): Promise<IteratorResult<StreamEvent<T>, void>> {
    if (!this.#begun) {
      this.#begun = true
      this.#begin().catch((error) => this.#finish(error))
    }
    const result = this.#waiting.length ? undefined : this.#shift()
    if (result) return Promise.resolve(result)
    if (this.#over) {
      if (!this.#failed) return Promise.resolve({ value: undefined, done: true })
      // Said once, as a generator does.
      this.#failed = false
      return Promise.reject(this.#error)
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
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

  /** The next event that the consumer wants. What it was given is where a later loop goes on. */
  #shift(): IteratorResult<any, void> | undefined {
    const { config } = this.#shared
    while (this.#head < this.#queue.length) {
      const event = this.#queue[this.#head]
      this.#queue[this.#head++] = undefined
      if (this.#head === this.#queue.length) {
        this.#queue = []
        this.#head = 0
      }
      if (this.#held && this.#queue.length - this.#head <= FEW) this.#hold(false)
      if (event.type === 'resync') this.#shared.cursor = undefined
      else {
        this.#shared.ts = event.txn_ts
        this.#shared.cursor = event.cursor
        if (event.type === 'status' && !config.status_events) continue
      }
      return { value: event, done: false }
    }
    return undefined
  }

  #push(event: any): void {
    this.#queue.push(event)
  }

  /** Gives what is there to who waits. */
  #serve(): void {
    while (this.#waiting.length) {
      const result = this.#shift()
      if (!result) return
      this.#waiting.shift()!.resolve(result)
    }
    if (!this.#held && this.#queue.length - this.#head >= MANY) this.#hold(true)
  }

  #hold(held: boolean): void {
    this.#held = held
    this.#machine?.tell(told.held, 0, held ? 1 : 0)
    if (!held) this.#go?.()
  }

  // ---- beginning and end

  async #begin(): Promise<void> {
    const { config, own, ends, source } = this.#shared
    if (own?.state.closed) throw new ClientClosedError('Your client is closed. No further requests can be issued.')
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
    const session = own?.session
    const guard = (this.#guard = fence(session, 'fauna'))
    this.#stop.push(guard.end)
    const glue = await loadLive()
    if (this.#over) return
    this.#way = connection(config, own)
    const asks = typeof source === 'function'
    const resync = asks && !!config.resync_events
    if (!asks) this.#token = sourceOf(source).token
    else if (!resync) this.#token = sourceOf(await source()).token
    if (this.#over) return
    guard.check()
    const every = config.via === 'feed' ? (config.poll_ms ?? 5000) : -1
    const later = own && !own.counted ? 0 : config.max_attempts
    const Machine = (glue as unknown as { FaunaStream: MachineClass }).FaunaStream
    this.#machine = run(new Machine(every, config.max_attempts, later, config.max_backoff * 1000, resync), this)
    this.#look(session)
    this.#machine.tell(told.start)
  }

  /** Listens to what the page and the session say. */
  #look(session: Session<any> | undefined): void {
    const page = globalThis.document as Document | undefined
    const woken = () => this.#machine?.tell(told.woken)
    const seen = () => this.#machine?.tell(told.seen, 0, page!.hidden ? 0 : 1)
    if (page?.addEventListener) {
      page.addEventListener('visibilitychange', seen)
      this.#stop.push(() => page.removeEventListener('visibilitychange', seen))
      if (page.hidden) seen()
    }
    if (session) {
      this.#stop.push(
        session.on('wake', woken),
        // What is waiting for its next attempt has no request that the session could end.
        session.on('identity', () => this.#guarded()),
      )
    } else if (globalThis.addEventListener) {
      globalThis.addEventListener('online', woken)
      this.#stop.push(() => globalThis.removeEventListener('online', woken))
    }
  }

  /** Whether the user is still the one with whom it began; if not, it is over. */
  #guarded(): boolean {
    try {
      this.#guard?.check()
      return true
    } catch (error) {
      this.#finish(error, true)
      return false
    }
  }

  /** Ends it: what is queued is still delivered, unless `now`. */
  #finish(error?: unknown, now = error === undefined): void {
    if (this.#over) return
    this.#over = true
    this.#error = error
    this.#failed = error !== undefined
    if (now) {
      this.#queue = []
      this.#head = 0
    }
    this.#machine?.tell(told.close)
    this.#machine?.free()
    this.#control?.abort()
    this.#leasing?.abort()
    for (const stop of this.#stop.splice(0)) stop()
    this.#go?.()
    this.#serve()
    for (const waiting of this.#waiting.splice(0)) {
      if (this.#failed) waiting.reject(error)
      else waiting.resolve({ value: undefined, done: true })
      this.#failed = false
    }
    this.#say({ status: 'closed', cause: 'first' })
  }

  #say(state: Omit<StreamState, 'connects'>): void {
    try {
      this.#shared.config.onState?.({ ...state, connects: this.#connects })
    } catch {
      // It watches; what goes wrong there is not the stream's.
    }
  }

  // ---- what the machine wants

  source(id: number): void {
    const { source } = this.#shared
    this.#current = id
    if (typeof source !== 'function') return
    source().then(
      (value) => {
        if (this.#over || id !== this.#current) return
        this.#token = sourceOf(value).token
        this.#machine?.tell(told.sourced, id)
      },
    ).catch((error) => this.#fail(id, error))
  }

  connect(id: number, cause: Cause): void {
    if (!this.#guarded()) return
    this.#current = id
    this.#connects++
    if (this.#shared.config.via !== 'feed' || this.#connects === 1) this.#say({ status: 'connecting', cause })
    const control = (this.#control = new AbortController())
    const read = this.#shared.config.via === 'feed' ? this.#poll(id, control.signal) : this.#read(id, control.signal)
    void read.catch((error) => {
      if (!control.signal.aborted) this.#fail(id, error)
    })
  }

  abort(): void {
    this.#control?.abort()
  }

  open(): void {
    this.#say({ status: 'open', cause: 'first' })
    this.#lease()
  }

  wait(retryInMs: number, cause: Cause): void {
    this.#say({ status: 'waiting', cause, retryInMs })
  }

  resync(): void {
    this.#cursor = undefined
    this.#push({ type: 'resync', code: (this.#error as { code: string }).code })
    this.#serve()
  }

  end(): void {
    this.#finish(this.#error)
  }

  // ---- connections

  #body(): { token: string; cursor?: string } {
    return this.#cursor === undefined ? { token: this.#token } : { token: this.#token, cursor: this.#cursor }
  }

  /** Takes an event in. @throws what readEvent throws. */
  #take(event: any): void {
    if (event.cursor !== undefined) this.#cursor = event.cursor
    this.#push(event)
  }

  async #read(id: number, signal: AbortSignal): Promise<void> {
    const long = this.#shared.config.long_type
    for await (const batch of await this.#way!.stream(this.#body(), signal)) {
      if (signal.aborted) return
      try {
        for (const line of batch) this.#take(readEvent(line, long))
      } finally {
        this.#serve()
      }
      this.#machine?.tell(told.heard, id)
      while (this.#held && !signal.aborted) await new Promise<void>((go) => (this.#go = go))
    }
    if (!signal.aborted) this.#machine?.tell(told.ended, id)
  }

  async #poll(id: number, signal: AbortSignal): Promise<void> {
    const { long_type, page_size } = this.#shared.config
    const page = readPage(await this.#way!.page({ ...this.#body(), ...(page_size && { page_size }) }, signal, this.#guard!.check), long_type)
    if (signal.aborted) return
    const bad = page.events.findIndex(({ type }) => type === 'error')
    for (const event of bad < 0 ? page.events : page.events.slice(0, bad)) this.#take(event)
    this.#serve()
    if (bad >= 0) throw errorOf(page.events[bad] as StreamEventError)
    // Also of an empty page: it is how far the server has looked.
    this.#cursor = page.cursor
    this.#machine?.tell(told.page, id, page.has_next ? 1 : 0)
  }

  #fail(id: number, error: unknown): void {
    if (this.#over || !this.#guarded()) return
    this.#error = error
    const { code = '', httpStatus } = error as { code?: string; httpStatus?: number }
    const machine = this.#machine
    if (error instanceof Garbled) machine?.tell(told.garbled, id)
    else if (network(error)) machine?.tell(told.dropped, id)
    else if (error instanceof Error && 'httpStatus' in error) {
      // A value that cannot be read comes again with every attempt.
      const { name } = error as ProtocolError
      if (name === 'ProtocolError' && !(httpStatus! >= 400)) machine?.tell(told.fatal, id)
      else machine?.tell(told.refused, id, httpStatus ?? 0, code)
    } else machine?.tell(CountersignError.is(error) ? told.fatal : told.dropped, id)
    // Without a machine it failed before it began.
    if (!machine) this.#finish(error)
  }

  /** Follows the tokens of the session: with each better one the stream is made anew, before the server cuts it. */
  #lease(): void {
    const { config, own } = this.#shared
    const session = own?.session
    if (!session || this.#leasing || config.via === 'feed') return
    const control = (this.#leasing = new AbortController())
    void (async () => {
      let known: Lease | undefined
      for await (const lease of session.leases(own.state.config.template, { signal: control.signal })) {
        if (known) this.#machine?.tell(told.renewed)
        known = lease
      }
      // Without an error it ends with the identity, or with the session.
      if (this.#guarded()) this.#finish(new CountersignError('disposed', 'fauna: the session was disposed; its streams ended with it', { backend: 'fauna' }), true)
    })().catch(() => {
      // Nobody is signed in, or the provider is ill: whoever connects next will hear of it.
      if (this.#leasing === control) this.#leasing = undefined
    })
  }
}

/** The events of one iteration. */
export const subscribe = <T>(shared: Subscribed): AsyncGenerator<StreamEvent<T>, void, unknown> => new Subscription<T>(shared) as unknown as AsyncGenerator<StreamEvent<T>, void, unknown>
