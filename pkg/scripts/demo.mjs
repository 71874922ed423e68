// `npm run demo`: from a fresh clone to the page, with the local issuers and backends behind it.
// The end-to-end tests start the same thing through `startDemo`. Only Node's own modules are imported up here,
// because the first thing this may have to do is to install the others.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WWW = join(ROOT, 'www')
const TARBALL = join(ROOT, 'target', 'pack', 'countersign.tgz')
const BUILD_ID = join(ROOT, 'pkg', 'dist', 'build-id.js')
const STAMP = join(WWW, '.next', 'countersign-demo.txt')
const HOST = '127.0.0.1'
/** Short, so that a visitor does not have to wait for what happens when a token ends: seconds, of Clerk's template for Hasura. */
const HASURA_LIFE_S = 20
const LOCAL_SERVERS = ['the Clerk-shaped issuer', 'the Auth0-shaped issuer', 'Fauna', 'Hasura', 'Convex', 'InstantDB']

/** Something to tell the person at the keyboard in one sentence, without a stack. */
export class DemoError extends Error {}

/**
 * @typedef {object} DemoOptions
 * @property {number} [port]        of the page; 0 takes a free one. Default PORT or 3000.
 * @property {number} [portBase]    of the local servers; 0 takes free ones. Default COUNTERSIGN_PORT_BASE or 4100.
 * @property {boolean} [skipBuild]  use the package as it was last built. Default COUNTERSIGN_DEMO_SKIP_BUILD.
 * @property {Record<string, string | undefined>} [env]   default process.env; NEXT_PUBLIC_ variables in it win over the local servers
 * @property {(line: string) => void} [log]   default console.log
 * @property {AbortSignal} [signal]   aborting stops whatever runs
 */

/**
 * @param {DemoOptions} [options]
 * @returns {Promise<{ url: string, backends: any, closed: Promise<number | null>, stop(): Promise<void> }>}
 *   `closed` settles when the page's server has ended, by `stop` or by itself.
 */
