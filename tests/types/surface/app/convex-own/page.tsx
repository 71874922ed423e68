'use client'
import { useLive } from 'countersign/react'
import { api } from '@/convex/_generated/api'
import { convex } from '@/lib/backends'

export default function Page() {
  const { data, error } = useLive(convex.live(api.messages.getForCurrentUser, {}))
  if (error) return <p>{error.message}</p>
  return <div>{data?.length}<button onClick={() => convex.mutation(api.messages.send, { body: 'hi' })}>send</button></div>
}
