// What goes through a session in Chromium reaches the server as it would through plain `fetch`. The same plans as in Node.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { chromium } from 'playwright-core'
import { chromium as find } from '../../pkg/scripts/tools.mjs'
import { bundlePages } from '../benches/bundle.mjs'
import { prng, SEED } from '../differential/fauna/random.mjs'
import { plans } from '../package/transparency/cases.js'
import { address, allAuthorised, record, requests } from '../package/transparency/server.mjs'

suite('transparency in Chromium', { concurrency: 1 }, () => {
  const all = plans(prng(SEED), process.env.COUNTERSIGN_FULL ? 2000 : 250)
  /** @type {Awaited<ReturnType<typeof record>>} */
  let server
  /** @type {import('playwright-core').Browser} */
  let browser
  /** @type {import('playwright-core').Page} */
  let page
  /** @type {any[]} */
  let expected
  const run = (/** @type {string} */ way) =>
    page.evaluate(([way, plans]) => /** @type {any} */ (globalThis).run(way, plans), /** @type {const} */ ([way, all.map((plan, n) => [plan, address(server.origin, way, n, plan)])]))
  before(async () => {
    const { files } = await bundlePages(['transparency'], 'tests/browser/pages')
    server = await record((path) => {
      const file = files.get(path)
      return file ? ['text/javascript', file] : path === '/' ? ['text/html', '<!doctype html><script type="module" src="/transparency.js"></script>'] : undefined
    })
    const { chromium: executablePath } = await find(() => {})
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
    page = await browser.newPage()
    await page.goto(server.origin)
    await page.waitForFunction(() => 'run' in globalThis)
    expected = await run('plain')
  }, { timeout: 60_000 })
  after(async () => {
    await browser?.close()
    await server?.close()
  })

  test('the plans are of some use: most are sent, some cannot be', () => {
    const rejected = expected.filter((result) => result === 'rejected').length
    assert.ok(rejected > 5 && rejected < all.length / 2, `${rejected} of ${all.length}`)
  })

  for (const way of ['session', 'auth', 'hasura'])
    test(`${way}.fetch: the same bytes there, the same answer back`, async () => {
      const results = await run(way)
      const [theirs, ours] = [requests(server.seen, 'plain'), requests(server.seen, way)]
      for (const [n, plan] of all.entries()) {
        const of = `seed ${SEED}, plan ${n}: ${JSON.stringify(plan)}`
        assert.deepEqual(ours.get(`${n}`), theirs.get(`${n}`), of)
        assert.deepEqual(results[n], expected[n], of)
      }
      assert.ok(allAuthorised(server.seen, way))
    })
})
