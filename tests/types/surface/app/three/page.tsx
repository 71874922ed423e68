'use client'
import { useState } from 'react'
import { fql } from 'countersign/fauna'
import { api } from '@/convex/_generated/api'
import { convex, fauna, hasura } from '@/lib/backends'

export default function Page() {
  const [out, setOut] = useState<unknown>()
  const run = async () => setOut(await Promise.allSettled([
    fauna.query<number>(fql`Order.all().count()`).then((r) => r.data),
    hasura.request<{ orders: unknown[] }>('{ orders { id } }').then((d) => d.orders.length),
    convex.query(api.messages.getForCurrentUser, {}).then((m) => m.length),
  ]))
  return <><button onClick={run}>Ask all three</button><pre>{JSON.stringify(out, null, 2)}</pre></>
}
