// What esbuild makes of a page that uses our package as built, or its peers: production conditions, minified, split.
import { existsSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { entries } from '../../pkg/scripts/build.mjs'
import { root } from '../../pkg/scripts/tools.mjs'

const dist = join(root, 'pkg/dist')

/** `countersign/fauna` is pkg/dist/fauna.js: the bytes that the tarball carries, under the package's own `sideEffects`. */
export const asBuilt = {
  name: 'countersign-as-built',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^countersign(\/|$)/ }, ({ path, kind }) => {
      const entry = entries[`.${path.slice('countersign'.length)}`]
      return entry && esbuild.resolve(`./pkg/dist/${entry.file}.js`, { resolveDir: root, kind })
    })
  },
}

/** Leaves lazily imported modules outside, so that what remains is what loads with the page. */
const eagerOnly = {
  name: 'eager-only',
  setup(esbuild) {
    esbuild.onResolve({ filter: /./ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined))
  },
}

const common = {
  bundle: true, write: false, metafile: true, minify: true, format: 'esm', platform: 'browser', conditions: ['production', 'module'],
  define: { 'process.env.NODE_ENV': '"production"' }, absWorkingDir: root, logLevel: 'error', external: ['react', '*.wasm'], legalComments: 'none',
}

/** @throws when there is no built package: measuring something else instead would be a lie. */
export const assertBuilt = () => {
  for (const { file } of Object.values(entries))
    if (!existsSync(join(dist, `${file}.js`))) throw new Error(`pkg/dist/${file}.js is missing: run \`npm run build\` first`)
}

/** Bytes of `gzip -9`. */
export const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length

/**
 * The pages bundled together, as one site would be.
 * @param {string[]} names  files of the folder, without their suffix
 * @param {string} [folder]  where they are, from the root
 * @returns {Promise<{ files: Map<string, Uint8Array>, load(name: string, options?: { lazy?: boolean, without?: RegExp }): string[] }>}
 *   `files`: by the path under which the page asks for them. `load`: which of them a page loads: with its static imports only, or
 *   with everything that it imports lazily, except through modules whose path matches `without`.
 */
export const bundlePages = async (names, folder = 'tests/benches/pages') => {
  const outdir = join(root, 'target/bench')
  const { outputFiles, metafile } = await build({
    ...common, entryPoints: names.map((name) => join(root, folder, `${name}.js`)), outdir, splitting: true, chunkNames: '[name]-[hash]', plugins: [asBuilt],
  })
  const files = new Map(outputFiles.map(({ path, contents }) => [`/${relative(outdir, path)}`, contents]))
  const url = (output) => `/${relative('target/bench', output)}`

  const load = (name, { lazy = true, without } = {}) => {
    const first = Object.keys(metafile.outputs).find((path) => basename(path) === `${name}.js` && metafile.outputs[path].entryPoint?.startsWith(`${folder}/`))
    if (!first) throw new Error(`there is no page ${name} in this bundle`)
    const seen = new Set([first])
    // A Set that grows while it is walked visits what was added.
    for (const path of seen)
      for (const { path: next, kind, external } of metafile.outputs[path].imports) {
        if (external || (kind === 'dynamic-import' && (!lazy || without?.test(metafile.outputs[next].entryPoint ?? '')))) continue
        seen.add(next)
      }
    return [...seen].map(url)
  }
  return { files, load }
}

/** One module with all that it imports statically, in one file. */
export const eagerBytes = async (contents) => {
  const { outputFiles } = await build({ ...common, stdin: { contents, resolveDir: root, loader: 'js' }, outdir: 'target/bench', plugins: [eagerOnly, asBuilt] })
  return gzip(outputFiles[0].contents)
}
