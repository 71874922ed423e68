// No bundler: the package's own files in a page and in workers under a strict policy, and in Node.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { place } from '../lib/install.mjs'
import { run } from '../lib/programs.mjs'
import { FOREIGN_ONLY, serve, STRICT, WITHOUT_WASM } from '../lib/serve.mjs'

/** A page without a bundler names files: each bare name becomes the file that the package's exports give for it. @param {string} dir */
function withFileNames(dir) {
  const { exports } = JSON.parse(readFileSync(join(dir, 'node_modules/countersign/package.json'), 'utf8'))
  for (const folder of ['shared', 'site']) {
    for (const file of readdirSync(join(dir, folder)).filter((name) => name.endsWith('.js'))) {
      const path = join(dir, folder, file)
      const text = readFileSync(path, 'utf8').replace(/from '(countersign(?:\/[^']+)?)'/g, (_all, name) => {
        const entry = exports[name.replace('countersign', '.')]
        if (!entry) throw new Error(`the package exports no ${name}`)
        return `from '/node_modules/countersign/${entry.default.slice(2)}'`
      })
      writeFileSync(path, text)
    }
  }
}

const visit = (page, csp, query = '') => async ({ browser }) => {
  const dir = place('bare')
  withFileNames(dir)
  const site = await serve({ folder: dir, csp })
  try {
    return await browser.look(`${site.url}/site/${page}.html${query}`)
  } finally {
    await site.stop()
  }
}

const answers = (page) => async (context) => assert.equal((await visit(page, STRICT)(context)).text, context.ok)

export const cells = [
  { app: 'bare', name: 'plain page, strict policy', run: answers('page') },
  {
    app: 'bare', name: "plain page without 'wasm-unsafe-eval': csp_blocks_wasm",
    run: async (context) => {
      const { text } = await visit('page', WITHOUT_WASM)(context)
      assert.match(text, /^FAIL code=csp_blocks_wasm CountersignError: .*script-src.*'wasm-unsafe-eval'/)
    },
  },
  {
    app: 'bare', name: 'plain page that may connect to a foreign API only', full: true,
    run: async (context) => {
      const csp = FOREIGN_ONLY(context.api)
      const { text, heard } = await visit('page', csp, `?api=${encodeURIComponent(context.api)}`)(context)
      assert.equal(text, context.ok)
      assert.deepEqual(heard, [])
      // The policy holds: the same calls to the page's own origin are refused, for that and for no other reason.
      const own = await visit('page', csp)(context)
      assert.match(own.text, /^FAIL code=network /)
      assert.match(own.heard.join('\n'), /connect-src/)
    },
  },
  { app: 'bare', name: 'module worker, strict policy', run: answers('worker') },
  { app: 'bare', name: 'service worker through countersign/static', run: answers('service-worker') },
  { app: 'bare', name: 'shared worker', full: true, run: answers('shared-worker') },
  {
    app: 'bare', name: 'Node: import(), require(), node --test',
    async run({ id, api }) {
      const output = await run('node', ['--test', '--test-reporter=spec', 'check.test.mjs'], { cwd: place('bare'), env: { PACKAGING_API: api, PACKAGING_ID: id } })
      assert.match(output, /^ℹ pass [5-9]$/m)
    },
  },
]
