'use client'
import { fql } from 'countersign/fauna'
import { BackendCard } from '@/components/backend-card'
import { fauna } from '@/lib/backends'
import { config, hostOf } from '@/lib/config'
import { LiveOrders } from './live'
import { Pages } from './pages'

const EXAMPLES = [
  { label: 'My orders', text: 'Order.all()' },
  { label: 'Over 100', text: 'Order.where(.total > 100)' },
  { label: 'Count', text: 'Order.all().count()' },
] as const

const CODE = `const fauna = new Client({ session, template: 'fauna', endpoint })

const { data } = await fauna.query(fql\`Order.all()\`)

for await (const page of fauna.paginate(fql\`Order.all().pageSize(5)\`)) show(page)

const { data: orders } = useLive(fauna.live(fql\`Order.all()\`))`

export function FaunaCard() {
  // What was typed is the whole query: a template string without holes.
  const ask = async (text: string): Promise<unknown> => (await fauna.query(fql([text] as unknown as TemplateStringsArray))).data
  return (
    <BackendCard id="fauna" title="Fauna" language="FQL" endpoint={hostOf(config.fauna.endpoint)} examples={EXAMPLES} ask={ask} code={CODE}>
      <Pages />
      <LiveOrders />
    </BackendCard>
  )
}
