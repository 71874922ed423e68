// Other places where the package must run: vitest with jsdom (the sample that our users are shown), and Cloudflare's workerd.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { place, root } from '../lib/install.mjs'
import { run } from '../lib/programs.mjs'

const SAMPLE = ['lib/backends.ts', 'app/fauna/page.tsx', 'tests/page.test.tsx']

export const cells = [
  {
    app: 'vitest', name: 'vitest with jsdom', full: true,
    async run() {
      const dir = place('vitest')
      for (const file of SAMPLE) {
        mkdirSync(join(dir, dirname(file)), { recursive: true })
        cpSync(join(root, 'tests/types/surface', file), join(dir, file))
      }
      const output = await run('node', [join(dir, 'node_modules/vitest/vitest.mjs'), 'run'], { cwd: dir })
      assert.match(output, /Tests\s+2 passed/)
    },
  },
  {
    app: 'workerd', name: 'workerd (miniflare)', full: true,
    async run({ id, api }) {
      const output = await run('node', ['main.js'], { cwd: place('workerd'), env: { PACKAGING_API: api } })
      assert.equal(output.trim().split('\n').at(-1), `OK same=true auth=true session=on_server id=${id}`)
    },
  },
]
