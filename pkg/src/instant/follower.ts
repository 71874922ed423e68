import { CountersignError } from '../errors.js'
import { followers } from '../internal.js'
import type { Session, Unsubscribe } from '../types.js'
import { InstantAPIError } from './errors.js'
import { Identities } from './identities.js'
import { newMachine } from './load.js'
import { connectMachine, told, type Connected } from './machine.js'
import type { Found, Port, User } from './port.js'
import type { Tabs } from './tabs.js'
import type { BridgeState, Engine } from './watch.js'

/** A request that never ends must not stop the single writer. If it ends later after all, the machine takes care of what it made. */
const exchangeMs = 30_000
const revokeMs = 15_000
const readMs = 5_000
const lastsMs = 10_000
/** A longer timer would not outlive a clock that is set; one over 2^31 ms would go off at once. */
const lookMs = 60_000

const sooner = <R>(promise: Promise<R>, ms: number, otherwise: R): Promise<R> => {
  let timer: ReturnType<typeof setTimeout>
  return Promise.race([promise, new Promise<R>((resolve) => (timer = setTimeout(resolve, ms, otherwise)))]).finally(() => clearTimeout(timer))
}

const changed = () => new CountersignError('identity_changed', 'instant: the user changed', { backend: 'instant' })

/** Carries out what the machine decides, for one session and one way to Instant. */
export class Follower implements Engine {
  state: BridgeState = { status: 'idle' }
  readonly #session: Session<any>
  readonly #template: string
  readonly #port: Port
  /** There with the artefact. Before that nothing is told: what there is to know is told when it comes. */
  machine: Connected | undefined
  #booting: Promise<void> | undefined
  #users = new Map<number, User>()
  #sessions = new Map<string, number>()
  #count = 0
  readonly #who: Identities
  readonly #tabs: Tabs | undefined
  #stop: Unsubscribe | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #error: Error | undefined
  readonly #revoking = new Set<Promise<unknown>>()
  #told: string | null | undefined
  /** When a trap was last recovered from. */
  #revivedAt = 0
  /** What this tab last stored, or found stored. */
  #kept: User | undefined
  #disk: Promise<unknown> = Promise.resolve()
  #writes = 0
  /** The storage has answered so far: it is not waited for again when it has not. */
  #answers = false
  readonly #tellPage: (state: BridgeState) => void

  constructor(session: Session<any>, template: string, port: Port, show: (state: BridgeState) => void, tabs?: Tabs) {
    this.#who = new Identities(session, template)
    this.#tabs = tabs
    this.#tellPage = show
    this.#session = session
    this.#template = template
    this.#port = port
  }

  /** The user of the session that may be used now. */
  get user(): User | undefined {
    // The session changes its identity at once and tells it a moment later.
    if (this.#who.key !== this.#told) this.#identify()
    return this.#users.get(this.machine?.usable() ?? 0)
  }

  /** Follows the session from now on; after a failure it tries again. */
  begin(): void {
    if (this.#stop) return
    const offs = [
      this.#session.on('identity', () => this.#identify()),
      this.#session.on('wake', () => {
        this.machine?.tell(told.wake)
        // A page that was put aside has heard nothing.
        if (this.#tabs) void this.#look()
      }),
      this.#session.on('token', ({ template }) => {
        if (this.#who.renewed(template)) this.#identify()
      }),
    ]
    // session.signOut() waits for the revocation before the provider's own sign-out takes the page away.
    const others = (this.#session as unknown as Record<symbol, Set<() => unknown> | undefined>)[followers]
    const leave = () => {
      this.#identify()
      return Promise.allSettled([...this.#revoking])
    }
    others?.add(leave)
    this.#tabs?.open((user, revoked) => void this.#look(user === null, revoked))
    this.#stop = () => {
      others?.delete(leave)
      this.#tabs?.close()
      offs.forEach((off) => off())
    }
    this.ready().catch(() => undefined)
    this.#identify()
    this.machine?.tell(told.retry)
  }

  /** Holds what there is and begins nothing new. Revocations under way go on. */
  end(): void {
    this.#stop?.()
    this.#stop = undefined
    this.machine?.tell(told.identity, 0, -1)
  }

  get running(): boolean {
    return this.#stop !== undefined
  }

  /** The application signs out by itself, in all tabs. */
  leave(revoke: boolean): void {
    this.machine?.tell(told.leave, 0, +revoke)
    void this.#disk.then(() => this.#tabs?.say(null, revoke))
  }

  /** The number of a user's session, the same for the same session. */
  number(user: User): number {
    let number = this.#sessions.get(user.refresh_token)
    if (number === undefined) this.#sessions.set(user.refresh_token, (number = ++this.#count))
    this.#users.set(number, user)
    return number
  }

  /** Resolves when the identity is known and the stored session is read. Rejects as `session.getToken` does, or when the core cannot be loaded. */
  async ready(): Promise<void> {
    if (this.#who.key === undefined) {
      // The session's own waiting, with its own words for what is missing; on a server it refuses here.
      const token = await this.#session.getToken(this.#template)
      if (this.#session.identityKey === undefined) this.#who.bear(token)
    }
    await (this.#booting ??= this.#boot().catch((error: unknown) => {
      this.#booting = undefined
      this.#show({ status: 'failed', error: error as Error })
      throw error
    }))
  }

  /** In the order they were decided: a slow write must not land on top of the wipe that followed it. */
  #write(act: () => Promise<void>) {
    this.#writes++
    this.#disk = this.#disk.then(act).catch(() => undefined)
  }

