// Whatever npm fauna exports, countersign/fauna exports: run-time names, types, members, constants; and what is synchronous there is
// synchronous here, before any WebAssembly.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import ts from 'typescript'
import { driver, ours } from './load.mjs'

const lib = await ours()
const dist = new URL('../../../pkg/dist/', import.meta.url)

/** Names of the driver that are not here. One that is here must be taken off the list. */
const missing = {
  names: [],
  members: [],
}

/** Nothing of `wanted` is absent from `present` but what is listed, and nothing listed is present. */
const complete = (wanted, present, listed, what) => {
  assert.deepEqual(wanted.filter((name) => !present(name) && !listed.includes(name)), [], `${what} of the driver that are not here`)
  assert.deepEqual(wanted.filter((name) => present(name) && listed.includes(name)), [], `${what} that are here: take them off the list`)
}

test('every run-time name of the driver, as the same kind of thing', () => {
  const names = Object.keys(driver)
  assert.ok(names.length > 45, 'the driver was read')
  complete(names, (name) => name in lib, missing.names, 'names')
  for (const name of names.filter((name) => name in lib)) assert.equal(typeof lib[name], typeof driver[name], name)
})

test('every type that its index.d.ts exports', () => {
  const theirs = createRequire(import.meta.url).resolve('fauna').replace(/node\/index\.js$/, 'index.d.ts')
  const own = fileURLToPath(new URL('fauna.d.ts', dist))
  const program = ts.createProgram([theirs, own], { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022, noLib: true, types: [] })
  const checker = program.getTypeChecker()
  const exported = (file) => {
    const source = program.getSourceFile(file)
    assert.ok(source, file)
    return new Map(checker.getExportsOfModule(checker.getSymbolAtLocation(source)).map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      return [symbol.name, { value: !!(target.flags & ts.SymbolFlags.Value), type: !!(target.flags & ts.SymbolFlags.Type) }]
    }))
  }
  const [a, b] = [exported(theirs), exported(own)]
  assert.ok(a.size > 90, 'the declarations were read')
  const types = [...a.keys()].filter((name) => a.get(name).type)
  complete(types, (name) => !!b.get(name)?.type, missing.names, 'types')
  complete([...a.keys()].filter((name) => a.get(name).value), (name) => !!b.get(name)?.value, missing.names, 'declared values')
})

test('every member of its classes, and who extends whom', () => {
  const plain = ['length', 'name', 'prototype', 'caller', 'arguments']
  const members = (object) => Reflect.ownKeys(object).filter((key) => !plain.includes(key))
  const classes = Object.keys(driver).filter((name) => /^class\b/.test(driver[name]) && name in lib)
  const all = new Map()
  for (const name of classes) {
    // Also what ours inherits.
    for (const key of members(driver[name])) all.set(`${name}.${String(key)}`, key in lib[name])
    for (const key of members(driver[name].prototype)) all.set(`${name}.prototype.${String(key)}`, key in lib[name].prototype)
    assert.equal(lib[name].prototype instanceof Error, driver[name].prototype instanceof Error, name)
    const parent = Object.keys(driver).find((other) => driver[other] === Object.getPrototypeOf(driver[name]))
    if (parent) assert.ok(lib[name].prototype instanceof lib[parent], `${name} extends ${parent}`)
  }
  assert.ok(all.size > 70, `the classes were read: ${all.size} members`)
  complete([...all.keys()], (member) => all.get(member), missing.members, 'members')
})

test('constants', () => {
  for (const name of ['LONG_MIN', 'LONG_MAX', 'LOG_LEVELS', 'FaunaAPIPaths']) assert.deepEqual(lib[name], driver[name], name)
})

test('endpoints can be added to, and none is hosted', () => {
  const { local, localhost, ...rest } = lib.endpoints
  assert.deepEqual(rest, {})
  assert.deepEqual([local.href, localhost.href], [driver.endpoints.local.href, driver.endpoints.localhost.href])
  lib.endpoints.proxy = new URL('https://proxy.example')
  assert.equal(lib.endpoints.proxy.href, 'https://proxy.example/')
  delete lib.endpoints.proxy
})

