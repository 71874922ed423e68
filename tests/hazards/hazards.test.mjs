// www/docs/hazards.md holds: every hazard has its section, every link leads to a test or to code that is there, and what
// `node tests/hazards/run.mjs` takes out can be taken out and has its tests on the page.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BASE, defines, hasTest, links, page, read, root, sections, words } from './docs.mjs'
import { MUTATIONS } from './mutations.mjs'
import { count } from './tree.mjs'

const HAZARDS = Array.from({ length: 25 }, (_, n) => `H${n + 1}`)
const blocks = page('hazards')
const titles = [...sections(blocks).keys()]
const hazardOf = (/** @type {string} */ title) => title.split(' ')[0] ?? ''
/** The file in this repository that a link leads to. */
const fileOf = (/** @type {{ href: string }} */ { href }) => (href.startsWith(BASE) ? href.slice(BASE.length) : undefined)
/** `auth`, `flights::a_test` as file and words. @param {import('./tree.mjs').Test} test */
const placeOf = ([of, name]) => {
  if (of.endsWith('.mjs')) return { file: of, name }
  const [module, own] = name.split('::')
  return { file: own ? `tests/native/${of}/${module}.rs` : `tests/native/${of}.rs`, name: (own ?? module ?? '').replaceAll('_', ' ') }
}

test('every hazard has its section, in order, and its line in the table at the top', () => {
  assert.deepEqual(titles.map(hazardOf), HAZARDS)
  const table = blocks.find(({ kind }) => kind === 'table')
  const ids = new Map(blocks.filter(({ kind }) => kind === 'heading').map(({ id, text }) => [`#${id}`, words(text)]))
  assert.deepEqual(table?.rows?.map(([cell]) => cell?.[0]).map((link) => [link?.text, ids.get(link?.href ?? '')]), titles.map((title) => [title, title]))
})

for (const [title, section] of sections(blocks)) {
  const hazard = hazardOf(title)
  const all = links(section)
  const tests = all.filter((link) => fileOf(link)?.startsWith('tests/'))
  const code = all.filter((link) => /^(src|pkg)\/.*\.tsx?$|^src\/.*\.rs$/.test(fileOf(link) ?? ''))

  test(`${hazard}: every link holds`, () => {
    assert.ok(tests.length && code.length, 'at least one test and one piece of code')
    for (const link of tests) assert.ok(hasTest(fileOf(link) ?? '', link.text), `${fileOf(link)} has no test "${link.text}"`)
    for (const link of code) {
      const [symbol, file] = link.text.split(' in ')
      assert.equal(file, fileOf(link))
      assert.ok(defines(file ?? '', symbol ?? ''), `${file} does not define ${symbol}`)
    }
    for (const { href } of all.filter((link) => !tests.includes(link) && !code.includes(link)))
      assert.ok(href.startsWith('/docs/') ? existsSync(join(root, `www${href}.md`)) : href.startsWith(BASE) && existsSync(join(root, href.slice(BASE.length))), href)
  })

  test(`${hazard}: what is taken out is there once, and its tests are on the page`, () => {
    const mutations = MUTATIONS[hazard] ?? []
    assert.ok(mutations.length)
    assert.equal(new Set(mutations.map(({ without }) => without)).size, mutations.length)
    for (const { without, file, from, to, tests: expected } of mutations) {
      assert.equal(count(read(file), from), 1, `${without}: ${file} has it so many times: ${from}`)
      assert.ok(!to.includes(from) || to !== from)
      assert.ok(expected.length)
      for (const { file, name } of expected.map(placeOf))
        assert.ok(tests.some((link) => fileOf(link) === file && (name === '*' || link.text === name)), `${without}: "${name}" of ${file} is not on the page`)
    }
  })
}

test('the pages that it speaks of, and the numbers in its introduction, are right', () => {
  const pieces = Object.values(MUTATIONS).flat().length
  const introduction = blocks.filter(({ kind }) => kind === 'paragraph').slice(0, 3).map(({ text }) => words(text)).join(' ')
  assert.match(introduction, new RegExp(`\\b${pieces} pieces\\b`))
})
