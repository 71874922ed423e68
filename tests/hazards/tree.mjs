// A copy of the tree in which code may be taken out, and its tests.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/**
 * A test: `['auth', 'flights::a_late_loser']` is one of tests/native/auth.rs, `['tests/package/x.test.mjs', 'its name']` one that Node runs;
 * `'*'` for the name: the whole file, whose tests belong together.
 * @typedef {readonly [of: string, name: string]} Test
 */

const FEATURES = 'core,fauna,hasura,instant,convex'
const PARTS = ['.cargo', 'Cargo.lock', 'Cargo.toml', 'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'package.json', 'pkg', 'rust-toolchain.toml', 'src', 'tests']
const GENERATED = new Set(['dist', 'node_modules', 'target', '.next'])
/** A test whose code was taken out may wait for ever. */
const TEST_MINUTES = 3

/** How often a text occurs. @param {string} text @param {string} part */
export const count = (text, part) => text.split(part).length - 1

const escape = (/** @type {string} */ text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

export class Tree {
  /** @type {Set<import('node:child_process').ChildProcess>} */
  #running = new Set()

  /** @param {string} root @param {string} into a folder of its own; what cargo has compiled in it is kept for the next run */
  constructor(root, into) {
    this.root = root
    this.at = join(into, 'tree')
    this.cargo = join(into, 'cargo')
  }

  copy() {
    rmSync(this.at, { recursive: true, force: true })
    mkdirSync(this.at, { recursive: true })
    // With times of their own, not those of the files: the last run may have compiled one of these with its code taken out, and later than the file is old.
    for (const part of PARTS.filter((each) => existsSync(join(this.root, each))))
      cpSync(join(this.root, part), join(this.at, part), { recursive: true, filter: (path) => !GENERATED.has(basename(path)) })
    symlinkSync(join(this.root, 'node_modules'), join(this.at, 'node_modules'))
  }

  /** Puts `to` in the place of `from`, which must be there exactly once. Returns what puts it back. @param {string} file @param {string} from @param {string} to */
  replace(file, from, to) {
    const path = join(this.at, file)
    const text = readFileSync(path, 'utf8')
    const found = count(text, from)
    if (found !== 1) throw new Error(`${file} has the code that is to be taken out ${found} times: ${from}`)
    writeFileSync(path, text.replace(from, () => to))
    return () => writeFileSync(path, text)
  }

  /** What a changed file needs before its tests run; cargo sees to its own. @param {string} file */
  async build(file) {
    if (!file.startsWith('pkg/src')) return
    const { ok, output } = await this.#run('node', ['pkg/scripts/build.mjs', '--ts'])
    if (!ok) throw new Error(`it does not build:\n${tail(output)}`)
  }

  /** @param {readonly Test[]} tests @returns {Promise<{ failed: string[] }>} those that did not pass */
  async test(tests) {
    /** @type {Map<string, Set<string>>} */
    const groups = new Map()
    for (const [of, name] of tests) groups.set(of, (groups.get(of) ?? new Set()).add(name))
    const failed = []
    for (const [of, names] of groups) {
      const passed = of.endsWith('.mjs') ? await this.#node(of, [...names]) : await this.#native(of, [...names])
      failed.push(...[...names].filter((name) => !passed.has(name)).map((name) => `${of}: ${name}`))
    }
    return { failed }
  }

  /** @param {string} target @param {string[]} names */
  async #native(target, names) {
    const args = ['test', '--quiet', '--no-default-features', '--features', FEATURES, '--test', target]
    const env = { CARGO_TARGET_DIR: this.cargo, CARGO_PROFILE_TEST_DEBUG: '0', CARGO_TERM_COLOR: 'never' }
    const built = await this.#run('cargo', [...args, '--no-run'], env)
    if (!built.ok) throw new Error(`it does not compile:\n${tail(built.output)}`)
    const { output } = await this.#run('cargo', [...args, '--', '--exact', '--format=pretty', ...names], env, TEST_MINUTES)
    return new Set([...output.matchAll(/^test (\S+)(?: - should panic)? \.\.\. ok$/gm)].map(([, name]) => name))
  }

  /** @param {string} file @param {string[]} names */
  async #node(file, names) {
    const whole = names.includes('*')
    const patterns = whole ? [] : names.map((name) => `--test-name-pattern=/^${escape(name)}$/`)
    // Forced to exit: a test that failed may leave a server behind.
    const { ok, output } = await this.#run('node', ['--test', '--test-reporter=tap', '--test-force-exit', `--test-timeout=${TEST_MINUTES * 60_000}`, ...patterns, file], {}, TEST_MINUTES + 1)
    if (whole) return new Set(ok ? names : [])
    // A test that was left out because of its name is "ok" with the word SKIP.
    return new Set([...output.matchAll(/^ *ok \d+ - (.*)$/gm)].map(([, name]) => (name ?? '').replace(/\\([#\\])/g, '$1')).filter((name) => !/ # (SKIP|TODO)\b/.test(name)))
  }

  /** @param {string} command @param {string[]} args @param {Record<string, string>} [env] @returns {Promise<{ ok: boolean, output: string }>} */
  #run(command, args, env = {}, minutes = 10) {
    const { FORCE_COLOR: _colour, NODE_TEST_CONTEXT: _nested, ...inherited } = process.env
    // A group of its own, so that what hangs ends with everything that it has started.
    const child = spawn(command === 'node' ? process.execPath : command, args, { cwd: this.at, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...inherited, NO_COLOR: '1', ...env } })
    this.#running.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    const limit = setTimeout(() => end(child), minutes * 60_000)
    return new Promise((resolve) => {
      child.once('error', (error) => resolve({ ok: false, output: error.message }))
      child.once('close', (code) => resolve({ ok: code === 0, output }))
    }).finally(() => {
      clearTimeout(limit)
      // What it has left behind, too: a test that failed may wait for ever.
      end(child)
      this.#running.delete(child)
    })
  }

  stop() {
    this.#running.forEach(end)
  }
}

const tail = (/** @type {string} */ output) => output.trim().split('\n').slice(-25).join('\n')

const end = (/** @type {import('node:child_process').ChildProcess} */ child) => {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
}
