import { loadLive } from '../live.js'
import type { Machine } from '../../wasm/live.js'

/** A new Rust machine, from the artefact that carries it. */
export const newMachine = async (): Promise<Machine> => (await loadLive()).instantBridge()
