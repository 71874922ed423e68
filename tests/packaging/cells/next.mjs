// Next 16 and 15.5 with no configuration at all, by both of their bundlers: page, prerendered page that calls, server component, edge route.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { place } from '../lib/install.mjs'
import { freePort, run, whileRunning } from '../lib/programs.mjs'

const next = (dir) => join(dir, 'node_modules/next/dist/bin/next')

/** Looks at every page; all failures are told, not only the first. */
async function visit({ browser, id, api, ok, test }, url, label, { server = true } = {}) {
  const query = `?api=${encodeURIComponent(api)}`
  const onServer = `OK same=true auth=true id=${id}`
  await test(`${label}: page`, async () => assert.equal((await browser.look(`${url}/${query}`)).text, ok))
  if (!server) return
  await test(`${label}: a call while prerendering goes on in the browser`, async () => assert.equal((await browser.look(`${url}/bailout`)).text, 'OK rendered in the browser'))
  await test(`${label}: server component`, async () => assert.equal((await browser.look(`${url}/rsc${query}`)).text, onServer))
  await test(`${label}: edge route`, async () => assert.equal(await (await fetch(`${url}/edge${query}`)).text(), onServer))
}

const build = (label, flags, { app = 'next', overlay = [], server = true, full = false } = {}) => ({
  app, name: label, full, many: true,
  async run(context) {
    const dir = place(app, overlay)
    await run('node', [next(dir), 'build', ...flags], { cwd: dir })
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    await whileRunning('node', [next(dir), 'start', '-H', '127.0.0.1', '-p', String(port)], { cwd: dir, url: `${url}/` }, () => visit(context, url, label, { server }))
  },
})

const dev = (label, flags, { app = 'next', overlay = [] } = {}) => ({
  app, name: label, full: true, many: true,
  async run(context) {
    const dir = place(app, overlay)
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    await whileRunning('node', [next(dir), 'dev', '-H', '127.0.0.1', '-p', String(port), ...flags], { cwd: dir, url: `${url}/` }, () => visit(context, url, label))
  },
})

/** The pages of Next 16; its own package.json comes last, so that the folder says what is installed. */
const NEXT15 = { app: 'next15', overlay: ['next', 'next15'] }

export const cells = [
  build('Next 16 Turbopack', []),
  build('Next 16 webpack', ['--webpack']),
  build('Next 16 Turbopack, nonce policy', [], { overlay: ['next-nonce'], server: false, full: true }),
  build('Next 16 webpack, nonce policy', ['--webpack'], { overlay: ['next-nonce'], server: false, full: true }),
  dev('Next 16 dev, Turbopack', []),
  dev('Next 16 dev, webpack', ['--webpack']),
  // Here webpack is what runs without a flag.
  build('Next 15.5 webpack', [], { ...NEXT15, full: true }),
  dev('Next 15.5 dev, webpack', [], NEXT15),
  dev('Next 15.5 dev, Turbopack', ['--turbopack'], NEXT15),
]