/** Runs a module in a process of its own. */
const alone = (source, env = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } })
  assert.equal(status, 0, stderr)
  return { stdout, stderr }
}
const entry = JSON.stringify(new URL('fauna.js', dist).href)

test('nothing is read from the environment, and no host is built in', () => {
  const { stdout, stderr } = alone(`
    import { Client, fql } from ${entry}
    globalThis.fetch = () => { throw new Error('asked') }
    for (const config of [undefined, {}, { secret: 's' }, { endpoint: 'http://127.0.0.1:1' }])
      console.log(await new Client(config).query(fql\`1\`).catch((e) => e.code))
  `, { FAUNA_SECRET: 'secret', FAUNA_ENDPOINT: 'http://127.0.0.1:1', FAUNA_DEBUG: '0' })
  assert.deepEqual(stdout.trim().split('\n'), ['option_invalid', 'option_invalid', 'endpoint_missing', 'option_invalid'])
  assert.equal(stderr, '')
  const files = readdirSync(new URL('fauna/', dist)).filter((file) => file.endsWith('.js')).map((file) => `fauna/${file}`)
  assert.ok(files.includes('fauna/client.js'))
  for (const file of ['fauna.js', ...files]) {
    // Without its comments, which may speak of either.
    const { code } = transformSync(readFileSync(new URL(file, dist), 'utf8'), { minifyWhitespace: true, legalComments: 'none' })
    assert.doesNotMatch(code, /\bprocess\b|fauna\.com/, file)
  }
})

