// The list of differences.mjs, held to both libraries: each entry is shown here, or in the test that it names.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { both, driver, failure, fields, lib, outcome } from './compare.mjs'
import { differences } from './differences.mjs'

const ask = (script, options, config) => both(script, (client, l) => client.query(l.fql`x`, options), config)
const answer = (body) => () => ({ json: { data: null, ...body } })
const nowhere = new URL('https://fauna.example')
const message = ({ error }) => `${error.message} ${error.cause?.message} ${JSON.stringify(error.cause ?? null)}`

/** By the entry's `what`. @type {Record<string, () => Promise<void>>} */
const shown = {
  'the environment': async () => {
    Object.assign(process.env, { FAUNA_SECRET: 'fn-of-the-environment', FAUNA_ENDPOINT: 'https://environment.example' })
    try {
      assert.equal(new driver.Client().clientConfiguration.secret, 'fn-of-the-environment')
      assert.equal(new driver.Client().clientConfiguration.endpoint.host, 'environment.example')
      assert.equal((await outcome(() => new lib.Client({ secret: undefined, endpoint: nowhere }).query(lib.fql`1`))).error.code, 'option_invalid')
      assert.equal((await outcome(() => new lib.Client({ secret: 's', endpoint: undefined }).query(lib.fql`1`))).error.code, 'endpoint_missing')
    } finally {
      delete process.env.FAUNA_SECRET
      delete process.env.FAUNA_ENDPOINT
    }
    assert.throws(() => new driver.Client({ endpoint: nowhere }), TypeError)
    assert.throws(() => new driver.Client({ secret: 's', endpoint: undefined }), TypeError)
    assert.equal(new driver.Client({ secret: 's' }).clientConfiguration.endpoint.host, 'db.fauna.com')
    assert.deepEqual([lib.endpoints.default, driver.endpoints.default.host], [undefined, 'db.fauna.com'])
  },
  'the logger in clientConfiguration': async () => {
    const logger = new lib.ConsoleLogHandler(lib.LOG_LEVELS.OFF)
    const of = (l, options = {}) => new l.Client({ secret: 's', endpoint: nowhere, ...options }).clientConfiguration.logger
    assert.deepEqual([of(lib), of(driver) instanceof driver.ConsoleLogHandler], [undefined, true])
    assert.deepEqual([of(lib, { logger }), of(driver, { logger })], [logger, logger])
  },
  'an empty secret': async () => {
    const [a, b] = await ask(answer(), { secret: '' })
    assert.deepEqual([a.error.code, a.log.length, b.log[0].headers.authorization], ['option_invalid', 0, 'Bearer'])
  },
  'a secret or traceparent that no header can carry': async () => {
    for (const [options, code] of [[{ secret: 'fn-one\nfn-two' }, 'option_invalid'], [{ traceparent: 'ä→' }, 'option_invalid']]) {
      const [a, b] = await ask(answer(), options)
      assert.deepEqual([a.error.code, b.error.name, a.log.length + b.log.length], [code, 'NetworkError', 0])
      if (options.secret) assert.deepEqual([message(a).includes('fn-'), message(b).includes('fn-')], [false, true])
    }
  },
  'malformed query_tags': async () => {
    const [a, b] = await ask(answer(), { query_tags: { fine: 'yes', 'not fine': 'no' } })
    assert.deepEqual([a.error.name, a.log.length], ['ClientError', 0])
    assert.match(a.error.message, /'not fine=no'/)
    assert.equal(b.log[0].headers['x-query-tags'], 'fine=yes,not fine=no')
    const none = await ask(answer(), { query_tags: {} })
    assert.deepEqual(none.map(({ log }) => log[0].headers['x-query-tags']), [undefined, ''])
  },
  'query_timeout_ms and max_contention_retries out of range': async () => {
    for (const [options, header] of [[{ query_timeout_ms: 600_001 }, 'x-query-timeout-ms'], [{ max_contention_retries: 8 }, 'x-max-contention-retries']]) {
      const [a, b] = await ask(answer(), options)
      assert.deepEqual([a.error.name, a.log.length], ['RangeError', 0])
      assert.equal(b.log[0].headers[header], String(Object.values(options)[0]))
    }
  },
  'arguments in the simple format': async () => {
    const [a, b] = await ask(answer(), { format: 'simple', arguments: { n: 5, t: new Date(0) } })
    assert.deepEqual(a.log[0].body.arguments, { n: 5, t: '1970-01-01T00:00:00.000Z' })
    assert.deepEqual(b.log[0].body.arguments, { n: { '@int': '5' }, t: { '@time': '1970-01-01T00:00:00.000Z' } })
    const [c, d] = await ask(answer(), { format: 'simple', arguments: { n: NaN } })
    assert.deepEqual([c.error.name, d.error], ['ClientError', undefined])
    const [e, f] = await both(answer(), (client, l) => client.query(l.fql`x`, { format: 'simple', arguments: { order: new l.DocumentReference({ coll: 'Order', id: '1' }) } }))
    assert.deepEqual([e.error.name, f.log[0].body.arguments], ['ClientError', { order: { '@ref': { id: '1', coll: { '@mod': 'Order' } } } }])
  },
  'format, long_type, query_timeout_ms or the secret of a query given as undefined': async () => {
    const [a, b] = await ask(answer({ data: { '@int': '5' } }), { format: undefined })
    assert.deepEqual([a, b].map(({ log, value }) => [log[0].headers['x-format'], value.data]), [['tagged', 5], [undefined, { '@int': '5' }]])
    const limits = await ask(answer(), { query_timeout_ms: undefined })
    assert.deepEqual(limits.map(({ log, error }) => [log[0]?.headers['x-query-timeout-ms'], error?.name]), [['5000', undefined], [undefined, 'ClientError']])
    const longs = await ask(answer({ data: { '@long': '5' } }), { long_type: undefined })
    assert.deepEqual(longs.map(({ value }) => value.data), [5, 5n])
    assert.deepEqual((await ask(answer(), { secret: undefined })).map(({ log }) => log[0].headers.authorization), ['Bearer fn-secret', 'Bearer undefined'])
  },
  'the last transaction time and another secret': async () => {
    const pair = await both((_, n) => ({ json: { data: n, txn_ts: 100 + n } }), async (client, l) => {
      for (const options of [{}, { secret: 'fn-other' }, {}]) await client.query(l.fql`x`, options)
      return client.lastTxnTs
    })
    assert.deepEqual(pair.map(({ log }) => log.map(({ headers }) => headers['x-last-txn-ts'])), [[undefined, undefined, '100'], [undefined, '100', '101']])
    assert.deepEqual(pair.map(({ value }) => value), [102, 102])
    const pages = await both((_, n) => ({ json: { data: { '@set': { data: [n], after: 'c' } }, txn_ts: 10 + n } }), async (client, l) => {
      const iterator = client.paginate(l.fql`x`, { secret: 'fn-other' })
      for (let i = 0; i < 2; i++) await iterator.next()
    })
    assert.deepEqual(pages.map(({ log }) => log.map(({ headers }) => headers['x-last-txn-ts'])), [[undefined, undefined], [undefined, '10']])
  },
  'a last transaction time that is no time': async () => {
    for (const bad of [NaN, 1.5, 1e300]) {
      const pair = await both(answer(), async (client, l) => {
        client.lastTxnTs = bad
        await client.query(l.fql`x`)
      })
      assert.deepEqual(pair.map(({ log }) => log[0].headers['x-last-txn-ts']), [undefined, String(bad)])
    }
  },
  'pages without a tag': async () => {
    const pages = [{ data: ['a'], after: 'c' }, { data: ['b'] }]
    for (const format of ['tagged', 'simple']) {
      const pair = await both((_, n) => ({ json: { data: pages[n] } }), async (client, l) => {
        const out = []
        for await (const page of client.paginate(l.fql`Order.all().paginate(1)`, { format })) out.push(page)
        return out
      })
      assert.deepEqual(pair.map(({ value }) => value), [[['a'], ['b']], [[pages[0]]]])
    }
    const given = await both(answer({ data: pages[1] }), async (client) => {
      const iterator = client.paginate({ data: ['a'], after: 'c' })
      return [(await iterator.next()).value, (await iterator.next()).value]
    })
    assert.deepEqual([given[0].value, given[1].error.name], [[['a'], ['b']], 'TypeError'])
  },
  'pages that are none': async () => {
    const pair = await both((_, n) => ({ json: { data: n ? 'no page' : { '@set': { data: [1], after: 'c' } } } }), async (client, l) => {
      const iterator = client.paginate(l.fql`x`)
      await iterator.next()
      return iterator.next()
    })
    assert.deepEqual([pair[0].error.name, pair[1].value], ['ProtocolError', { value: undefined, done: false }])
  },
  'a transport of your own': async () => {
    const ask = (request, options = {}) => Promise.all([lib, driver].map((l) => outcome(() => new l.Client({ secret: 's', endpoint: nowhere, ...options }, { request, close() {} }).query(l.fql`x`))))
    const body = '{"data":"fine"}'
    const given = await ask(async ({ signal }) => ({ status: 200, headers: {}, body: JSON.stringify({ data: signal instanceof AbortSignal }) }))
    assert.deepEqual(given.map(({ value }) => value.data), [true, false])
    const bytes = await ask(async () => ({ status: 200, headers: {}, body: Buffer.from(body) }))
    assert.deepEqual([bytes[0].error.name, bytes[1].value.data], ['ClientError', 'fine'])
    const thrown = await ask(async () => { throw { status: 400, headers: {}, body: failure('invalid_query', 400).json } })
    assert.deepEqual(thrown.map(({ error }) => error.name), ['ClientError', 'QueryCheckError'])
    const late = await ask(() => new Promise((resolve) => setTimeout(() => resolve({ status: 200, headers: {}, body }), 100)), { query_timeout_ms: 10, client_timeout_buffer_ms: 10 })
    assert.deepEqual([late[0].error.code, late[1].value.data], ['timeout', 'fine'])
  },
  'redirects': async () => {
    const [a, b] = await ask((_, n) => (n ? { json: { data: 'from elsewhere' } } : { status: 307, headers: { location: '/elsewhere' } }))
    assert.deepEqual([a.error.code, a.log.length], ['redirect_refused', 1])
    assert.deepEqual([b.value.data, b.log[1].line, b.log[1].headers.authorization], ['from elsewhere', 'POST /elsewhere HTTP/1.1', 'Bearer fn-secret'])
  },
  'a request that was not answered': async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
    const one = async (script, code, config) => {
      const pair = await ask(script, undefined, config)
      assert.deepEqual(pair.map(({ error }) => [error.name, error.code]), [['NetworkError', code], ['NetworkError', undefined]])
      assert.equal(pair[1].error.message, 'The network connection encountered a problem.')
    }
    await one(() => ({ destroy: 'before' }), 'network')
    await one(() => ({ hang: true }), 'timeout', { query_timeout_ms: 50, client_timeout_buffer_ms: 50 })
    Object.defineProperty(globalThis, 'navigator', { value: { onLine: false }, configurable: true })
    try {
      await one(() => ({ destroy: 'before' }), 'offline')
    } finally {
      if (before) Object.defineProperty(globalThis, 'navigator', before)
      else delete globalThis.navigator
    }
  },
  'what is no request': async () => {
    const all = await Promise.all([lib, driver].map((l) => outcome(() => new l.Client({ secret: 's', endpoint: nowhere }, { request() { throw new Error('why') }, close() {} }).query(l.fql`x`))))
    assert.deepEqual(all.map(({ error }) => [error.name, error.code, error.message, error.cause.message]), [
      ['ClientError', 'option_invalid', 'The HTTPClient given to this client failed', 'why'], ['ClientError', undefined, 'A client level error occurred. Fauna was not called.', 'why'],
    ])
  },
  'an answer that breaks off': async () => {
    const [a, b] = await ask(() => ({ destroy: 'middle' }))
    assert.deepEqual([a, b].map(({ error }) => error.name), ['NetworkError', 'ClientError'])
    assert.equal(a.error.code, 'outcome_unknown')
    assert.match(b.error.message, /Fauna was not called/)
  },
  'the cause of an error': async () => {
    const original = Object.assign(new Error('failed with eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'), { code: 'E_OWN', request: {} })
    const causes = await Promise.all([lib, driver].map(async (l) => (await outcome(() => new l.Client({ secret: 's', endpoint: nowhere }, { request: async () => { throw original }, close() {} }).query(l.fql`x`))).error.cause))
    assert.deepEqual(causes[0], { name: 'Error', code: 'E_OWN', status: undefined, message: 'failed with [secret]' })
    assert.equal(causes[1], original)
  },
  'an answer that is not Fauna\'s': async () => {
    const [a, b] = await ask(() => ({ text: '<html>sign in to the wifi</html>' }))
    assert.deepEqual([a, b].map(({ error }) => error.name), ['ProtocolError', 'ProtocolError'])
    assert.match(a.error.message, /status 200 .*<html>sign in to the wifi<\/html>/)
    assert.doesNotMatch(b.error.message, /wifi/)
    const objects = await ask(() => ({ status: 400, json: { error: 'bad request' } }))
    assert.match(objects[0].error.message, /\{"error":"bad request"\}/)
    assert.match(objects[1].error.message, /\[object Object\]/)
  },
  'bytes that are no UTF-8': async () => {
    const [a, b] = await ask(() => ({ text: Buffer.from('{"data":"grüße"}', 'latin1') }))
    assert.equal(a.error.name, 'ProtocolError')
    assert.match(b.value.data, /^gr\ufffd/)
  },
  'an error whose code or message is no text': async () => {
    const [a, b] = await ask(() => ({ status: 400, json: { error: { code: 5, message: 'm' } } }))
    assert.equal(a.error.name, 'ProtocolError')
    assert.deepEqual([b.error.name, b.error.code], ['QueryRuntimeError', 5])
  },
  'the time of the schema': async () => {
    const [a, b] = await ask(() => failure('invalid_query', 400, { schema_version: 7, txn_ts: 5 }))
    assert.deepEqual([a, b].map(({ error }) => error.queryInfo.schema_version), [7, undefined])
    assert.deepEqual(fields(a.error), fields(b.error))
  },
  'the JSON of values': async () => {
    const ref = '{"id":"1","coll":{"@mod":"C"}}'
    const [a, b] = [lib, driver].map((l) => JSON.parse(JSON.stringify(l.TaggedTypeFormat.decode(`[{"@doc":{"id":"1","coll":{"@mod":"C"},"ts":{"@time":"2024-05-01T00:00:00Z"}}},{"@date":"2024-05-01"},{"@ref":${ref.replace('}}', '},"exists":false,"cause":"not found"}')}},{"@set":"c"},{"@stream":"t"}]`, { long_type: 'number' }))))
    const coll = { name: 'C' }
    assert.deepEqual(a, [{ coll: 'C', id: '1', ts: '2024-05-01T00:00:00Z' }, '2024-05-01', null, 'c', 't'])
    assert.deepEqual(b, [{ coll, id: '1', ts: { isoString: '2024-05-01T00:00:00Z' } }, { dateString: '2024-05-01' }, { ref: { coll, id: '1' }, cause: 'not found' }, { after: 'c' }, { token: 't' }])
  },
  'fields that are absent': async () => {
    const text = '{"@doc":{"id":"1","coll":{"@mod":"C"},"ts":{"@time":"2024-05-01T00:00:00Z"}}}'
    const [a, b] = [lib, driver].map((l) => l.TaggedTypeFormat.decode(text, { long_type: 'number' }))
    assert.deepEqual([Object.keys(a).sort(), Object.keys(b).sort()], [['coll', 'id', 'ts'], ['coll', 'id', 'ts', 'ttl']])
  },
}

for (const { what, test: elsewhere } of differences)
  test(`${what}${elsewhere ? `: shown in ${elsewhere[0]}` : ''}`, async () => {
    if (!elsewhere) return shown[what]()
    const [file, name] = elsewhere
    const source = readFileSync(new URL(file, import.meta.url), 'utf8')
    assert.ok([name, name.replaceAll("'", "\\'")].some((text) => source.includes(`test('${text}`) || source.includes(`test(\`${text}`)), `no test "${name}" in ${file}`)
  })

test('the list is whole: nothing is shown that is not in it, and each entry is said in full', () => {
  assert.deepEqual(Object.keys(shown), differences.filter(({ test }) => !test).map(({ what }) => what))
  assert.equal(new Set(differences.map(({ what }) => what)).size, differences.length)
  for (const entry of differences) for (const name of ['about', 'what', 'driver', 'ours', 'why']) assert.ok(entry[name]?.length > 3, `${entry.what}: ${name}`)
})
