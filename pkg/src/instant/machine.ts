import type { Machine } from '../../wasm/live.js'
import { run } from '../machine.js'

/** What the machine is told (`src/bind/instant.rs`): sessions and identities are numbers from 1, 0 is none. */
export const told = {
  identity: 0, stored: 1, exchanged: 2, failed: 3, failedWithSession: 4, noToken: 5, refused: 6, revoked: 7, adopt: 8, leave: 9, lost: 10, tick: 11, wake: 12, retry: 13, storedElsewhere: 14,
} as const

/** Owners that are no identity. */
export const owners = { guest: -2, stranger: -1, nobody: 0 } as const

/** The machine's states by number. */
export const statuses = ['idle', 'signingIn', 'signedIn', 'signedOut', 'failed'] as const

/** What the machine wants done. Carried out at once; anything that answers it answers later. */
export interface Hands {
  exchange(epoch: number, attach: number, force: boolean): void
  revoke(session: number): void
  store(session: number, owner: number): void
  clear(dead: boolean): void
  notify(status: (typeof statuses)[number]): void
  retryAt(time: number): void
  /** The WebAssembly trapped: there is no machine any more. */
  broken(cause: unknown): void
}

/** A machine at work. `tell` passes an event (about what, with a number, a text and another number) and carries out what follows from it. */
export interface Connected {
  tell(what: number, id?: number, a?: number, text?: string, b?: number): void
  usable(): number
  free(): void
}

/** Connects a machine with its host. */
export const connectMachine = (machine: Machine, hands: Hands): Connected => {
  const running = run(
    machine,
    (what, a, b, c) => {
      if (what === 0) hands.exchange(a, b, c === 1)
      else if (what === 1) hands.revoke(a)
      else if (what === 2) hands.store(a, b)
      else if (what === 3) hands.clear(a === 1)
      else if (what === 4) hands.notify(statuses[a] ?? 'idle')
      else if (what === 5) hands.retryAt(a)
    },
    // It says when by the clock of the wall, and its host has the timer.
    () => {},
    (cause) => hands.broken(cause),
  )
  return {
    // It has one clock, and nothing to draw lots for.
    tell: (what, id = 0, a = 0, text = '', b = 0) => running.tell(() => machine.tell(what, id, a, text, 0, Date.now(), 0, b)),
    usable: () => running.ask(() => machine.usable()) ?? 0,
    free: () => running.free(),
  }
}
