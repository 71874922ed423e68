'use client'
import type { SessionEvent } from 'countersign'
import { useEffect, useState } from 'react'
import { session } from '@/lib/backends'

const KEPT = 80
interface Line { n: number; at: string; type: SessionEvent['type']; text: string }

/** What the session tells its listeners, newest first. */
export function EventList() {
  const [lines, setLines] = useState<Line[]>([])
  useEffect(() => {
    let n = 0
    return session.subscribe((event) => {
      const line: Line = { n: n++, at: new Date().toLocaleTimeString('en-GB'), type: event.type, text: say(event) }
      setLines((before) => [line, ...before].slice(0, KEPT))
    })
  }, [])
  return (
    <section className="panel" aria-labelledby="events-title">
      <header className="panel-head">
        <h2 id="events-title">What happened</h2>
        <button type="button" className="small" onClick={() => setLines([])} disabled={!lines.length}>Clear</button>
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

function say(event: SessionEvent): string {
  switch (event.type) {
    case 'identity': return event.key === undefined ? 'not known' : event.key === null ? 'nobody' : 'somebody is signed in'
    case 'status': return event.status
    case 'wake': return 'the page woke up'
    case 'forget': return 'the last user is gone: caches dropped'
    case 'token': return `${event.template}: ${REASON[event.reason] ?? event.reason}, good until ${new Date(event.expiresAt).toLocaleTimeString('en-GB')}`
    case 'refreshFailed': case 'rejected': return `${event.template}: ${event.error.message}`
    case 'decision': return event.text
  }
}

const REASON: Record<string, string> = { first: 'first token', expiring: 'refreshed before expiry', rejected: 'new one after a rejection', forced: 'new one, forced', identity: 'first token of this user' }
