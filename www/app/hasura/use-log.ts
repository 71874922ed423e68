'use client'
import { CountersignError } from 'countersign'
import { useIdentityKey } from 'countersign/react'
import { useEffect, useState } from 'react'
import { hasura } from '@/lib/backends'
import { BEGINNING, type Message, STREAM, UNTIL } from './messages'

const SHOWN = 40
export interface Log {
  /** The newest ones, the last one last. */
  rows: readonly Message[]
  count: number
  /** Rows that came although they had come before. */
  twice: number
  cursor?: string
  error?: Error
}
const NOTHING: Log = { rows: [], count: 0, twice: 0 }
/** What the log was compared with the table, and found. */
export interface Found { inTable: number; inLog: number; missing: number; twice: number }

/** The stream of messages from the first one on, and whether it is what the table says. */
export function useLog(on: boolean): { log: Log; check: () => Promise<Found | undefined> } {
  const me = useIdentityKey()
  const [kept, setKept] = useState<{ log: Log; seen: ReadonlySet<string>; me: unknown }>({ log: NOTHING, seen: new Set(), me: undefined })
  useEffect(() => {
    if (!on || !me) return
    const seen = new Set<string>()
    let log = NOTHING
    const show = (next: Log) => {
      log = next
      setKept({ log, seen, me })
    }
    show(NOTHING)
    return hasura.live(STREAM, { after: BEGINNING }, { role: 'user' }).subscribe({
      next: ({ messages_stream: rows }) => {
        const twice = rows.filter(({ id }) => seen.has(id)).length
        for (const { id } of rows) seen.add(id)
        show({ rows: [...log.rows, ...rows].slice(-SHOWN), count: log.count + rows.length, twice: log.twice + twice, cursor: rows.at(-1)?.id ?? log.cursor })
      },
      error: (error) => {
        if (!CountersignError.isQuiet(error)) show({ ...log, error: error as Error })
      },
    })
  }, [on, me])
  const mine = on && kept.me === me ? kept : undefined
  return {
    log: mine?.log ?? NOTHING,
    check: async () => {
      if (!mine?.log.cursor) return undefined
      const { messages } = await hasura.request(UNTIL, { until: mine.log.cursor }, { role: 'user' })
      const inLog = messages.filter(({ id }) => mine.seen.has(id)).length
      return { inTable: messages.length, inLog, missing: messages.length - inLog, twice: mine.log.twice }
    },
  }
}