export async function startDemo(options = {}) {
  const { env = process.env, log = console.log, signal } = options
  const skipBuild = options.skipBuild ?? env.COUNTERSIGN_DEMO_SKIP_BUILD === '1'
  const portBase = options.portBase ?? portFrom(env, 'COUNTERSIGN_PORT_BASE', 4100)
  const port = await freePort(options.port ?? portFrom(env, 'PORT', 3000))
  if (portBase) await refuseBusyPorts(portBase, port)

  const began = Date.now()
  /** @type {<T>(name: string, work: () => Promise<T>) => Promise<T>} */
  const stage = async (name, work) => {
    signal?.throwIfAborted()
    const from = Date.now()
    const result = await work()
    log(`${seconds(Date.now() - began).padStart(7)}  ${name} (${seconds(Date.now() - from)})`)
    return result
  }
  const children = new Set()
  const run = (args, cwd, more = {}) => runToEnd(args, { cwd, env: { ...env, ...more }, children })
  const url = `http://${HOST}:${port}`
  let backends
  let stopping
  const stop = () => (stopping ??= Promise.all([...[...children].map(endChild), backends?.stop()]).then(() => undefined))
  const onAbort = () => void stop()
  signal?.addEventListener('abort', onAbort)

  try {
    if (!existsSync(join(ROOT, 'node_modules'))) await stage('installed the dependencies', () => run(npm('ci'), ROOT))
    if (!skipBuild) await stage('built the crate and the package', () => buildPackage(log))
    else if (!existsSync(TARBALL) || !existsSync(BUILD_ID)) throw new DemoError('There is no built package to reuse: run `npm run build`, or leave out COUNTERSIGN_DEMO_SKIP_BUILD')

    const buildId = readFileSync(BUILD_ID, 'utf8')
    if (lockIsNewer()) await stage('installed the page\'s dependencies', () => run(npm('ci', '--include=dev'), WWW))
    if (installedId() !== buildId) {
      await stage('installed the packed countersign', () => run(npm('install', '--no-save', '--no-package-lock', '--include=dev', TARBALL), WWW))
      // npm answers from its cache when it takes a tarball for one it knows; the demo must not show an older build.
      if (installedId() !== buildId) throw new DemoError('The countersign installed in www is not the one just packed: delete www/node_modules and start again')
    }

    backends = await stage('started the issuers and the backends', async () => {
      const { startAll } = await import('../../tests/backends/start.mjs')
      return startAll({ portBase, pageOrigins: [url, `http://localhost:${port}`], each: { clerk: { lifetimes: { hasura: HASURA_LIFE_S } } } })
    })
    const pageEnv = { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...localAddresses(backends, env) }
    const wanted = fingerprint({ ...env, ...pageEnv }, buildId)
    if (read(STAMP) !== wanted) {
      await stage('built the page', () => run(next('build'), WWW, pageEnv))
      writeFileSync(STAMP, wanted)
    }
    const { child, closed } = await stage('started the page', () => startPage({ url, port, env: { ...env, ...pageEnv }, children }))
    signal?.throwIfAborted()
    return { url, backends, closed, stop: () => Promise.all([stop(), endChild(child)]).then(() => undefined) }
  } catch (error) {
    // A stage that began while `stop` ran has left something behind: stop once more.
    await stop()
    await Promise.all([...[...children].map(endChild), backends?.stop()])
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

async function buildPackage(log) {
  const { build } = await import('./build.mjs')
  try {
    await build({ pack: true, log: (line) => log(`         ${line}`) })
  } catch (error) {
    throw new DemoError(`The package could not be built:\n${error instanceof Error ? error.message : error}`)
  }
}

/** The addresses that the page is built with, but for those that the environment or an .env file points elsewhere. */
function localAddresses({ urls, config }, env) {
  const local = {
    NEXT_PUBLIC_CLERK_ISSUER: urls.clerk,
    NEXT_PUBLIC_AUTH0_DOMAIN: config.auth0.domain,
    NEXT_PUBLIC_AUTH0_CLIENT_ID: config.auth0.clientId,
    NEXT_PUBLIC_FAUNA_ENDPOINT: urls.fauna,
    NEXT_PUBLIC_FAUNA_AUDIENCE: config.audiences.fauna,
    NEXT_PUBLIC_HASURA_ENDPOINT: urls.hasura,
    NEXT_PUBLIC_HASURA_AUDIENCE: config.audiences.hasura,
    NEXT_PUBLIC_CONVEX_URL: urls.convex,
    NEXT_PUBLIC_INSTANT_APP_ID: config.instant.appId,
    NEXT_PUBLIC_INSTANT_API: urls.instant,
  }
  // Next lets the environment win over its files, so what a file sets must not be in the environment.
  const inFiles = ENV_FILES.flatMap((name) => [...(read(join(WWW, name)) ?? '').matchAll(/^\s*(?:export\s+)?(NEXT_PUBLIC_\w+)\s*=\s*\S/gm)].map((m) => m[1]))
  return Object.fromEntries(Object.entries(local).filter(([name]) => !env[name] && !inFiles.includes(name)))
}

const ENV_FILES = ['.env', '.env.local', '.env.production', '.env.production.local']

/** Of everything that a build of the page depends on: the same text, the same page. */
function fingerprint(env, buildId) {
  const hash = createHash('sha256').update(buildId)
  for (const name of Object.keys(env).filter((each) => each.startsWith('NEXT_PUBLIC_')).sort()) hash.update(`\0${name}=${env[name]}`)
  const folders = ['app', 'components', 'docs', 'lib'].flatMap((folder) => filesIn(join(WWW, folder)))
  const single = ['package-lock.json', 'package.json', 'tsconfig.json', 'next.config.ts', ...ENV_FILES].map((name) => join(WWW, name)).filter((path) => existsSync(path))
  for (const path of [...folders, ...single]) hash.update(`\0${relative(WWW, path)}\0`).update(readFileSync(path))
  return hash.digest('hex')
}

const filesIn = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort()

const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)
const installedId = () => read(join(WWW, 'node_modules', 'countersign', 'dist', 'build-id.js'))

function lockIsNewer() {
  const installed = join(WWW, 'node_modules', '.package-lock.json')
  return !existsSync(installed) || statSync(join(WWW, 'package-lock.json')).mtimeMs > statSync(installed).mtimeMs
}

/** The npm that runs us when there is one, so that its version and settings are the person's. */
function npm(...args) {
  const own = process.env.npm_execpath
  const command = own && basename(own) === 'npm-cli.js' ? [process.execPath, own] : ['npm']
  return [...command, ...args, '--no-audit', '--no-fund']
}
const next = (...args) => [process.execPath, join(WWW, 'node_modules', 'next', 'dist', 'bin', 'next'), ...args]

/** Runs a program quietly; what it said is shown only when it fails. */
function runToEnd([command, ...args], { cwd, env, children }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    children.add(child)
    const said = lastWords(child)
    child.once('error', (error) => reject(new DemoError(`${basename(command)} could not be started: ${error.message}`)))
    child.once('close', (code, signal) => {
      children.delete(child)
      if (code === 0) resolve(undefined)
      else reject(new DemoError(`\`${basename(args[0] ?? command)} ${args.slice(1).join(' ')}\` in ${relative(ROOT, cwd) || 'the root'} ended with ${signal ?? code}:\n${said()}`))
    })
  })
}

