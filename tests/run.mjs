// Every test of the repository, stage after stage: `npm test`, `npm run test:full`, `node tests/run.mjs --only native,types`.
// A failing stage does not stop the others. The last line is the sum over all stages, of the runners' own closing lines.
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium, npmCi, root, toolPath, wasmBindgen, wasmPack, wasmTarget } from '../pkg/scripts/tools.mjs'

/** @typedef {{ passed: number, failed: number, skipped?: number }} Counts */
/** @typedef {(command: string, args: string[], options?: { minutes?: number, silent?: boolean, env?: Record<string, string> }) => Promise<{ ok: boolean, output: string }>} Exec */
/** @typedef {{ exec: Exec, full: boolean, note(line: string): void }} Context */

const WASM32 = 'wasm32-unknown-unknown'
const TARBALL = join(root, 'target/pack/countersign.tgz')
const LOGS = join(root, 'target/test-logs')
const now = () => performance.now()

/** What the tools said that setup found; filled by `setup`, used by the stages. */
const found = { path: process.env.PATH ?? '', wasmPack: 'wasm-pack', chromium: '', chromedriver: '' }

/** In the order in which they run. @type {Record<string, (context: Context) => Promise<Counts>>} */
const STAGES = {
  /** Warnings are errors: the host with everything, and the library as each artefact is compiled. */
  clippy: async ({ exec }) => {
    const { artefacts } = await import('../pkg/scripts/build.mjs')
    if (!artefacts) throw new Error('pkg/scripts/build.mjs must export `artefacts`')
    const wasm = Object.values(artefacts).map((features) => ['--lib', '--target', WASM32, '--no-default-features', '--features', ['bindings', ...features].join(',')])
    return each([['--all-targets'], ...wasm], (args) => exec('cargo', ['clippy', '--quiet', ...args, '--', '-D', 'warnings']))
  },
  rustdoc: ({ exec }) => each([['--no-deps', '--document-private-items']], (args) => exec('cargo', ['doc', '--quiet', ...args], { env: { RUSTDOCFLAGS: '-D warnings' } })),
  native: async ({ exec }) => {
    const names = (await testTargets(exec)).filter((target) => !target.web && target.name !== 'simulation').flatMap(({ name }) => ['--test', name])
    return cargoCounts(await exec('cargo', ['test', '--lib', ...names, '--no-fail-fast']))
  },
  /** The machines as they are shipped, over millions of random steps (a thousand million with --full); then, in a build of their own, the ones that are broken on purpose. */
  simulation: async ({ exec, full }) => {
    const shipped = cargoCounts(await exec('cargo', ['test', '--test', 'simulation', 'every_promise', '--', '--nocapture'], { minutes: full ? 60 : 3 }))
    const broken = cargoCounts(await exec('cargo', ['test', '--features', 'sabotage', '--test', 'simulation', 'sabotage', '--', '--nocapture'], { minutes: 3 }))
    return { passed: shipped.passed + broken.passed, failed: shipped.failed + broken.failed }
  },
  /** File by file: wasm-pack stops at the first that fails, and skips one that is not configured for a browser without a word. */
  wasm: async ({ exec }) => {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const { name } of (await testTargets(exec)).filter((target) => target.web)) {
      const { passed, failed, skipped = 0 } = cargoCounts(await exec(found.wasmPack, ['test', '--headless', '--chrome', '--chromedriver', found.chromedriver, '--', '--test', name]))
      counts.passed += passed
      counts.failed += failed || (passed ? 0 : 1)
      counts.skipped += skipped
    }
    return counts
  },
  build: ({ exec }) => each([['pkg/scripts/build.mjs']], (args) => exec('node', args)),
  types: async ({ exec }) => ownCounts(await exec('node', ['tests/types/run.mjs'])),
  package: async ({ exec }) => nodeTest(exec, [...testFiles('tests/package'), 'tests/benches/sizes.test.mjs']),
  /** One after the other: a browser's heap is quiet only when the machine is. */
  leaks: ({ exec }) => nodeTest(exec, testFiles('tests/leaks'), ['--test-concurrency=1']),
  browser: ({ exec }) => nodeTest(exec, testFiles('tests/browser'), [], {}, 2.5),
  differential: async ({ exec }) => nodeTest(exec, [...testFiles('tests/differential'), ...testFiles('tests/backends/test').filter((file) => !file.endsWith('/smoke.test.mjs'))]),
  /** Malformed input from a seed: COUNTERSIGN_SEED takes another, --full runs far more of it. */
  fuzz: ({ exec }) => nodeTest(exec, testFiles('tests/fuzz')),
  /** The page of hazards and that of the policy, held to the code; with --full also that the tests of each hazard fail when its code is taken out. */
  hazards: async ({ exec, full }) => {
    const pages = await nodeTest(exec, testFiles('tests/hazards'))
    if (!full) return pages
    const proof = ownCounts(await exec('node', ['tests/hazards/run.mjs'], { minutes: 60 }))
    return { passed: pages.passed + proof.passed, failed: pages.failed + proof.failed }
  },
  smoke: ({ exec }) => nodeTest(exec, ['tests/backends/test/smoke.test.mjs']),
  packaging: async ({ exec, full }) => ownCounts(await exec('node', ['tests/packaging/run.mjs', ...(full ? ['--full'] : [])], { minutes: full ? 40 : 15 })),
  // One file that starts the demo once: what limits a hanging test elsewhere would limit all of them together.
  e2e: ({ exec }) => nodeTest(exec, testFiles('tests/e2e'), ['--test-concurrency=1', '--test-timeout=480000'], { COUNTERSIGN_DEMO_SKIP_BUILD: '1' }),
}

