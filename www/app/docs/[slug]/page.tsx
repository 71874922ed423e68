import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { DocsPage } from '@/components/docs-page'
import { DOCS } from '@/lib/docs'

type Props = { params: Promise<{ slug: string }> }

export const dynamicParams = false
export const generateStaticParams = () => DOCS.filter((doc) => doc.slug !== 'index').map(({ slug }) => ({ slug }))

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { slug } = await params
  return { title: DOCS.find((doc) => doc.slug === slug)?.title }
}

export default async function Page({ params }: Props) {
  const { slug } = await params
  const doc = DOCS.find((each) => each.slug === slug)
  if (!doc) notFound()
  return <DocsPage slug={doc.slug} />
}
