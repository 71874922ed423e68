import { scrub } from '../errors.js'
import { lazy } from '../loader.js'
import type { Identity, Provider, TokenRequest, TokenSpec, Unsubscribe } from '../types.js'
import { invalid } from './address.js'
import { read } from './answer.js'
import { payloadOf } from './claims.js'
import type { Bound } from './failures.js'
import * as op from './op.js'

/** A page may not stay in the middle of a sign-out because one of those who take part in it hangs. */
const LEAVING_MS = 5000

/** However long a provider wants to be left alone after a failure, it is asked again after an hour. */
const LEAVE_MS = 3_600_000

const within = (work: unknown): Promise<unknown> => {
  let timer: ReturnType<typeof setTimeout>
  return Promise.race([work, new Promise((_, reject) => (timer = setTimeout(() => reject(new Error('no answer')), LEAVING_MS)))]).finally(() => clearTimeout(timer))
}

/** What the provider's side needs of its session. */
export interface Side {
  core: Bound
  /** What the app's template asks for, by key. */
  specs: Exclude<TokenSpec, string>[]
  warn(message: string): void
  /** Takes every synchronous hit away. */
  forget(): void
}

/** The provider, connected: asked for tokens, listened to for identities. */
export class Connection {
  #side: Side
  #flights = new Map<number, AbortController>()
  #provider: Provider | undefined
  #unwatch: Unsubscribe | undefined
  #last: Identity | null | undefined
  #leaving = false
  #checking: ReturnType<typeof setTimeout> | undefined
  #unsure = false
  #told: string | null | undefined
  #is: Identity | null | undefined
  /** What it failed with last, by key: becomes the (scrubbed) cause of errors. */
  readonly failures: unknown[] = []

  constructor(side: Side) {
    this.#side = side
  }

  get provider(): Provider | undefined {
    return this.#provider
  }

  /** Who is there, as it was said last. */
  get told(): Identity | null | undefined {
    return this.#last
  }

  connect(provider: Provider): void {
    if (typeof provider?.getToken !== 'function') throw invalid('a provider needs `getToken`')
    this.disconnect()
    const { core } = this.#side
    this.#provider = provider
    core.command(op.connect, provider.watch ? 1 : 0, 0)
    this.#watch()
  }

  /** Asks who is there again. Until that is said nothing is handed out; observers keep what they were told, because most often it is the same person. */
  recheck(): void {
    if (!this.#provider?.watch) return
    clearTimeout(this.#checking)
    this.#unsure = false
    this.#checking = setTimeout(() => {
      // A watch that says nothing is believed to have nothing new; one that does not know holds everybody from here on.
      if (this.#unsure) this.#tell((this.#last = undefined))
      this.#checked()
    }, LEAVING_MS)
    this.#side.core.command(op.check, 1, 0)
    this.#watch()
  }

  #checked(): void {
    if (this.#checking === undefined) return
    clearTimeout(this.#checking)
    this.#checking = undefined
    this.#side.core.command(op.check, 0, 0)
  }

  #watch(): void {
    const provider = this.#provider
    this.#end()
    if (!provider?.watch) return
    try {
      this.#unwatch = provider.watch((identity) => {
        if (this.#provider === provider) this.report(identity)
      })
    } catch (error) {
      this.#side.warn(`watch: ${scrub(error)}`)
    }
  }