  #identify() {
    this.#who.settle()
    const key = (this.#told = this.#who.key)
    if (key !== undefined && !this.#booting) this.ready().catch(() => undefined)
    this.machine?.tell(told.identity, 0, key === undefined || !this.#stop ? -1 : this.#who.number(key))
  }

  async #boot() {
    const machine = (this.machine = connectMachine(await newMachine(), {
      exchange: (epoch, attach, force) => void this.#exchange(epoch, attach, force),
      revoke: (session) => this.#revoke(session),
      store: (session, owner) => {
        const user = (this.#kept = this.#users.get(session)!)
        const record = this.#who.record(owner)
        this.#write(async () => {
          await this.#port.store(user, record)
          this.#tabs?.say(user.id)
        })
        // Another session, and perhaps another user, in the same state.
        this.#tellPage(this.state)
      },
      clear: (dead) => {
        const kept = this.#kept
        this.#kept = undefined
        this.#write(() => this.#port.clear(dead, kept))
      },
      notify: (status) => this.#show(status === 'failed' && this.#error ? { status, error: this.#error } : { status }),
      // What the storage holds is found by the next machine: it comes at once, or, if the last one did not last, with the next call.
      broken: (cause) => {
        this.machine = undefined
        this.#booting = undefined
        clearTimeout(this.#timer)
        this.#show({ status: 'failed', error: new CountersignError('wasm_trapped', 'instant: the WebAssembly trapped; the next call starts anew', { backend: 'instant', cause }) })
        if (Date.now() - this.#revivedAt < lastsMs) return
        this.#revivedAt = Date.now()
        queueMicrotask(() => this.#identify())
      },
      retryAt: (time) => {
        clearTimeout(this.#timer)
        if (time >= 0) this.#timer = setTimeout(() => this.machine?.tell(told.tick), Math.min(lookMs, Math.max(0, time - Date.now())))
      },
    }))
    this.#identify()
    const reading = this.#port.read().catch(() => undefined)
    void reading.then(() => (this.#answers = true))
    const found = await sooner(reading, readMs, undefined)
    // What is found too late must not stay behind: as an exchange that nobody waits for, it is revoked unless it is the one in use.
    if (!found) void reading.then((late) => late && machine.tell(told.exchanged, this.number(late.user)))
    const owner = found ? await this.#who.ownerOf(found) : 0
    this.#kept ??= found?.user
    // Not to the next one, if this one trapped meanwhile.
    machine.tell(told.stored, found ? this.number(found.user) : 0, owner)
  }

  /** What is stored now, after all that this tab has to write. */
  async #stored(): Promise<Found | undefined> {
    if (!this.#answers) return undefined
    const reading = this.#disk.then(() => this.#port.read(true)).catch(() => undefined)
    const found = await sooner<Found | undefined | null>(reading, readMs, null)
    if (found !== null) return found
    this.#answers = false
    void reading.then(() => (this.#answers = true))
    return undefined
  }

  /** What another tab has stored, if it is for this identity and new here: what this tab has had and let go of is no more in a storage that failed to forget it. */
  async #shared(): Promise<{ session: number; owner: number } | undefined> {
    const writes = this.#writes
    const found = await this.#stored()
    if (!found || this.#sessions.has(found.user.refresh_token)) return undefined
    const owner = await this.#who.ownerOf(found)
    const key = this.#who.key
    // What this tab has stored since takes its place, there and in the other tabs: two that each took the other's would end both.
    return key !== undefined && owner === this.#who.number(key) && writes === this.#writes ? { session: this.number(found.user), owner } : undefined
  }

  /** Another tab may have stored a session or, `over`, signed out. */
  async #look(over = false, revoked = false): Promise<void> {
    await this.#booting?.catch(() => undefined)
    if (over) {
      const found = await this.#stored()
      if (!found && this.running && this.#answers) this.machine?.tell(told.leave, 0, +revoked)
      return
    }
    const found = await this.#shared()
    if (found) this.#join(found)
  }

  #join({ session, owner }: { session: number; owner: number }) {
    this.machine?.tell(told.storedElsewhere, session, owner)
    if (this.machine?.usable() === session) this.#kept = this.#users.get(session)
  }

  async #exchange(epoch: number, attach: number, force: boolean) {
    const guest = this.#users.get(attach)
    const { key } = this.#who
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.#fail(epoch, new CountersignError('timeout', 'instant: the sign-in does not answer', { backend: 'instant' }), !!guest)
    }, exchangeMs)
    const run = async () => {
      // While this tab waited for its turn, another one may have signed this user in or out, and this one has heard of it or finds it stored.
      const found = this.#tabs && (await this.#shared())
      if (late) return
      if (this.#who.key !== key) throw changed()
      if (this.machine?.usable() || this.state.status === 'signedOut') return this.machine?.tell(told.failed, epoch)
      if (found) {
        // It is the other tab's as well: if it is not wanted here any more, it is not to be ended.
        this.#join(found)
        return this.machine?.tell(told.failed, epoch)
      }
      const session = await this.#swap(epoch, guest, force, () => late)
      if (session === undefined) return
      this.#error = undefined
      // A db has one session: a late sign-in has put itself in the place of the one in use.
      if (late && this.#port.single) this.machine?.tell(told.lost, this.machine.usable())
      // Also when it is late or its user has gone: the machine revokes it then.
      this.machine?.tell(told.exchanged, session, epoch)
      // The next tab finds it.
      await sooner(this.#disk, readMs, undefined)
    }
    try {
      await (this.#tabs ? this.#tabs.alone(run) : run())
    } catch (error) {
      if (!late) this.#fail(epoch, error as Error, !!guest)
    } finally {
      clearTimeout(timer)
    }
  }

  /** The session for a new identity token; none when there is no token, or when nobody waits any longer. */
  async #swap(epoch: number, guest: User | undefined, force: boolean, late: () => boolean): Promise<number | undefined> {
    const { key } = this.#who
    const token = await this.#token(force)
    if (late()) return undefined
    if (this.#who.key !== key) throw changed()
    if (token !== null) return this.number(await this.#port.exchange(token, guest))
    const template = this.#template
    this.#error = new CountersignError('provider_failed', `instant: the provider has no token for "${template}" although somebody is signed in`, { backend: 'instant', template })
    this.machine?.tell(told.noToken, epoch)
    return undefined
  }

  /** Instant allows an expired token no leeway, so one that is about to expire is not worth sending. */
  async #token(force: boolean): Promise<string | null> {
    const token = await this.#session.getToken(this.#template, { force })
    const expiresAt = this.#session.inspect().tokens[this.#template]?.expiresAt ?? Infinity
    if (token === null || force || expiresAt - Date.now() > 10_000) return token
    return this.#session.getToken(this.#template, { force: true }).catch(() => token)
  }

  #fail(epoch: number, error: Error, attached: boolean) {
    this.#error = error
    const failed = attached ? told.failedWithSession : told.failed
    if (error instanceof InstantAPIError) {
      const { type = '', message = '', recordType = '' } = error.body
      this.machine?.tell(failed, epoch, error.status, `${type}\n${recordType}\n${message}`, error.retryAfterMs)
    } else if (CountersignError.is(error) && error.kind === 'config') this.machine?.tell(told.refused, epoch)
    else this.machine?.tell(failed, epoch)
    if (this.state.status === 'failed' && this.state.error !== error) this.#show({ status: 'failed', error })
  }

  #revoke(session: number): void {
    const running: Promise<void> = this.#revokeNow(session).finally(() => this.#revoking.delete(running))
    this.#revoking.add(running)
  }

  async #revokeNow(session: number) {
    const user = this.#users.get(session)!
    const done = await sooner(this.#port.revoke(user).catch(() => false), revokeMs, false)
    if (done) {
      // A secret that is of no more use is not kept.
      this.#users.delete(session)
      this.#sessions.delete(user.refresh_token)
    }
    this.machine?.tell(told.revoked, session, +done)
  }

  #show(state: BridgeState) {
    this.state = state
    this.#tellPage(state)
  }
}
