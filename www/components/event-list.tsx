'use client'
import { useEvents } from '@/lib/events'

/** What the session tells its listeners, newest first. */
export function EventList() {
  const { lines, clear } = useEvents()
  return (
    <section className="panel" aria-labelledby="events-title">
      <header className="panel-head">
        <h2 id="events-title">What happened</h2>
        <button type="button" className="small" onClick={clear} disabled={!lines.length}>Clear</button>
      </header>
      {lines.length === 0 ? <p className="empty">Nothing yet. Sign in, then run a query.</p> : (
        <ol className="events scroll" tabIndex={0} aria-label="Events of the session, newest first" reversed>
          {lines.map((line) => (
            <li key={line.n} data-type={line.type}><time>{line.at}</time><span className="event-type">{line.type}</span><span className="event-text">{line.text}</span></li>
          ))}
        </ol>
      )}
    </section>
  )
}
