// What `client.live` does, loaded with the first subscription.
import { CountersignError } from '../errors.js'
import type { Sink } from '../types.js'
import { NamedDocument } from './doc.js'
import { ClientError } from './errors.js'
import type { Asked, LiveOptions } from './live.js'
import { SetIterator } from './paginate.js'
import type { Query } from './query.js'
import type { StreamClientConfiguration, StreamEvent } from './stream.js'
import type { EventSource } from './wire.js'

/** Which document it is; what an event says is about the same one. A `name` is one only where it is a document's own: of a projection it is any field. */
const nameOf = (row: any): string => {
  const id = row instanceof NamedDocument ? row.name : row?.id
  if (typeof id === 'string') return `${row.coll?.name ?? ''}:${id}`
  throw new ClientError('A live set needs to know its documents: ask for documents, or keep `id` in the projection (set { id, ... })')
}

/**
 * Reads the set, follows its events, and gives the whole set after each change (once per turn of the event loop, however many came). Fulfils when the
 * client is closed; rejects with what ended it, or with the reason of the signal.
 */
export const follow = async <R>(client: Asked, query: Query<any>, options: LiveOptions<R>, to: Sink<R[]>, signal: AbortSignal): Promise<void> => {
  const { limit = 1000, order, via, poll_ms, onState, onEvent } = options
  // After events were missed the set is read anew. What it was then holds from where its source begins in the events, and that may not have come yet.
  const reads: Map<string, R>[] = []
  let rows: Map<string, R> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false
  const give = () => {
    // At the end it does not wait for its turn.
    clearTimeout(timer)
    timer = undefined
    const all = [...rows!.values()]
    to.next(order ? all.sort(order) : all)
  }
  const put = (into: Map<string, R>, row: R) => {
    const name = nameOf(row)
    if (into.size >= limit && !into.has(name)) throw new ClientError(`The set has more than ${limit} documents. Narrow it, or raise \`limit\``)
    into.set(name, row)
  }
  const changed = () => {
    // The set may be read to its end when nobody follows it any more.
    if (!over) timer ??= setTimeout(give)
  }
  const begin = () => {
    rows = reads.shift()
    changed()
  }
  const source = async () => {
    const { data } = await client.query(query, { format: 'tagged', signal })
    const read = new Map<string, R>()
    for await (const row of SetIterator.fromPageable<R>(client, data.page, { format: 'tagged', signal }).flatten()) put(read, row)
    reads.push(read)
    if (!rows) begin()
    return data.source as EventSource
  }
  const apply = (event: StreamEvent<R>) => {
    if (event.type === 'status') return
    try {
      onEvent?.(event)
    } catch {
      // It watches; what goes wrong there is not the set's.
    }
    if (event.type === 'resync') return begin()
    if (event.type === 'remove') rows!.delete(nameOf(event.data))
    else put(rows!, event.data)
    changed()
  }
  try {
    for await (const event of client.stream(source, { resync_events: true, signal, via, poll_ms, onState } as Partial<StreamClientConfiguration>)) apply(event)
    if (timer !== undefined) give()
  } catch (error) {
    // What is known is given before the end is; but not to whoever came after.
    if (timer !== undefined && !signal.aborted && !CountersignError.is(error, 'identity_changed')) give()
    throw error
  } finally {
    over = true
    clearTimeout(timer)
  }
  to.complete?.()
}
