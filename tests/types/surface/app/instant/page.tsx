'use client'
import { useBridge } from 'countersign/instant/react'
import { useCountersign } from 'countersign/react'
import { db, instant } from '@/lib/instant'

export default function Page() {
  const session = useCountersign()
  const { status, error } = useBridge(instant)                  // starts it; safe on many pages and under StrictMode
  if (error) return <p>{String(error)}</p>                      // "register http://localhost:3000 under Auth > Origins"
  if (status !== 'signedIn') return <p>{status}</p>
  return <><Todos /><button onClick={() => session.signOut()}>Sign out of everything</button></>
}
function Todos() {
  const { data } = db.useQuery({ todos: {} })
  return <p>{data?.todos.length} todos</p>
}
