// The eager part of a session: as little as a page can start with. Everything that decides is loaded with the first call.
import { CountersignError } from './errors.js'
import { door, followers, type CallSpec, type Channel } from './internal.js'
import { atEdge, lazy } from './loader.js'
import type { Impl } from './core/session.js'
import type { Provider, Session, SessionEvent, SessionOptions, SessionSnapshot, Status } from './types.js'

/** What the eager and the lazy half have in common. */
export interface Shared {
  status: Status
  identityKey: string | null | undefined
  /** The synchronous hit per template. Written only by the core, and cleared by it before a change of identity is told. */
  mirror: Map<string, { token: string; from: number; until: number }>
  listeners: Set<(event: SessionEvent) => void>
  history: SessionEvent[]
  /** What has to be undone elsewhere before the provider signs out. */
  followers: Set<() => unknown>
  /** Templates that may go over plain http. */
  insecure: Set<string>
  /** One per request, on a server: keeps nothing, listens to nothing. */
  server: boolean
  /** Forgets a dead instance; the next call starts another, with this provider, told this. */
  restart(provider: Provider | undefined, ...tells: ((impl: Impl) => void)[]): void
}


const onServer = () => atEdge() || (typeof window === 'undefined' && typeof (globalThis as { WorkerGlobalScope?: unknown }).WorkerGlobalScope === 'undefined')

const refuse = () =>
  // Next's own convention: the page is finished in the browser instead of failing the build.
  Object.assign(new CountersignError('on_server', 'a session is for browsers; on a server use countersign/server or `secret`'), { digest: 'BAILOUT_TO_CLIENT_SIDE_RENDERING' })

/** A request is what was given at the call, also where it waits for a token; as with plain fetch, the caller may use the object again. */
const kept = (init: RequestInit | undefined): RequestInit | undefined => (init?.constructor === Object ? { ...init } : init)

