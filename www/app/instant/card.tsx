'use client'
import { BackendCard } from '@/components/backend-card'
import { instant, session } from '@/lib/backends'
import { config, hostOf } from '@/lib/config'

const EXAMPLES = [
  { label: 'My to-dos', text: '{ "todos": {} }' },
  { label: 'Open ones', text: '{ "todos": { "$": { "where": { "done": false } } } }' },
] as const

const CODE = `const db = init({ session, template: 'instant', clientName: 'clerk', appId, apiURI })

const { data } = await db.queryOnce({ todos: {} })`

export function InstantCard() {
  const ask = async (text: string): Promise<unknown> => {
    const query = parse(text)
    // Instant keeps a session of its own; asked for here, the identity's token beside it is renewed when it is due, as on the other cards.
    await session.getToken('instant')
    return (await instant.queryOnce(query)).data
  }
  return <BackendCard id="instant" title="InstantDB" language="InstaQL, as JSON" endpoint={hostOf(config.instant.apiURI)} examples={EXAMPLES} ask={ask} code={CODE} />
}

function parse(text: string): object {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`The query is not JSON: ${(error as Error).message}`)
  }
}
