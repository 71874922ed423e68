import { loadLive } from '../live.js'
import type { MachineClass } from './machine.js'

/** The Rust machine's class, from the artefact that carries it. */
export const loadMachine = async (): Promise<MachineClass> => ((await loadLive()) as unknown as { InstantBridge: MachineClass }).InstantBridge
