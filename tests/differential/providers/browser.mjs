// A page in headless Chromium with vendors' clients and the built package, bundled as an app would.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { serve } from '../../backends/lib/index.mjs'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const DIST = fileURLToPath(new URL('../../../pkg/dist/', import.meta.url))
const ARGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic']

/** `countersign` and its entries are the build under test. @type {import('esbuild').Plugin} */
export const ours = {
  name: 'countersign',
  setup: ({ onResolve }) => void onResolve({ filter: /^countersign(\/|$)/ }, ({ path }) => ({ path: `${DIST}${path.slice('countersign/'.length) || 'index'}.js` })),
}

/**
 * @param {string} contents   the page's script, TypeScript
 * @param {Record<string, string>} [env]   what `process.env` has when the page is built
 */
export const openSite = async (contents, env = {}) => {
  const define = Object.fromEntries(Object.entries(env).map(([key, value]) => [`process.env.${key}`, JSON.stringify(value)]))
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' }, plugins: [ours], define,
    bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'warning',
  })
  const site = await serve({
    name: 'page',
    handler: (req) => req.path === '/page.js'
      ? { headers: { 'content-type': 'text/javascript' }, body: outputFiles[0].text }
      : { headers: { 'content-type': 'text/html' }, body: '<!doctype html><link rel="icon" href="data:,"><script src="/page.js"></script>' },
  })
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS }).catch(async (error) => {
    await site.stop()
    throw error
  })
  return {
    url: site.url,
    /** A fresh profile on the page, and everything that its console says. @param {(context: import('playwright-core').BrowserContext) => Promise<void>} [prepare] */
    async visit(prepare) {
      const context = await browser.newContext()
      await prepare?.(context)
      const page = await context.newPage()
      /** @type {string[]} */
      const said = []
      page.on('console', (message) => said.push(message.text()))
      page.on('pageerror', (error) => said.push(error.message))
      await page.goto(site.url)
      return { context, page, said }
    },
    close: async () => {
      await browser.close()
      await site.stop()
    },
  }
}
