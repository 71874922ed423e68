import { CountersignError } from '../errors.js'
import type { Fence } from '../fence.js'
import { channel, type Channel } from '../internal.js'
import { socketUrl } from '../socket-url.js'
import type { Finding, Session, Unsubscribe } from '../types.js'
import type { Auth } from './auth.js'
import { advisor, checkup } from './doctor.js'
import { InstantAPIError } from './errors.js'
import { Follower } from './follower.js'
import { addressOf, appIdOf, HttpPort, readAnswer } from './http.js'
import { issuerOf } from './id-token.js'
import type { InstantConfig } from './init.js'
import { told } from './machine.js'
import type { Asker, Realtime } from './realtime.js'
import type { User } from './port.js'
import { indexedDbStore, memoryStore } from './storage.js'
import { Tabs } from './tabs.js'
import { lazily, type Watch } from './watch.js'

const patienceMs = 10_000
const fail = (code: string, message: string) => new CountersignError(code, `instant: ${message}`, { backend: 'instant' })

/** The lazy half of `init()`. */
export class Db {
  readonly follower: Follower
  readonly #config: Omit<InstantConfig<any>, 'clientName'> & { readonly clientName: string }
  readonly #watch: Watch
  readonly #port: HttpPort
  #channel: Channel | undefined
  #auth: Promise<Auth> | undefined
  #realtime: Promise<Realtime> | undefined
  /** One, so that it is told once. */
  readonly #out = fail('signed_out', 'nobody is signed in')
  #closed = false
  #unwatch: Unsubscribe | undefined
  /** The page was put aside, and with it a session that lived in its memory. */
  #away = false

