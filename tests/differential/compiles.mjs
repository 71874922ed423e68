// Whether the code of a page of the docs compiles against the package as built, in an application's strictest settings.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * @param {string} out  a folder of its own, emptied first
 * @param {Iterable<readonly [name: string, code: string]>} blocks  files by their name, without `.ts` or with `.tsx`; they may import each other, as `./name` or `@/lib/name`
 * @returns {{ count: number, problems: string[] }}
 */
export const compiles = (out, blocks) => {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const files = [...blocks].map(([name, code]) => {
    const file = join(out, name.endsWith('.tsx') ? name : `${name}.ts`)
    writeFileSync(file, code)
    return file
  })
  const program = ts.createProgram(files, {
    strict: true, exactOptionalPropertyTypes: true, jsx: ts.JsxEmit.ReactJSX, noUncheckedIndexedAccess: true, noEmit: true, skipLibCheck: true,
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'], types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: { countersign: [join(ROOT, 'pkg/dist/index.d.ts')], 'countersign/*': [join(ROOT, 'pkg/dist/*.d.ts')], '@/lib/*': [join(out, '*')] },
  })
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => `${file?.fileName.slice(out.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
  return { count: files.length, problems }
}
