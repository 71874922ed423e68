import { useSyncExternalStore } from 'react'

/** A value outside React that components may follow. */
export interface Store<V> {
  get(): V
  set(value: V): void
  /** Told after each change. */
  subscribe(listener: () => void): () => void
  use(): V
}

export function store<V>(initial: V): Store<V> {
  let value = initial
  const listeners = new Set<() => void>()
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  const get = () => value
  return {
    get,
    set(next) {
      value = next
      for (const listener of [...listeners]) listener()
    },
    subscribe,
    // On the server, and in the first render of the client, it is the initial value: hydration matches.
    use: () => useSyncExternalStore(subscribe, get, () => initial),
  }
}
