'use client'
import { id, init } from 'countersign/instant'
import { useLive } from 'countersign/react'
import { session } from '@/lib/backends'

const db = init({ session, template: 'instant', clientName: 'clerk', appId: process.env.NEXT_PUBLIC_INSTANT_APP_ID, apiURI: process.env.NEXT_PUBLIC_INSTANT_API })
type Todos = { todos: { id: string; text: string }[] }

export default function Page() {
  const { data, error } = useLive(db.live<Todos>({ todos: {} }))
  if (error) return <p>{error.message}</p>
  return <button onClick={() => db.transact(db.tx.todos[id()].update({ text: 'hi' }))}>{data?.todos.length} todos, add one</button>
}
