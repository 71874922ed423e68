// What www/docs/hasura.md has from elsewhere: the recipes, which run in ./interop, and the list of differences, which ./differences.test.mjs shows.
// `node tests/differential/hasura/page.mjs` writes both there.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { differences } from './differences.mjs'

const PAGE = fileURLToPath(new URL('../../../www/docs/hasura.md', import.meta.url))
const RECIPES = new URL('./interop/recipes/', import.meta.url)

/** The files of ./interop/recipes by the head of their block, `ts apollo`; what two have in common is shown once. @returns {Map<string, string>} */
export const recipes = () => {
  const shown = new Set()
  return new Map(readdirSync(RECIPES).sort().reverse().flatMap((file) => {
    const code = readFileSync(new URL(file, RECIPES), 'utf8')
    const again = shown.has(code)
    shown.add(code)
    const [name, kind] = file.split('.')
    return again ? [] : [[`${kind} ${name}`, code]]
  }))
}

const capital = (/** @type {string} */ text) => text[0]?.toUpperCase() + text.slice(1)
const cell = (/** @type {string} */ text) => text.replaceAll('|', '\\|')

/** A table for each subject, in the order of the data. */
export const list = () => [...new Set(differences.map(({ about }) => about))].map((about) => [
  `**${capital(about)}**`,
  '',
  '| | `graphql-ws` 6.4.2 | Here | Why |',
  '| --- | --- | --- | --- |',
  ...differences.filter((each) => each.about === about).map(({ what, theirs, ours, why }) => `| ${[capital(what), theirs, ours, why].map(cell).join(' | ')} |`),
].join('\n')).join('\n\n')

/** The page with the recipes and the list as they are now. */
export const renewed = () => {
  const text = readFileSync(PAGE, 'utf8')
  const at = text.indexOf('\n**', text.indexOf('\n## What is different from graphql-ws')) + 1
  const until = text.indexOf('\n## ', at)
  const listed = `${text.slice(0, at)}${list()}\n${text.slice(until)}`
  return [...recipes()].reduce((page, [name, code]) => {
    const from = page.indexOf(`\`\`\`${name}\n`)
    if (from < 0) throw new Error(`the page has no place for the recipe ${name}`)
    const body = page.indexOf('\n', from) + 1
    return page.slice(0, body - 1) + `\n${code.trimEnd()}` + page.slice(page.indexOf('\n```', body - 1))
  }, listed)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, renewed())
