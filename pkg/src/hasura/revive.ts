// An engine that outlives a trap of the WebAssembly: what is asked after it loads another one.
import { CountersignError } from '../errors.js'
import type { Session, Unsubscribe } from '../types.js'
import { iterate } from './iterate.js'
import type { Engine } from './shell.js'

/** @param make  is given what to call when its engine is gone, before anybody is told of it */
export const reviving = async (make: (gone: () => void) => Promise<Engine>, session?: Session<any>): Promise<Engine> => {
  let engine: Engine | undefined
  let loading: Promise<Engine> | undefined
  let over = false
  const load = (): Promise<Engine> => {
    if (loading) return loading
    const mine = make(() => {
      // Each of its connections says so, and the next engine may be on the way by then.
      if (loading === mine) engine = loading = undefined
    }).then(
      (made) => {
        if (over) made.dispose()
        return (engine = made)
      },
      (error) => {
        loading = undefined
        throw error
      },
    )
    return (loading = mine)
  }
  await load()
  const subscribe: Engine['subscribe'] = (payload, sink, options) => {
    if (engine) return engine.subscribe(payload, sink, options)
    let stop: Unsubscribe | undefined
    let gone = false
    const whose = session?.identityKey
    load()
      .then((made) => {
        if (gone) return
        if (whose !== undefined && session?.identityKey !== whose) throw new CountersignError('identity_changed', 'hasura: the user changed before this was sent; it was not sent', { backend: 'hasura' })
        stop = made.subscribe(payload, sink, options)
      })
      .catch((error) => gone || sink.error(error))
    return () => {
      if (!gone && !stop) queueMicrotask(() => sink.complete())
      gone = true
      stop?.()
    }
  }
  return {
    subscribe,
    iterate: (payload, options) => iterate((sink) => subscribe(payload, sink, options)),
    state: (role) => engine?.state?.(role),
    terminate: () => engine?.terminate(),
    dispose() {
      over = true
      engine?.dispose()
    },
  }
}
