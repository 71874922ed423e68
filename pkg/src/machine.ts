// What every Rust machine of `live` needs of its host: effects carried out in order, one timer, and an end when the WebAssembly traps.
import { forget } from './boot.js'

/** A machine as wasm-bindgen hands it over: effects come as `[what, a, b]`. */
export interface Machine {
  poll(): ArrayLike<number> | undefined
  free(): void
}

/** A machine with its one timer. */
export interface Running {
  /** Passes something to the machine and carries out what follows from it. */
  tell(event: () => void): void
  /** Reads something of the machine; nothing after a trap. */
  ask<R>(question: () => R): R | undefined
  /** Sets the timer; negative: none. */
  wakeIn(ms: number): void
  /** Nothing is told or carried out any more. */
  free(): void
}

/** Some platforms have no monotonic clock; their timers go by the only one they have. */
export const mono = (): number => globalThis.performance?.now() ?? Date.now()

/** Instances that trapped so far. Each has a memory of its own: a machine of one is nothing to the next. */
let trapped = 0

/**
 * Connects a machine with its host.
 * @param carry carries an effect out at once; anything that answers it answers later
 * @param tick the timer went off
 * @param broken the WebAssembly trapped: there is no machine any more
 */
export const run = (machine: Machine, carry: (what: number, a: number, b: number, c: number) => void, tick: () => void, broken: (cause: unknown) => void): Running => {
  let timer: ReturnType<typeof setTimeout> | undefined
  let freed = false
  const instance = trapped
  const clear = () => {
    freed = true
    clearTimeout(timer)
  }
  /** A trap is not an error of one event: it ends the instance, and nothing of it is touched again. Its other machines hear of it at their next event. */
  const safely = <R>(act: () => R): R | undefined => {
    if (freed) return undefined
    try {
      if (instance === trapped) return act()
      clear()
      broken(new Error('another one of the same instance trapped'))
    } catch (error) {
      trapped++
      forget('live')
      clear()
      broken(error)
    }
    return undefined
  }
  const poll = () => safely(() => machine.poll())
  return {
    tell(event) {
      safely(event)
      for (let effect = poll(); effect; effect = poll()) {
        try {
          carry(effect[0]!, effect[1]!, effect[2]!, effect[3]!)
        } catch (error) {
          // Whoever caused it hears of it, and the next effect may be the machine's timer.
          void Promise.reject(error)
        }
      }
    },
    ask: safely,
    wakeIn(ms) {
      clearTimeout(timer)
      timer = ms < 0 ? undefined : setTimeout(tick, ms)
    },
    free() {
      if (freed) return
      clear()
      if (instance === trapped) machine.free()
    },
  }
}
