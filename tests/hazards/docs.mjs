// The pages that this folder holds to the code, read by the parser that the site shows them with.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'

/** @typedef {{ kind: string, text: string, href?: string }} Inline */
/** @typedef {{ kind: string, level?: number, id?: string, text?: Inline[], items?: Inline[][], head?: Inline[][], rows?: Inline[][][] }} Block */

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const read = (/** @type {string} */ file) => readFileSync(join(root, file), 'utf8')

const { code } = await transform(read('www/lib/markdown.ts'), { loader: 'ts', format: 'esm' })
const { parse } = await import(`data:text/javascript,${encodeURIComponent(code)}`)

/** Where the files of this repository can be looked at. */
export const BASE = `${/^repository = "(.+)"$/m.exec(read('Cargo.toml'))?.[1]}/blob/main/`

/** @param {string} slug @returns {Block[]} */
export const page = (slug) => parse(read(`www/docs/${slug}.md`))

/** What a page says, without its marks. @param {Inline[] | undefined} text */
export const words = (text) => (text ?? []).map((part) => part.text).join('')

/** Every link of some blocks. @param {Block[]} blocks */
export const links = (blocks) => blocks
  .flatMap(({ text = [], items = [], head = [], rows = [] }) => [...text, ...items.flat(), ...head.flat(), ...rows.flat(2)])
  .filter(/** @returns {part is Inline & { href: string }} */ (part) => part.kind === 'link')

/** The blocks of each second-level heading. @param {Block[]} blocks */
export const sections = (blocks) => {
  /** @type {Map<string, Block[]>} */
  const found = new Map()
  let current = /** @type {Block[]} */ ([])
  for (const block of blocks)
    if (block.kind === 'heading' && block.level === 2) found.set(words(block.text), (current = []))
    else current.push(block)
  return found
}

const escape = (/** @type {string} */ text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

/** Whether a file has a test of this name. Of Rust's, the words of the function; a title made by a loop is matched by its pattern. @param {string} file @param {string} name */
export const hasTest = (file, name) => {
  const text = read(file)
  if (file.endsWith('.rs')) return new RegExp(`fn ${escape(name.replaceAll(' ', '_'))}\\(`).test(text)
  return [...text.matchAll(/\btest\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g)].some(([, single, double, made]) =>
    made === undefined ? (single ?? double)?.replace(/\\(.)/g, '$1') === name : new RegExp(`^${made.split(/\$\{.*?\}/).map(escape).join('.*')}$`).test(name))
}

/** Whether a file defines a symbol: a function, a type, a variant, a constant, a method. @param {string} file @param {string} symbol */
export const defines = (file, symbol) => {
  const name = escape(symbol)
  const definition = file.endsWith('.rs')
    ? `\\b(?:fn|struct|enum|trait|type|const|static) ${name}\\b|^ {4}${name}[,({]`
    : `\\b(?:function|class|const|let|interface|type) ${name}\\b|^ +(?:async )?\\*?#?${name}(?:<.*>)?\\(`
  return new RegExp(definition, 'm').test(read(file))
}

/** The value of a constant, as milliseconds where it is a time. @param {string} file @param {string} name @returns {number[]} */
export const valueOf = (file, name) => {
  const source = new RegExp(`\\bconst ${name}(?:: \\w+)? = (.+?);?$`, 'm').exec(read(file))?.[1]
  if (!source) throw new Error(`${file} has no constant ${name}`)
  const [, seconds, inner] = /^DurationMs(::seconds)?\((.+)\)$/.exec(source) ?? [, undefined, source]
  const list = inner.replace(/^\[|\]$/g, '').split(',').map((one) => one.replaceAll('_', '').split('*').reduce((all, factor) => all * Number(factor), seconds ? 1000 : 1))
  if (list.some(Number.isNaN)) throw new Error(`${file}: ${name} = ${source} is no number`)
  return list
}
