// Finds what is compared: our package as built (pkg/dist), or, before a build or with COUNTERSIGN_SOURCE=1, its sources bundled
// into a temporary folder; and the official driver.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** @returns {Promise<any>} our `countersign/fauna`, with `CountersignError` and `door` beside it */
export async function ours() {
  const dist = join(root, 'pkg/dist')
  if (!process.env.COUNTERSIGN_SOURCE && existsSync(join(dist, 'fauna.js'))) {
    const load = (name) => import(pathToFileURL(join(dist, name)).href)
    return { ...(await load('fauna.js')), ...(await load('errors.js')), door: (await load('internal.js')).door }
  }
  const { build } = await import('esbuild')
  const outdir = mkdtempSync(join(tmpdir(), 'countersign-fauna-'))
  process.on('exit', () => rmSync(outdir, { recursive: true, force: true }))
  const src = join(root, 'pkg/src')
  await build({
    stdin: { contents: `export * from './fauna.js'; export * from './errors.js'; export { door } from './internal.js'`, resolveDir: src, loader: 'ts' },
    bundle: true, splitting: true, format: 'esm', outdir, logLevel: 'error', outExtension: { '.js': '.mjs' }, external: ['*.wasm'],
  })
  return import(pathToFileURL(join(outdir, 'stdin.mjs')).href)
}

/** npm `fauna`, with its FetchClient so that both sides speak through `fetch`. */
export const driver = createRequire(import.meta.url)('fauna')
