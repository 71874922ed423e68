// Live queries as the user that the bridge keeps signed in: who asks what, over one connection for each user.
import { told, type Make } from '../link.js'
import { loadLive } from '../live.js'
import { pageEvents } from '../page-events.js'
import { isLocal } from '../socket-url.js'
import type { Session, Unsubscribe } from '../types.js'
import { Connection, type AppStatus, type ConnectionStatus, type Setup as Connecting } from './connection.js'
import type { User } from './port.js'
import { keyOf, Query, type QueryAnswer } from './queries.js'

export type { AppStatus, ConnectionStatus } from './connection.js'

/** Who asks: a user; `null`: nobody, and that is fine; an error: it may not be asked now; `undefined`: not known yet. */
export type Asker = User | null | Error | undefined

/** What it is made with. */
export interface Setup extends Pick<Connecting, 'appId' | 'clientName' | 'url' | 'lost'> {
  session: Session<any>
  /** Who is signed in now. */
  asker(): Asker
}

export class Realtime {
  status: ConnectionStatus = 'closed'
  app: AppStatus = 'active'
  readonly #setup: Setup
  readonly #queries = new Map<string, Query>()
  readonly #watchers = new Set<() => void>()
  readonly #stop: Unsubscribe
  /** None while another instance of the WebAssembly is loaded, after a trap. */
  #make: Make | undefined
  #connection: Connection | undefined
  #asker: Asker
  #over = false

  constructor(setup: Setup, make: Make) {
    this.#setup = setup
    this.#make = make
    this.#stop = pageEvents(setup.session, () => this.#connection?.tell(told.woken), () => this.#online())
  }

  /** Follows a query. The listener hears of what is known in a microtask, and of each change; of none after it has left. */
  subscribe(q: object, listener: (answer: QueryAnswer) => void): Unsubscribe {
    const key = keyOf(q)
    const query = this.#queries.get(key) ?? new Query(key, q)
    this.#queries.set(key, query)
    // The same function may listen twice.
    const own = (answer: QueryAnswer) => listener(answer)
    query.listeners.add(own)
    if (query.known) queueMicrotask(() => query.listeners.has(own) && query.known && own(query.answer))
    this.look()
    this.#ask(query)
    return () => {
      query.listeners.delete(own)
      if (query.listeners.size || this.#queries.get(key) !== query) return
      this.#queries.delete(key)
      this.#connection?.leave(query)
    }
  }

  /** Hears of each change of `status` and `app`. */
  watch(watcher: () => void): Unsubscribe {
    const own = () => watcher()
    this.#watchers.add(own)
    return () => void this.#watchers.delete(own)
  }

  /** Somebody may have signed in or out. */
  look(): void {
    if (this.#over) return
    const before = this.#asker
    const now = this.#setup.asker()
    if (before === now || (isUser(before) && isUser(now) && before.refresh_token === now.refresh_token)) return
    this.#asker = now
    this.#end()
    // Another session of the same person gets the same answers.
    const person = isUser(before) && isUser(now) && before.id === now.id
    for (const query of [...this.#queries.values()]) {
      if (now instanceof Error) query.fail(now)
      else if (!person) query.withdraw()
      this.#ask(query)
    }
  }

  dispose(): void {
    this.#over = true
    this.#stop()
    this.#end()
    this.#queries.clear()
  }

  #ask(query: Query): void {
    const asker = this.#asker
    if (this.#over || !(asker === null || isUser(asker))) return
    if (!this.#make) return void this.#load().then(() => this.#ask(query), (error) => query.fail(error))
    this.#connection ??= this.#begin(asker, this.#make)
    this.#connection.ask(query)
  }

  async #load(): Promise<void> {
    this.#make = (await loadLive()).link
  }

  #begin(user: User | null, make: Make): Connection {
    const { appId, clientName, url, lost } = this.#setup
    const connection = new Connection({
      appId, clientName, url, lost, user,
      queryOf: (key) => this.#queries.get(key),
      show: (status) => this.#show(status, this.app),
      allowed: (app) => this.#show(this.status, app),
      broken: () => {
        this.#connection = undefined
        this.#make = undefined
      },
    }, make)
    this.#connection = connection
    this.#online()
    return connection
  }

  #end(): void {
    this.#connection?.end()
    this.#connection = undefined
  }

  #online(): void {
    let online = globalThis.navigator?.onLine !== false
    try {
      // A server on this machine is there without a network.
      online ||= isLocal(this.#setup.url())
    } catch {
      // Said where it is used.
    }
    this.#connection?.tell(told.online, online ? 1 : 0)
  }

  #show(status: ConnectionStatus, app: AppStatus): void {
    if (status === this.status && app === this.app) return
    this.status = status
    this.app = app
    for (const watcher of [...this.#watchers]) queueMicrotask(() => this.#watchers.has(watcher) && watcher())
  }
}

const isUser = (asker: Asker): asker is User => !!asker && !(asker instanceof Error)

/** Loads the machine. */
export const realtime = async (setup: Setup): Promise<Realtime> => new Realtime(setup, (await loadLive()).link)
