import { CountersignError } from '../errors.js'
import type { Unsubscribe } from '../types.js'

/** What a page is shown of the sign-in. `failed` with an `error` that can be read; it may still be retried. */
export type BridgeState = { status: 'idle' | 'signingIn' | 'signedIn' | 'signedOut' | 'failed'; error?: Error }

/** What is started and stopped; it comes with the first start. */
export interface Engine {
  begin(): void
  end(): void
}

/** The state, who listens to it, and how many want it kept up. */
export class Watch {
  state: BridgeState = { status: 'idle' }
  #listeners = new Set<() => void>()
  #starts = 0
  readonly #engine: () => Promise<Engine>

  constructor(engine: () => Promise<Engine>) {
    this.#engine = engine
  }

  subscribe = (listener: () => void): Unsubscribe => {
    const own = () => listener()
    this.#listeners.add(own)
    const stop = this.start()
    return () => {
      this.#listeners.delete(own)
      stop()
    }
  }

  start = (): Unsubscribe => {
    if (this.#starts++ === 0)
      this.#engine().then(
        (engine) => this.#starts && engine.begin(),
        (error: unknown) => this.show({ status: 'failed', error: error as Error }),
      )
    let over = false
    return () => {
      if (over) return
      over = true
      // A tick later: React unsubscribes and subscribes again in one go, and that is no reason to stop.
      setTimeout(() => --this.#starts || this.#engine().then((engine) => this.#starts || engine.end(), () => undefined))
    }
  }

  show = (state: BridgeState): void => {
    this.state = state
    for (const listener of [...this.#listeners]) queueMicrotask(() => this.#listeners.has(listener) && listener())
  }
}

/** One load at a time; one that failed (the network, a new deployment) is tried again by the next call. */
export const lazily = <R>(load: () => Promise<R>): (() => Promise<R>) => {
  let loading: Promise<R> | undefined
  return () =>
    (loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw new CountersignError('network', 'instant: a part of countersign could not be loaded', { backend: 'instant', cause: error })
    }))
}
