// What graphql-ws calls `iterate`: a subscription as an async iterator, with a queue.
import type { Unsubscribe } from '../types.js'
import type { WsSink } from './ws.js'

/** Begins at once. Results that nobody asked for yet wait. */
export const iterate = <R>(subscribe: (sink: WsSink<R>) => Unsubscribe): AsyncIterableIterator<R> => {
  const pending: R[] = []
  let over = false
  let failed: { error: unknown } | undefined
  let wake = () => {}
  const end = (error?: { error: unknown }) => {
    over = true
    failed ??= error
    wake()
  }
  const stop = subscribe({
    next: (value) => {
      pending.push(value)
      wake()
    },
    error: (error) => end({ error }),
    complete: () => end(),
  })
  const turns: Promise<unknown>[] = []
  const next = async (): Promise<IteratorResult<R>> => {
    while (!pending.length && !over) await new Promise<void>((go) => (wake = go))
    if (pending.length) return { value: pending.shift()!, done: false }
    const error = failed
    failed = undefined
    if (error) throw error.error
    return { value: undefined, done: true }
  }
  return {
    // One after the other, as of a generator: two that wait at once would both wait for the same result.
    next: () => {
      const turn = (turns.shift() ?? Promise.resolve()).then(next, next)
      turns.push(turn.catch(() => {}))
      return turn
    },
    return: async () => {
      pending.length = 0
      stop()
      end()
      return { value: undefined, done: true }
    },
    throw: async (error) => {
      stop()
      end({ error })
      return { value: undefined, done: true }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
