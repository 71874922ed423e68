// The sockets of a HasuraClient: one connection for each role, all of them of the user who is signed in. Loaded with the first subscription.
import { CountersignError, scrub } from '../errors.js'
import type { Explained } from '../internal.js'
import { loadLive } from '../live.js'
import type { HasuraConfig } from './client.js'
import { isSubscription } from './cursor.js'
import { followed, plain } from './follow.js'
import { iterate } from './iterate.js'
import { Link, type Setup } from './link.js'
import { told, type Make } from '../link.js'
import { reviving } from './revive.js'
import type { Engine, Heard } from './shell.js'
import { pageEvents } from '../page-events.js'
import { isLocal, socketUrl } from '../socket-url.js'
import { valued } from './values.js'
import type { Dialect } from './wire.js'
import type { Payload, Result, SocketState, WsSink } from './ws.js'

/** What the client knows. */
interface Known {
  config: HasuraConfig<any>
  heard: Heard
  /** Throws what is wrong with it. */
  endpoint(): URL
  /** Reads the option `headers`, for each connection. Throws what only invalid.ts puts into words. */
  add(headers: Headers, given: HasuraConfig<any>['headers']): void
  /** Asks Hasura something over HTTP, as the same role. */
  probe(role: string | undefined): Promise<unknown>
  /** These sockets are gone: others take their place. */
  gone(): void
}

/** For one operation. */
export interface WsOptions {
  /** Values instead of results, and errors as of `request`. */
  values?: Valued | undefined
  /** Another role than the client's: it has a socket of its own, because a socket has one role. */
  role?: string | undefined
  /** A stream: under which name its cursor's column is selected, if it is not its own. */
  cursor?: string | undefined
}

/** @internal What the errors of a live query may need to know. */
export interface Valued {
  template: string
  explain(): Promise<Explained | undefined>
}

/** How long a socket is kept for the next subscription. */
const KEEP = 3_000
/** From the wish to the open socket: a session that waits for its token gives up before. */
const CONNECT = 30_000
const ACK = 10_000
/** Hasura speaks every five seconds; quiet for so long, it is asked. */
const QUIET = 15_000

/** A browser tells nobody more than that. */
const unexplained = "If it never works: is the address right, do proxies pass the upgrade to WebSocket, is the page's origin in HASURA_GRAPHQL_CORS_DOMAIN, is the address in connect-src of its Content Security Policy?"

/** Known when it was asked. */
const unaccepted = 'Hasura accepts the token over HTTP and refuses it on the socket: look at HASURA_GRAPHQL_CORS_DOMAIN (it counts for sockets, too), and at proxies that change the request'

/** The error of a socket that was lost. */
const lost = (event: unknown, accepted: boolean): CountersignError => {
  const { code, reason } = event as { code: number; reason: string }
  const words = reason ? `: ${scrub(reason)}` : ''
  const refused = code === 4403 || /JWT|nitialization failed/.test(reason)
  // 4400, 4406, 4429 and their like: what was sent is not what the server expects.
  const misunderstood = /^44[0-4]/.test(String(code)) && code !== 4408
  return new CountersignError(refused ? 'token_rejected' : misunderstood ? 'protocol' : 'network', `hasura: the socket closed (${code}${words})`, {
    backend: 'hasura', hint: refused && accepted ? unaccepted : code === 1006 ? unexplained : undefined, cause: { name: 'CloseEvent', code, message: reason },
  })
}

const changed = () => new CountersignError('identity_changed', 'hasura: the user changed; a subscription belongs to the user who began it', { backend: 'hasura' })

class Sockets implements Engine {
  readonly #known: Known
  readonly #machine: Make
  readonly #dialect: Dialect | undefined
  readonly #links = new Map<string | undefined, Link>()
  readonly #stop: (() => void)[] = []
  /** Whose the connections are. */
  #whose: string | null | undefined
  #disposed = false

