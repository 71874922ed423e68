// The recipes of www/docs/providers.md compile in strict mode, against the libraries' own types and the package's.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compiles } from '../compiles.mjs'
import { recipes } from './recipes.mjs'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const OUT = join(ROOT, 'target/recipes/types')

test('every recipe compiles', () => {
  const named = [...recipes()].filter(([, code]) => code).map(([heading, code]) => /** @type {const} */ ([heading.toLowerCase().replace(/\W+/g, '-'), code]))
  const { count, problems } = compiles(OUT, named)
  assert.ok(count >= 8, `only ${count} recipes were found`)
  assert.deepEqual(problems, [])
})
