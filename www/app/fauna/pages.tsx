'use client'
import { type KeyboardEvent, useId, useState } from 'react'
import { Problem } from '@/components/outcome'
import { usePages } from './use-pages'

const SIZES = [2, 5, 10] as const

/** My orders as a table of pages. Each page is one request, with the token that is right when it is sent. */
export function Pages() {
  const [size, setSize] = useState<number>(SIZES[0])
  const { phase, pages, at, more, error, read, turn } = usePages(size)
  const title = useId()
  const rows = pages[at] ?? []
  const known = pages.length + (more ? 1 : 0)
  const busy = phase === 'loading'
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: pages.length - 1 }[event.key]
    if (to === undefined || !pages.length || event.altKey || event.ctrlKey || event.metaKey || event.target instanceof HTMLSelectElement) return
    event.preventDefault()
    turn(to)
  }
  return (
    <section className="card-part pages" aria-labelledby={title} onKeyDown={onKeyDown}>
      <h3 id={title}>Page by page</h3>
      <p className="part-text">The largest orders first. A cursor holds the moment of the first page: what changes meanwhile does not shift the pages.</p>
      <div className="actions">
        <button type="button" className="run run-quiet" data-testid="fauna-pages-read" aria-busy={busy} onClick={read}>{pages.length ? 'Read anew' : 'Read the first page'}</button>
        <label className="role">Rows
          <select value={size} onChange={(event) => setSize(Number(event.target.value))} data-testid="fauna-pages-size">{SIZES.map((n) => <option key={n}>{n}</option>)}</select>
        </label>
      </div>
      <div className="outcome outcome-error" role="alert" data-testid="fauna-pages-error">{phase === 'failed' && <Problem error={error} />}</div>
      {pages.length > 0 && (
        <div className="outcome">
          <div className="scroll" tabIndex={0} role="region" aria-label="Orders; the arrow keys turn the page" aria-keyshortcuts="ArrowLeft ArrowRight Home End" aria-busy={busy} style={{ minHeight: `${Math.max(...pages.map(({ length }) => length)) * 33 + 31}px` }}>
            <table data-testid="fauna-pages-rows">
              <thead><tr><th scope="col">item</th><th scope="col">total</th></tr></thead>
              <tbody>{rows.map((row) => <tr key={row.id}><td>{row.item}</td><td className="number">{row.total}</td></tr>)}</tbody>
            </table>
          </div>
          <nav className="pager" aria-label="Pages of orders">
            <button type="button" className="small" data-testid="fauna-pages-previous" aria-disabled={at === 0} onClick={() => turn(at - 1)}>Previous</button>
            <ol>{numbers(known, at).map((n, i, all) => (
              <li key={n}>
                {i > 0 && n - all[i - 1]! > 1 && <span className="pager-gap" aria-hidden>…</span>}
                <button type="button" aria-label={`Page ${n + 1}`} aria-current={n === at ? 'page' : undefined} onClick={() => turn(n)}>{n + 1}</button>
              </li>
            ))}</ol>
            <button type="button" className="small" data-testid="fauna-pages-next" aria-disabled={at + 1 >= known} onClick={() => turn(at + 1)}>Next</button>
          </nav>
        </div>
      )}
      <p className="pager-where" role="status" data-testid="fauna-pages-where">{busy ? 'Reading…' : !pages.length ? '' : `Page ${at + 1} of ${more ? `at least ${known}` : known}, ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`}</p>
    </section>
  )
}

/** The first, the last, and those around the one that is shown. */
const numbers = (known: number, at: number): number[] => Array.from({ length: known }, (_, n) => n).filter((n) => n === 0 || n === known - 1 || Math.abs(n - at) <= 1)
