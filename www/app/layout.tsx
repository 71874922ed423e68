import type { Metadata, Viewport } from 'next'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { Guilloche } from '@/components/guilloche'
import './styles/base.css'
import './styles/page.css'
import './styles/cards.css'
import './styles/fauna.css'
import './styles/hasura.css'
import './styles/panels.css'
import './styles/trouble.css'
import './styles/docs.css'

export const metadata: Metadata = {
  title: { default: 'countersign', template: '%s · countersign' },
  description: 'One signed-in session, four backends: every request carries the right token, or it is not sent.',
}
export const viewport: Viewport = { colorScheme: 'light dark', width: 'device-width', initialScale: 1 }

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <a className="skip" href="#main">To the content</a>
        <header className="masthead">
          <div className="wrap masthead-row">
            <Link className="wordmark" href="/">counter<em>sign</em></Link>
            <nav aria-label="Site"><Link href="/">Demo</Link><Link href="/docs">Documentation</Link></nav>
          </div>
          <Guilloche />
        </header>
        <main id="main" className="wrap">{children}</main>
      </body>
    </html>
  )
}
