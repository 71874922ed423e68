// Resolves and loads ./recipes as a bundler does: TypeScript, `@/lib/backends`, countersign as it was built.
import { readFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'

const recipes = new URL('./recipes/', import.meta.url).href
const built = process.env.COUNTERSIGN_DIST ? pathToFileURL(`${process.env.COUNTERSIGN_DIST}/`) : new URL('../../../../pkg/dist/', import.meta.url)

/** @type {import('node:module').ResolveHook} */
export const resolve = (specifier, context, next) => {
  const parent = context.parentURL ?? ''
  if (!parent.startsWith(recipes)) return next(specifier, context)
  const found = (/** @type {string} */ url) => ({ url, shortCircuit: true })
  if (specifier === '@/lib/backends') return found(new URL(`./backends.mjs${new URL(parent).search}`, import.meta.url).href)
  if (specifier === '@/lib/apollo') return found(new URL(`./apollo.ts${new URL(parent).search}`, recipes).href)
  if (specifier.startsWith('countersign/')) return found(new URL(`${specifier.slice('countersign/'.length)}.js`, built).href)
  // The version before is here under another name, and knows no `exports`.
  if (/\/apollo-3\.|&apollo=3/.test(parent) && specifier.startsWith('@apollo/client')) return next(`${specifier.replace('@apollo/client', 'apollo-client-3')}/index.js`, context)
  return next(specifier, context)
}

/** @type {import('node:module').LoadHook} */
export const load = async (url, context, next) => {
  if (!url.startsWith(recipes)) return next(url, context)
  const file = fileURLToPath(url)
  const { outputText } = ts.transpileModule(await readFile(file, 'utf8'), { fileName: file, compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, jsx: ts.JsxEmit.ReactJSX } })
  return { format: 'module', source: outputText, shortCircuit: true }
}