/** Everything that a fresh clone lacks. Each part on its own: without a browser the rest can still be tested. */
async function setup({ note }) {
  const parts = {
    'npm packages': () => npmCi(root, note),
    'wasm target': () => wasmTarget(),
    'wasm-bindgen': async () => (found.path = toolPath(await wasmBindgen(note))),
    'wasm-pack': async () => (found.wasmPack = await wasmPack(note)),
    browser: async () => Object.assign(found, await chromium(note)),
  }
  const failures = []
  for (const [name, part] of Object.entries(parts)) await part().catch((error) => failures.push(`${name}: ${error.message}`))
  for (const failure of failures) note(failure)
  return { passed: 0, failed: failures.length }
}

/** One test per command. @template T @param {T[]} list @param {(item: T) => Promise<{ ok: boolean }>} run @returns {Promise<Counts>} */
async function each(list, run) {
  const counts = { passed: 0, failed: 0 }
  for (const item of list) (await run(item)).ok ? counts.passed++ : counts.failed++
  return counts
}

/** The `[[test]]` entries; those of tests/web run in a browser. @param {Exec} exec */
async function testTargets(exec) {
  const { ok, output } = await exec('cargo', ['metadata', '--no-deps', '--format-version', '1', '--quiet'], { silent: true })
  const json = output.split('\n').find((line) => line.startsWith('{'))
  if (!ok || !json) throw new Error('cargo metadata gave no answer')
  return JSON.parse(json).packages.flatMap((/** @type {any} */ each) => each.targets)
    .filter((/** @type {any} */ target) => target.kind.includes('test'))
    .map((/** @type {any} */ { name, src_path }) => ({ name, web: name.startsWith('web_') || relative(root, src_path).startsWith(join('tests', 'web')) }))
}

/** @param {string} folder @returns {string[]} */
const testFiles = (folder) => (existsSync(join(root, folder)) ? readdirSync(join(root, folder), { recursive: true }).map(String) : [])
  .filter((file) => file.endsWith('.test.mjs')).sort().map((file) => join(folder, file))

