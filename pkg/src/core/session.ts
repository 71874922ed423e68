// A started session: the JavaScript half of src/bind/session.rs. Loaded with the first call that needs a token.
import { CountersignError, scrub } from '../errors.js'
import type { CallSpec, Channel, Text } from '../internal.js'
import type { Shared } from '../session.js'
import type { Identity, Lease, Provider, Session, SessionOptions, SessionSnapshot, TokenSnapshot, Unsubscribe } from '../types.js'
import { href, invalid, plain, readSpec } from './address.js'
import { replayable, readHead } from './body.js'
import { claimsOf } from './claims.js'
import { loadCore, trapped, type Core } from './core.js'
import { changed, guarded, networkError, sound, type Bound } from './failures.js'
import { atEdge, lazy } from '../loader.js'
import { observers, type Observers } from './observers.js'
import * as op from './op.js'
import { page, type Page } from './page.js'
import { Connection, type Side } from './provider.js'
import { decision, reasons, statuses } from './trace.js'

type Pending = { resolve(value: unknown): void; reject(error: unknown): void; key: number; done?: () => void; call?: Call | undefined }
type Call = { input: RequestInfo | URL; href: string; init: RequestInit | undefined; door: Door | undefined; signal: AbortSignal | undefined; sent?: (() => void) | undefined; text?: Text | undefined; response?: Response }
type Door = { number: number; key: number; bare?: boolean | undefined; backend?: string | undefined; headers?: (() => HeadersInit) | undefined; classify?: ((response: Response) => Promise<'ok' | 'refresh' | 'fail'>) | undefined }

/** Joining a promise that has waited longer would cut the newcomer's own waiting time short. */
const JOIN_MS = 50
const sessions = Symbol.for('countersign.sessions')
let words: Awaited<ReturnType<typeof lazy.words>> | undefined

const requestOf = (value: unknown): Request | undefined => (typeof Request === 'function' && value instanceof Request ? value : undefined)

/** Of what nobody waits for nothing is read any more: left alone, it keeps its connection, and ends as an unhandled rejection where it is aborted (undici). */
const release = (call: Call | undefined): void => void call?.response?.body?.cancel().catch(() => {})

export class Impl {
  readonly #core: Bound
  readonly #options: SessionOptions
  readonly #shared: Shared
  readonly #names: string[] = []
  readonly #keys = new Map<string, number>()
  readonly #side: Side
  readonly #connection: Connection
  readonly #out: Observers
  readonly #pending = new Map<number, Pending>()
  readonly #joined = new Map<number, { at: number; promise: Promise<string | null> }>()
  readonly #decisions: string[] = []
  /** Keys whose odd token was said so, and keys of which some backend wants a JWT. */
  readonly #odd = new Set<number>()
  readonly #wanted = new Set<number>()
  #next = 1
  #timer: ReturnType<typeof setTimeout> | undefined
  #generation = 0
  /** Reports of another identity so far: the machine may hear of one a moment later. */
  #changes = 0
  /** What every request of this generation is bound to. */
  #fence = new AbortController()
  #dead = false
  #stop: Unsubscribe[] = []
  #page: Page | undefined

  constructor(core: Core, options: SessionOptions, shared: Shared, policy: readonly (readonly [op: number, value: number])[]) {
    this.#core = guarded(core, core.open(this), () => this.#dead)
    this.#options = options
    this.#shared = shared
    this.#out = observers(options, shared)
    this.#side = { core: this.#core, specs: [], warn: (m) => this.#out.log('warn', m), forget: () => (this.#changes++, shared.mirror.clear()) }
    this.#connection = new Connection(this.#side)
    for (const [set, value] of policy) this.#command(set, value)
    if (shared.server) this.#command(op.uncached, 1)
    try {
      for (const [name, spec] of Object.entries(options.templates ?? {})) this.#key(name, readSpec(spec))
      for (const [i, route] of (options.routes ?? []).entries()) {
        const url = href(route.url, `\`routes[${i}].url\``)
        const door = this.#core.door(this.#key(route.template), 'route', options.allowInsecureOrigin ? 1 : 0)
        this.#core.origin(door, url.href.endsWith('/') && url.pathname === '/' ? url.origin : url.href)
      }
    } catch (error) {
      // Nobody has this instance: what it took of the core is given back here.
      this.#command(op.dispose)
      throw error
    }
    const died = () => this.#died()
    trapped.add(died)
    this.#stop.push(() => trapped.delete(died))
    if (shared.server) return
    this.#page = page(options.name ?? 'default', this.#side, this.#connection, this.#keys, () => this.#out.emit({ type: 'wake' }))
    this.#stop.push(this.#page.stop)
  }

