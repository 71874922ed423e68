// The types of the packed tarball: the samples of surface/ compile, what must not compile does not, nothing is `any`, code for the
// official Fauna driver compiles with another import, and publint and attw agree with the package. One test per sample file, per
// expectation and per declaration file of ours; ends with `N passed, N failed`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))
const tarball = join(root, 'target/pack/countersign.tgz')
const unpacked = join(here, 'node_modules/countersign')
const counts = { passed: 0, failed: 0 }

/** @param {string} name @param {readonly string[]} problems */
function report(name, problems) {
  if (!problems.length) return void counts.passed++
  counts.failed += 1
  console.log(`✘ ${name}\n${problems.join('\n').replace(/^/gm, '    ')}`)
}
const done = () => {
  console.log(`${counts.passed} passed, ${counts.failed} failed`)
  process.exit(counts.failed || !counts.passed ? 1 : 0)
}

/** @param {string} program @param {string[]} args */
function program(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } })
  return status === 0 ? [] : [`${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`.trim() || `ended with ${status}`]
}

/** @param {string} dir @returns {string[]} */
const below = (dir) => readdirSync(dir, { recursive: true }).map((name) => join(dir, String(name)))

function unpack() {
  if (!existsSync(tarball)) throw new Error('target/pack/countersign.tgz is not there: run `npm run build` first')
  rmSync(unpacked, { recursive: true, force: true })
  mkdirSync(unpacked, { recursive: true })
  const [problem] = program('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'])
  if (problem) throw new Error(problem)
}

/** Of a diagnostic: `line: message`. @param {ts.Diagnostic} diagnostic */
const text = ({ file, start = 0, messageText }) => `${file ? `${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}: ` : ''}${ts.flattenDiagnosticMessageText(messageText, '\n')}`

function compile() {
  const later = new Set(JSON.parse(readFileSync(join(here, 'later.json'), 'utf8')).map((/** @type {{ file: string }} */ { file }) => join(here, file)))
  for (const file of later) if (!existsSync(file)) report(`later.json names ${relative(here, file)}`, ['there is no such file'])
  const { config, error } = ts.readConfigFile(join(here, 'tsconfig.json'), ts.sys.readFile)
  if (error) throw new Error(text(error))
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, here)
  const files = parsed.fileNames.filter((file) => !later.has(file))
  waiting([...later].filter((file) => existsSync(file)), files, parsed.options)
  const program = ts.createProgram(files, parsed.options)
  report('the program', program.getOptionsDiagnostics().concat(program.getGlobalDiagnostics()).map(text))
  for (const file of files) {
    const source = program.getSourceFile(file)
    if (!source) throw new Error(`${file} was not read`)
    const problems = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    const name = relative(here, file)
    if (!name.endsWith('.test-d.ts')) report(name, problems.map(text))
    else expectations(name, source, problems)
  }
  moved(parsed.options)
  // Our own declarations, whatever an app's skipLibCheck would hide; the vendors' are theirs.
  const own = below(join(unpacked, 'dist')).filter((file) => file.endsWith('.d.ts'))
  const strict = ts.createProgram(own, { ...parsed.options, skipLibCheck: false, types: [] })
  for (const file of own) {
    const source = strict.getSourceFile(file)
    report(relative(here, file), source ? [...strict.getSyntacticDiagnostics(source), ...strict.getSemanticDiagnostics(source)].map(text) : ['was not read'])
  }
}

/** Settings under which applications compile, beside our own. @type {Record<string, ts.CompilerOptions>} */
const settings = { 'as here': {}, 'with exactOptionalPropertyTypes': { exactOptionalPropertyTypes: true }, 'with unchecked indexes': { noUncheckedIndexedAccess: false } }

/** Code for the official Fauna driver compiles with it, and with nothing changed but where it imports from. @param {ts.CompilerOptions} options */
function moved(options) {
  const dir = join(here, 'driver/')
  const files = readdirSync(dir).map((name) => join(dir, name))
  /** Libraries and declarations, read once for all programs. */
  const read = new Map()
  for (const [setting, more] of Object.entries(settings))
    for (const from of ['fauna', 'countersign/fauna']) {
      const all = { ...options, ...more, types: [] }
      const host = ts.createCompilerHost(all)
      const plain = host.getSourceFile
      host.getSourceFile = (name, ...rest) => {
        if (name.startsWith(dir)) return ts.createSourceFile(name, readFileSync(name, 'utf8').replace("} from 'fauna'", `} from '${from}'`), ...rest)
        if (!read.has(name)) read.set(name, plain.call(host, name, ...rest))
        return read.get(name)
      }
      const program = ts.createProgram(files, all, host)
      for (const file of files) {
        const source = program.getSourceFile(file)
        const name = `${relative(here, file)} from '${from}' ${setting}`
        if (!source?.text.includes(`} from '${from}'`)) report(name, ['was not read, or does not import the driver'])
        else report(name, [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(text))
      }
    }
}

/** A file and what it imports, of the list. @param {string} file @param {string[]} list @param {ts.CompilerOptions} options @returns {Set<string>} */
function withImports(file, list, options, found = new Set([file])) {
  for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles) {
    const path = ts.resolveModuleName(fileName, file, options, ts.sys).resolvedModule?.resolvedFileName
    if (path && list.includes(path) && !found.has(path)) withImports(path, list, options, found.add(path))
  }
  return found
}

/**
 * A sample of later.json that compiles waits for nothing any more; one of which an import is listed too waits with it.
 * @param {string[]} listed @param {string[]} others @param {ts.CompilerOptions} options
 */
function waiting(listed, others, options) {
  const program = ts.createProgram([...others, ...listed], options)
  const broken = (/** @type {string} */ file) => {
    const source = program.getSourceFile(file)
    if (!source) throw new Error(`${file} was not read`)
    return program.getSyntacticDiagnostics(source).length + program.getSemanticDiagnostics(source).length > 0
  }
  for (const file of listed) {
    const name = relative(here, file)
    report(`later.json: ${name}`, [...withImports(file, listed, options)].some(broken) ? [] : [`${name} compiles: take it out of later.json, so that it is tested`])
  }
}

/** Each `@ts-expect-error` and each `yes<` is a test of its own; anything else that is wrong fails the file. @param {string} name @param {ts.SourceFile} source @param {readonly ts.Diagnostic[]} problems */
function expectations(name, source, problems) {
  const byLine = new Map()
  for (const problem of problems) {
    const line = source.getLineAndCharacterOfPosition(problem.start ?? 0).line
    byLine.set(line, [...(byLine.get(line) ?? []), text(problem)])
  }
  source.text.split('\n').forEach((content, line, lines) => {
    if (/^\s*(?:yes<|\/\/ @ts-expect-error)/.test(content)) {
      report(`${name}:${line + 1}: ${(content.includes('yes<') ? content : lines[line + 1] ?? '').trim()}`, byLine.get(line) ?? [])
      byLine.delete(line)
    }
  })
  report(name, [...byLine.values()].flat())
}

/** What a resolver makes of every entry; the wasm files are assets, so they have no types. */
function packageTools() {
  const bin = (/** @type {string} */ name) => join(root, 'node_modules/.bin', name)
  report('publint --strict', program(bin('publint'), ['run', tarball, '--strict']))
  const assets = Object.keys(JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')).exports).filter((entry) => entry.endsWith('.wasm'))
  report('attw --profile esm-only', program(bin('attw'), [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--exclude-entrypoints', ...assets]))
}

try {
  unpack()
  compile()
  packageTools()
} catch (error) {
  report('the type tests themselves', [String(error instanceof Error ? error.stack : error)])
}
done()
