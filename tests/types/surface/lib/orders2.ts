// step 2: the token disappears from the code
import { type DocumentT, fql, type TimeStub } from 'countersign/fauna'
import { fauna } from './backends'

export type OrderDoc = DocumentT<{ total: number; placed: TimeStub }>
export const orders = async () => {
  const all: OrderDoc[] = []
  for await (const page of fauna.paginate<OrderDoc>(fql`Order.all()`)) all.push(...page)
  return all
}
