// Finds or builds the pinned tools. Nothing is downloaded prebuilt: wasm-bindgen and wasm-pack come through cargo, binaryen through npm.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const WASM_PACK = '0.15.1'

/** The CLI's schema must equal the crate's: one version, read from Cargo.toml. */
export const bindgenVersion = /^wasm-bindgen = "=(.+)"$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1]

// Outside the checkout, so that a second clone does not compile them again.
const cache = join(process.env.COUNTERSIGN_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'countersign-tools'))

/** Runs a program; its output is shown, or kept and shown only when it fails. */
export const run = (program, args, { quiet = false, env, cwd = root } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'] })
    let kept = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (d) => (kept += d))
    child.on('error', (e) => reject(new Error(`${program} could not be started: ${e.message}`)))
    child.on('close', (code) => (code === 0 ? resolve(kept) : reject(new Error(`${program} ${args.slice(0, 4).join(' ')} ended with ${code}\n${kept}`))))
  })

const says = (program, version) => {
  try {
    return execFileSync(program, ['--version'], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().includes(version)
  } catch {
    return false
  }
}

/** A cargo tool of exactly this version: from PATH, from the cache, or compiled into it (without --locked: see packaging notes). */
const tool = async (program, crate, version, log) => {
  for (const candidate of [program, join(cache, `${crate}-${version}`, 'bin', program)]) if (says(candidate, version)) return candidate
  const into = join(cache, `${crate}-${version}`)
  mkdirSync(into, { recursive: true })
  log(`compiling ${crate} ${version} (once, a few minutes)`)
  await run('cargo', ['install', crate, '--version', version, '--root', into, '--quiet'], { quiet: true, env: { CARGO_TARGET_DIR: join(cache, 'target') } })
  return join(into, 'bin', program)
}

export const wasmBindgen = (log = console.log) => tool('wasm-bindgen', 'wasm-bindgen-cli', bindgenVersion, log)
export const wasmPack = (log = console.log) => tool('wasm-pack', 'wasm-pack', WASM_PACK, log)

/** PATH with the wasm-bindgen test runner and npm's binaryen on it. */
export const toolPath = (bindgen) => [bindgen.includes('/') ? join(bindgen, '..') : '', join(root, 'node_modules/.bin'), process.env.PATH].filter(Boolean).join(delimiter)

/** The wasm target, where rustup has not already taken it from rust-toolchain.toml. */
export const wasmTarget = async () => {
  const sysroot = (await run('rustc', ['--print', 'sysroot'], { quiet: true })).trim()
  if (!existsSync(join(sysroot, 'lib/rustlib/wasm32-unknown-unknown'))) await run('rustup', ['target', 'add', 'wasm32-unknown-unknown'], { quiet: true })
}

/** Chromium and its driver: from CHROMIUM, PATH, or the system's packages when we may install them. */
export const chromium = async (log = console.log) => {
  const find = () => [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => p && existsSync(p))
  const driver = () => [process.env.CHROMEDRIVER, '/usr/bin/chromedriver', '/usr/lib/chromium-browser/chromedriver'].find((p) => p && existsSync(p))
  if (!find() || !driver()) {
    const may = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')
    if (!may) throw new Error('A browser is needed: install Chromium and its driver (Debian: apt-get install chromium chromium-driver), or set CHROMIUM and CHROMEDRIVER.')
    log('installing chromium and chromium-driver from the system packages')
    await run('apt-get', ['update'], { quiet: true })
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'chromium-driver'], { quiet: true, env: { DEBIAN_FRONTEND: 'noninteractive' } })
  }
  return { chromium: find(), chromedriver: driver() }
}

/** npm ci when node_modules does not match the lock file. */
export const npmCi = async (cwd = root, log = console.log) => {
  const stamp = join(cwd, 'node_modules/.package-lock.json')
  if (existsSync(stamp)) return
  log(`npm ci in ${cwd === root ? 'the root' : cwd.slice(root.length)}`)
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd, quiet: true })
}
