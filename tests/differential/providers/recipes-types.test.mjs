// The recipes of www/docs/providers.md compile in strict mode, against the libraries' own types and the package's.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { recipes } from './recipes.mjs'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const OUT = join(ROOT, 'target/recipes/types')

test('every recipe compiles', () => {
  rmSync(OUT, { recursive: true, force: true })
  mkdirSync(OUT, { recursive: true })
  const files = [...recipes()].filter(([, code]) => code).map(([heading, code]) => {
    const file = join(OUT, `${heading.toLowerCase().replace(/\W+/g, '-')}.ts`)
    writeFileSync(file, code)
    return file
  })
  assert.ok(files.length >= 8, `only ${files.length} recipes were found`)
  const program = ts.createProgram(files, {
    strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true, skipLibCheck: true,
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'], types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: { countersign: [join(ROOT, 'pkg/dist/index.d.ts')], 'countersign/*': [join(ROOT, 'pkg/dist/*.d.ts')] },
  })
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => `${file?.fileName.slice(OUT.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
  assert.deepEqual(problems, [])
})
