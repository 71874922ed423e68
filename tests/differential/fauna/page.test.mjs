// www/docs/fauna.md: its blocks of code compile and do what the page says, its links lead somewhere, and its list of differences is the
// one that the tests show.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { transform } from 'esbuild'
import { startAll } from '../../backends/start.mjs'
import { links, page, read, root, sections, words } from '../../hazards/docs.mjs'
import { compiles } from '../compiles.mjs'
import { until } from '../until.mjs'
import { differences } from './differences.mjs'
import { list, written } from './page.mjs'

const OUT = join(root, 'target/fauna-page')
const blocks = page('fauna')
/** The code of the page, by the name behind the fence. */
const examples = new Map([...read('www/docs/fauna.md').matchAll(/^```ts (\w+)\n([^]*?)^```/gm)].map(([, name = '', code = '']) => [name, code]))

test('every block of code compiles', () => {
  assert.equal(examples.size, (read('www/docs/fauna.md').match(/^```ts/gm) ?? []).length, 'each has a name')
  const { count, problems } = compiles(join(OUT, 'types'), examples)
  assert.ok(count >= 8, `only ${count} blocks were found`)
  assert.deepEqual(problems, [])
})

/** @type {{ servers: any, session: any, load: (name: string) => Promise<any>, token: () => Promise<string>, stop: () => Promise<void> }} */
let world
before(async () => {
  const { servers, config, stop } = await startAll({ portBase: 0, only: ['fauna'] })
  Object.assign(process.env, { NEXT_PUBLIC_FAUNA_URL: servers.fauna?.url, NEXT_PUBLIC_FAUNA_AUDIENCE: config.audiences.fauna })
  world = /** @type {any} */ ({ stop })
  rmSync(join(OUT, 'run'), { recursive: true, force: true })
  mkdirSync(join(OUT, 'run'), { recursive: true })
  /** @param {string} name @param {string} source */
  const load = async (name, source) => {
    const { code } = await transform(source, { loader: 'ts', format: 'esm' })
    const file = join(OUT, 'run', `${name}.mjs`)
    const dist = (/** @type {string} */ entry) => pathToFileURL(join(root, 'pkg/dist', `${entry}.js`)).href
    writeFileSync(file, code.replace(/(?<=from ")countersign(?:\/(\w+))?(?=")/g, (_, entry = 'index') => dist(entry)).replace(/(?<=from "\.\/\w+)(?=")/g, '.mjs'))
    return import(pathToFileURL(file).href)
  }
  const { LocalClerk } = await load('local-clerk', read('www/lib/local-clerk.ts'))
  const clerk = new LocalClerk(servers.clerk?.url)
  await clerk.load()
  await clerk.signIn('alice')
  // A page, to a session; the Clerk of that page is the demo's, at the local issuer.
  Object.assign(globalThis, { window: globalThis, Clerk: clerk })
  delete globalThis.BroadcastChannel // it would keep this process from ending
  const { session } = await load('backends', examples.get('backends') ?? '')
  world = {
    servers, session,
    load: (name) => load(name, examples.get(name) ?? ''),
    token: () => session.getToken('fauna'),
    async stop() {
      session.dispose()
      await stop()
    },
  }
})
after(() => world?.stop())

test('a query, pages, an error that was expected', async () => {
  const { largeOrders, allOrders, order } = await world.load('query')
  assert.deepEqual(await largeOrders(100), [{ item: 'Alice: coffee beans', total: 128 }, { item: 'Alice: a red bicycle', total: 890 }])
  assert.deepEqual(await allOrders(), ['Alice: oat milk', 'Alice: coffee beans', 'Alice: a red bicycle'])
  const [broken] = await order({ owner: 'alice', item: 'Alice: nothing' })
  assert.deepEqual(broken.paths, [['total']])
})

test('what is live, what happens, what has happened', async () => {
  const { order } = await world.load('query')
  const [{ orders }, { follow, news }, { fauna }, { fql }] = [await world.load('live'), await world.load('events'), await world.load('backends'), await import(pathToFileURL(join(root, 'pkg/dist/fauna.js')).href)]
  const { data: { token } } = await fauna.query(fql`Order.all().eventSource()`)
  /** @type {string[][]} */
  const shown = []
  const stop = orders.subscribe((/** @type {any[]} */ all) => void shown.push(all.map(({ item }) => item)))
  const control = new AbortController()
  /** @type {string[][]} */
  const seen = []
  const following = follow((/** @type {string[]} */ ...what) => void seen.push(what), control.signal)
  await until(() => shown.length && world.servers.fauna.log.filter(({ path }) => path === '/stream/1').length === 2)
  const made = await order({ owner: 'alice', item: 'Alice: a kite', total: 500 })
  await until(() => seen.length === 1 && shown.at(-1)?.length === 4)
  assert.deepEqual(seen, [['add', 'Alice: a kite']])
  assert.deepEqual([shown[0], shown.at(-1)], [['Alice: a red bicycle', 'Alice: coffee beans', 'Alice: oat milk'], ['Alice: a red bicycle', 'Alice: a kite', 'Alice: coffee beans', 'Alice: oat milk']])
  const first = await news(token)
  assert.deepEqual(first.items, ['Alice: a kite'])
  assert.deepEqual((await news(token, first.cursor)).items, [])
  stop()
  control.abort(new Error('enough'))
  await assert.rejects(following, { message: 'enough' })
  await fauna.query(fql`${made}.delete()`)
})

test('hints, a second try, long integers, the check', async () => {
  const { count, long, wrong } = await world.load('care')
  world.servers.fauna.knobs.fail = { status: 503, times: 1 }
  assert.equal(await count(), '3')
  world.servers.fauna.knobs.rejectNext = 50
  const hint = await count()
  world.servers.fauna.knobs.rejectNext = 0
  assert.match(hint, /compare it with the issuer, audience and keys/)
  assert.deepEqual([await long('9007199254740993'), await long('2147483648')], [9007199254740993n, 2147483648])
  assert.deepEqual(await wrong(), [])
})

test('a server, with the token of a request; the driver, over the session', async () => {
  const { serverTime } = await world.load('server')
  assert.match(await serverTime(await world.token()), /^20\d\d-/)
  const { driver } = await world.load('driver')
  const { fql } = await import('fauna')
  assert.equal((await driver.query(fql`Query.token()!.sub`)).data, 'user_alice')
  driver.close()
})

test('every link leads somewhere, and the page is among the others', () => {
  const all = links(blocks)
  assert.ok(all.length)
  for (const { href } of all) assert.ok(href.startsWith('/docs/') && existsSync(join(root, `www${href}.md`)), href)
  assert.match(read('www/lib/docs.ts'), /slug: 'fauna'/)
  assert.match(read('www/docs/index.md'), /\]\(\/docs\/fauna\)/)
})

test('the list of differences is the one that differences.test.mjs shows', () => {
  assert.equal(written().list, list(), 'write it anew: node tests/differential/fauna/page.mjs')
  const rows = (sections(blocks).get('What is different') ?? []).flatMap((block) => block.rows ?? [])
  assert.equal(rows.length, differences.length, 'the site reads every row')
  for (const row of rows) assert.equal(row.map(words).filter(Boolean).length, 4, words(row[0]))
})