/** @param {Exec} exec @param {string[]} files @param {string[]} [flags] */
async function nodeTest(exec, files, flags = [], env = {}, minutes = 15) {
  if (!files.length) return { passed: 0, failed: 0 }
  const ran = await exec('node', ['--test', '--test-reporter=spec', '--test-timeout=300000', ...flags, ...files], { env, minutes })
  const of = (/** @type {string} */ word) => Number([...ran.output.matchAll(new RegExp(`^ℹ ${word} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0)
  return settle(ran, { passed: of('pass'), failed: of('fail') + of('cancelled'), skipped: of('skipped') + of('todo') })
}

const CARGO_RESULT = /^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored/gm

/** @param {{ ok: boolean, output: string }} ran */
function cargoCounts(ran) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const [, passed, failed, ignored] of ran.output.matchAll(CARGO_RESULT)) {
    counts.passed += Number(passed)
    counts.failed += Number(failed)
    counts.skipped += Number(ignored)
  }
  return settle(ran, counts)
}

/** Of our own runners. @param {{ ok: boolean, output: string }} ran */
function ownCounts(ran) {
  const [, passed, failed] = [...ran.output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1) ?? [0, 0, 0]
  return settle(ran, { passed: Number(passed), failed: Number(failed) })
}

/** A runner that failed without saying which test is one failure. @param {{ ok: boolean }} ran @param {Counts} counts */
const settle = (ran, counts) => (ran.ok || counts.failed ? counts : { ...counts, failed: 1 })

/** Runs a stage's programs: what they say goes into the stage's log and is kept. @param {NodeJS.WritableStream} log @param {string[]} kept @param {boolean} full @returns {Exec} */
const execInto = (log, kept, full) => (command, args, { minutes = 15, silent = false, env = {} } = {}) => new Promise((resolve) => {
  const line = `$ ${command === 'node' ? 'node' : relative(root, command).startsWith('..') ? command.split('/').at(-1) : command} ${args.join(' ')}\n`
  const said = /** @type {string[]} */ ([])
  const take = (/** @type {string} */ text) => {
    said.push(text)
    if (silent) return
    log.write(text)
    kept.push(text)
  }
  take(line)
  const { FORCE_COLOR: _colour, NODE_TEST_CONTEXT: _nested, ...inherited } = process.env
  const child = spawn(command === 'node' ? process.execPath : command, args, {
    cwd: root,
    detached: true, // its own process group, so that a stage that hangs ends with all its servers and browsers
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...inherited, PATH: found.path, NO_COLOR: '1', CARGO_TERM_COLOR: 'never', CI: '1', NEXT_TELEMETRY_DISABLED: '1',
      ...(found.chromium ? { CHROMIUM: found.chromium, CHROMEDRIVER: found.chromedriver } : {}), ...(full ? { COUNTERSIGN_FULL: '1' } : {}), ...env,
    },
  })
  live.add(child)
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take)
  const limit = setTimeout(() => {
    take(`\nstopped after ${minutes} minutes\n`)
    endGroup(child)
  }, minutes * 60_000)
  child.once('error', (error) => take(`could not be started: ${error.message}\n`))
  child.once('close', (code) => {
    clearTimeout(limit)
    live.delete(child)
    resolve({ ok: code === 0, output: said.join('') })
  })
})

/** @type {Set<import('node:child_process').ChildProcess>} */
const live = new Set()
const endGroup = (/** @type {import('node:child_process').ChildProcess} */ child) => {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
}

/** @param {string} name @param {(context: Context) => Promise<Counts>} stage @param {boolean} full @param {boolean} mayBeEmpty */
async function runStage(name, stage, full, mayBeEmpty = false) {
  const began = now()
  const log = createWriteStream(join(LOGS, `${name}.log`))
  const kept = /** @type {string[]} */ ([])
  const note = (/** @type {string} */ line) => {
    log.write(`${line}\n`)
    kept.push(`${line}\n`)
  }
  /** @type {Counts} */
  let counts
  try {
    counts = await stage({ exec: execInto(log, kept, full), full, note })
  } catch (error) {
    note(String(error instanceof Error ? error.stack : error))
    counts = { passed: 0, failed: 1 }
  }
  if (!mayBeEmpty && counts.passed + counts.failed === 0) {
    note('no test ran')
    counts.failed = 1
  }
  await new Promise((resolve) => log.end(resolve))
  const { passed, failed, skipped = 0 } = counts
  // Set in, so that a runner's own closing line is not taken for ours.
  if (failed) process.stdout.write(`\n${kept.join('').trimEnd().replace(/^/gm, '  ')}\n\n`)
  const text = [`${String(passed).padStart(5)} passed`, failed ? `${failed} FAILED` : '', skipped ? `${skipped} skipped` : ''].filter(Boolean).join(', ')
  process.stdout.write(`${failed ? '✘' : '✔'} ${name.padEnd(13)}${text.padEnd(36)}${((now() - began) / 1000).toFixed(1).padStart(7)} s\n`)
  return counts
}

async function main() {
  const { values } = parseArgs({ options: { full: { type: 'boolean', default: false }, only: { type: 'string' } } })
  const wanted = values.only?.split(',').map((name) => name.trim()) ?? Object.keys(STAGES)
  const unknown = wanted.filter((name) => !Object.hasOwn(STAGES, name))
  if (unknown.length) throw new Error(`no stage is called ${unknown.join(', ')}; there are ${Object.keys(STAGES).join(', ')}`)
  mkdirSync(LOGS, { recursive: true })
  const total = { passed: 0, failed: 0 }
  const add = (/** @type {Counts} */ { passed, failed }) => {
    total.passed += passed
    total.failed += failed
  }
  const began = now()
  add(await runStage('setup', setup, values.full, true))
  // The stages after the build run what was just built; chosen alone, they take what is there.
  if (!existsSync(TARBALL) && !wanted.includes('build') && wanted.some((name) => AFTER_BUILD.includes(name))) wanted.push('build')
  for (const name of Object.keys(STAGES).filter((each) => wanted.includes(each))) add(await runStage(name, STAGES[name], values.full))
  process.stdout.write(`${((now() - began) / 60_000).toFixed(1)} minutes; logs in ${relative(process.cwd(), LOGS) || '.'}\n`)
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
  process.exitCode = total.failed ? 1 : 0
}

const AFTER_BUILD = ['types', 'package', 'browser', 'leaks', 'differential', 'fuzz', 'hazards', 'smoke', 'packaging', 'e2e']

for (const [signal, code] of /** @type {const} */ ([['SIGINT', 130], ['SIGTERM', 143]])) {
  process.on(signal, () => {
    live.forEach(endGroup)
    process.exit(code)
  })
}

main().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.stdout.write('0 passed, 1 failed\n')
  process.exitCode = 1
})
