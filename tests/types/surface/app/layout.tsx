import type { ReactNode } from 'react'
import { ClerkProvider } from '@clerk/nextjs'
import { Providers } from './providers'

export default function RootLayout({ children }: { children: ReactNode }) {
  return <html lang="en"><body><ClerkProvider><Providers>{children}</Providers></ClerkProvider></body></html>
}
