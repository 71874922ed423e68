'use client'                                                    // for any auth library that is only hooks; Clerk shown
import type { ReactNode } from 'react'
import { useAuth } from '@clerk/nextjs'
import { createSession } from 'countersign'
import { CountersignProvider } from 'countersign/react'

export const session = createSession({ templates: { fauna: 'fauna' } }) // no provider yet: calls wait for it

export function Providers({ children }: { children: ReactNode }) {
  const { isLoaded, userId, orgId, sessionId, getToken } = useAuth()
  const identity = !isLoaded ? undefined : userId ? { user: userId, org: orgId, session: sessionId } : null
  return <CountersignProvider session={session} getToken={getToken} identity={identity}>{children}</CountersignProvider>
}
