import { forget } from '../boot.js'

/** The Rust machine of one subscription (`src/bind/fauna.rs`): connections are numbers, both clocks come with each event. */
export interface Machine {
  tell(what: number, id: number, a: number, code: string, mono: number, wall: number, random: number): void
  poll(): ArrayLike<number> | undefined
  free(): void
}

/** How the artefact hands it over. `every`: milliseconds between two pages of a feed, -1: a stream; `attempts` 0: without end. */
export type MachineClass = new (every: number, first: number, attempts: number, backoff: number, query: boolean) => Machine

/** What the machine is told; numbers as in `src/bind/fauna.rs`. */
export const told = {
  start: 0, sourced: 1, heard: 2, page: 3, refused: 4, garbled: 5, ended: 6, dropped: 7, fatal: 8, renewed: 9, woken: 10, seen: 11, held: 12, tick: 13, close: 14,
} as const

/** Why a connection is made, or made again; by the machine's numbers. */
export const causes = ['first', 'renewed', 'woken', 'ended', 'dropped', 'silent', 'permission_loss', 'refused', 'resync'] as const

/** What the machine wants done. Carried out at once; anything that answers it answers later. */
export interface Hands {
  source(id: number): void
  connect(id: number, cause: (typeof causes)[number]): void
  abort(id: number): void
  open(): void
  wait(ms: number, cause: (typeof causes)[number]): void
  resync(): void
  end(): void
  /** The WebAssembly trapped: there is no machine any more. */
  broken(cause: unknown): void
}

/** A machine with its one timer. `tell` passes an event and carries out what follows from it. */
export interface Running {
  tell(what: number, id?: number, a?: number, code?: string): void
  /** Nothing is told or carried out any more. */
  free(): void
}

/** Some platforms have no monotonic clock; their timers go by the only one they have. */
export const mono = (): number => globalThis.performance?.now() ?? Date.now()

/** Connects a machine with its host. */
export const run = (machine: Machine, hands: Hands): Running => {
  let timer: ReturnType<typeof setTimeout> | undefined
  let freed = false
  /** A trap is not an error of one event: it ends the instance, and nothing of it is touched again. */
  const safely = <R>(act: () => R): R | undefined => {
    if (freed) return undefined
    try {
      return act()
    } catch (error) {
      freed = true
      clearTimeout(timer)
      forget('live')
      hands.broken(error)
      return undefined
    }
  }
  const poll = () => safely(() => machine.poll())
  const tell = (what: number, id = 0, a = 0, code = '') => {
    safely(() => machine.tell(what, id, a, code, mono(), Date.now(), Math.random()))
    for (let effect = poll(); effect; effect = poll()) {
      const [what = -1, a = 0, b = 0] = Array.from(effect)
      if (what === 0) hands.source(a)
      else if (what === 1) hands.connect(a, causes[b]!)
      else if (what === 2) hands.abort(a)
      else if (what === 3) hands.open()
      else if (what === 4) hands.wait(a, causes[b]!)
      else if (what === 5) hands.resync()
      else if (what === 6) {
        clearTimeout(timer)
        timer = a < 0 ? undefined : setTimeout(() => tell(told.tick), a)
      } else if (what === 7) hands.end()
    }
  }
  return {
    tell,
    free() {
      if (freed) return
      freed = true
      clearTimeout(timer)
      machine.free()
    },
  }
}
