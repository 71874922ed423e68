// step 1 of the migration: only the import, and an endpoint because no host is built in
import { Client, ConstraintFailureError, type Document, type DocumentT, fql, FaunaError, type Page, type QueryOptions, ThrottlingError, TimeStub } from 'countersign/fauna'

export type OrderDoc = DocumentT<{ total: number; placed: TimeStub }>

export async function orders(getToken: (o: { template: string }) => Promise<string | null>, opts?: QueryOptions) {
  const secret = await getToken({ template: 'fauna' })
  if (!secret) return []
  const client = new Client({ secret, endpoint: new URL('https://fauna.example.com') })
  try {
    const all: OrderDoc[] = []
    for await (const page of client.paginate<OrderDoc>(fql`Order.all()`, opts)) all.push(...page)
    return all
  } catch (e) {
    if (e instanceof ConstraintFailureError) return []
    if (e instanceof ThrottlingError) throw e
    if (e instanceof FaunaError) throw e
    throw e
  } finally { client.close() }
}
export const when = (d: Document) => d.ts.toDate()
export type P = Page<OrderDoc>