  constructor(config: InstantConfig<any>, watch: Watch) {
    const { session, template, storage } = config
    // Asked at each sign-in: who signs the user in may change while the page lives.
    this.#config = { ...config, get clientName() {
      return typeof config.clientName === 'function' ? config.clientName() : config.clientName
    } }
    this.#watch = watch
    const memory = storage === 'memory'
    const store = memory ? memoryStore() : typeof storage === 'object' ? storage : indexedDbStore()
    this.#port = new HttpPort(this.#config, store, advisor(this.#open, this.#issuer, config.logger))
    // What lives in one page's memory is no other's.
    this.follower = new Follower(session as Session<any>, template, this.#port, watch.show, memory ? undefined : new Tabs(this.#port.key))
    if (memory) for (const type of ['pagehide', 'pageshow']) globalThis.addEventListener?.(type, this.#aside)
  }

  get user(): User | undefined {
    return this.follower.user
  }

  /** The sign-ins of the application's own; loaded with the first one. */
  readonly auth = (): Promise<Auth> => (this.#auth = this.#loadAuth())
  readonly #loadAuth = lazily(async () => new (await import('./auth.js')).Auth(this.#config.session as Session<any>, this.#config, this.#port, this.follower))

  async signOut(revoke: boolean): Promise<void> {
    // A sign-in that was asked for before, even if its code is only coming, is over.
    const auth = await this.#auth?.catch(() => undefined)
    auth?.supersede()
    await this.follower.ready()
    this.follower.leave(revoke)
  }

  async getAuth(): Promise<User | null> {
    try {
      return await this.#settled()
    } catch (error) {
      // Instant or its configuration said no: then nobody is signed in there. Why is in `subscribeAuth` and in every query.
      if (this.follower.state.status === 'failed') return null
      throw error
    }
  }

  /** A request as the session's user. A session that the server no longer knows is replaced and the request sent once more: it did not run. */
  async ask(path: string, body: object, guard: Fence): Promise<unknown> {
    for (let again = true; ; again = false) {
      const user = await this.#settled()
      guard.check()
      if (!user && !this.#config.anonymous) throw fail('signed_out', 'nobody is signed in')
      try {
        return await this.#send(path, body, user)
      } catch (error) {
        const gone = error instanceof InstantAPIError && error.body.type === 'record-not-found' && error.body.recordType === 'app-user'
        if (!gone || !user || !again) throw error
        this.follower.machine?.tell(told.lost, this.follower.number(user))
      }
    }
  }

  /** Live queries; loaded with the first one. */
  realtime(): Promise<Realtime> {
    // After a trap this call is the one that begins anew; what goes wrong is in the follower's state.
    this.follower.ready().catch(() => undefined)
    return (this.#realtime ??= this.#connect().catch((error: unknown) => {
      this.#realtime = undefined
      throw error
    }))
  }

  async #connect(): Promise<Realtime> {
    const { session, allowInsecureOrigin, websocketURI } = this.#config
    const config = this.#config
    const { realtime } = await import('./realtime.js')
    const made = await realtime({
      session: session as Session<any>, appId: appIdOf(config), clientName: config.clientName,
      url: () => (websocketURI === undefined ? socketUrl(addressOf(config, '/runtime/session'), 'apiURI', allowInsecureOrigin, 'instant') : socketUrl(websocketURI, 'websocketURI', allowInsecureOrigin, 'instant')),
      asker: () => this.#asker(),
      lost: (user) => this.follower.machine?.tell(told.lost, this.follower.number(user)),
    })
    this.#unwatch = this.#watch.subscribe(() => made.look())
    if (this.#closed) this.#disconnect(made)
    return made
  }

  #disconnect(made: Realtime): void {
    this.#unwatch?.()
    made.dispose()
  }

  #asker(): Asker {
    const { user, state } = this.follower
    if (user) return user
    if (state.status === 'signedOut') return this.#config.anonymous ? null : this.#out
    return state.status === 'failed' ? (state.error ?? fail('backend', 'the sign-in failed')) : undefined
  }

  check(): Promise<Finding[]> {
    return checkup(this.#open, this.follower.state.error, () => [appIdOf(this.#config), addressOf(this.#config, '/')])
  }

  shutdown(): void {
    this.#closed = true
    this.#realtime?.then((made) => this.#disconnect(made), () => undefined)
    for (const type of ['pagehide', 'pageshow']) globalThis.removeEventListener?.(type, this.#aside)
    this.#watch.show({ status: 'idle' })
  }

  #open = (): Channel => {
    const { session, template, allowInsecureOrigin, audience } = this.#config
    // anonymous: whether a request may go without a user is decided here, by the Instant session.
    return (this.#channel ??= channel({
      session: session as Session<any>, template, backend: 'instant', endpoint: () => addressOf(this.#config, '/'), bare: true, anonymous: true, allowInsecureOrigin, issuer: this.#issuer, audience,
    }))
  }

  get #issuer(): string | undefined {
    return this.#config.issuer ?? issuerOf(this.#config.publishableKey)
  }

  /** A session that lives only in memory would outlive the page on the server. The page may come back; until then it signs nobody in. */
  #aside = ({ type }: Event) => {
    const { user, follower } = this
    if (type === 'pageshow') {
      if (this.#away) follower.begin()
      this.#away = false
    } else if (follower.running) {
      this.#away = true
      follower.end()
      if (!user) return
      void this.#port.revoke(user)
      follower.machine?.tell(told.lost, follower.number(user))
    }
  }

  /** The user to ask as; `null`: nobody is signed in. Waits for the identity and for a sign-in under way. */
  async #settled(): Promise<User | null> {
    appIdOf(this.#config)
    addressOf(this.#config, '/')
    await this.follower.ready()
    // Asked again after a failure: tried again.
    if (this.follower.state.status === 'failed') this.follower.machine?.tell(told.retry)
    const until = Date.now() + patienceMs
    for (;;) {
      const { user, state } = this.follower
      if (this.#closed) throw fail('disposed', 'this db was shut down')
      if (user) return user
      if (state.status === 'signedOut') return null
      if (state.status === 'failed') throw state.error ?? fail('backend', 'the sign-in failed')
      const left = until - Date.now()
      if (left <= 0) throw fail('timeout', 'the sign-in took too long')
      await this.#change(left)
    }
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        off()
        resolve()
      }
      const off = this.#watch.subscribe(done)
      const timer = setTimeout(done, ms)
    })
  }

  async #send(path: string, body: object, user: User | null): Promise<unknown> {
    const as: Record<string, string> = user ? { 'as-token': user.refresh_token } : { 'as-guest': 'true' }
    const response = await this.#open().fetch(addressOf(this.#config, path), {
      method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'app-id': appIdOf(this.#config), ...as },
    })
    return readAnswer(response, this.#config.clientName)
  }
}
