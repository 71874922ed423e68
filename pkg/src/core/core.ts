// The core artefact and the names of its numbers.
import { boot, forget } from '../boot.js'
import { lazy } from '../loader.js'
import type * as Glue from '../../wasm/core.js'

export type Core = typeof Glue

/** The operations of `command` in src/bind/session.rs, in its order. */
export const op = {
  addKey: 0, connect: 1, disconnect: 2, reject: 3, invalidate: 4, cancel: 5, refused: 6, visible: 7, verdict: 8, responded: 9, dispose: 10, generation: 11, number: 12,
  timeoutMs: 13, leadMs: 14, marginMs: 15, fallbackTtlMs: 16, opaqueTtlMs: 17, forcedPerMinute: 18, forcedPerMinuteAll: 19, uncached: 20, tick: 21, wake: 22,
  backoffMs: 23, backoffMaxMs: 24, stuckMs: 25,
} as const

export const loadCore = (): Promise<Core> => boot('core', lazy.core, lazy.bytes)

/** Every session of the instance: a trap ends them all. */
export const trapped = new Set<() => void>()

/** A trap leaves the instance in no defined state: every pending call is rejected, and the next call makes a new instance. */
export const onTrap = (): void => {
  forget('core')
  for (const tell of [...trapped]) tell()
}
