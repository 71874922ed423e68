// countersign/devtools in Chromium, under a policy that forbids every style but those of the object model.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { chromium as find } from '../../pkg/scripts/tools.mjs'

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'none'; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'"
const dist = fileURLToPath(new URL('../../pkg/dist/', import.meta.url))

const PAGE = `
  import { createSession } from './index.js'
  import { mountDevtools } from './devtools.js'
  import { fakeProvider } from './testing.js'
  const violations = []
  document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI))
  const session = createSession({ templates: { hasura: 'hasura' }, logger: false })
  Object.assign(globalThis, { violations, session, fakeProvider, mountDevtools })`

test('in a browser with a strict policy: dressed, used by keyboard, and gone without a trace', { timeout: 60_000 }, async (t) => {
  const { outputFiles } = await build({ stdin: { contents: PAGE, resolveDir: dist }, bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'error' })
  const server = createServer((request, response) => {
    const script = request.url === '/page.js'
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html', 'content-security-policy': POLICY })
    response.end(script ? outputFiles[0]?.text : '<!doctype html><html lang="en"><title>devtools</title><link rel="icon" href="data:,"><body><script src="/page.js"></script><p>the page</p></body></html>')
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)))
  t.after(() => server.close())
  const browser = await chromium.launch({ executablePath: (await find(() => {})).chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
  t.after(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 375, height: 640 } })
  /** @type {string[]} */
  const said = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))
  await page.goto(`http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}/`)
  const before = await page.content()
  await page.evaluate(async () => {
    const { session, fakeProvider, mountDevtools } = /** @type {any} */ (globalThis)
    session.connect(fakeProvider({ user: 'alice' }))
    await session.getToken('hasura')
    Object.assign(globalThis, { stop: mountDevtools(session) })
  })
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const row = page.locator('[data-countersign-devtools] .tokens li[data-phase=fresh]')
  await row.waitFor()
  // Dressed: the sheet counts, and so do widths set from a script.
  const { color, width, whole } = await row.locator('.life').evaluate((life) => ({ color: getComputedStyle(life).backgroundColor, width: life.getBoundingClientRect().width, whole: /** @type {Element} */ (life.parentElement).getBoundingClientRect().width }))
  assert.equal(color, 'rgb(11, 98, 71)')
  assert.ok(width > 0.9 * whole - 4 && width <= whole, `${width} of ${whole}`)
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it fits a phone')
  await row.locator('summary').focus()
  await page.keyboard.press('Enter')
  assert.match(await row.innerText(), /sub: alice/)
  await page.keyboard.press('Escape')
  assert.equal(await row.isVisible(), false)
  assert.equal(await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent), 'countersign')
  await page.evaluate(() => /** @type {any} */ (globalThis).stop())
  assert.equal(await page.content(), before)
  assert.deepEqual([await page.evaluate(() => /** @type {any} */ (globalThis).violations), said], [[], []])
})
