// For contrast: graphql-ws as it comes, with the token function that its documentation shows, on the same subscriptions.
import type { Client } from 'graphql-ws'
import { session } from '@/lib/backends'
import { config } from '@/lib/config'
import { store } from '@/lib/store'
import { BEGINNING, MESSAGES, STREAM } from './messages'
import { asked, closed, connected, expires, laneOf, monoOf, PLAIN, rest, result } from './sockets'

/** The rows of its stream, and how many of them it was given twice. `ended`: it gave up, and why. */
export interface Plain { rows: number; twice: number; ended?: string }
export const plain = store<Plain>({ rows: 0, twice: 0 })

const text = ({ loc }: { loc?: { source: { body: string } } | undefined }) => loc?.source.body ?? ''

/** Starts it; the answer stops it. */
export function startPlain(): () => void {
  let client: Client | undefined
  let over = false
  let n = 0
  const seen = new Set<string>()
  plain.set({ rows: 0, twice: 0 })
  const end = (problem: unknown) => {
    const { code, reason, message } = problem as { code?: number; reason?: string; message?: string }
    if (!over) plain.set({ ...plain.get(), ended: message ?? `${code} ${reason}` })
  }
  const start = async () => {
    const { createClient } = await import('graphql-ws')
    if (over) return
    client = createClient({
      url: config.hasura.endpoint.replace(/^http/, 'ws'),
      connectionParams: async () => {
        const token = await session.getToken('hasura')
        expires(PLAIN, n, monoOf(session.inspect().tokens.hasura?.expiresAt ?? Date.now()))
        return { headers: { Authorization: `Bearer ${token}`, 'x-hasura-role': 'user' } }
      },
      // Without it a browser's `error` event, which comes before `close`, would be the end.
      shouldRetry: () => true,
      on: {
        connecting: () => void (n = asked(PLAIN)),
        connected: () => connected(PLAIN, n),
        closed: (event) => closed(PLAIN, n, (event as CloseEvent).code, !over),
        message: ({ type }) => void (type === 'next' && result(PLAIN, n)),
      },
    })
    client.subscribe({ query: text(MESSAGES) }, { next() {}, error: end, complete() {} })
    client.subscribe<{ messages_stream: { id: string }[] }>({ query: text(STREAM), variables: { after: BEGINNING } }, {
      next: ({ data }) => {
        let { rows, twice } = plain.get()
        for (const { id } of data?.messages_stream ?? []) {
          if (seen.has(id)) twice++
          else rows++
          seen.add(id)
        }
        plain.set({ ...plain.get(), rows, twice })
      },
      error: end,
      complete() {},
    })
  }
  start().catch(end)
  return () => {
    over = true
    void client?.dispose()
    // Its socket closes a moment later; nobody waits for anything any more.
    if (laneOf(PLAIN).sockets) rest(PLAIN)
  }
}
