// The byte rows. Nothing here needs a browser; run.mjs checks in one that a healthy page loads no more than what is counted here.
import { assertBuilt, bundlePages, eagerBytes, gzip } from './bundle.mjs'

const KB = 1024

/** DESIGN.md §5, in bytes. `total` is a share of the peers' bundle. */
export const budgets = {
  eager: { root: 2 * KB, clerk: 4 * KB, fauna: 7 * KB, hasura: 4 * KB, instant: 4 * KB, convex: 4 * KB },
  page: 32 * KB,
  total: 0.5,
}

/** The doctor: loaded after a rejected token only. */
const afterAnError = /^pkg\/(dist|wasm)\/diagnose/
/** What a page with sockets and streams loads besides. A page that asks over HTTP never does. */
const notOverHttp = /^pkg\/(dist\/live|wasm\/live|(dist|wasm)\/diagnose)/

/**
 * @returns {Promise<{ eager: Record<string, number>, page: number, total: number, peers: number, diagnose: number,
 *   files: { page: string[], total: string[] } }>} bytes after gzip -9, each file compressed by itself
 */
export const sizes = async () => {
  assertBuilt()
  const eager = {}
  for (const name of Object.keys(budgets.eager)) eager[name] = await eagerBytes(`export * from 'countersign${name === 'root' ? '' : `/${name}`}'`)

  const alone = async (name, options) => {
    const bundle = await bundlePages([name])
    const sum = (files) => files.reduce((bytes, file) => bytes + gzip(bundle.files.get(file)), 0)
    const files = bundle.load(name, options)
    return { files, bytes: sum(files), rest: sum(bundle.load(name).filter((file) => !files.includes(file))) }
  }
  const page = await alone('clerk-hasura', { without: notOverHttp })
  const total = await alone('all', { without: afterAnError })
  const peers = await alone('peers')
  return { eager, page: page.bytes, total: total.bytes, peers: peers.bytes, diagnose: total.rest, files: { page: page.files, total: total.files } }
}
