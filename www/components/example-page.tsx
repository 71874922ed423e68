import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { EventList } from './event-list'
import { IdentityBar } from './identity-bar'
import { Providers } from './providers'
import { TokenPanel } from './token-panel'

/** One example of a guide, at work, beside its own source. */
export function ExamplePage({ title, children, about }: { title: string; about: ReactNode; children: ReactNode }) {
  return (
    <Providers>
      <div className="intro">
        <div className="intro-text">
          <h1>{title}</h1>
          <p>{about} <Link href="/docs/hasura">How to set it up</Link></p>
        </div>
      </div>
      <IdentityBar />
      <div className="columns">
        <div className="examples-column">{children}</div>
        <aside className="side" aria-label="The token manager at work">
          <TokenPanel />
          <EventList />
        </aside>
      </div>
    </Providers>
  )
}

/** What runs, and the files that make it run; they are read while the site is built. */
export function Example({ id, title, files, children }: { id: string; title: string; files: readonly string[]; children: ReactNode }) {
  return (
    <section className="card" aria-labelledby={`${id}-title`}>
      <header className="card-head"><h2 id={`${id}-title`}>{title}</h2></header>
      <div className="example-output" data-testid={id}>{children}</div>
      {files.map((file) => (
        <details key={file} className="code" open>
          <summary>{file}</summary>
          <pre className="scroll" tabIndex={0}>{readFileSync(join(process.cwd(), file), 'utf8').trimEnd()}</pre>
        </details>
      ))}
    </section>
  )
}
