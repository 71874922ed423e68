// The tarball just built, installed and run wherever our users run it. `node tests/packaging/run.mjs [--full] [--only text]`
// ends with one line `N passed, N failed`. The apps stay in target/packaging, so that a second run installs little.
import { parseArgs } from 'node:util'
import { cells as bundlers } from './cells/bundlers.mjs'
import { cells as next } from './cells/next.mjs'
import { cells as plain } from './cells/plain.mjs'
import { cells as runtimes } from './cells/runtimes.mjs'
import { openBrowser } from './lib/browser.mjs'
import { install, packed } from './lib/install.mjs'
import { serve } from './lib/serve.mjs'

/**
 * `many`: the cell reports its tests by itself, and is one failed test if it throws outside of them.
 * @typedef {{ id: string, api: string, ok: string, browser: Awaited<ReturnType<typeof openBrowser>>, test(name: string, run: () => unknown): Promise<void> }} Context
 * @typedef {{ app: string, name: string, full?: boolean, many?: boolean, run(context: Context): Promise<void> }} Cell
 */

const { values } = parseArgs({ options: { full: { type: 'boolean', default: false }, only: { type: 'string' } } })
const counts = { passed: 0, failed: 0 }

/** @param {string} name @param {() => unknown} run */
async function test(name, run) {
  const began = performance.now()
  const took = () => `${((performance.now() - began) / 1000).toFixed(1)} s`
  try {
    await run()
    counts.passed += 1
    console.log(`✔ ${name} (${took()})`)
  } catch (error) {
    counts.failed += 1
    console.log(`✘ ${name} (${took()})\n${String(error instanceof Error ? error.stack : error).replace(/^/gm, '    ')}`)
  }
}

/** The cells that need no install of their own come first, the others while the next app is being installed. @type {Cell[]} */
const cells = [...plain, ...bundlers, ...runtimes, ...next]
  .filter((cell) => (values.full || values.only || !cell.full) && (!values.only || cell.name.toLowerCase().includes(values.only.toLowerCase())))

async function main() {
  const build = await packed()
  const { id } = build
  const api = await serve()
  const browser = await openBrowser()
  const context = { id, api: api.url, browser, test, ok: `OK calls=1 same=true auth=true shared=true cores=1 id=${id}` }
  try {
    /** Installed one after the other, beside the cells that run. @type {Map<string, Promise<void>>} */
    const installed = new Map()
    let last = Promise.resolve()
    for (const app of new Set(cells.map((cell) => cell.app))) {
      const before = last
      const own = before.then(() => install(app, build))
      installed.set(app, own)
      last = own.catch(() => {})
    }
    for (const cell of cells) {
      const run = async () => {
        await installed.get(cell.app)
        await cell.run(context)
      }
      if (!cell.many) await test(cell.name, run)
      else await run().catch((error) => test(cell.name, () => Promise.reject(error)))
    }
  } finally {
    await browser.close()
    await api.stop()
  }
}

await main().catch((error) => test('the packaging run itself', () => Promise.reject(error)))
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed || !counts.passed ? 1 : 0
