'use client'
import { CountersignError } from 'countersign'
import { useMemo, useState } from 'react'
import { duration, pretty, tabular } from '@/lib/show'
import type { Outcome } from '@/lib/use-run'

/** What came of a press. Both regions are always there, so that a screen reader hears what appears in them. */
export function OutcomeView({ id, outcome }: { id: string; outcome: Outcome }) {
  return (
    <>
      <div className="outcome" role="status" aria-live="polite" data-testid={`${id}-result`} data-ms={outcome.state === 'done' ? Math.round(outcome.ms) : undefined}>
        {outcome.state === 'done' && <Result value={outcome.value} ms={outcome.ms} refreshed={outcome.refreshed} />}
      </div>
      <div className="outcome outcome-error" role="alert" data-testid={`${id}-error`}>
        {outcome.state === 'failed' && <Problem error={outcome.error} ms={outcome.ms} />}
      </div>
    </>
  )
}

function Result({ value, ms, refreshed }: { value: unknown; ms: number; refreshed: boolean }) {
  const table = useMemo(() => tabular(value), [value])
  const [raw, setRaw] = useState(false)
  return (
    <>
      <p className="outcome-meta">
        <strong>{table ? `${table.rows.length} ${table.rows.length === 1 ? 'row' : 'rows'}` : 'Answered'}</strong>
        <span>{duration(ms)}</span>
        <span className={refreshed ? 'chip chip-fresh' : 'chip'}>{refreshed ? 'new token' : 'no new token'}</span>
        {table && <button type="button" className="link" aria-pressed={raw} onClick={() => setRaw(!raw)}>{raw ? 'as a table' : 'as JSON'}</button>}
      </p>
      {table && !raw ? (
        <div className="scroll" tabIndex={0} role="region" aria-label="Rows">
          <table>
            <thead><tr>{table.columns.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
            <tbody>{table.rows.map((row, i) => (
              <tr key={i}>{row.map((cell, j) => <td key={j} className={typeof cell === 'number' ? 'number' : undefined}>{text(cell)}</td>)}</tr>
            ))}</tbody>
          </table>
        </div>
      ) : <pre className="scroll" tabIndex={0}>{pretty(value)}</pre>}
    </>
  )
}

const text = (cell: unknown) => (cell === null || cell === undefined ? '–' : String(cell))

/** Why something was not answered, and what to change. */
export function Problem({ error, ms }: { error: unknown; ms?: number }) {
  const ours = CountersignError.is(error) ? error : undefined
  // A query language points at the place in the lines below the first, or in Fauna's summary.
  const [first, ...more] = (error instanceof Error ? error.message : String(error)).split('\n')
  const summary = (error as { queryInfo?: { summary?: string } } | null)?.queryInfo?.summary
  const place = more.join('\n').trim() || (summary && summary !== first ? summary : '')
  return (
    <>
      <p className="outcome-meta">
        <strong>{ours?.code === 'signed_out' ? 'Not sent' : 'Not answered'}</strong>
        {ms !== undefined && <span>{duration(ms)}</span>}
        {ours && <span className="chip chip-bad">{ours.kind} / {ours.code}</span>}
      </p>
      <p className="message">{first}</p>
      {place && <pre className="scroll" tabIndex={0}>{place}</pre>}
      {ours?.hint && <p className="hint"><b>What to change</b> {ours.hint}</p>}
    </>
  )
}