  #end(): void {
    try {
      this.#unwatch?.()
    } catch (error) {
      this.#side.warn(`watch: ${scrub(error)}`)
    }
    this.#unwatch = undefined
  }

  disconnect(): void {
    if (!this.#provider) return
    this.#provider = undefined
    this.#last = this.#told = this.#is = undefined
    this.#leaving = false
    this.#side.forget()
    this.#end()
    this.#side.core.command(op.disconnect, 0, 0)
    this.#checked()
  }

  /** Who is signed in now. While the session signs out, only who comes after counts. */
  report(identity: Identity | null | undefined): void {
    // "Not known yet", asked anew: the answer comes, and is waited for.
    if (identity === undefined && this.#checking !== undefined) {
      this.#unsure = true
      return
    }
    this.#last = identity
    if (!this.#leaving) this.#tell(identity)
    this.#checked()
  }

  #tell(identity: Identity | null | undefined): void {
    const { core, warn, forget } = this.#side
    if (identity && (typeof identity.user !== 'string' || !identity.user)) {
      warn('an identity needs a `user` text')
      identity = undefined
    }
    const key = identity && `${identity.user}\n${identity.org ?? ''}\n${identity.session ?? ''}`
    // Here and now: told from inside a callback of the machine, it hears of this only when that returns.
    if (key !== this.#told) forget()
    this.#told = key
    const moved = identity && this.#is?.user === identity.user && (this.#is.org ?? '') !== (identity.org ?? '')
    // While it is not known who is there, the last one known is who may come back.
    if (identity !== undefined) this.#is = identity
    core.identity(moved ? 3 : key ? 2 : key === null ? 1 : 0, key ?? '', !!this.#provider?.comparable)
  }

  /** Fences at once, then the followers, then the provider's own sign-out, each for so long and no longer. What the provider says afterwards counts again. */
  async leave(followers: Iterable<() => unknown>): Promise<void> {
    const { core, warn } = this.#side
    const provider = this.#provider
    const untold = this.#told === undefined
    const left = this.#last
    this.#leaving = true
    this.#tell(null)
    try {
      await within(Promise.allSettled([...followers].map(async (follow) => follow()))).catch(() => {})
      await within(provider?.signOut?.())
    } catch (error) {
      warn(`signOut: ${scrub(error)}`)
    }
    // Another provider that came meanwhile has told for itself.
    if (provider === this.#provider) {
      this.#leaving = false
      if (provider?.watch) {
        // A provider that still says "signed in" is believed: hiding it would leave a page that looks signed out over a live session.
        if (this.#last !== undefined) this.#tell(this.#last)
      } else if (untold && provider) {
        // Nobody ever tells this session who is there: the next token does, and a lasting "nobody" would keep it out.
        this.#told = undefined
        core.command(op.disconnect, 0, 0)
        core.command(op.connect, 0, 0)
      } else if (this.#last === left) {
        // Nobody comes back by themselves,
        this.#last = null
      } else {
        // but whoever the app has named meanwhile is there.
        this.#tell(this.#last)
      }
    }
  }

  ask(flight: number, key: number, force: boolean, reason: TokenRequest['reason']): void {
    const { core, specs } = this.#side
    const abort = new AbortController()
    this.#flights.set(flight, abort)
    const provider = this.#provider
    const failed = (error: unknown) => {
      if (!this.#flights.delete(flight)) return
      let alone = 0
      try {
        // In seconds, as Clerk gives it.
        const wait = provider?.retryAfterMs ? provider.retryAfterMs(error) : Number((error as { retryAfter?: unknown } | null)?.retryAfter) * 1000
        alone = provider?.isSignedOut?.(error) === true ? (wait === 0 ? -1 : -6) : Math.max(0, wait ?? 0)
      } catch {
        // Then it is a failure like any other.
      }
      this.failures[key] = error
      core.command(op.refused, flight, alone < Infinity ? Math.min(alone, LEAVE_MS) || 0 : alone)
    }
    try {
      const { orgClaim, ...spec } = specs[key]!
      const call = (force: boolean) => provider?.getToken({ ...spec, skipCache: force, force, reason, signal: abort.signal })
      const again = () => {
        abort.signal.throwIfAborted()
        // Counted like the others: a provider that stays behind must not be asked without end.
        if (!core.command(op.spend, key, 0)) {
          this.#flights.delete(flight)
          core.command(op.refused, flight, -8)
          throw undefined
        }
        return call(true)
      }
      const first = call(force)
      const org = this.#is?.org
      Promise.resolve(orgClaim && org !== undefined ? Promise.all([lazy.org(), first]).then(([o, answer]) => o.ofOrg(answer, again, orgClaim, org, payloadOf)) : first).then(read).then((told) => {
        if (!this.#flights.delete(flight)) return
        if (typeof told === 'number') core.command(op.refused, flight, told)
        else core.answered(flight, ...told)
      }, failed)
    } catch (error) {
      // Later, as a rejection would be: the machine is in the middle of something.
      queueMicrotask(() => failed(error))
    }
  }

  drop(flight: number): void {
    this.#flights.get(flight)?.abort()
    this.#flights.delete(flight)
  }
}
