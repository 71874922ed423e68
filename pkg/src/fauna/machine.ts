import { mono, run as host, type Machine as Polled } from '../machine.js'

/** The Rust machine of one subscription (`src/bind/fauna.rs`): connections are numbers, both clocks come with each event. */
export interface Machine extends Polled {
  tell(what: number, id: number, a: number, code: string, mono: number, wall: number, random: number): void
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

/** Connects a machine with its host. */
export const run = (machine: Machine, hands: Hands): Running => {
  const tell = (what: number, id = 0, a = 0, code = '') => running.tell(() => machine.tell(what, id, a, code, mono(), Date.now(), Math.random()))
  const running = host(
    machine,
    (what, a, b) => {
      if (what === 0) hands.source(a)
      else if (what === 1) hands.connect(a, causes[b]!)
      else if (what === 2) hands.abort(a)
      else if (what === 3) hands.open()
      else if (what === 4) hands.wait(a, causes[b]!)
      else if (what === 5) hands.resync()
      else if (what === 6) running.wakeIn(a)
      else if (what === 7) hands.end()
    },
    () => tell(told.tick),
    (cause) => hands.broken(cause),
  )
  return { tell, free: running.free }
}
