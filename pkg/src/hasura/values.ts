// A live query for `useLive` and its like: data instead of results, and the errors that `request` has.
import { CountersignError } from '../errors.js'
import type { Asked } from './response.js'
import type { Result, WsSink } from './ws.js'

/** `left`: whoever listened does not any more; nothing is told after that. */
type Valuing = WsSink<Result> & { left(): void }

/** A sink for results that gives another one their data. An error of one result (a runtime error of a live query) is told, and the next result is a value again. */
export const valued = (to: WsSink, asked: Omit<Asked, 'signedOut'>): Valuing => {
  let count = 0
  const explain = async (errors: readonly any[], data?: unknown) => {
    const number = ++count
    const error = await import('./failure.js').then(
      ({ failure }) => failure(200, '', { data, errors }, { ...asked, signedOut: false }),
      // Offline, or after a deployment: whoever listens hears of it all the same.
      (cause) => new CountersignError('protocol', `hasura: ${errors[0]?.message}`, { backend: 'hasura', cause }),
    )
    // A value that came meanwhile is newer.
    if (number === count) to.error(error)
  }
  return {
    next({ errors, data }) {
      if (errors?.length) return void explain(errors, data)
      count++
      to.next(data)
    },
    error(error) {
      if (Array.isArray(error)) return void explain(error)
      count++
      to.error(error)
    },
    left: () => void count++,
    complete() {
      // After the end nothing comes.
      count++
      to.complete()
    },
  }
}
