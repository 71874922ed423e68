import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, parse } from './markdown'

/** The pages of the documentation, in reading order. Their text is in www/docs. */
export const DOCS = [
  { slug: 'index', title: 'Start here' },
  { slug: 'environment', title: 'Environment' },
  { slug: 'csp', title: 'Content Security Policy' },
  { slug: 'answers', title: 'Provider answers' },
] as const

export type Slug = (typeof DOCS)[number]['slug']

/** Read while the site is built; every page of the documentation is static. */
export const readDoc = (slug: Slug): Block[] => parse(readFileSync(join(process.cwd(), 'docs', `${slug}.md`), 'utf8'))
