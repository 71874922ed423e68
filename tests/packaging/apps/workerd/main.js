// Bundles the worker, starts it in workerd and prints what it answered.
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'

await build({
  entryPoints: ['src/worker.js'], bundle: true, format: 'esm', splitting: true, outdir: 'out', conditions: ['workerd'], loader: { '.wasm': 'copy' }, logLevel: 'error',
})
const worker = new Miniflare({
  scriptPath: 'out/worker.js', rootPath: process.cwd(), modules: true, compatibilityDate: '2026-04-01',
  modulesRules: [{ type: 'ESModule', include: ['**/*.js'] }, { type: 'CompiledWasm', include: ['**/*.wasm'] }],
})
try {
  const answer = await worker.dispatchFetch(`http://worker.test/?api=${encodeURIComponent(process.env.PACKAGING_API)}`)
  console.log(await answer.text())
} finally {
  await worker.dispose()
}
