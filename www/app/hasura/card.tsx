'use client'
import Link from 'next/link'
import { useId, useState } from 'react'
import { BackendCard } from '@/components/backend-card'
import { hasura } from '@/lib/backends'
import { config, hostOf } from '@/lib/config'
import { LiveMessages } from './live'

const EXAMPLES = [
  { label: 'My messages', text: 'query {\n  messages { id body room }\n}' },
  { label: 'My orders', text: 'query {\n  orders { id item total }\n}' },
  { label: 'Type names', text: '{ __schema { types { name } } }' },
] as const

const CODE = `const hasura = new HasuraClient({ session, template: 'hasura', endpoint })

const { messages } = await hasura.request('query { messages { id body } }')

const { data } = useLive(hasura.live(MESSAGES))            // goes on over tokens and sockets

hasura.live(STREAM, { after: id }).subscribe({ next: show }) // each row once`

export function HasuraCard() {
  const [role, setRole] = useState('')
  const ask = (text: string): Promise<unknown> => hasura.request(text, {}, role ? { role } : {})
  return (
    <BackendCard id="hasura" title="Hasura" language="GraphQL" endpoint={hostOf(config.hasura.endpoint)} examples={EXAMPLES} ask={ask} code={CODE}
      controls={<label className="role">Role
        <select value={role} onChange={(event) => setRole(event.target.value)} data-testid="hasura-role">
          <option value="">default</option>
          <option value="user">user</option>
          <option value="editor">editor</option>
          <option value="admin">admin</option>
        </select>
      </label>}>
      <Guide />
      <LiveMessages />
    </BackendCard>
  )
}

function Guide() {
  const title = useId()
  return (
    <section className="card-part guide" aria-labelledby={title}>
      <h3 id={title}>In your own app</h3>
      <p className="part-text">A JWT template in Clerk, one variable for Hasura, one file in your app; then it works with the client that you have.</p>
      <ul>
        <li><Link href="/docs/hasura">Clerk and Hasura, from zero</Link></li>
        <li><Link href="/hasura-apollo">A page with Apollo Client</Link></li>
        <li><Link href="/hasura-swr">A page with SWR, in the shape of Clerk’s guide</Link></li>
      </ul>
    </section>
  )
}
