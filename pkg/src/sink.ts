import type { Sink } from './types.js'

/** A sink with all its members: what is told to nobody is told to nobody. */
export const sinkOf = <R>(sink: Sink<R> | ((value: R) => void)): Required<Sink<R>> => {
  const to = typeof sink === 'function' ? { next: sink } : sink
  return { next: (value) => to.next(value), error: (error) => to.error?.(error), complete: () => to.complete?.() }
}
