// The list of differences as www/docs/fauna.md has it. `node tests/differential/fauna/page.mjs` writes it there.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { differences } from './differences.mjs'

const PAGE = fileURLToPath(new URL('../../../www/docs/fauna.md', import.meta.url))

const capital = (/** @type {string} */ text) => text[0]?.toUpperCase() + text.slice(1)
/** A name that is code is marked as code, which the site would otherwise read as other marks: `__proto__`. @param {string} what */
const title = (what) => capital(what.replace(/__proto__|clientConfiguration|format(?=,)|\w+_\w+/g, '`$&`'))
const cell = (/** @type {string} */ text) => text.replaceAll('|', '\\|')

/** A table for each subject, in the order of the data. */
export const list = () => [...new Set(differences.map(({ about }) => about))].map((about) => [
  `**${capital(about)}**`,
  '',
  '| | `fauna` 2.5.0 | Here | Why |',
  '| --- | --- | --- | --- |',
  ...differences.filter((each) => each.about === about).map(({ what, driver, ours, why }) => `| ${[title(what), driver, ours, why].map(cell).join(' | ')} |`),
].join('\n')).join('\n\n')

/** What the page has after its last heading and the sentence below it. */
export const written = () => {
  const text = readFileSync(PAGE, 'utf8')
  const at = text.indexOf('\n**', text.indexOf('\n## What is different')) + 1
  return { before: text.slice(0, at), list: text.slice(at).trimEnd() }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, `${written().before}${list()}\n`)
