// What `client.live` does, loaded with the first subscription.
import type { Sink } from '../types.js'
import { ClientError } from './errors.js'
import type { Asked, LiveOptions } from './live.js'
import { SetIterator } from './paginate.js'
import type { EventSource } from './wire.js'
import type { StreamClientConfiguration } from './stream.js'
import type { Query } from './query.js'

/** Which document it is; what an event says is about the same one. */
const nameOf = (row: any): string => {
  const id = row?.id ?? row?.name
  if (typeof id === 'string') return `${row.coll?.name ?? ''}:${id}`
  throw new ClientError('A live set needs to know its documents: ask for documents, or keep `id` in the projection (set { id, ... })')
}

/**
 * Reads the set, follows its events, and gives the whole set after each change (once per turn of the event loop, however many came). Fulfils when the
 * client is closed; rejects with what ended it, or with the reason of the signal.
 */
export const follow = async <R>(client: Asked, query: Query<any>, options: LiveOptions<R>, to: Sink<R[]>, signal: AbortSignal): Promise<void> => {
  const { limit = 1000, order, via, poll_ms, onState } = options
  let rows = new Map<string, R>()
  let read = rows
  // The set is read anew after events were missed. What came before that must be out of the queue first, whichever of the two is slower.
  let reads = 0
  let missed = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const give = () => {
    timer = undefined
    const all = [...rows.values()]
    to.next(order ? all.sort(order) : all)
  }
  const changed = () => (timer ??= setTimeout(give))
  const swap = () => {
    if (reads !== missed + 1) return
    rows = read
    changed()
  }
  const source = async () => {
    const { data } = await client.query(query, { format: 'tagged', signal })
    const next = new Map<string, R>()
    for await (const row of SetIterator.fromPageable<R>(client, data.page, { format: 'tagged', signal }).flatten()) {
      next.set(nameOf(row), row)
      if (next.size > limit) throw new ClientError(`The set has more than ${limit} documents. Narrow it, or raise \`limit\``)
    }
    read = next
    reads++
    swap()
    return data.source as EventSource
  }
  try {
    for await (const event of client.stream(source, { resync_events: true, signal, via, poll_ms, onState } as Partial<StreamClientConfiguration>)) {
      if (event.type === 'resync') {
        missed++
        swap()
        continue
      }
      if (event.type === 'status') continue
      if (event.type === 'remove') rows.delete(nameOf(event.data))
      else rows.set(nameOf(event.data), event.data)
      changed()
    }
  } finally {
    if (timer !== undefined) {
      clearTimeout(timer)
      if (!signal.aborted) give()
    }
  }
  to.complete?.()
}
