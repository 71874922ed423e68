'use client'
import { useState } from 'react'
import { BackendCard } from '@/components/backend-card'
import { hasura } from '@/lib/backends'
import { config, hostOf } from '@/lib/config'

const EXAMPLES = [
  { label: 'My messages', text: 'query {\n  messages { id body room }\n}' },
  { label: 'My orders', text: 'query {\n  orders { id item total }\n}' },
  { label: 'Type names', text: '{ __schema { types { name } } }' },
] as const

const CODE = `const hasura = new HasuraClient({ session, template: 'hasura', endpoint })

const { messages } = await hasura.request('query { messages { id body } }')`

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
      </label>} />
  )
}
