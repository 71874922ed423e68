import { CountersignError } from '../errors.js'
import type { Fence } from '../fence.js'
import { channel, type Channel } from '../internal.js'
import { socketUrl } from '../socket-url.js'
import type { Finding, Session, Unsubscribe } from '../types.js'
import { checkup, explainer } from './doctor.js'
import { InstantAPIError } from './errors.js'
import { Follower } from './follower.js'
import { addressOf, appIdOf, HttpPort, readAnswer, subjectOf } from './http.js'
import type { InstantConfig } from './init.js'
import { told } from './machine.js'
import type { Asker, Realtime } from './realtime.js'
import type { User } from './port.js'
import { indexedDbStore, memoryStore, type SessionStore } from './storage.js'
import type { Watch } from './watch.js'

const patienceMs = 10_000
const fail = (code: string, message: string) => new CountersignError(code, `instant: ${message}`, { backend: 'instant' })

/** The lazy half of `init()`. */
export class Db {
  readonly follower: Follower
  readonly #config: Omit<InstantConfig<any>, 'clientName'> & { readonly clientName: string }
  readonly #watch: Watch
  readonly #store: SessionStore
  readonly #port: HttpPort
  #channel: Channel | undefined
  #realtime: Promise<Realtime> | undefined
  /** One, so that it is told once. */
  readonly #out = fail('signed_out', 'nobody is signed in')
  #closed = false
  #unwatch: Unsubscribe | undefined
  /** Whose the sessions are that the app signed in by itself. */
  readonly #subjects = new Map<string, string>()

  constructor(config: InstantConfig<any>, watch: Watch) {
    const { session, template, storage } = config
    // Asked at each sign-in: who signs the user in may change while the page lives.
    this.#config = { ...config, get clientName() {
      return typeof config.clientName === 'function' ? config.clientName() : config.clientName
    } }
    this.#watch = watch
    this.#store = storage === 'memory' ? memoryStore() : typeof storage === 'object' ? storage : indexedDbStore()
    this.#port = new HttpPort(this.#config, this.#store, explainer(this.#open))
    this.follower = new Follower(session as Session<any>, template, this.#port, watch.show)
    if (storage === 'memory') globalThis.addEventListener?.('pagehide', this.#leave)
  }

  get user(): User | undefined {
    return this.follower.user
  }

  signInWithIdToken({ clientName, idToken, nonce }: { clientName: string; idToken: string; nonce?: string }, guard: Fence): Promise<{ user: User }> {
    const port = new HttpPort({ ...this.#config, clientName }, this.#store, explainer(this.#open))
    return this.#adopt(async () => {
      // As the vendor's: a guest is upgraded in place, and the same subject keeps its session instead of getting a second one.
      const subject = subjectOf(idToken)
      const now = this.user
      const mine = now && (now.type === 'guest' || (subject !== undefined && this.#subjects.get(now.refresh_token) === subject)) ? now : undefined
      const user = await port.exchange(idToken, mine, nonce)
      if (subject !== undefined) this.#subjects.set(user.refresh_token, subject)
      return user
    }, guard)
  }

  signInWithToken(token: string, guard: Fence): Promise<{ user: User }> {
    return this.#adopt(() => this.#port.verify(token), guard)
  }

  async signOut(revoke: boolean): Promise<void> {
    await this.follower.ready()
    this.follower.machine?.tell(told.leave, 0, +revoke)
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
    globalThis.removeEventListener?.('pagehide', this.#leave)
    this.#watch.show({ status: 'idle' })
  }

  #open = (): Channel => {
    const { session, template, allowInsecureOrigin, issuer, audience } = this.#config
    // anonymous: whether a request may go without a user is decided here, by the Instant session.
    return (this.#channel ??= channel({
      session: session as Session<any>, template, backend: 'instant', endpoint: () => addressOf(this.#config, '/'), bare: true, anonymous: true, allowInsecureOrigin, issuer, audience,
    }))
  }

  /** A session that lives only in memory would outlive the page on the server. */
  #leave = () => {
    const { user } = this
    if (!user) return
    void this.#port.revoke(user)
    this.follower.machine?.tell(told.lost, this.follower.number(user))
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

  /** A sign-in of the application's own: kept if the identity is still the same, revoked if not. */
  async #adopt(get: () => Promise<User>, guard: Fence): Promise<{ user: User }> {
    await this.follower.ready()
    guard.check()
    const user = await get()
    const number = this.follower.number(user)
    try {
      guard.check()
    } catch (error) {
      this.follower.machine?.tell(told.exchanged, number)
      throw error
    }
    this.follower.machine?.tell(told.adopt, number)
    return { user }
  }
}
