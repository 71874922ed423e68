// Headless Chromium with the bench pages in it.
import { chromium } from 'playwright-core'
import { chromium as findChromium } from '../../pkg/scripts/tools.mjs'
import { alone } from './alone.mjs'
import { bundlePages, gzip } from './bundle.mjs'
import { gap } from './gap.mjs'
import { serve } from './server.mjs'

const PAGES = ['bench', 'alone', 'all', 'clerk-hasura', 'healthy']
const FAUNA_PAGES = ['fauna-session', 'fauna-secret', 'fauna-peer']

/** Keeps every wasm memory of the page where a script can ask its size. */
const watchMemory = () => {
  const memories = (globalThis.wasmMemories = [])
  const instantiate = WebAssembly.instantiate
  WebAssembly.instantiate = async (...args) => {
    const made = await instantiate.apply(WebAssembly, args)
    memories.push(...Object.values((made.instance ?? made).exports).filter((e) => e instanceof WebAssembly.Memory))
    return made
  }
}

/** @param {(line: string) => void} log */
export const open = async (log) => {
  const { chromium: executablePath } = await findChromium(log)
  const [bench, all, hasura, peers, ...fauna] = await Promise.all([PAGES, ['all'], ['clerk-hasura'], ['peers'], ...FAUNA_PAGES.map((name) => [name])].map((names) => bundlePages(names)))
  // Each page as it is measured for size, under a folder of its own: bundled together they would share chunks.
  const under = (folder, { files }) => [...files].map(([path, bytes]) => /** @type {const} */ ([`/${folder}${path}`, bytes]))
  const server = await serve(new Map([...bench.files, ...under('total', all), ...under('page', hasura), ...under('peers', peers), ...FAUNA_PAGES.flatMap((name, i) => under(name, fauna[i]))]))
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })

  /** A page that shares nothing with the ones before. */
  const fresh = async (use, setup) => {
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      page.on('pageerror', (error) => log(`  the page: ${error.message}`))
      if (setup) await page.addInitScript(setup)
      await page.goto(server.url)
      return await use(page, context)
    } finally {
      await context.close()
    }
  }

  /** Calls a function of pages/bench.js. */
  const call = (name, options) => fresh((page) => page.evaluate(async ([name, options]) => (await import('/bench.js'))[name](options), [name, options]))

  /** Which files a page asks for in a run where every backend answers well. */
  const healthy = async () => {
    const run = (folder, name, live) => fresh(async (page) => {
      server.asked.length = 0
      const answered = await page.evaluate(async ([url, live]) => (await import('/healthy.js')).healthy(await import(url), { live }), /** @type {const} */ ([`/${folder}/${name}.js`, live]))
      return { answered, files: [...new Set(server.asked)].filter((path) => path.startsWith(`/${folder}/`)).map((path) => path.slice(folder.length + 1)) }
    })
    const [total, page, live] = [await run('total', 'all', true), await run('page', 'clerk-hasura', false), await run('page', 'clerk-hasura', true)]
    const heard = [total, page, live].map(({ answered }) => answered.length)
    if (heard.join() !== '5,1,2') throw new Error(`the healthy pages heard only from ${[total, page, live].map(({ answered }) => answered.join(', ')).join(' and ')}`)
    return { total: total.files, page: page.files, live: live.files }
  }

  /** What a page with Fauna loads up to the answer to a query, and what it loads besides for the first event of a stream: bytes after gzip, by file. */
  const faunaPages = async () => {
    const pages = {}
    for (const [i, name] of FAUNA_PAGES.entries())
      pages[name] = await fresh(async (page) => {
        server.asked.length = 0
        const weigh = () => Object.fromEntries([...new Set(server.asked.splice(0))].filter((path) => path.startsWith(`/${name}/`)).map((path) => [path, gzip(fauna[i].files.get(path.slice(name.length + 1)))]))
        let query = {}
        await page.exposeFunction('asked', () => void (query = weigh()))
        await page.evaluate(async (url) => (await import('/healthy.js')).fauna(await import(url), globalThis.asked), `/${name}/${name}.js`)
        return { query, stream: weigh() }
      })
    return pages
  }

  const start = async (rounds) => {
    const median = (times) => times.sort((a, b) => a - b)[times.length >> 1]
    const times = { ours: [], loaded: [], peer: [] }
    const ours = (page) => page.evaluate(async () => {
      const at = performance.now()
      const { createSession } = await import('/total/all.js')
      const loaded = performance.now() - at
      const part = (value) => btoa(JSON.stringify(value)).replaceAll('=', '')
      const now = Math.floor(Date.now() / 1000)
      const jwt = `${part({ alg: 'RS256' })}.${part({ sub: 'bench', iat: now, exp: now + 3600 })}.c2ln`
      const session = createSession({ getToken: async () => jwt, watch: (report) => (report({ user: 'bench' }), () => {}), templates: { bench: 'bench' } })
      if ((await session.getToken('bench')) !== jwt) throw new Error('not the token')
      return [performance.now() - at, loaded]
    })
    const peers = (page) => page.evaluate(async () => {
      const at = performance.now()
      if (typeof (await import('/peers/peers.js')).createAuth0Client !== 'function') throw new Error('not the bundle')
      return performance.now() - at
    })
    for (let round = -1; round < rounds; round++) {
      const turns = [async () => {
        const [took, loaded] = await fresh(ours)
        if (round >= 0) times.ours.push(took), times.loaded.push(loaded)
      }, async () => {
        const took = await fresh(peers)
        if (round >= 0) times.peer.push(took)
      }]
      for (const turn of round % 2 ? turns : turns.reverse()) await turn()
    }
    return { ours: median(times.ours), peer: median(times.peer), loaded: median(times.loaded) }
  }

  const flat = (count) => fresh(async (page, context) => {
    const cdp = await context.newCDPSession(page)
    await cdp.send('Performance.enable')
    const run = (n) => page.evaluate(async (n) => (await import('/bench.js')).calls(n), n)
    const look = async () => {
      // Once more than seems needed: the first collection runs finalisers, the next takes what these let go.
      for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage')
      const { metrics } = await cdp.send('Performance.getMetrics')
      const wasm = await page.evaluate(() => globalThis.wasmMemories.reduce((bytes, { buffer }) => bytes + buffer.byteLength, 0))
      return { heap: (await cdp.send('Runtime.getHeapUsage')).usedSize, wasm, listeners: metrics.find(({ name }) => name === 'JSEventListeners')?.value ?? 0 }
    }
    // Compiled code and caches grow at first; they are no leak.
    await run(50_000)
    const before = await look()
    if (!before.wasm) throw new Error('no wasm memory was seen')
    const sent = await run(count)
    const after = await look()
    return { heapKB: (after.heap - before.heap) / 1024, wasmKB: (after.wasm - before.wasm) / 1024, listeners: after.listeners - before.listeners, sent }
  }, watchMemory)

  return {
    gap: (options) => fresh((page) => gap(page, options)),
    bench: call,
    unwatched: (name, options) => alone(server, executablePath, name, options),
    healthy, faunaPages, start, flat,
    version: browser.version(),
    stop: async () => {
      await browser.close()
      await server.stop()
    },
  }
}
