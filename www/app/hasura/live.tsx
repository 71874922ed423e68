'use client'
import { CountersignError } from 'countersign'
import { useIdentityKey, useLive } from 'countersign/react'
import { useEffect, useId, useRef, useState } from 'react'
import { Problem } from '@/components/outcome'
import { person } from '@/lib/auth'
import { hasura, session } from '@/lib/backends'
import { useRun } from '@/lib/use-run'
import { ConnectionTrouble } from './connection-trouble'
import { SocketFacts } from './facts'
import { DELETE, type Message, MESSAGES, something, WRITE } from './messages'
import { Picture } from './picture'
import { startPlain } from './plain'
import { follow, lanes, PLAIN } from './sockets'
import { StreamLog } from './stream-log'

export const ROLES = ['user', 'editor'] as const
export type Role = (typeof ROLES)[number]
const EVERY_MS = 1000

/** Messages, live: what any window changes is seen in all of them, whatever becomes of tokens and sockets meanwhile. */
export function LiveMessages() {
  const title = useId()
  const [on, setOn] = useState(false)
  const [role, setRole] = useState<Role>('user')
  const [beside, setBeside] = useState(false)
  const [writing, setWriting] = useState(false)
  // A subscription that failed is made anew with a new part of the page: to the same question `useLive` would say the same.
  const [tries, setTries] = useState(0)
  const me = useIdentityKey()
  const name = person.use()?.name ?? 'Nobody'
  const act = useRun('hasura', (ask: () => Promise<unknown>) => ask())
  const write = () => act.run(() => hasura.request(WRITE, { body: something(name) }, { role: 'user' }))
  const names = Object.keys(lanes.use()).sort((a, b) => Number(a === PLAIN) - Number(b === PLAIN) || b.localeCompare(a))

  useEffect(() => follow(hasura, () => session.inspect().tokens.hasura?.expiresAt), [])
  useEffect(() => (on && beside && me ? startPlain() : undefined), [on, beside, me])
  const again = useRef(write)
  again.current = write
  useEffect(() => {
    if (!writing || !me) return
    const timer = setInterval(() => void again.current(), EVERY_MS)
    return () => clearInterval(timer)
  }, [writing, me])

  return (
    <section className="card-part live" aria-labelledby={title}>
      <h3 id={title}>Live</h3>
      <p className="part-text">Open this page in a second window: what one changes, both show. Hasura cuts each socket when its token ends; the demo’s own Clerk gives one 20 seconds. Watch a new socket take over before that.</p>
      <div className="actions">
        <button type="button" className="run run-quiet" data-testid="hasura-live" aria-pressed={on} onClick={() => { setOn(!on); setTries(tries + 1) }}>{on ? 'Stop' : 'Go live'}</button>
        <div className="segments segments-2" role="group" aria-label="As which role the list is read">
          {ROLES.map((each) => <button key={each} type="button" data-testid={`hasura-live-${each}`} aria-pressed={each === role} onClick={() => setRole(each)}>{each}</button>)}
        </div>
        <button type="button" className="small" data-testid="hasura-live-write" aria-busy={act.outcome.state === 'running'} onClick={() => void write()}>Write a message</button>
        <button type="button" className="small" data-testid="hasura-live-writing" aria-pressed={writing} onClick={() => setWriting(!writing)}>One every second</button>
        <button type="button" className="small" data-testid="hasura-live-beside" aria-pressed={beside} onClick={() => setBeside(!beside)}>Beside it: plain graphql-ws</button>
      </div>
      <div className="outcome outcome-error" role="alert" data-testid="hasura-live-error">{act.outcome.state === 'failed' && <Problem error={act.outcome.error} />}</div>
      <Picture names={names.length ? names : [role]} moving={names.length > 0} />
      <SocketFacts on={on} role={role} beside={beside} />
      <ConnectionTrouble />
      <div className="live-halves">
        <Rows key={tries} on={on} role={role} again={() => setTries(tries + 1)} remove={(message) => void act.run(() => hasura.request(DELETE, { id: message.id }, { role }))} />
        <StreamLog key={`log ${tries}`} on={on} beside={beside} again={() => setTries(tries + 1)} />
      </div>
    </section>
  )
}

function Rows({ on, role, again, remove }: { on: boolean; role: Role; again: () => void; remove: (message: Message) => void }) {
  const title = useId()
  const { data, error, isLoading } = useLive(on ? hasura.live(MESSAGES, {}, { role }) : null)
  const list = useRef<HTMLUListElement>(null)
  const removing = useRef(false)
  const rows = data?.messages
  useEffect(() => {
    // The button that had the focus went with its row.
    if (removing.current && document.activeElement === document.body) list.current?.focus()
    removing.current = false
  }, [rows?.length])
  const nobody = CountersignError.is(error, 'signed_out')
  return (
    <section aria-labelledby={title}>
      <h4 id={title}>{role === 'user' ? 'My messages, newest first' : 'Everybody’s messages, newest first'}</h4>
      <div className="outcome outcome-error" role="alert" data-testid="hasura-live-ended">
        {error && !nobody && <><Problem error={error} /><button type="button" className="small" onClick={again}>Try again</button></>}
      </div>
      {nobody && <p className="empty" data-testid="hasura-live-nobody">Nobody is signed in. It goes on with whoever is next.</p>}
      {isLoading && <p className="empty">Reading the messages…</p>}
      {!on && <p className="empty">A live query: the whole list comes with each change.</p>}
      <p className="sr-only" role="status">{rows ? `${rows.length} messages` : ''}</p>
      {rows && (
        <ul ref={list} className="live-rows scroll" tabIndex={0} aria-label="Messages" data-testid="hasura-live-rows" data-role={role}>
          {rows.map((message) => (
            <li key={message.id} className="live-message">
              <span className="live-item">{message.body}</span>
              {role === 'editor' && <span className="live-owner">{message.owner}</span>}
              <button type="button" className="small" aria-label={`Delete ${message.body}`} onClick={() => { removing.current = true; remove(message) }}>Delete</button>
            </li>
          ))}
          {rows.length === 0 && <li className="empty">No messages.</li>}
        </ul>
      )}
    </section>
  )
}
