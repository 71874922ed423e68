import type { Metadata } from 'next'
import { DocsPage } from '@/components/docs-page'

export const metadata: Metadata = { title: 'Documentation' }

export default function Page() {
  return <DocsPage slug="index" />
}