  #command(what: number, a = 0, b = 0): number {
    return this.#core.command(what, a, b)
  }

  #key(name: string | undefined, spec?: Side['specs'][number]): number {
    const known = this.#keys.get(name ?? '')
    if (known !== undefined) return known
    if (!spec) {
      if (name !== undefined && this.#options.templates) {
        const names = Object.keys(this.#options.templates).map((n) => `"${n}"`).join(', ')
        throw new CountersignError('template_unknown', `no template "${scrub(name)}"; this session has ${names || 'none'}. Add it to \`templates\``, { template: scrub(name) })
      }
      spec = name === undefined ? {} : { template: name }
    }
    const key = this.#command(op.addKey)
    this.#keys.set(name ?? '', key)
    this.#names[key] = name ?? ''
    this.#side.specs[key] = spec
    return key
  }

  /** An error in full, at once when its words are there: they come with the first one. */
  #error(why: number, key: number, tell: (error: CountersignError) => void, backend?: string): void {
    // Taken here and now: by the time the words are loaded there may be another token.
    const token = this.#look(key)
    const details = { template: this.#names[key] || undefined, backend, cause: this.#connection.failures[key] }
    const make = (loaded: NonNullable<typeof words>) => tell((words = loaded).failure(why, details, token))
    if (words) make(words)
    // Offline before the first error: the words cannot be fetched, the call settles all the same.
    else lazy.words().then(make, (cause) => tell(new CountersignError('protocol', `error ${why}; its text could not be loaded`, { ...details, cause })))
  }

  /** The token at hand, good or not. */
  #held(key: number): string | null {
    return this.#core.token(0, key, 3, 0) as string | null
  }

  /** What may be seen of a template's token. */
  #look(key: number): TokenSnapshot | undefined {
    const number = (what: number) => this.#command(op.number, key, what)
    const refreshes = number(3)
    if (refreshes)
      return {
        expiresAt: number(0), refreshAt: number(1), obtainedAt: number(2), notAfter: number(5), reason: reasons[number(4)]!, refreshes, generation: this.#command(op.generation),
        decision: this.#decisions[key]!, claims: claimsOf(this.#held(key) ?? ''),
      }
  }

  // ---- the host: what the wasm calls. None of these throws.

  ask(flight: number, key: number, force: boolean, reason: number): void {
    this.#connection.ask(flight, key, force, reasons[reason]!)
  }

  drop(flight: number): void {
    this.#connection.drop(flight)
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.done?.()
    return pending
  }

  give(id: number, value: unknown): void {
    const pending = this.#settle(id)
    pending?.resolve(pending.call ? pending.call.response : value)
  }

  lend(id: number, token: string | null, notAfter: number, lease: number): void {
    this.#settle(id)?.resolve(token === null ? null : { token, notAfter, id: String(lease) })
  }

  fail(id: number, why: number): void {
    const pending = this.#settle(id)
    if (!pending) return
    const backend = pending.call?.door?.backend
    if (why === 1) pending.reject(changed(this.#names[pending.key], backend))
    else this.#error(why, pending.key, pending.reject, backend)
  }

  send(id: number, token: string | undefined): void {
    const call = this.#pending.get(id)?.call
    if (!call) return
    release(call)
    const changes = this.#changes
    const { input, init, door, signal } = call
    let sent: [RequestInfo | URL, RequestInit]
    try {
      const request = requestOf(input)
      const headers = new Headers(init?.headers ?? request?.headers)
      if (door?.headers) new Headers(door.headers()).forEach((value, name) => headers.set(name, value))
      // What the caller put there is not ours to send; a bare call brings a credential of the backend's own.
      if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
      else if (!door?.bare) headers.delete('authorization')
      // On a server a session ends with its call, and the body is read after that.
      const fence = this.#fence.signal
      const bound = this.#shared.server ? signal : signal ? AbortSignal.any([signal, fence]) : fence
      const { template: _, ...rest } = (init ?? {}) as RequestInit & { template?: string }
      const out: RequestInit = { redirect: atEdge() ? 'manual' : 'error', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store', ...rest, headers }
      if (bound) out.signal = bound
      call.sent?.()
      // The client's own functions above may have told of somebody else.
      if (changes !== this.#changes) throw changed(undefined, door?.backend)
      // A Request's body can be read once: what is sent is a copy, because a replay may still need it. Not every browser shows the body.
      sent = [request && !/^(GET|HEAD)$/.test(request.method) ? request.clone() : input, out]
    } catch (error) {
      this.#command(op.cancel, id)
      return this.#settle(id)?.reject(error)
    }
    // `fetch` is looked up at call time, so that stubs and instrumentation are seen; one of those may throw at once, or return no promise.
    void (async () => sound(await globalThis.fetch(...sent), call.href))().then(
      (response) => {
        call.response = response
        if (!this.#pending.has(id)) return release(call)
        this.#command(op.responded, id, response.status)
      },
      (error) => {
        if (!this.#command(op.cancel, id)) return
        const pending = this.#settle(id)
        pending?.reject(signal?.aborted ? signal.reason : CountersignError.is(error) ? error : networkError(error, door?.backend, this.#names[pending.key]))
      },
    )
  }

  read(id: number): void {
    const call = this.#pending.get(id)?.call
    const response = call?.response
    if (!response) return
    const { classify } = call.door ?? {}
    if (!classify) return void readHead(response, (text, complete) => this.#core.head(id, response.status, text, complete), call.text)
    Promise.resolve()
      .then(() => classify(response.clone()))
      .then(
        (word) => this.#command(op.verdict, id, word === 'ok' ? 0 : word === 'refresh' ? 1 : 2),
        (error) => {
          this.#out.log('error', `classify failed: ${scrub(error)}`)
          this.#command(op.verdict, id, 0)
        },
      )
  }

  mirror(key: number, token: string | undefined, from: number, until: number): void {
    const name = this.#names[key] ?? ''
    if (token === undefined) this.#shared.mirror.delete(name)
    else this.#shared.mirror.set(name, { token, from, until })
  }

  notice(kind: number, key: number, a: number, b: number, c: number, d: number): void {
    const shared = this.#shared
    const template = this.#names[key] ?? ''
    if (kind === 0) {
      // A mark: who it is cannot be read from it.
      const key = a === 0 ? undefined : a === 1 ? null : b.toString(36)
      if (key !== shared.identityKey) this.#out.emit({ type: 'identity', key: (shared.identityKey = key) })
      this.#page?.told(key)
    } else if (kind === 1) {
      shared.status = statuses[a]!
      this.#out.emit({ type: 'status', status: shared.status })
    } else if (kind === 2) this.#out.emit({ type: 'forget' })
    else if (kind === 3) this.#out.emit({ type: 'token', template, expiresAt: a, reason: reasons[b]! })
    else if (kind < 6) {
      if (kind === 5) this.#page?.refused(template)
      this.#error(a, key, (error) => {
        if (kind === 4) this.#out.log('warn', error.message)
        this.#out.emit({ type: kind === 4 ? 'refreshFailed' : 'rejected', template, error })
      })
    } else if (kind === 6) this.#out.advise((w) => w.untold)
    else if (kind === 12) this.#out.emit({ type: 'wake' })
    else if (kind === 13) {
      if (this.#odd.has(key)) return
      this.#odd.add(key)
      if (a || this.#wanted.has(key)) this.#out.advise((w) => w.odd(a, template))
    } else {
      const text = decision(kind - 7, template || 'the session token', [a, b, c, d])
      this.#decisions[key] = text
      this.#out.emit({ type: 'decision', text })
    }
  }

  wake(after: number): void {
    clearTimeout(this.#timer)
    this.#timer = after < 0 ? undefined : setTimeout(() => void this.#command(op.tick), after)
  }

  fence(): void {
    this.#generation++
    this.#joined.clear()
    this.#pending.forEach(({ call }) => release(call))
    const old = this.#fence
    this.#fence = new AbortController()
    old.abort(changed())
  }

  now(): number {
    // The sandbox of a server may have no such clock.
    return globalThis.performance?.now() ?? Date.now()
  }

  // ---- what the session does for its callers

  connect(provider: Provider): void {
    this.#connection.connect(provider)
  }

  disconnect(provider: Provider): void {
    if (this.#connection.provider === provider) this.#connection.disconnect()
  }

  identityChanged(identity: Identity | null | undefined): void {
    this.#connection.report(identity)
  }

  #promise<R>(key: number, signal: AbortSignal | null | undefined, start: (id: number) => unknown, call?: Call): Promise<R> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    const id = this.#next++
    return new Promise<R>((resolve, reject) => {
      const pending: Pending = { resolve: resolve as (value: unknown) => void, reject, key, call }
      if (signal) {
        const abort = () => {
          release(call)
          this.#settle(id)?.reject(signal.reason)
          this.#command(op.cancel, id)
        }
        signal.addEventListener('abort', abort, { once: true })
        pending.done = () => signal.removeEventListener('abort', abort)
      }
      this.#pending.set(id, pending)
      let value: unknown
      try {
        value = start(id)
      } catch (error) {
        return void this.#settle(id)?.reject(error)
      }
      if (value !== undefined) this.#settle(id)?.resolve(value)
    })
  }

  getToken(template: string | undefined, options: { force?: boolean; timeoutMs?: number; signal?: AbortSignal } = {}): Promise<string | null> {
    const key = this.#key(template)
    const { force = false, timeoutMs = 0, signal } = options
    const plain = !force && !timeoutMs && !signal
    const joined = plain && this.#joined.get(key)
    if (joined && Date.now() - joined.at < JOIN_MS) return joined.promise
    const generation = this.#generation
    const promise = this.#promise<string | null>(key, signal, (id) => this.#core.token(id, key, force ? 1 : 0, timeoutMs)).then((token) => {
      // Between the decision and this line somebody else may have signed in.
      if (generation !== this.#generation) throw changed(this.#names[key])
      return token
    })
    if (plain) {
      this.#joined.set(key, { at: Date.now(), promise })
      const leave = () => {
        if (this.#joined.get(key)?.promise === promise) this.#joined.delete(key)
      }
      promise.then(leave, leave)
    }
    return promise
  }

  peek(template: string | undefined): string | null {
    return this.#core.token(0, this.#key(template), 2, 0) as string | null
  }

  async #call(door: Door | undefined, template: string | undefined, input: RequestInfo | URL, init: RequestInit | undefined, sent?: () => void, text?: Text): Promise<Response> {
    // As a dictionary a Request has its members on its prototype, where no spread finds them.
    if (requestOf(init)) [input, init] = [new Request(input, init), undefined]
    const url = href(input, 'the URL to fetch')
    if (init?.credentials === 'include')
      throw invalid("leave `credentials: 'include'` out: it would send cookies beside the token")
    const key = template === undefined ? -1 : this.#key(template)
    const signal = init?.signal ?? requestOf(input)?.signal
    const generation = this.#generation
    // Of whatever else says an address, `fetch` would read it once more, when it may say another.
    const call: Call = { input: typeof input === 'string' ? input : (requestOf(input) ?? url), href: url.href, init, door, signal: signal ?? undefined, sent, text }
    const response = await this.#promise<Response>(door?.key ?? key, signal, (id) => this.#core.request(id, door ? door.number : -1, key, url.href, replayable(input, init)), call)
    if (generation === this.#generation) return response
    release(call)
    throw changed(template, door?.backend)
  }

  fetch(input: RequestInfo | URL, init?: RequestInit & { template?: string }): Promise<Response> {
    return this.#call(undefined, init?.template, input, init)
  }

  #door(door: Omit<Door, 'number'>, origins: readonly string[], backend: string, anonymous: boolean | undefined, insecure: boolean | undefined): Door {
    const list = origins.map((o, i) => href(o, `\`origins[${i}]\``).origin)
    const allowed = insecure || this.#options.allowInsecureOrigin
    if (allowed) this.#shared.insecure.add(this.#names[door.key] ?? '')
    const number = this.#core.door(door.bare ? -1 : door.key, backend, (allowed ? 1 : 0) | (anonymous ? 2 : 0))
    for (const origin of list) this.#core.origin(number, origin)
    return { ...door, number }
  }

  authFetch(options: Parameters<Session['authFetch']>[0]): (input: RequestInfo | URL, init?: RequestInit) => Promise<Response> {
    const { template, origins, classify, headers, anonymous } = options ?? {}
    if (!Array.isArray(origins)) throw invalid('`origins` must be an array of origins')
    for (const [name, f] of Object.entries({ classify, headers })) if (f !== undefined && typeof f !== 'function') throw invalid(`\`${name}\` must be a function, got ${typeof f}`)
    const door = this.#door({ key: this.#key(template), headers, classify }, origins, classify ? 'custom' : '', anonymous, false)
    return (input, init) => this.#call(door, undefined, input, init)
  }

  channel(spec: CallSpec): Channel {
    const key = this.#key(spec.template)
    this.#wanted.add(key)
    let door: Door | undefined
    const doctor = () => import('./doctor.js')
    return {
      fetch: (input, init, ...more) => {
        door ??= this.#door({ key, bare: spec.bare, backend: spec.backend }, [spec.endpoint().origin], spec.backend, spec.anonymous, spec.allowInsecureOrigin)
        return this.#call(door, undefined, input, init, ...more)
      },
      clock: (server, asked) => this.#core.shown(key, server, asked),
      explain: () => {
        const [held, token] = [this.#held(key), this.#look(key)]
        return doctor().then((d) => d.explain(held, spec, token), () => undefined)
      },
      check: () => doctor().then((d) => d.check(() => this.getToken(spec.template), spec)),
    }
  }

  invalidate(template: string | undefined): void {
    this.#command(op.invalidate, template === undefined ? -1 : this.#key(template))
  }

  reject(lease: string): void {
    this.#command(op.reject, Number(lease) || 0)
  }

  async *leases(template: string, { lead, signal }: { lead?: number; signal?: AbortSignal } = {}): AsyncGenerator<Lease, void> {
    const key = this.#key(template)
    for (let after = 0; ; ) {
      let lease: Lease | null
      try {
        lease = await this.#promise<Lease | null>(key, signal, (id) => this.#core.lease(id, key, lead ?? -1, after) as undefined)
      } catch (error) {
        if (CountersignError.is(error, 'identity_changed', 'disposed')) return
        throw error
      }
      if (!lease) throw await new Promise((tell) => this.#error(0, key, tell))
      after = Number(lease.id)
      yield lease
    }
  }

  async signOut(): Promise<void> {
    const who = this.#shared.identityKey
    await this.#connection.leave(this.#shared.followers)
    this.#page?.left(who)
  }

  /** What is known beyond what the eager half knows by itself. */
  inspect(): Partial<SessionSnapshot> {
    const tokens: Record<string, TokenSnapshot> = {}
    for (const [name, key] of this.#keys) {
      const token = this.#look(key)
      if (token) tokens[name] = token
    }
    const [low, high] = [6, 7].map((what) => (this.#keys.size ? this.#command(op.number, 0, what) : NaN)).map((ms) => (isNaN(ms) ? null : ms))
    // Allowed for the whole session, it holds for each of its templates.
    return { generation: this.#command(op.generation), skew: [low!, high!], tokens, ...(this.#options.allowInsecureOrigin && { insecureOrigins: [...this.#keys.keys()] }) }
  }

  /** One started session per name and page, across copies of the package: after a hot reload the old module's is still there. */
  register(name: string, dispose: () => void): void {
    const all = ((globalThis as Record<symbol, unknown>)[sessions] ??= new Map()) as Map<string, () => void>
    const other = all.get(name)
    all.set(name, dispose)
    this.#stop.push(() => {
      if (all.get(name) === dispose) all.delete(name)
    })
    if (!other || other === dispose) return
    other()
    this.#out.advise((w) => w.second(name))
  }

  #end(error: (pending: Pending) => CountersignError): void {
    for (const stop of this.#stop.splice(0)) stop()
    clearTimeout(this.#timer)
    this.#shared.mirror.clear()
    for (const id of [...this.#pending.keys()]) {
      const pending = this.#settle(id)!
      pending.reject(error(pending))
    }
  }

  #died(): void {
    this.#dead = true
    this.#end(({ key }) => new CountersignError('wasm_trapped', 'the WebAssembly trapped; the next call starts anew', { template: this.#names[key] || undefined }))
    // Status and identity, unknown until the provider is heard again.
    for (const kind of [1, 0]) this.notice(kind, -1, 0, 0, 0, 0)
    const { provider, told } = this.#connection
    this.#connection.disconnect()
    // Whoever watches is asked again; what the app has told, it tells once.
    if (provider?.watch || told === undefined) this.#shared.restart(provider)
    else this.#shared.restart(provider, (next) => next.identityChanged(told))
  }

  /** What was told before there was anybody to hear it: one that is wrong does not take the others along. */
  heed(tell: (impl: Impl) => void): void {
    try {
      tell(this)
    } catch (error) {
      this.#out.log('error', scrub(error))
    }
  }

  dispose(): void {
    this.#connection.disconnect()
    this.#command(op.dispose)
    this.#end(({ key }) => new CountersignError('disposed', 'the session was disposed; make a new one', { template: this.#names[key] || undefined }))
    this.#out.emit({ type: 'disposed' })
  }
}

// Handed on for `ready()`, so that both are one file of the page.
export { loadCore }

/** Starts a session: loads the core, then connects the provider of the options. */
export const start = async (options: SessionOptions, shared: Shared, dispose: () => void): Promise<Impl> => {
  const policy = plain(options) ? [] : (await lazy.options()).checkOptions(options)
  const impl = new Impl(await loadCore(), options, shared, policy)
  if (!shared.server) impl.register(options.name ?? 'default', dispose)
  return impl
}
