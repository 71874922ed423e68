// The eager part of a socket client: what is called before the rest is loaded is done in order when it is.
import { fence } from '../fence.js'
import type { Session, Unsubscribe } from '../types.js'
import type { Payload, SocketState, WsClient, WsListeners, WsSink } from './ws.js'

/** @internal Listeners by event; shared with what is loaded. */
export type Heard = { [E in keyof WsListeners]?: Set<WsListeners[E]> }

/** @internal What is loaded with the first operation. */
export interface Engine {
  subscribe(payload: Payload, sink: WsSink, options: any): Unsubscribe
  iterate(payload: Payload, options: any): AsyncIterableIterator<any>
  state?(role: string | undefined): SocketState | undefined
  terminate(): void
  dispose(): void
}

/** @internal */
export interface Shell extends WsClient {
  /** With what was loaded: at once if it is, in order if it is not yet. */
  use(what: (engine: Engine) => void, failed?: (error: unknown) => void): void
  subscribe(payload: Payload, sink: WsSink, options?: any): Unsubscribe
  state(role: string | undefined): SocketState
  dispose(): void
}

/** @internal */
export const shell = (load: (heard: Heard) => Promise<Engine>, session?: Session<any>): Shell => {
  const heard: Heard = {}
  let engine: Engine | undefined
  let loading: Promise<Engine> | undefined
  let over = false
  const use: Shell['use'] = (what, failed = () => {}) => {
    if (engine) return what(engine)
    // A load that failed is tried again by the next call.
    loading ??= load(heard).then(
      (loaded) => {
        if (over) loaded.dispose()
        return (engine = loaded)
      },
      (error) => {
        loading = undefined
        throw error
      },
    )
    loading.then(what).catch(failed)
  }
  /** It belongs to whoever is signed in now, not to whoever is when the rest has loaded. Told at once: Apollo lets the next user's join one that has not ended. */
  const fenced: typeof use = (what, failed = () => {}) => {
    const end = (error: unknown) => {
      guard?.end()
      failed(error)
    }
    const guard = engine ? undefined : fence(session, 'hasura', undefined, end)
    use((e) => {
      guard?.end()
      guard?.check()
      what(e)
    }, end)
  }
  return {
    use,
    on(event, listener) {
      const own: any = (...args: unknown[]) => (listener as (...args: unknown[]) => void)(...args)
      const all: Set<any> = (heard[event] ??= new Set<any>() as never)
      all.add(own)
      return () => void all.delete(own)
    },
    subscribe(payload, sink, options) {
      let stop: Unsubscribe | undefined
      let gone = false
      fenced(
        (e) => {
          if (!gone) stop = e.subscribe(payload, sink, options)
        },
        (error) => {
          if (!gone) sink.error(error)
          gone = true
        },
      )
      return () => {
        // As with graphql-ws, whoever leaves is told that it is over.
        if (!gone && !stop) queueMicrotask(() => sink.complete())
        gone = true
        stop?.()
      }
    },
    iterate(payload) {
      const made = new Promise<AsyncIterableIterator<any>>((made, failed) => fenced((e) => made(e.iterate(payload, undefined)), failed))
      // Told to whoever asks for a result.
      made.catch(() => {})
      const step = (method: 'next' | 'return' | 'throw') => async (value?: unknown) => (await made)[method]!(value)
      return {
        next: step('next'),
        return: step('return'),
        throw: step('throw'),
        [Symbol.asyncIterator]() {
          return this
        },
      }
    },
    state: (role) => engine?.state?.(role) ?? { status: 'idle', role, sockets: 0, operations: 0 },
    terminate: () => engine?.terminate(),
    dispose() {
      // What waits for the load was asked for before.
      if (loading) use((e) => e.dispose())
      else over = true
    },
  }
}
