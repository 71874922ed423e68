// The core artefact.
import { boot, forget } from '../boot.js'
import { lazy } from '../loader.js'
import glue from '../../wasm/core.js'

export type Core = typeof glue

export const loadCore = (): Promise<Core> => boot('core', async () => glue, lazy.bytes)

/** Every session of the instance: a trap ends them all. */
export const trapped = new Set<() => void>()

/** A trap leaves the instance in no defined state: every pending call is rejected, and the next call makes a new instance. */
export const onTrap = (): void => {
  forget('core')
  for (const tell of [...trapped]) tell()
}
