// An engine that outlives a trap of the WebAssembly: what is asked after it loads another one.
import type { Session } from '../types.js'
import { shell, type Engine } from './shell.js'

/** @param make  is given what to call when its engine is gone, before anybody is told of it */
export const reviving = async (make: (gone: () => void) => Promise<Engine>, session?: Session<any>): Promise<Engine> => {
  const load = () => {
    let once = false
    return make(() => {
      if (once) return
      once = true
      engine = shell(load, session)
    })
  }
  let engine = await load()
  return {
    subscribe: (...all) => engine.subscribe(...all),
    iterate: (...all) => engine.iterate(...all),
    state: (role) => engine.state?.(role),
    terminate: () => engine.terminate(),
    dispose: () => engine.dispose(),
  }
}
