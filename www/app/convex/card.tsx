'use client'
import { BackendCard } from '@/components/backend-card'
import { convex } from '@/lib/backends'
import { config, hostOf } from '@/lib/config'
import { parseCall } from './parse'

const EXAMPLES = [
  { label: 'My messages', text: 'messages:getForCurrentUser {}' },
  { label: 'Send one', text: 'mutation messages:send {"body": "hi"}' },
  { label: 'Who am I', text: 'users:me {}' },
] as const

const CODE = `const convex = new ConvexClient(url, { session, template: 'convex' })

await convex.query(api.messages.getForCurrentUser, {})
await convex.mutation(api.messages.send, { body: 'hi' })`

export function ConvexCard() {
  const ask = async (text: string): Promise<unknown> => {
    const { kind, ref, args } = parseCall(text)
    if (kind === 'mutation') return convex.mutation(ref, args)
    return kind === 'action' ? convex.action(ref, args) : convex.query(ref, args)
  }
  return <BackendCard id="convex" title="Convex" language="Function and arguments" endpoint={hostOf(config.convex.url)} examples={EXAMPLES} ask={ask} code={CODE} />
}
