// What a FeedClient does, loaded with its first page.
import { CountersignError } from '../errors.js'
import type { Fence } from '../fence.js'
import { pause } from '../pause.js'
import { ThrottlingError } from './errors.js'
import { readPage, sourceOf } from './event.js'
import { connection } from './event-way.js'
import type { Feeding } from './feed.js'
import { ended, type Who } from './state.js'
import type { FeedSuccess } from './wire.js'

const changed = () => new CountersignError('identity_changed', 'fauna: the user changed; a feed belongs to the user with whom it began', { backend: 'fauna' })

/** Fetches one page after the other. */
export const feeder = <T>(feeding: Feeding): ((guard: Fence) => Promise<FeedSuccess<T>>) => {
  const { source, config, own } = feeding
  // Pages may be fetched hours apart, so the session is not listened to between them: it is asked whom the first page was for.
  const session = own?.session
  let known: Who
  const mine = (guard: Fence) => {
    const now = session?.identityKey
    known ??= now
    if (now !== undefined && now !== known) throw changed()
    try {
      guard.check()
    } catch {
      throw changed()
    }
  }
  const way = connection(config, own)
  let token: string | undefined
  return async (guard) => {
    const check = () => mine(guard)
    if (own) ended(own.state)
    const { signal, page_size, start_ts, max_attempts, max_backoff, long_type } = config
    signal?.throwIfAborted()
    check()
    token ??= sourceOf(typeof source === 'function' ? await source() : source).token
    const { cursor } = feeding
    const body = { token, ...(page_size && { page_size }), ...(cursor !== undefined ? { cursor } : start_ts !== undefined && { start_ts }) }
    for (let attempt = 1; ; attempt++) {
      check()
      try {
        const page = readPage(await way.page(body, signal, check), long_type, config.secret)
        check()
        if (page instanceof Error) throw page
        feeding.cursor = page.cursor
        feeding.done = !page.has_next
        return page
      } catch (error) {
        signal?.throwIfAborted()
        check()
        if (!(error instanceof ThrottlingError) || attempt >= max_attempts) throw error
        await pause(Math.min(Math.random() * 2 ** (attempt - 1), max_backoff) * 1000, signal, session, check)
      }
    }
  }
}
