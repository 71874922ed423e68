// www/docs/hasura.md: its code compiles and does what the page says, its links lead somewhere, what it has from elsewhere is what is there,
// and what it tells to paste is what a server and its tokens need.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { links, page, read, root, sections, words } from '../../hazards/docs.mjs'
import { hasuraClaims } from '../../backends/accounts.mjs'
import { resolveConfig } from '../../backends/hasura/config.mjs'
import { compiles } from '../compiles.mjs'
import { differences } from './differences.mjs'
import { recipes, renewed } from './page.mjs'

const text = read('www/docs/hasura.md')
const blocks = page('hasura')
const examples = [...text.matchAll(/^```(tsx?) ([\w-]+)\n([^]*?)^```/gm)].map(([, kind, name = '', code = '']) => /** @type {const} */ ([kind === 'tsx' ? `${name}.tsx` : name, code]))
const pasted = [...text.matchAll(/^```\n(\{[^]*?\})\n```/gm)].map(([, json = '']) => JSON.parse(json))

test('every block of code compiles', () => {
  assert.equal(examples.length, (text.match(/^```tsx?/gm) ?? []).length, 'each has a name')
  const { count, problems } = compiles(join(root, 'target/hasura-page/types'), examples)
  assert.ok(count >= 15, `only ${count} blocks were found`)
  assert.deepEqual(problems, [])
})

test('what is to be pasted is JSON, with the claims that Hasura asks for and secrets that it takes', () => {
  const [template, clerk, auth0] = pasted
  assert.equal(pasted.length, 3)
  const claims = template['https://hasura.io/jwt/claims']
  assert.deepEqual(Object.keys(claims), Object.keys(hasuraClaims('x')))
  assert.ok(claims['x-hasura-allowed-roles'].includes(claims['x-hasura-default-role']))
  for (const secret of [clerk, auth0]) {
    const { secrets } = resolveConfig({}, { secrets: [secret] })
    for (const { keys } of secrets) /** @type {any} */ (keys).stop()
    assert.equal(new URL(secret.jwk_url).origin, new URL(secret.issuer).origin)
  }
  assert.ok(!clerk.issuer.endsWith('/') && auth0.issuer.endsWith('/'))
})

test('recipes and the list of differences are those of the tests', () => {
  assert.equal(text, renewed(), 'write them anew: node tests/differential/hasura/page.mjs')
  assert.ok(recipes().size >= 8)
  const rows = (sections(blocks).get('What is different from graphql-ws') ?? []).flatMap((block) => block.rows ?? [])
  assert.equal(rows.length, differences.length, 'the site reads every row')
  for (const row of rows) assert.equal(row.map(words).filter(Boolean).length, 4, words(row[0]))
})

test('every link leads somewhere, and the page is among the others', () => {
  const pages = ['/', '/hasura-apollo', '/hasura-swr']
  for (const { href } of links(blocks)) {
    if (href.startsWith('https://')) continue
    const [path = '', id] = href.split('#')
    if (path) assert.ok(pages.includes(path) ? existsSync(join(root, `www/app${path}/page.tsx`)) : existsSync(join(root, `www${path}.md`)), href)
    if (id) assert.ok(blocks.some((block) => block.id === id), href)
  }
  assert.match(read('www/lib/docs.ts'), /slug: 'hasura'/)
  assert.match(read('www/docs/index.md'), /\]\(\/docs\/hasura\)/)
})
