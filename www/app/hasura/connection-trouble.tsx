'use client'
import { useId, useState } from 'react'
import { allLocal, type SocketTrouble, troubleSockets } from '@/lib/trouble/servers'

const KINDS: readonly { kind: SocketTrouble; label: string; what: string }[] = [
  { kind: 'drop', label: 'Drop the sockets', what: 'The network cuts them, without a close frame (1006). A new one follows after a moment, longer with each failure in a row.' },
  { kind: 'restart', label: 'Restart the server', what: 'Close code 1012. A new one follows after a short, random pause, so that not everybody comes at once.' },
  { kind: 'refuse', label: 'Refuse the next token', what: 'Dropped, and the next token is refused (4403, which says nothing). A new token is asked for, once.' },
  { kind: 'freeze', label: 'Freeze', what: 'They look open, and nothing comes any more: no frame for 15 s is a reason to ask, no answer for 5 s is a dead socket. Plain graphql-ws notices nothing.' },
]

/** What can happen to a socket, for all windows at once: it is the server that does it. */
export function ConnectionTrouble() {
  const title = useId()
  const [said, setSaid] = useState<{ text: string; bad?: boolean }>({ text: allLocal ? '' : 'Needs the local servers of `npm run demo`.' })
  return (
    <div className="socket-trouble" role="group" aria-labelledby={title}>
      <span id={title} className="socket-trouble-title">Trouble</span>
      {KINDS.map(({ kind, label, what }) => (
        <button key={kind} type="button" className="small" data-testid={`hasura-live-${kind}`} disabled={!allLocal}
          onClick={() => void troubleSockets(kind).then(() => setSaid({ text: what }), (error: Error) => setSaid({ text: error.message, bad: true }))}>{label}</button>
      ))}
      <p role="status" className="socket-trouble-said" data-bad={said.bad}>{said.text}</p>
    </div>
  )
}
