// React in the place of an auth library: one provider per session, whatever is mounted, unmounted and mounted again above it.
import type { Identity, Provider, Session, Unsubscribe } from '../types.js'

export type Who = Identity | null | undefined

/** What one `<CountersignProvider>` says. `tells`: it has an `identity`, even if that is `undefined`. */
export interface Says {
  getToken: Provider['getToken'] | undefined
  tells: boolean
  identity: Who
  comparable: boolean | undefined
}

export const same = (a: Who, b: Who): boolean =>
  a === b || (!!a && !!b && a.user === b.user && (a.org ?? null) === (b.org ?? null) && (a.session ?? null) === (b.session ?? null))

/** What a session is connected for. */
const ASKS = 1
const TELLS = 2

class Seat {
  /** The identity that the session was last told. */
  told: Who
  readonly #session: Session
  /** In the order in which they came; `undefined`: has not spoken yet. */
  readonly #sitters = new Map<object, Says | undefined>()
  #for = 0
  #getToken: Provider['getToken'] | undefined
  #report: ((identity: Who) => void) | undefined
  #disconnect: Unsubscribe | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #committing = false

  constructor(session: Session) {
    this.#session = session
  }

  sit(who: object): Unsubscribe {
    this.#sitters.set(who, undefined)
    return () => {
      this.#sitters.delete(who)
      // Not at once: what is mounted again in the same turn (a new key, a hot reload) goes on with the tokens that are there.
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#settle())
    }
  }

  /** Runs inside a commit. */
  say(who: object, says: Says): void {
    const before = this.#sitters.get(who)
    const alone = ![...this.#sitters].some(([other, said]) => other !== who && said?.tells)
    this.#sitters.set(who, says)
    if (says.getToken) this.#getToken = says.getToken
    this.#committing = true
    try {
      // One that has just come and does not know yet takes nothing away from one that does.
      const news = before?.tells ? !same(before.identity, says.identity) : says.identity !== undefined || alone
      if (says.tells && news) this.#tell(says.identity)
      this.#settle()
    } finally {
      this.#committing = false
    }
  }

  #tell(identity: Who): void {
    this.told = identity
    if (this.#for === TELLS) this.#session.identityChanged(identity)
    else this.#report?.(identity)
  }

  /** Connects or disconnects, if what is said by all together asks for another connection than there is. */
  #settle(): void {
    const all = [...this.#sitters.values()].filter((said) => said !== undefined)
    const asking = all.filter((said) => said.getToken)
    if (!asking.some((said) => said.getToken === this.#getToken)) this.#getToken = asking.at(-1)?.getToken
    const wanted = (asking.length && ASKS) | (all.some((said) => said.tells) ? TELLS : 0)
    const was = this.#for
    if (wanted === was) return
    this.#for = wanted
    if (!(wanted & TELLS)) this.told = undefined
    if (wanted & ASKS) this.#disconnect = this.#session.connect(this.#provider(all))
    else this.#disconnect?.()
    if (wanted === TELLS || was === TELLS) this.#session.identityChanged(this.told)
  }

  #provider(all: Says[]): Provider {
    const provider: Provider = {
      comparable: all.some((said) => said.comparable),
      getToken: (request) => {
        const ask = () => this.#getToken!(request)
        // A call that waited for this identity asks while React commits, where a `getToken` that sets state may not run.
        return this.#committing ? Promise.resolve().then(ask) : ask()
      },
    }
    if (this.#for & TELLS)
      provider.watch = (report) => {
        this.#report = report
        report(this.told)
        return () => {}
      }
    return provider
  }
}

const seats = new WeakMap<Session, Seat>()

export const seatOf = (session: Session): Seat => {
  let seat = seats.get(session)
  if (!seat) seats.set(session, (seat = new Seat(session)))
  return seat
}
