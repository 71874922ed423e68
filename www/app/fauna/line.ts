// What the live set tells about its connection, as a picture needs it: what it was and since when. Nothing of a user is in it but the cursor.
import type { ResyncEvent, StreamEventData, StreamState } from 'countersign/fauna'
import { store } from '@/lib/store'

/** How much of the past is drawn, in milliseconds. */
export const SPAN_MS = 90_000

/** Times by the clock that nobody moves: `performance.now()`. */
export interface Stretch { at: number; status: StreamState['status']; cause: StreamState['cause']; retryInMs?: number | undefined }
export interface Happened { at: number; type: StreamEventData['type'] | 'resync' }
export interface Line {
  stretches: readonly Stretch[]
  happened: readonly Happened[]
  connections: number
  events: number
  cursor?: string | undefined
  /** Documents that events were about, with the time of the transaction; the last one last. */
  touched: ReadonlyMap<string, number>
}

const NOTHING: Line = { stretches: [], happened: [], connections: 0, events: 0, touched: new Map() }
export const line = store<Line>(NOTHING)

export const noteState = ({ status, cause, connects, retryInMs }: StreamState): void => {
  const now = line.get()
  const last = now.stretches.at(-1)
  const at = performance.now()
  // What began before the picture does, and what went on into it, stays.
  const stretches = now.stretches.filter((_, i, all) => i + 1 === all.length || all[i + 1]!.at > at - SPAN_MS)
  const fresh = status === 'connecting' && connects === 1
  // Being open, or trying again after a wait, has no reason of its own: it is that of the connection or of the wait.
  const inherits = last && !fresh && cause === 'first' && status !== 'closed'
  line.set({
    ...now,
    stretches: [...stretches, { at, status, cause: inherits ? last.cause : cause, retryInMs }],
    connections: now.connections + (status === 'connecting' ? 1 : 0),
    ...(fresh && { cursor: undefined, touched: NOTHING.touched }),
  })
}

export const noteEvent = (event: StreamEventData | ResyncEvent): void => {
  const now = line.get()
  const at = performance.now()
  line.set({
    ...now,
    happened: [...now.happened.filter((each) => each.at > at - SPAN_MS), { at, type: event.type }],
    events: now.events + (event.type === 'resync' ? 0 : 1),
    cursor: event.type === 'resync' ? undefined : event.cursor,
    touched: event.type === 'resync' ? now.touched : new Map(now.touched).set(event.data.id, event.txn_ts),
  })
}

/** Another user's cursor is nobody's business, and the counts begin anew. The picture goes on: it has nothing of a user. */
export const forgetLine = (): void => line.set({ ...NOTHING, stretches: line.get().stretches, happened: line.get().happened })
