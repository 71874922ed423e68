// node tests/differential/fauna/bench.mjs [--chrome]: the codec beside the driver's and beside a bare JSON.parse.
import { fileURLToPath } from 'node:url'
import { driver, ours } from './load.mjs'
import { measure } from './measure.mjs'

const chrome = async () => {
  const { build } = await import('esbuild')
  const { chromium } = await import('playwright-core')
  const contents = `import * as ours from '../../../pkg/src/fauna.ts'; import * as driver from 'fauna'; import { measure } from './measure.mjs'; globalThis.rows = measure(ours, driver)`
  const resolveDir = fileURLToPath(new URL('.', import.meta.url))
  // What is loaded with the first request stays out, as in a split bundle: inlined, it makes esbuild wrap every module in a function.
  const { outputFiles } = await build({ stdin: { contents, resolveDir, loader: 'ts' }, bundle: true, write: false, format: 'iife', platform: 'browser', external: ['*.wasm', './run.js', './transport.js'], logLevel: 'error' })
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })
  try {
    const tab = await browser.newPage()
    await tab.evaluate(outputFiles[0].text)
    return await tab.evaluate('rows')
  } finally {
    await browser.close()
  }
}

console.table(process.argv.includes('--chrome') ? await chrome() : measure(await ours(), driver))
