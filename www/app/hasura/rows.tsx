'use client'
import { CountersignError } from 'countersign'

/** The messages that Apollo or SWR got, or why not. */
export function Rows({ id, rows, error }: { id: string; rows: { id: string; body: string }[] | undefined; error: unknown }) {
  const problem = error && !CountersignError.isQuiet(error) ? error : undefined
  return (
    <>
      <div className="outcome" role="status" aria-live="polite" data-testid={`${id}-result`}>
        {rows && !problem && <ul className="rows">{rows.map((row) => <li key={row.id}>{row.body}</li>)}</ul>}
      </div>
      <div className="outcome outcome-error" role="alert" data-testid={`${id}-error`}>
        {problem !== undefined && <p className="message">{problem instanceof Error ? problem.message : String(problem)}</p>}
      </div>
    </>
  )
}
