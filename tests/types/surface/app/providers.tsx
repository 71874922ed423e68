'use client'
import type { ReactNode } from 'react'
import { CountersignProvider } from 'countersign/react'
import { session } from '@/lib/backends'

export function Providers({ children }: { children: ReactNode }) {
  return <CountersignProvider session={session}>{children}</CountersignProvider>
}
