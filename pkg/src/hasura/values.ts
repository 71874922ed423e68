// A live query for `useLive` and its like: data instead of results, and the errors that `request` has.
import type { Asked } from './response.js'
import type { Result, WsSink } from './ws.js'

/** A sink for results that gives another one their data. An error of one result (a runtime error of a live query) is told, and the next result is a value again. */
export const valued = (to: WsSink, asked: Omit<Asked, 'signedOut'>): WsSink<Result> => {
  let count = 0
  const explain = async (value: Result) => {
    const number = ++count
    const error = await (await import('./failure.js')).failure(200, '', { data: value.data, errors: value.errors }, { ...asked, signedOut: false })
    // A value that came meanwhile is newer.
    if (number === count) to.error(error)
  }
  return {
    next(value) {
      if (value.errors?.length) return void explain(value)
      count++
      to.next(value.data)
    },
    error(error) {
      if (Array.isArray(error)) return void explain({ errors: error })
      count++
      to.error(error)
    },
    complete() {
      // After the end nothing comes.
      count++
      to.complete()
    },
  }
}
