// The pages of a set, one request each. Loaded with the first that is asked for.
import { CountersignError } from '../errors.js'
import { ProtocolError } from './errors.js'
import { pageOf, type Asks } from './paginate.js'
import { fql } from './query.js'
import type { Who } from './state.js'
import type { QueryOptions } from './wire.js'

/**
 * They are all one person's: a cursor is not followed with another's rights, nor is the next page handed to whoever came after. `by`: who
 * was there when the iteration was made; until somebody is known, the first one counts. A secret of the options' own is nobody's here.
 */
export async function* pages({ query, who }: Asks, by: Who, initial: unknown, options?: QueryOptions | null): AsyncGenerator<any[], void, unknown> {
  const look = () => {
    options?.signal?.throwIfAborted()
    const now = options?.secret === undefined ? who?.() : undefined
    if (by === undefined) by = now
    else if (now !== undefined && now !== by) throw new CountersignError('identity_changed', 'fauna: the user changed between two pages', { backend: 'fauna' })
  }
  look()
  const first = typeof initial === 'function' ? await initial() : initial
  look()
  let page = pageOf(first)
  if (!page) {
    yield [first]
    return
  }
  if (page.data) yield page.data
  while (page.after) {
    look()
    const { data } = await query(fql`Set.paginate(${page.after})`, options ?? {})
    page = pageOf(data)
    if (!page?.data) throw new ProtocolError({ message: 'Fauna answered Set.paginate() with something that is no page', httpStatus: 200 })
    yield page.data
  }
}
