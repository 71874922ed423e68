// Bundlers without configuration. What they made is served under the strict policy, beside nothing else.
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { place } from '../lib/install.mjs'
import { freePort, run, whileRunning } from '../lib/programs.mjs'
import { serve, STRICT } from '../lib/serve.mjs'

const bin = (dir, name) => join(dir, 'node_modules', name)

/** @param {string} folder @param {string} page */
const built = async ({ browser, ok }, folder, page = '') => {
  const site = await serve({ folder, csp: STRICT })
  try {
    assert.equal((await browser.look(`${site.url}/${page}`)).text, ok)
  } finally {
    await site.stop()
  }
}

const viteDev = (app, page = '') => async ({ browser, api, ok }) => {
  const dir = place(app, ['vite'])
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/${page}`
  const args = [bin(dir, 'vite/bin/vite.js'), '--host', '127.0.0.1', '--port', String(port), '--strictPort', '--force']
  await whileRunning('node', args, { cwd: dir, url }, async () => {
    assert.equal((await browser.look(`${url}?api=${encodeURIComponent(api)}`)).text, ok)
  })
}

export const cells = [
  {
    app: 'vite8', name: 'Vite 8 build',
    async run(context) {
      const dir = place('vite8', ['vite'])
      await run('node', [bin(dir, 'vite/bin/vite.js'), 'build', '--logLevel', 'warn'], { cwd: dir })
      await built(context, join(dir, 'dist'))
    },
  },
  {
    app: 'vite8', name: 'Vite 8 build, module worker', full: true,
    async run(context) {
      const dir = place('vite8', ['vite'])
      // Without configuration only index.html is built.
      cpSync(join(dir, 'worker.html'), join(dir, 'index.html'))
      await run('node', [bin(dir, 'vite/bin/vite.js'), 'build', '--logLevel', 'warn'], { cwd: dir })
      await built(context, join(dir, 'dist'))
    },
  },
  { app: 'vite8', name: 'Vite 8 dev', full: true, run: viteDev('vite8') },
  { app: 'vite8', name: 'Vite 8 dev, module worker', full: true, run: viteDev('vite8', 'worker.html') },
  { app: 'vite7', name: 'Vite 7 dev', full: true, run: viteDev('vite7') },
  { app: 'vite6', name: 'Vite 6 dev', full: true, run: viteDev('vite6') },
  { app: 'vite5', name: 'Vite 5 dev', full: true, run: viteDev('vite5') },
  {
    app: 'esbuild', name: 'esbuild bundle',
    async run(context) {
      const dir = place('esbuild')
      await run(bin(dir, '.bin/esbuild'), ['src/main.js', '--bundle', '--format=esm', '--splitting', '--outdir=out', '--minify', '--log-level=warning'], { cwd: dir })
      await built(context, dir)
    },
  },
  {
    app: 'esbuild', name: 'esbuild bundle in one file', full: true,
    async run(context) {
      const dir = place('esbuild')
      await run(bin(dir, '.bin/esbuild'), ['src/main.js', '--bundle', '--format=esm', '--outdir=out', '--log-level=warning'], { cwd: dir })
      await built(context, dir)
    },
  },
  ...[[], ['--splitting']].map((flags) => ({
    app: 'esbuild', name: `esbuild bundle${flags.length ? '' : ' in one file'}, module worker`, full: true,
    async run(context) {
      const dir = place('esbuild')
      // esbuild leaves `new URL('./worker.js', …)` as it is: the worker is an entry of its own, beside the page's.
      const entries = ['worker-main=src/worker-main.js', 'worker=shared/worker.js']
      await run(bin(dir, '.bin/esbuild'), [...entries, '--bundle', '--format=esm', ...flags, '--outdir=out', '--minify', '--log-level=warning'], { cwd: dir })
      await built(context, dir, 'worker.html')
    },
  })),
  ...['', 'worker.html'].map((page) => ({
    app: 'webpack', name: `webpack-cli, ${page ? 'module worker' : 'page'}`, full: true,
    async run(context) {
      const dir = place('webpack')
      await run('node', [bin(dir, 'webpack-cli/bin/cli.js'), '--stats', 'errors-warnings'], { cwd: dir })
      await built(context, dir, page)
    },
  })),
]
