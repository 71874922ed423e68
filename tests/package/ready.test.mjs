// ready({ wasm }): each kind of source in a process of its own, because what is handed in counts until the core is loaded.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'

const dist = new URL('../../pkg/dist/', import.meta.url)
const file = new URL('../../pkg/wasm/core_bg.wasm', import.meta.url)
/** @type {string[]} */
const served = []
let base = ''
const server = createServer(async (req, res) => {
  served.push(req.url ?? '')
  if (req.url === '/text') return res.end('<html>not what you asked for</html>')
  if (req.url === '/later' && served.filter((url) => url === '/later').length === 1) return res.writeHead(503).end('not yet')
  if (req.url !== '/core_bg.wasm' && req.url !== '/later') return res.writeHead(404).end('nothing here')
  res.setHeader('content-type', 'application/wasm')
  res.end(await readFile(file))
})
before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  base = `http://127.0.0.1:${/** @type {any} */ (server.address()).port}`
})
after(() => (server.closeAllConnections(), server.close()))

/** What every script starts with. A build's own copy of the wasm is taken away, so that only what was handed in can have been used. */
const preamble = (inlined = false) => `
  import { readFile } from 'node:fs/promises'
  globalThis.window = globalThis
  const { CountersignError, createSession, ready } = await import(${JSON.stringify(new URL('index.js', dist).href)})
  const { lazy } = await import(${JSON.stringify(new URL('loader.js', dist).href)})
  const { fakeProvider } = await import(${JSON.stringify(new URL('testing.js', dist).href)})
  const inline = lazy.bytes
  let inlined = 0
  lazy.bytes = () => (inlined++, ${inlined ? 'inline()' : "Promise.reject(new Error('the inlined copy is not wanted'))"})
  const bytes = await readFile(new URL(${JSON.stringify(file.href)}))
  const tell = (value) => process.stdout.write(JSON.stringify(value))
  const told = (error) => ({ ours: CountersignError.is(error), code: error.code, retryable: error.retryable, message: error.message, cause: error.cause?.message })
  const token = async () => {
    const session = createSession({ logger: false })
    session.connect(fakeProvider({ user: 'alice' }))
    const answer = await session.getToken('x')
    session.dispose()
    return JSON.parse(Buffer.from(answer.split('.')[1], 'base64url').toString()).sub
  }
`

/** The answer of a script in a fresh process. @param {string} script */
const fresh = (script, inlined = false) => new Promise((resolve, reject) => {
  execFile(process.execPath, ['--input-type=module', '-e', preamble(inlined) + script], { timeout: 120_000 }, (error, stdout, stderr) => {
    if (error) reject(new Error(`${error.message}\n${stderr}`))
    else resolve(JSON.parse(stdout))
  })
})

/** @type {[string, () => string][]} */
const sources = [
  ['bytes', () => 'bytes'],
  ['an ArrayBuffer', () => 'bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)'],
  ['a Response', () => "new Response(bytes, { headers: { 'content-type': 'application/wasm' } })"],
  ['a URL', () => `new URL(${JSON.stringify(`${base}/core_bg.wasm`)})`],
  ['an address as text', () => JSON.stringify(`${base}/core_bg.wasm`)],
  ['a WebAssembly.Module', () => 'await WebAssembly.compile(bytes)'],
]
for (const [what, source] of sources)
  test(`${what}: loaded early, and what a session then runs on`, async () => {
    served.length = 0
    assert.deepEqual(await fresh(`await ready({ wasm: ${source()} }); await ready(); tell([await token(), inlined])`), ['alice', 0])
    assert.deepEqual(served, /URL|address/.test(what) ? ['/core_bg.wasm'] : [], 'fetched once, early')
  })

test('nothing handed in: the inlined copy, once', async () => {
  assert.deepEqual(await fresh('await ready(); await ready({ wasm: new Uint8Array(3) }); tell([await token(), inlined])', true), ['alice', 1])
})

test('a server that recovers: what failed is forgotten, and may be handed in again', async () => {
  const later = JSON.stringify(`${base}/later`)
  const script = `
    const first = await ready({ wasm: ${later} }).catch(told)
    await ready({ wasm: ${later} })
    tell([first.code, first.cause, await token(), inlined])
  `
  assert.deepEqual(await fresh(script), ['protocol', 'HTTP 503 for the WebAssembly module', 'alice', 0])
})

test('after a trap the next instance starts from the same Response, although it can be read once', async () => {
  const { href } = new URL('core/core.js', dist)
  const script = `
    await ready({ wasm: new Response(bytes) })
    const before = await token()
    const { onTrap } = await import(${JSON.stringify(href)})
    onTrap()
    tell([before, await token(), inlined])
  `
  assert.deepEqual(await fresh(script), ['alice', 'alice', 0])
})

/** @type {[string, () => string, RegExp][]} */
const wrong = [
  ['HTTP 404', () => `new URL(${JSON.stringify(`${base}/gone`)})`, /^HTTP 404 for the WebAssembly module$/],
  ['a Response that is not ok', () => "new Response('no', { status: 503 })", /^HTTP 503 for the WebAssembly module$/],
  ['a page instead of wasm', () => `new URL(${JSON.stringify(`${base}/text`)})`, /magic/],
  ['bytes that are not wasm', () => 'new TextEncoder().encode("not wasm at all")', /magic/],
  ['another module', () => 'Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0])', /./],
  ['an address where nobody listens', () => "'http://127.0.0.1:1/core_bg.wasm'", /fetch failed/],
]
for (const [what, source, cause] of wrong)
  test(`${what}: a CountersignError that says why; the next call takes the inlined copy`, async () => {
    const [first, later, session] = await fresh(`
      const first = await ready({ wasm: ${source()} }).then(() => 'loaded', told)
      const later = await ready().then(() => 'loaded', told)
      tell([first, later, await token().catch(told)])
    `, true)
    assert.deepEqual({ ...first, cause: undefined }, { ours: true, code: 'protocol', retryable: true, message: 'countersign could not load its WebAssembly (core)', cause: undefined })
    assert.match(first.cause, cause)
    assert.deepEqual([later, session], ['loaded', 'alice'])
  })
