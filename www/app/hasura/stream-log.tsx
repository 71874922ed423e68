'use client'
import { CountersignError } from 'countersign'
import { useEffect, useId, useRef, useState } from 'react'
import { Problem } from '@/components/outcome'
import { plain } from './plain'
import { type Found, useLog } from './use-log'

/** Each row once, in order, over rotations and lost sockets: the client keeps the cursor, which Hasura keeps with the socket. */
export function StreamLog({ on, beside, again }: { on: boolean; beside: boolean; again: () => void }) {
  const title = useId()
  const { log, check } = useLog(on)
  const list = useRef<HTMLOListElement>(null)
  const [found, setFound] = useState<{ at: string; what?: Found; problem?: string }>()
  const theirs = plain.use()
  useEffect(() => void list.current?.scrollTo({ top: list.current.scrollHeight }), [log.count])
  const compare = () => void check().then((what) => setFound(what && { at: log.cursor ?? '', what }), (error: Error) => setFound({ at: log.cursor ?? '', problem: error.message }))
  const nobody = CountersignError.is(log.error, 'signed_out')
  return (
    <section aria-labelledby={title}>
      <h4 id={title}>The log of my messages</h4>
      {!on && <p className="empty">A stream: each row comes once, behind the cursor.</p>}
      <div className="outcome outcome-error" role="alert" data-testid="hasura-log-ended">
        {log.error && !nobody && <><Problem error={log.error} /><button type="button" className="small" onClick={again}>Try again</button></>}
      </div>
      {log.count > 0 && (
        <>
          <ol ref={list} className="live-log scroll" tabIndex={0} aria-label="Messages in the order in which they were written" data-testid="hasura-log-rows">
            {log.rows.map((row, i) => <li key={`${row.id} ${i}`} data-id={row.id}><code title={row.id}>{shortened(row.id)}</code><span>{row.body}</span></li>)}
          </ol>
          <dl className="facts live-facts" data-testid="hasura-log-facts" data-count={log.count} data-twice={log.twice} data-cursor={log.cursor}>
            <div><dt>rows</dt><dd>{log.count}</dd></div>
            <div><dt>twice</dt><dd>{log.twice}</dd></div>
            <div><dt>cursor</dt><dd><code title={log.cursor}>{shortened(log.cursor ?? '')}</code></dd></div>
            {beside && <div><dt>graphql-ws was given twice</dt><dd>{theirs.twice}</dd></div>}
          </dl>
          <div className="actions"><button type="button" className="small" data-testid="hasura-log-check" onClick={compare}>Compare with the table</button></div>
          <p role="status" className="part-text" data-testid="hasura-log-found" data-missing={found?.what?.missing} data-twice={found?.what?.twice}>{found?.problem ?? (found?.what ? verdict(found.what) : '')}</p>
        </>
      )}
    </section>
  )
}

const verdict = ({ inTable, inLog, missing, twice }: Found) => `Up to this cursor the table has ${inTable} of my messages, and the log has ${inLog} of them: ${missing || 'none'} lost, ${twice || 'none'} twice.`

/** The time is at its front, chance at its end. */
const shortened = (id: string) => `…${id.slice(-8)}`
