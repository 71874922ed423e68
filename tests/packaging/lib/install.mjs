// An app's folder under target/packaging: the template copied, its locked packages installed once, the tarball installed every time.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './programs.mjs'

export const root = fileURLToPath(new URL('../../../', import.meta.url))
const TARBALL = join(root, 'target/pack/countersign.tgz')
const here = fileURLToPath(new URL('..', import.meta.url))
const KEPT = ['node_modules', '.installed']

/** A copy of the tarball for this run, whoever builds meanwhile, and what it says it is. */
export async function packed() {
  if (!existsSync(TARBALL)) throw new Error('target/pack/countersign.tgz is not there: run `npm run build` first')
  const tarball = join(root, 'target/packaging/countersign.tgz')
  mkdirSync(dirname(tarball), { recursive: true })
  cpSync(TARBALL, tarball)
  const text = await run('tar', ['-xzOf', tarball, 'package/dist/build-id.js'], { cwd: root })
  const id = /buildId = '([0-9a-f]+)'/.exec(text)?.[1]
  if (!id) throw new Error('dist/build-id.js of the tarball names no build')
  return { id, tarball }
}

/** The folder of an app with nothing but its sources and its packages. `sources`: template folders that are copied over it, in order. @param {string} app @param {string[]} sources */
export function place(app, sources = []) {
  const dir = join(root, 'target/packaging', app)
  mkdirSync(dir, { recursive: true })
  for (const name of readdirSync(dir)) if (!KEPT.includes(name)) rmSync(join(dir, name), { recursive: true, force: true })
  for (const name of [app, ...sources]) cpSync(join(here, 'apps', name), dir, { recursive: true })
  cpSync(join(here, 'shared'), join(dir, 'shared'), { recursive: true })
  return dir
}

/** Locked packages and the tarball. @param {string} app @param {{ id: string, tarball: string }} packed */
export async function install(app, { id, tarball }) {
  const dir = place(app)
  const stamp = join(dir, '.installed')
  const wanted = createHash('sha256').update(readFileSync(join(dir, 'package-lock.json'))).update(readFileSync(join(dir, 'package.json'))).update(process.version).digest('hex')
  const npm = (...args) => run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: dir })
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    rmSync(stamp, { force: true })
    await npm('ci')
    writeFileSync(stamp, wanted)
  }
  // npm takes a package of the same name and version for installed, and believes its hidden lock file before the folder.
  rmSync(join(dir, 'node_modules/countersign'), { recursive: true, force: true })
  rmSync(join(dir, 'node_modules/.package-lock.json'), { force: true })
  await npm('install', '--no-save', '--no-package-lock', tarball)
  const installed = readFileSync(join(dir, 'node_modules/countersign/dist/build-id.js'), 'utf8')
  if (!installed.includes(`'${id}'`)) throw new Error(`${app}: another build than ${id} is installed`)
}
