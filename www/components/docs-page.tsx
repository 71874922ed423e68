import Link from 'next/link'
import { DOCS, readDoc, type Slug } from '@/lib/docs'
import { Prose } from './prose'

export function DocsPage({ slug }: { slug: Slug }) {
  return (
    <div className="docs">
      <nav aria-label="Documentation">
        <ul>{DOCS.map((doc) => (
          <li key={doc.slug}><Link href={doc.slug === 'index' ? '/docs' : `/docs/${doc.slug}`} aria-current={doc.slug === slug ? 'page' : undefined}>{doc.title}</Link></li>
        ))}</ul>
      </nav>
      <Prose blocks={readDoc(slug)} />
    </div>
  )
}
