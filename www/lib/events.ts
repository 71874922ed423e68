'use client'
import type { SessionEvent } from 'countersign'
import { useEffect, useState } from 'react'
import { session } from './backends'

const KEPT = 80
export interface Line { n: number; at: string; type: SessionEvent['type']; text: string }

/** What the session tells its listeners, newest first; what it told before somebody looked has no time. */
export function useEvents(): { lines: readonly Line[]; clear: () => void } {
  const [lines, setLines] = useState<readonly Line[]>([])
  useEffect(() => {
    const earlier = session.inspect().events
    let n = earlier.length
    setLines(earlier.map((event, i) => ({ n: i, at: '', type: event.type, text: say(event) })).reverse().slice(0, KEPT))
    return session.subscribe((event) => {
      const line: Line = { n: n++, at: new Date().toLocaleTimeString('en-GB'), type: event.type, text: say(event) }
      setLines((before) => [line, ...before].slice(0, KEPT))
    })
  }, [])
  return { lines, clear: () => setLines([]) }
}

function say(event: SessionEvent): string {
  switch (event.type) {
    case 'identity': return event.key === undefined ? 'not known' : event.key === null ? 'nobody' : 'somebody is signed in'
    case 'status': return event.status
    case 'wake': return 'the page woke up'
    case 'forget': return 'the last user is gone: caches dropped'
    case 'disposed': return 'the session is over'
    case 'token': return `${event.template}: ${REASON[event.reason] ?? event.reason}, good until ${new Date(event.expiresAt).toLocaleTimeString('en-GB')}`
    case 'refreshFailed': case 'rejected': return `${event.template}: ${event.error.message}`
    case 'decision': return event.text
  }
}

const REASON: Record<string, string> = { first: 'first token', expiring: 'refreshed before expiry', rejected: 'new one after a rejection', forced: 'new one, forced', identity: 'first token of this user' }
