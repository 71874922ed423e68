import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, parse } from './markdown'

const fileOf = (slug: string) => join(process.cwd(), 'docs', `${slug}.md`)

const ALL = [
  { slug: 'index', title: 'Start here' },
  { slug: 'environment', title: 'Environment' },
  { slug: 'csp', title: 'Content Security Policy' },
  { slug: 'providers', title: 'Providers' },
  { slug: 'fauna', title: 'From the Fauna driver' },
  { slug: 'hasura', title: 'Clerk and Hasura' },
  { slug: 'answers', title: 'Provider answers' },
  { slug: 'errors', title: 'Errors' },
  { slug: 'policy', title: 'Policy' },
  { slug: 'hazards', title: 'Hazards' },
  { slug: 'bench', title: 'Numbers' }, // written by `npm run bench`
] as const

export type Slug = (typeof ALL)[number]['slug']

/** The pages of the documentation, in reading order. Their text is in www/docs. */
export const DOCS = ALL.filter(({ slug }) => existsSync(fileOf(slug)))

/** Read while the site is built; every page of the documentation is static. */
export const readDoc = (slug: Slug): Block[] => parse(readFileSync(fileOf(slug), 'utf8'))
