import { mono, run as host, type Machine as Polled, type Running } from './machine.js'

/** The Rust machine of one connection (`src/bind/link.rs`): sockets and operations are numbers, both clocks come with each event. */
export interface Machine extends Polled {
  tell(what: number, id: number, a: number, words: string, mono: number, wall: number, random: number): void
}

/** How the artefact hands it over; milliseconds. */
export type Make = (codes: 0 | 1 | 2, attempts: number, idle: number, connect: number, ack: number, ping: number) => Machine

/** What the machine is told; numbers as in `src/bind/link.rs`. */
export const told = {
  start: 0, subscribe: 1, unsubscribe: 2, opened: 3, acked: 4, heard: 5, arrived: 6, ended: 7, closed: 8, lost: 9, failed: 10, renewed: 11, probed: 12, woken: 13, online: 14, paused: 15, tick: 16,
  terminate: 17, dispose: 18, refrained: 19, beat: 20, declined: 21,
} as const

/** By the machine's numbers. */
export const statuses = ['idle', 'connecting', 'connected', 'rotating', 'waiting', 'offline', 'unauthorized', 'closed'] as const

/** What a probe over HTTP found; by the machine's numbers. */
export const probed = { accepted: 0, passing: 1, refused: 2, unreachable: 3 } as const

/** What the machine wants done. Carried out at once; anything that answers it answers later. */
export interface Hands {
  open(socket: number, retry: boolean): void
  send(operation: number, socket: number): void
  stop(operation: number, socket: number): void
  take(operation: number, socket: number): void
  close(socket: number, code: number): void
  ping(socket: number): void
  /** `how`: 0 complete, 1 with the last error, 2 its outcome is unknown. Operation 0: the connection. */
  finish(operation: number, how: number): void
  reject(socket: number): void
  probe(): void
  pause(attempt: number): void
  status(status: (typeof statuses)[number], ms: number): void
  /** The WebAssembly trapped: there is no machine any more. */
  broken(cause: unknown): void
}

/** A machine that runs. */
export interface Told {
  tell(what: number, id?: number, a?: number, words?: string): void
  free(): void
}

/** Connects a machine with its host. */
export const run = (machine: Machine, hands: Hands): Told => {
  const tell = (what: number, id = 0, a = 0, words = '') => running.tell(() => machine.tell(what, id, a, words, mono(), Date.now(), Math.random()))
  const running: Running = host(
    machine,
    (what, a, b) => {
      if (what === 0) hands.open(a, b === 1)
      else if (what === 1) hands.send(a, b)
      else if (what === 2) hands.stop(a, b)
      else if (what === 3) hands.take(a, b)
      else if (what === 4) hands.close(a, b)
      else if (what === 5) hands.ping(a)
      else if (what === 6) hands.finish(a, b)
      else if (what === 7) hands.reject(a)
      else if (what === 8) hands.probe()
      else if (what === 9) hands.pause(a)
      else if (what === 10) hands.status(statuses[a]!, b)
      else running.wakeIn(a)
    },
    () => tell(told.tick),
    (cause) => hands.broken(cause),
  )
  return { tell, free: running.free }
}
