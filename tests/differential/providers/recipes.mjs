// The recipes of www/docs/providers.md: the code on the page is the code that is run.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { transform } from 'esbuild'

const PAGE = new URL('../../../www/docs/providers.md', import.meta.url)
const DIST = new URL('../../../pkg/dist/', import.meta.url)
const OUT = fileURLToPath(new URL('../../../target/recipes/', import.meta.url))

/** By heading, in the order of the page. @returns {Map<string, string>} */
export const recipes = () => {
  const sections = readFileSync(PAGE, 'utf8').split(/^## /m).slice(1)
  return new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), /^```ts\n([^]*?)^```/m.exec(section)?.[1] ?? '']))
}

/** @param {string} heading */
export const recipe = (heading) => {
  const code = recipes().get(heading)
  if (!code) throw new Error(`www/docs/providers.md has no recipe "${heading}"`)
  return code
}

let made = 0
/**
 * What a recipe exports, run in this process with the library's own package: a fresh instance each time.
 * @param {string} heading @param {Record<string, string>} env
 */
export const run = async (heading, env = {}) => {
  Object.assign(process.env, env)
  const { code } = await transform(recipe(heading), { loader: 'ts', format: 'esm' })
  // Below the repository, where the libraries are found.
  mkdirSync(OUT, { recursive: true })
  const file = `${OUT}${process.pid}-${++made}.mjs`
  writeFileSync(file, code.replace(/(?<=from ")countersign(?:\/(\w+))?(?=")/g, (_, entry = 'index') => new URL(`${entry}.js`, DIST).href))
  return import(pathToFileURL(file).href)
}
