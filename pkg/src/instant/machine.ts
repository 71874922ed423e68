/** The Rust machine (`src/bind/instant.rs`): sessions and identities are numbers from 1, 0 is none; the clock comes with each call. */
export interface Machine {
  identity(id: number, now: number): void
  stored(session: number, owner: number, now: number): void
  exchanged(epoch: number, session: number, now: number): void
  failed(epoch: number, status: number, kind: string, text: string, record: string, attached: boolean, retryAfterMs: number, now: number): void
  noToken(epoch: number, now: number): void
  refused(epoch: number, now: number): void
  revoked(session: number, done: boolean, now: number): void
  adopt(session: number, now: number): void
  leave(revoke: boolean, now: number): void
  lost(session: number, now: number): void
  tick(now: number): void
  wake(now: number): void
  retry(now: number): void
  usable(): number
  poll(): ArrayLike<number> | undefined
  free(): void
}

/** How `loadCore()` hands it over. */
export type MachineClass = new () => Machine

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
}

/** Makes a machine and a way to tell it something: `tell` passes the event and carries out what follows from it. */
export const connectMachine = (MachineOf: MachineClass, hands: Hands): { tell(event: (machine: Machine, now: number) => void): void; usable(): number; free(): void } => {
  const machine = new MachineOf()
  return {
    tell(event) {
      event(machine, Date.now())
      for (let effect = machine.poll(); effect; effect = machine.poll()) {
        const [what = -1, a = 0, b = 0, c = 0] = Array.from(effect)
        if (what === 0) hands.exchange(a, b, c === 1)
        else if (what === 1) hands.revoke(a)
        else if (what === 2) hands.store(a, b)
        else if (what === 3) hands.clear(a === 1)
        else if (what === 4) hands.notify(statuses[a] ?? 'idle')
        else if (what === 5) hands.retryAt(a)
      }
    },
    usable: () => machine.usable(),
    free: () => machine.free(),
  }
}
