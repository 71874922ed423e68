'use client'
import { CountersignProvider } from 'countersign/react'
import type { ReactNode } from 'react'
import { session } from '@/lib/backends'

/** Gives the hooks their session. The session itself was made in lib/backends.ts and outlives every component. */
export function Providers({ children }: { children: ReactNode }) {
  return <CountersignProvider session={session}>{children}</CountersignProvider>
}