test('what is synchronous in the driver is synchronous here, without WebAssembly and before anything else is loaded', () => {
  // One turn of the event loop: no import that is not of the entry itself can have come by then.
  const { stdout } = alone(`
    delete globalThis.WebAssembly
    const f = await import(${entry})
    const late = []
    process.on('exit', () => console.log(JSON.stringify(late)))
    const { Client, FetchClient, TaggedTypeFormat: T, fql, TimeStub, DateStub, Document, DocumentReference, NamedDocument, NamedDocumentReference, NullDocument, Module, Page, EmbeddedSet, SetIterator, StreamToken } = f
    globalThis.fetch = () => { throw new Error('asked') }
    const check = (is, what) => is || late.push(what)

    const config = { secret: 's', endpoint: f.endpoints.local, query_timeout_ms: 1000 }
    const client = new Client(config)
    check(client.clientConfiguration.query_timeout_ms === 1000, 'clientConfiguration')
    client.lastTxnTs = 5
    check(client.lastTxnTs === 5, 'lastTxnTs')
    try { new Client({ ...config, max_attempts: 0 }); check(false, 'RangeError') } catch (e) { check(e instanceof RangeError, 'RangeError') }
    try { new Client({ ...config, format: undefined }); check(false, 'TypeError') } catch (e) { check(e instanceof TypeError, 'TypeError') }

    const query = fql\`Order.byId(\${'5'}) { at: \${TimeStub.fromDate(new Date(0))}, in: \${{ nested: fql\`1 + \${2}\` }} }\`
    check(JSON.stringify(query.encode()).includes('"@time":"1970-01-01T00:00:00.000Z"'), 'encode')
    check(T.encode({ n: 5, b: new Uint8Array(2), l: 2n ** 40n }).l['@long'] === String(2n ** 40n), 'TaggedTypeFormat.encode')
    check('object' in T.encodeInterpolation({ a: fql\`1\` }), 'encodeInterpolation')
    const decoded = T.decode(JSON.stringify({ doc: { '@doc': { id: '1', coll: { '@mod': 'A' }, ts: { '@time': '2024-05-01T00:00:00Z' } } }, page: { '@set': { data: [{ '@int': '1' }], after: 'c' } } }), { long_type: 'number' })
    check(decoded.doc instanceof Document && decoded.doc.ts.toDate().getTime() === 1714521600000 && decoded.page.data[0] === 1, 'decode')
    check(DateStub.from('2024-05-01').toDate() instanceof Date && String(DateStub.fromDate(new Date(0))) === 'DateStub("1970-01-01")', 'DateStub')
    check(new NullDocument(new DocumentReference({ coll: 'A', id: '1' }), 'not found').ref.coll instanceof Module, 'NullDocument')
    check(new NamedDocument({ coll: 'A', name: 'n', ts: TimeStub.from('2024-05-01T00:00:00Z') }).toObject().data !== undefined && new NamedDocumentReference({ coll: 'A', name: 'n' }).name === 'n', 'NamedDocument')

    const pages = client.paginate(new Page({ data: [1], after: 'c' }))
    check(pages instanceof SetIterator && pages.flatten() instanceof f.FlattenedSetIterator && client.paginate(new EmbeddedSet('c')) instanceof SetIterator, 'paginate')
    try { client.paginate(5); check(false, 'paginate throws') } catch (e) { check(e instanceof TypeError, 'paginate throws') }
    const failure = { error: { code: 'abort', message: 'm', abort: 1 } }
    check(new f.AbortError(failure, 400).abort === 1 && new f.ThrottlingError(failure) instanceof f.ServiceError && new f.ProtocolError({ message: 'm', httpStatus: 500 }).httpStatus === 500, 'errors')

    const transport = f.getDefaultHTTPClient({ url: 'http://127.0.0.1:1', fetch_keepalive: false, http2_max_streams: 1, http2_session_idle_ms: 1 })
    check(f.isStreamClient(transport) && transport instanceof FetchClient && f.NodeHTTP2Client.getClient({ url: 'http://127.0.0.1:1' }).isClosed() === false, 'transports')
    const { read, close } = transport.stream({ data: { token: 't' }, headers: {}, method: 'POST' })
    check(typeof read[Symbol.asyncIterator] === 'function', 'stream')
    close()
    f.httpClient({ session: undefined, template: 'fauna', endpoint: undefined }).close()
    transport.close()
    check(f.isHTTPResponse({ body: '', headers: {}, status: 200 }) && f.parseDebugLevel('3') === f.LOG_LEVELS.WARN, 'helpers')
    new f.ConsoleLogHandler(f.LOG_LEVELS.OFF).fatal('nothing')
    const token = new StreamToken('t')
    const events = client.stream(token, { status_events: true })
    check(events instanceof f.StreamClient && events.closed === false && events.last_ts === undefined && typeof events[Symbol.asyncIterator] === 'function', 'stream')
    events.close()
    check(events.closed === true, 'close of a stream')
    const feed = client.feed(fql\`Order.all().eventSource()\`, { page_size: 5 })
    check(feed instanceof f.FeedClient && typeof feed.flatten()[Symbol.asyncIterator] === 'function', 'feed')
    const page = new f.FeedPage({ events: [{ type: 'add', txn_ts: 1, cursor: 'c', stats: {}, data: 1 }, { type: 'error', error: { code: 'abort', message: 'm' } }], cursor: 'c', has_next: false })
    check(page.events.next().value.data === 1 && page.cursor === 'c' && page.hasNext === false && JSON.stringify(page).includes('"cursor":"c"'), 'FeedPage')
    try { page.events.next(); check(false, 'an error event') } catch (e) { check(e instanceof f.ServiceError, 'an error event') }
    const refuses = (run, Class, what) => { try { run(); check(false, what) } catch (e) { check(e instanceof Class, what) } }
    refuses(() => client.stream(fql\`x\`, { cursor: 'c' }), f.ClientError, 'a cursor with a query')
    refuses(() => client.stream(token, { max_attempts: 0 }), RangeError, 'options of a stream')
    refuses(() => client.feed(token, { cursor: 'c', start_ts: 1 }), TypeError, 'options of a feed')
    refuses(() => events.start(5), TypeError, 'start')
    client.close()
    for (const run of [() => client.close(), () => client.stream(token), () => client.feed(token)]) refuses(run, f.ClientClosedError, 'closed')
    check(globalThis.WebAssembly === undefined, 'WebAssembly')
    process.exit()
  `)
  assert.equal(stdout.trim(), '[]')
})