  constructor(known: Known, machine: Make, dialect: Dialect | undefined) {
    this.#known = known
    this.#dialect = dialect
    this.#machine = machine
    const { session } = known.config
    this.#whose = session.identityKey
    this.#stop.push(
      session.on('identity', ({ key }) => this.#become(key)),
      session.on('disposed', () => {
        this.#leave()
        this.#end(new CountersignError('disposed', 'hasura: the session was disposed', { backend: 'hasura' }))
      }),
      // A socket waits for its token as long as the provider fails, and that is said.
      session.on('refreshFailed', ({ template, error }) => {
        if (template === known.config.template) for (const link of this.#links.values()) link.troubled(error)
      }),
      pageEvents(session, () => this.#each(told.woken), () => this.#online()),
    )
  }

  #each(what: number, a = 0): void {
    for (const link of this.#links.values()) link.tell(what, 0, a)
  }

  /** A server on this machine is there without a network. */
  #online(link?: Link): void {
    let online = globalThis.navigator?.onLine !== false
    try {
      const { config, endpoint } = this.#known
      online ||= isLocal(new URL(config.wsEndpoint ?? endpoint()))
    } catch {
      // Said where it is used.
    }
    if (!link) this.#each(told.online, online ? 1 : 0)
    else if (!online) link.tell(told.online, 0, 0)
  }

  /** The first identity is no change: what waited for it goes on. */
  #become(key: string | null | undefined): void {
    if (key === undefined || key === this.#whose) return
    const before = this.#whose
    this.#whose = key
    if (before !== undefined) this.#end(changed())
  }

  #end(error?: unknown): void {
    const links = [...this.#links.values()]
    this.#links.clear()
    for (const link of links) link.end(error)
  }

  #setup(role: string | undefined): Setup {
    const { config, heard, endpoint, probe } = this.#known
    const { session, template, anonymous, wsEndpoint, allowInsecureOrigin, protocol = 'graphql-transport-ws' } = config
    return {
      machine: this.#machine(1, -1, KEEP, CONNECT, ACK, protocol === 'graphql-ws' ? 0 : QUIET),
      url: () => (wsEndpoint === undefined ? socketUrl(endpoint(), 'endpoint', allowInsecureOrigin) : socketUrl(wsEndpoint, 'wsEndpoint', allowInsecureOrigin)),
      protocol, dialect: this.#dialect, session, template, anonymous, role, heard, lost,
      init: async (token) => ({ headers: { ...(await this.#headers(token)), ...(token ? { Authorization: `Bearer ${token}`, ...(role && { 'x-hasura-role': String(role) }) } : {}) } }),
      probe: () => probe(role),
      broken: (error) => {
        this.#known.gone()
        this.#leave()
        this.#end(error)
      },
    }
  }

  async #headers(token: unknown): Promise<Record<string, string>> {
    const headers = new Headers()
    try {
      this.#known.add(headers, this.#known.config.headers)
    } catch (cause) {
      throw (await import('./invalid.js')).invalid('headers', cause)
    }
    // A role belongs to a token, wherever it is said.
    if (!token) headers.delete('x-hasura-role')
    return Object.fromEntries(headers)
  }

  /** The connection of a role. */
  #of(role: string | undefined): Link {
    let link = this.#links.get(role)
    if (!link) {
      const setup = this.#setup(role)
      link = new Link(setup)
      this.#links.set(role, link)
      this.#online(link)
    }
    return link
  }

  subscribe(payload: Payload, sink: WsSink<Result>, { role = this.#known.config.role, cursor, values }: WsOptions = {}): () => void {
    const to: WsSink<Result> & { left?(): void } = values ? valued(sink, { ...values, role }) : sink
    let wrong = '`variables` cannot be written as JSON'
    try {
      if (this.#disposed) throw new CountersignError('disposed', 'hasura: this client was disposed', { backend: 'hasura' })
      this.#become(this.#known.config.session.identityKey)
      const live = isSubscription(payload)
      JSON.stringify(payload)
      wrong = ''
      const leave = this.#of(role).subscribe(live ? followed(payload, cursor) : plain(payload), live, to)
      return () => {
        if (values) to.left!()
        leave()
      }
    } catch (error) {
      const failed = CountersignError.is(error) ? error : new CountersignError(wrong ? 'option_invalid' : 'protocol', `hasura: ${wrong || scrub(error)}`, { backend: 'hasura', cause: error })
      queueMicrotask(() => to.error(failed))
      return () => {}
    }
  }

  iterate(payload: Payload, options?: WsOptions): AsyncIterableIterator<Result> {
    return iterate((sink) => this.subscribe(payload, sink, options))
  }

  state(role: string | undefined): SocketState | undefined {
    const link = this.#links.get(role)
    return link && { ...link.state, operations: link.operations }
  }

  terminate(): void {
    this.#each(told.terminate)
  }

  /** Hears of nothing any more. */
  #leave(): void {
    for (const stop of this.#stop.splice(0)) stop()
  }

  dispose(): void {
    this.#disposed = true
    this.#leave()
    this.#end()
  }
}

/** Loads the machine. */
export const sockets = (config: HasuraConfig<any>, heard: Heard, endpoint: Known['endpoint'], add: Known['add'], probe: Known['probe']): Promise<Engine> =>
  reviving(async (gone) => {
    const { protocol } = config
    if (protocol && protocol !== 'graphql-transport-ws' && protocol !== 'graphql-ws') throw (await import('./invalid.js')).invalid('protocol', 'protocol')
    const [glue, dialect] = await Promise.all([loadLive(), protocol === 'graphql-ws' ? import('./legacy.js') : undefined])
    return new Sockets({ config, heard, endpoint, add, probe, gone }, glue.link, dialect?.legacy)
  }, config.session)
