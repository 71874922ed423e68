'use client'
import { BackendCard } from '@/components/backend-card'
import { instant } from '@/lib/backends'
import { config, hostOf } from '@/lib/config'

const EXAMPLES = [
  { label: 'My to-dos', text: '{ "todos": {} }' },
  { label: 'Open ones', text: '{ "todos": { "$": { "where": { "done": false } } } }' },
] as const

const CODE = `const db = init({ session, template: 'instant', clientName: 'clerk', appId, apiURI })

const { data } = await db.queryOnce({ todos: {} })`

export function InstantCard() {
  const ask = async (text: string): Promise<unknown> => (await instant.queryOnce(parse(text))).data
  return <BackendCard id="instant" title="InstantDB" language="InstaQL, as JSON" endpoint={hostOf(config.instant.apiURI)} examples={EXAMPLES} ask={ask} code={CODE} />
}

function parse(text: string): object {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`The query is not JSON: ${(error as Error).message}`)
  }
}
