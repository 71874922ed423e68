// www/docs/policy.md has every option of the policy with its default, and every constant with its value, as they are in the code.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BASE, defines, page, read, root, sections, valueOf, words } from './docs.mjs'

const all = sections(page('policy'))
const rows = (/** @type {string} */ title) => all.get(title)?.find(({ kind }) => kind === 'table')?.rows ?? []
const options = rows('Options').map(([name, value]) => ({ name: words(name), value: words(value) }))
const constants = rows('Not options').map(([link, value]) => ({ href: link?.[0]?.href ?? '', text: words(link), value: words(value) }))

/** The fields of an interface or a struct, of an enum of operations. @param {string} file @param {RegExp} body @param {RegExp} field */
const fields = (file, body, field) => [...(body.exec(read(file))?.[1] ?? '').matchAll(field)].map(([, name]) => name ?? '')
const filesOf = (/** @type {string[]} */ ...folders) => folders.flatMap((folder) => readdirSync(join(root, folder)).map((file) => `${folder}/${file}`))
/** The options by the number of their operation. */
const operations = new Map([.../const operations: .+\{\n(.+)\n/.exec(read('pkg/src/core/options.ts'))?.[1]?.matchAll(/(\w+): (\d+)/g) ?? []].map(([, name, number]) => [number ?? '', name ?? '']))
const snake = (/** @type {string} */ name) => name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

test('the options of the page, of types.ts, of the operations, of the Rust policy and of the default are the same', () => {
  const names = options.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  const sorted = [...names].sort()
  assert.deepEqual(fields('pkg/src/types.ts', /export interface Policy \{\n([^]*?)\n\}/, /^ {2}(\w+)\?: number$/gm).sort(), sorted)
  assert.deepEqual([...operations.values()].sort(), sorted)
  // `uncached` is what makes a session of a server; it is no option.
  const policy = fields('src/auth/policy.rs', /pub struct Policy \{\n([^]*?)\n\}/, /^ {4}pub (\w+):/gm).filter((name) => name !== 'uncached')
  assert.deepEqual(policy.sort(), names.map(snake).sort())
})

test('each operation sets the field of its name', () => {
  const set = [...read('src/bind/session.rs').matchAll(/^ +(\d+) => policy\.(\w+) = /gm)]
  assert.equal(set.length, options.length)
  for (const [, number, field] of set) assert.equal(snake(operations.get(number ?? '') ?? ''), field)
})

test('the defaults are those of the code', () => {
  const source = read('src/auth/policy.rs')
  const defaults = new Map([.../impl Default for Policy \{[^]*?Self \{\n([^]*?)\n {8}\}/.exec(source)?.[1]?.matchAll(/^ +(\w+): (.+),$/gm) ?? []].map(([, name, value]) => [name, value ?? '']))
  for (const { name, value } of options) {
    const code = defaults.get(snake(name)) ?? ''
    const [, seconds, number] = /^(?:DurationMs(::seconds)?\()?(\d+)\)?$/.exec(code.replaceAll('_', '')) ?? []
    if (number) assert.equal(value, String(Number(number) * (seconds ? 1000 : 1)), name)
    else assert.equal(code, 'None', name)
  }
  // The two that follow from the life of a token, in words and in the code.
  const of = (/** @type {string} */ name) => options.find((option) => option.name === name)?.value
  assert.match(source, /\(life\.0 \/ 5\)\.clamp\(2_000, 60_000\)/)
  assert.equal(of('leadMs'), 'a fifth of the life, at least 2000, at most 60000')
  assert.match(source, /let quarter = life\.0 \/ 4;/)
  assert.match(source, /2_000 \+ latency\.0\.clamp\(0, 5_000\), \|d\| d\.0\)\.min\(life\.0 \/ 8\)/)
  assert.equal(of('marginMs'), '2000 and the slowest of recent answers of the provider, which counts for 5000 at most')
  assert.match(source, /\(life\.0 \/ 4\)\.clamp\(0, 5_000\)/)
  // And what types.ts says of the others.
  for (const { name, value } of options.filter(({ value }) => /^\d+$/.test(value))) {
    const comment = new RegExp(`/\\*\\*([^*]+)\\*/\\s+(?:\\w+\\?: number\\s+)?${name}\\?`).exec(read('pkg/src/types.ts'))?.[1]
    assert.match(comment ?? '', new RegExp(`\\b${value}\\b`), `the comment of ${name}`)
  }
})

for (const { href, text, value } of constants)
  test(`the constant ${text} is ${value}`, () => {
    const [name, file] = text.split(' in ')
    assert.equal(href, `${BASE}${file}`)
    assert.ok(defines(file ?? '', name ?? ''))
    const unit = value.endsWith(' s') ? 1000 : 1
    const numbers = value.replace(/ m?s$/, '').split(', ').map((one) => Number(one) * unit)
    assert.deepEqual(numbers, valueOf(file ?? '', name ?? ''))
  })

test('every time that is a constant of the token manager or of the page is on it', () => {
  const known = new Set(constants.map(({ text }) => text))
  for (const file of filesOf('src/auth', 'src/driver'))
    for (const [, name] of read(file).matchAll(/\bconst (\w+): DurationMs = DurationMs(?:::seconds)?\([\d_ *]+\)/g)) assert.ok(known.has(`${name} in ${file}`), `${name} in ${file}`)
  for (const file of filesOf('pkg/src/core')) for (const [, name] of read(file).matchAll(/^const (\w+_MS)\b/gm)) assert.ok(known.has(`${name} in ${file}`), `${name} in ${file}`)
})