/** `next start`, until the page answers. */
async function startPage({ url, port, env, children }) {
  const [command, ...args] = next('start', '-p', String(port), '-H', HOST)
  const child = spawn(command, args, { cwd: WWW, env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  const said = lastWords(child)
  let ended = false
  const closed = new Promise((resolve) => child.once('close', (code) => {
    ended = true
    children.delete(child)
    resolve(code)
  }))
  child.once('error', () => {}) // `close` follows
  for (const deadline = Date.now() + 60_000; Date.now() < deadline && !ended;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
    await answer?.arrayBuffer().catch(() => undefined)
    if (answer?.ok) return { child, closed }
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  await endChild(child)
  throw new DemoError(`The page did not start on ${url}:\n${said()}`)
}

/** What a program said, without its middle: npm names the cause first, a compiler last. */
function lastWords(child) {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part) => {
    text += part
    if (text.length > 200_000) text = text.slice(0, 20_000) + text.slice(-100_000)
  })
  return () => {
    const lines = text.trimEnd().split('\n')
    return (lines.length <= 60 ? lines : [...lines.slice(0, 20), '...', ...lines.slice(-40)]).join('\n')
  }
}

/** Asks once, insists after five seconds; by its own id, whatever else runs on the machine. */
function endChild(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve()
  return new Promise((resolve) => {
    const insist = setTimeout(() => child.kill('SIGKILL'), 5000)
    child.once('exit', () => {
      clearTimeout(insist)
      resolve(undefined)
    })
    child.kill('SIGTERM')
  })
}

function portFrom(env, name, fallback) {
  const port = Number(env[name] || fallback)
  if (!Number.isInteger(port) || port < 0 || port > 65_000) throw new DemoError(`${name} is ${JSON.stringify(env[name])}, not a port`)
  return port
}

/** The port, if it can be listened on; 0 becomes a free one. */
async function freePort(port, what = 'the page', variable = 'PORT') {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error) => reject(new DemoError(/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE'
      ? `Port ${port}, wanted for ${what}, is taken: stop what listens there, or choose another with ${variable}=...`
      : `Port ${port}, wanted for ${what}, cannot be used: ${error.message}`)))
    probe.listen(port, HOST, () => {
      const taken = /** @type {import('node:net').AddressInfo} */ (probe.address()).port
      probe.close(() => resolve(taken))
    })
  })
}

async function refuseBusyPorts(base, pagePort) {
  if (pagePort >= base && pagePort < base + LOCAL_SERVERS.length) throw new DemoError(`Port ${pagePort} is wanted both for the page and for ${LOCAL_SERVERS[pagePort - base]}: choose another with PORT=... or COUNTERSIGN_PORT_BASE=...`)
  for (const [i, name] of LOCAL_SERVERS.entries()) await freePort(base + i, name, 'COUNTERSIGN_PORT_BASE')
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

async function main() {
  const abort = new AbortController()
  let demo
  const leave = async (code) => {
    abort.abort()
    await demo?.stop()
    process.exit(code)
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void leave(signal === 'SIGINT' ? 130 : 143))
  try {
    demo = await startDemo({ signal: abort.signal })
  } catch (error) {
    if (abort.signal.aborted) return
    console.error(error instanceof DemoError ? error.message : error)
    process.exit(1)
  }
  console.log(`countersign demo ready: ${demo.url}`)
  await demo.closed
  if (!abort.signal.aborted) {
    console.error('The page\'s server ended by itself.')
    await leave(1)
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