/** A session. Making one does nothing; it starts with the first call or listener, in a browser or worker. */
export const createSession = <const T extends string = string>(options: SessionOptions<T> = {} as SessionOptions<T>, server = false): Session<T> => {
  let impl: Impl | undefined
  let loading: Promise<Impl> | undefined
  let gone = false
  let early: ((impl: Impl) => void)[] = []
  let provider: Provider | undefined = options.getToken ? (options as Provider) : undefined

  const shared: Shared = {
    status: 'unknown', identityKey: undefined, mirror: new Map(), listeners: new Set(), history: [], followers: new Set(), insecure: new Set(), server,
    restart(current, ...tells) {
      provider = current
      impl = loading = undefined
      early.push(...tells)
      if (current?.watch) begin()
    },
  }

  const start = async (): Promise<Impl> => {
    const started = await (await lazy.session()).start(options, shared, dispose)
    if (gone) {
      started.dispose()
      throw disposed()
    }
    impl = started
    if (provider) impl.heed((s) => s.connect(provider!))
    for (const tell of early.splice(0)) impl.heed(tell)
    return impl
  }
  const ready = (): Promise<Impl> => {
    if (gone) return Promise.reject(disposed())
    if (!server && onServer()) return Promise.reject(refuse())
    return (loading ??= start().catch((error) => {
      loading = undefined
      throw error
    }))
  }
  /** Ahead of the first call, where there may be one: on a server each call is its own beginning. */
  const begin = () => {
    if (!impl && !server) ready().catch(() => {})
  }
  /** At once where it can be, in order where it cannot be yet; on a server it is recorded and nothing starts. */
  const tell = (what: (impl: Impl) => void) => {
    if (impl) return what(impl)
    early.push(what)
    begin()
  }
  /**
   * A call. Before there is an instance it waits for its turn among what was told: it belongs to whoever was signed in when it was made.
   * It waits as long as it would for a token, and no longer than it is wanted.
   */
  const use = <R>(what: (impl: Impl) => Promise<R>, o?: { timeoutMs?: number; signal?: AbortSignal | null }): Promise<R> => {
    if (impl)
      try {
        return what(impl)
      } catch (error) {
        return Promise.reject(error)
      }
    return new Promise((resolve, reject) => {
      const signal = o?.signal
      signal?.throwIfAborted()
      const leave = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        early = early.filter((turn) => turn !== mine)
      }
      const end = (error: unknown) => {
        leave()
        reject(error)
      }
      const abort = () => end(signal!.reason)
      const mine = (now: Impl) => {
        leave()
        resolve(new Promise((done) => done(what(now))))
      }
      const timer = setTimeout(() => end(new CountersignError('timeout', 'countersign is loading')), Math.min(o?.timeoutMs! > 0 ? o!.timeoutMs! : (options.policy?.timeoutMs ?? 1e4), 1e9))
      signal?.addEventListener('abort', abort)
      early.push(mine)
      ready().catch(end)
    })
  }
  /** What is made once per instance: after a trap there is another one. */
  const each = <R>(make: (impl: Impl) => R) => {
    let made: R
    let by: Impl | undefined
    return (s: Impl) => (by === s ? made : (made = make((by = s))))
  }
  const disposed = () => new CountersignError('disposed', 'session disposed')
  const dispose = () => {
    gone = true
    impl?.dispose()
    impl = undefined
    early = []
  }

  const session = {
    get status() {
      return shared.status
    },
    get identityKey() {
      return shared.identityKey
    },
    async getToken(template?: string, o?: { force?: boolean; timeoutMs?: number; signal?: AbortSignal }) {
      const hit = !o && shared.mirror.get(template ?? '')
      const now = Date.now()
      return hit && now < hit.until && now >= hit.from ? hit.token : use((s) => s.getToken(template, o), o)
    },
    peek: (template?: string) => impl?.peek(template) ?? null,
    // Not async: each promise around another one is a moment in which the user may change after the last look.
    fetch: (input: RequestInfo | URL, given?: RequestInit) => {
      const init = kept(given)
      return use((s) => s.fetch(input, init), init)
    },
    authFetch(o: Parameters<Session['authFetch']>[0]) {
      const of = each((s) => s.authFetch(o))
      return (input: RequestInfo | URL, given?: RequestInit) => {
        const init = kept(given)
        return use((s) => of(s)(input, init), init)
      }
    },
    connect(p: Provider) {
      provider = p
      if (impl) impl.connect(p)
      else begin()
      return () => {
        if (provider !== p) return
        provider = undefined
        impl?.disconnect(p)
      }
    },
    identityChanged: (identity: Parameters<Session['identityChanged']>[0]) => tell((s) => s.identityChanged(identity)),
    invalidate: (template?: string) => tell((s) => s.invalidate(template)),
    async *leases(template: string, o?: { lead?: number; signal?: AbortSignal }) {
      yield* await use(async (s) => s.leases(template, o))
    },
    reject: (lease: string) => tell((s) => s.reject(lease)),
    on: (type: SessionEvent['type'], listener: (event: any) => void) => session.subscribe((event) => event.type === type && listener(event)),
    subscribe(listener: (event: SessionEvent) => void) {
      const own = (event: SessionEvent) => listener(event)
      shared.listeners.add(own)
      begin()
      return () => void shared.listeners.delete(own)
    },
    signOut: async () => {
      // Settles, never rejects: whatever failed, nobody is served with the old token any more. Without a core nobody has been, and the provider is asked itself.
      try {
        await use((s) => s.signOut())
      } catch {
        if (!gone && !onServer()) await Promise.race([(async () => provider?.signOut?.())().catch(() => {}), new Promise((done) => setTimeout(done, 5000))])
      }
    },
    inspect: (): SessionSnapshot => ({ status: shared.status, generation: 0, skew: [null, null], tokens: {}, events: [...shared.history], insecureOrigins: [...shared.insecure], ...impl?.inspect() }),
    dispose,
    [followers]: shared.followers,
    [door](spec: CallSpec): Channel {
      const of = each((s) => s.channel(spec))
      return {
        fetch: (input, init, ...more) => use((s) => of(s).fetch(input, init, ...more), init),
        clock: (server, asked) => impl && of(impl).clock(server, asked),
        explain: async () => impl && of(impl).explain(),
        check: async () => use((s) => of(s).check()),
      }
    },
  }
  return session as unknown as Session<T>
}
