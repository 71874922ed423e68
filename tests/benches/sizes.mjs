// The byte rows. Nothing here needs a browser; run.mjs checks in one that a healthy page loads no more than what is counted here.
import { assertBuilt, bundlePages, eagerBytes, gzip } from './bundle.mjs'

const KB = 1024

/** DESIGN.md §5, in bytes. `total` is a share of the peers' bundle. */
export const budgets = {
  eager: { root: 2 * KB, clerk: 4 * KB, fauna: 7 * KB, hasura: 4 * KB, instant: 4 * KB, convex: 4 * KB },
  page: 32 * KB,
  total: 0.5,
}

/** What stands until the goal is reached again: src/decisions/0007-a-kilobyte-over.md, 0009-all-of-the-drivers-names.md and 0011-sockets-have-a-price.md. */
export const gates = { eager: { ...budgets.eager, root: 2_310, fauna: 8_500, hasura: 4_400 }, page: 34_350, live: 56_200, total: 0.645, used: budgets.eager.fauna }

/** What an application imports of Fauna's entry: its other names are not in the page. */
const USED = `export { Client, fql, FaunaError, TimeStub } from 'countersign/fauna'`

/**
 * What a usual, healthy page never loads: the doctor, the sentences of errors, what takes a failed answer or unusual options apart, Instant's sign-ins that are not the session's,
 * what waits for the organisation where a template names its `orgClaim`. run.mjs sees in a browser that a healthy page loads none.
 */
const unusual = /^pkg\/((dist|wasm)\/diagnose|dist\/core\/(words|doctor|options|org)|dist\/hasura\/(failure|invalid|retry|batch|params|standard|legacy)|dist\/fauna\/explain|dist\/instant\/(advice|auth))/
/** What a page with sockets and streams loads besides. A page that asks over HTTP never does. */
const notOverHttp = /^pkg\/(dist\/live|wasm\/live|(dist|wasm)\/diagnose|dist\/core\/(words|doctor|options|org)|dist\/hasura\/(failure|invalid|retry|batch|params|sockets|standard|legacy))/

/**
 * @returns {Promise<{ eager: Record<string, number>, used: number, page: number, live: number, total: number, peers: number, diagnose: number,
 *   beside: { small: number, apollo: number }, files: Record<'page' | 'live' | 'total', Record<string, number>> }>} bytes after gzip -9, each file compressed by itself
 */
export const sizes = async () => {
  assertBuilt()
  const eager = {}
  for (const name of Object.keys(budgets.eager)) eager[name] = await eagerBytes(`export * from 'countersign${name === 'root' ? '' : `/${name}`}'`)

  const sum = (files) => Object.values(files).reduce((all, bytes) => all + bytes, 0)
  /** The files of one page, bundled by itself: what it loads, and what only an error loads. */
  const alone = async (name, without) => {
    const bundle = await bundlePages([name])
    const weigh = (files) => Object.fromEntries(files.map((file) => [file, gzip(bundle.files.get(file))]))
    const loaded = bundle.load(name, { without })
    return { loaded: weigh(loaded), rest: weigh(bundle.load(name).filter((file) => !loaded.includes(file))) }
  }
  const page = await alone('clerk-hasura', notOverHttp)
  const live = await alone('clerk-hasura', unusual)
  const total = await alone('all', unusual)
  const peers = await alone('peers')
  const [small, apollo] = [await alone('hasura-request'), await alone('hasura-apollo')]
  return {
    eager, used: await eagerBytes(USED), page: sum(page.loaded), live: sum(live.loaded), total: sum(total.loaded), peers: sum(peers.loaded), diagnose: sum(total.rest),
    beside: { small: sum(small.loaded), apollo: sum(apollo.loaded) }, files: { page: page.loaded, live: live.loaded, total: total.loaded },
  }
}
