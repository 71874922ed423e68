// Headless Chromium with a page in which everything that could stay behind is counted.
import { createServer } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { assertBuilt, asBuilt } from '../benches/bundle.mjs'
import { chromium as findChromium, root } from '../../pkg/scripts/tools.mjs'

/** Runs in the page before anything else: keeps what is alive where `look` can count it. */
const count = () => {
  const timers = new Set()
  const { setTimeout: set, clearTimeout: clear } = globalThis
  globalThis.setTimeout = (run, ms, ...rest) => {
    const id = set(() => {
      timers.delete(id)
      run(...rest)
    }, ms)
    timers.add(id)
    return id
  }
  globalThis.clearTimeout = (id) => (timers.delete(id), clear(id))

  // Of a window, a document, a worker's port: what is added there stays until it is removed. An AbortSignal takes its listeners with it.
  let listeners = 0
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype
  const lasting = (at) => !(at instanceof AbortSignal)
  EventTarget.prototype.addEventListener = function (...args) {
    if (lasting(this ?? globalThis)) listeners++
    return add.apply(this ?? globalThis, args)
  }
  EventTarget.prototype.removeEventListener = function (...args) {
    if (lasting(this ?? globalThis)) listeners--
    return remove.apply(this ?? globalThis, args)
  }

  let channels = 0
  const { BroadcastChannel: Channel } = globalThis
  globalThis.BroadcastChannel = class extends Channel {
    constructor(name) {
      super(name)
      channels++
    }
    close() {
      channels--
      super.close()
    }
  }

  /** Objects that are still reachable, or not collected yet. */
  const alive = () => {
    let number = 0
    const gone = new FinalizationRegistry(() => number--)
    return { register: (object) => (number++, gone.register(object)), get number() { return number } }
  }
  const controllers = alive()
  const { AbortController: Controller } = globalThis
  globalThis.AbortController = class extends Controller {
    constructor() {
      super()
      controllers.register(this)
    }
  }
  globalThis.made = alive()

  const exported = []
  const { instantiate } = WebAssembly
  WebAssembly.instantiate = async (...args) => {
    const made = await instantiate.apply(WebAssembly, args)
    exported.push(...Object.values((made.instance ?? made).exports))
    return made
  }
  globalThis.look = () => ({
    timers: timers.size, listeners, channels, controllers: controllers.number, sessions: globalThis.made.number,
    wasmBytes: exported.filter((e) => e instanceof WebAssembly.Memory).reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
    // Objects that the wasm side holds on to live in a table.
    wasmRefs: exported.filter((e) => e instanceof WebAssembly.Table).reduce((sum, { length }) => sum + length, 0),
  })
}

const page = async () => {
  assertBuilt()
  const { outputFiles } = await build({
    entryPoints: [join(root, 'tests/leaks/page/leaks.js')], bundle: true, write: false, format: 'esm', platform: 'browser', splitting: true, outdir: '/', absWorkingDir: root,
    logLevel: 'error', legalComments: 'none', external: ['*.wasm'], plugins: [asBuilt],
  })
  return new Map(outputFiles.map(({ path, contents }) => [path, contents]))
}

/** A page of its own in a browser of its own. */
export const open = async () => {
  const files = await page()
  const server = createServer((request, response) => {
    const file = files.get(request.url)
    response.writeHead(file || request.url === '/' ? 200 : 404, { 'content-type': file ? 'text/javascript' : 'text/html' }).end(file ?? '<!doctype html><link rel="icon" href="data:,">')
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const { chromium: executablePath } = await findChromium(() => {})
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
  const context = await browser.newContext()
  const tab = await context.newPage()
  const errors = []
  tab.on('pageerror', (error) => errors.push(error.message))
  await tab.addInitScript(count)
  await tab.goto(`http://127.0.0.1:${port}/`)
  const cdp = await context.newCDPSession(tab)
  await cdp.send('Performance.enable')

  const seen = async () => {
    // A collection runs finalisers after it, which let go of more.
    for (let i = 0; i < 3; i++) {
      await cdp.send('HeapProfiler.collectGarbage')
      await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))))
    }
    const { metrics } = await cdp.send('Performance.getMetrics')
    const metric = (name) => metrics.find((each) => each.name === name)?.value ?? NaN
    const { usedSize } = await cdp.send('Runtime.getHeapUsage')
    return { heap: usedSize, jsListeners: metric('JSEventListeners'), nodes: metric('Nodes'), ...(await tab.evaluate(() => globalThis.look())) }
  }
  return {
    errors,
    run: (name, argument) => tab.evaluate(async ([name, argument]) => (await import('/leaks.js'))[name](argument), [name, argument]),
    /** What is alive when nothing is under way. */
    look: seen,
    close: async () => {
      await browser.close()
      await new Promise((done) => (server.close(done), server.closeAllConnections()))
    },
  }
}
