// countersign/react in Chromium, for what jsdom has not: streamed HTML, React's own scheduler, frames.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import * as React from 'react'
import { renderToPipeableStream } from 'react-dom/server'
import { chromium as findChromium, root } from '../../pkg/scripts/tools.mjs'
import { asBuilt } from '../benches/bundle.mjs'
import { until } from '../differential/until.mjs'
import { app } from './react-page/app.js'

// Not the world of the other tests: it has a window, and this is the server.
const entry = (name) => import(new URL(`../../pkg/dist/${name}.js`, import.meta.url).href)
const { createSession } = await entry('index')
const countersign = await entry('react')

const { outputFiles } = await build({
  entryPoints: [join(root, 'tests/package/react-page/client.js')], bundle: true, write: false, format: 'esm', platform: 'browser', splitting: true, outdir: '/', absWorkingDir: root,
  logLevel: 'error', external: ['*.wasm'], plugins: [asBuilt], define: { 'process.env.NODE_ENV': '"development"' },
})
const files = new Map(outputFiles.map(({ path, contents }) => [path, contents]))
/** @type {() => void} */
let arrive = () => {}
const server = createServer((request, response) => {
  const file = files.get(request.url)
  response.writeHead(200, { 'content-type': file ? 'text/javascript' : 'text/html' })
  if (file) return void response.end(file)
  if (request.url !== '/streamed') return void response.end('<!doctype html><link rel="icon" href="data:,">')
  const late = new Promise((resolve) => (arrive = () => resolve(undefined)))
  const { pipe } = renderToPipeableStream(app(React, countersign, { session: createSession({ getToken: () => assert.fail('a server asks nobody') }), late }), { onShellReady: () => pipe(response) })
})
await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)))
const { chromium: executablePath } = await findChromium(() => {})
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
after(async () => {
  await browser.close()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

const visit = async (path) => {
  const page = await browser.newPage()
  const said = []
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && said.push(message.text()))
  page.on('pageerror', (error) => said.push(error.message))
  await page.goto(`http://127.0.0.1:${/** @type {any} */ (server.address()).port}${path}`, { waitUntil: 'commit' })
  return { page, said }
}

test('streamed: the shell is hydrated and knows who is signed in before the late part has come; that begins as unknown, without a mismatch', async () => {
  const { page, said } = await visit('/streamed')
  await page.locator('u').waitFor()
  assert.equal(await page.locator('b').textContent(), 'loading')
  await page.evaluate(async () => (await import('/client.js')).hydrate())
  await until(async () => (await page.locator('b').textContent()) === 'in')
  assert.equal(await page.locator('u').count(), 1, 'the late part has not come')
  arrive()
  await until(async () => (await page.locator('i').count()) && (await page.locator('i').textContent()) === 'signedIn')
  assert.deepEqual(await page.evaluate(() => [globalThis.seen[0], globalThis.errors]), ['unknown', []])
  assert.deepEqual(said, [])
})

test('a refresh touches nothing on the page; another user is never shown with the rows of the one before, in no frame and in no commit', async () => {
  const { page, said } = await visit('/')
  const { steady, shown } = await page.evaluate(async () => (await import('/client.js')).change())
  assert.deepEqual(steady, { touched: 0, same: true })
  assert.deepEqual(shown.filter((text) => /bob.*alice|alice.*bob/.test(text)), [])
  assert.ok(shown.includes('bob: rows of bob'))
  assert.deepEqual(said, [])
})
