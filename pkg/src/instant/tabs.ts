/** Another tab may be stopped in the middle of its turn: the sign-in is then made without waiting for it any longer. */
const turnMs = 10_000

/** All that tabs tell each other. Nothing of it is believed: whoever hears it reads the storage that they share. */
interface Message {
  v: 1
  /** The id of the user whose session was stored; `null`: the application signed out. */
  user: string | null
  /** Of a sign-out: the session was ended on the server too. */
  revoked?: boolean
}

/** The tabs of one app: one of them signs in at a time, and each hears what another one stored. Where a browser lacks the means, each tab is on its own. */
export class Tabs {
  readonly #name: string
  #channel: (BroadcastChannel & { unref?(): void }) | undefined

  /** `key`: what the shared session is stored under; it has the app's id in it. */
  constructor(key: string) {
    this.#name = `countersign:instant:${key}`
  }

  open(heard: (user: string | null, revoked: boolean) => void): void {
    if (this.#channel) return
    try {
      this.#channel = new globalThis.BroadcastChannel(this.#name)
      // In Node it would keep the process alive.
      this.#channel.unref?.()
      this.#channel.onmessage = ({ data }) => {
        const { v, user, revoked } = Object(data) as Partial<Message>
        if (v === 1 && user !== undefined) heard(user, revoked === true)
      }
    } catch {
      // There is none, or storage is blocked.
    }
  }

  close(): void {
    this.#channel?.close()
    this.#channel = undefined
  }

  say(user: string | null, revoked?: boolean): void {
    this.#channel?.postMessage({ v: 1, user, ...(revoked === undefined ? {} : { revoked }) } satisfies Message)
  }

  /** Runs when no other tab does. */
  async alone<R>(act: () => Promise<R>): Promise<R> {
    const locks = (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks
    if (!locks) return act()
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), turnMs)
    let begun = false
    try {
      return await locks.request(this.#name, { signal: patience.signal }, () => {
        begun = true
        clearTimeout(timer)
        return act()
      })
    } catch (error) {
      if (begun) throw error
      return act()
    } finally {
      clearTimeout(timer)
    }
  }
}
