// What is given at a call is what is asked: whatever becomes of the objects, of the client or of its user's options afterwards.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { both, driver, failure, fast, fields, lib, open, outcome, sameRequests } from './compare.mjs'
import { fakeSession, stub } from './stub.mjs'

const { Client, fql } = lib
const ok = () => ({ json: { data: 1 } })
const serve = async (t, script = ok) => {
  const server = await stub(script)
  t.after(server.stop)
  return server
}

test('options that are changed after the call are those of the next one', async () => {
  const pair = await both(ok, async (client, l) => {
    const options = { secret: 'fn-tenant-a', query_tags: { tenant: 'a' }, linearized: true, arguments: { n: { deep: 1 } } }
    const first = client.query(l.fql`1`, options)
    Object.assign(options, { secret: 'fn-tenant-b', linearized: false })
    options.query_tags.tenant = 'b'
    options.arguments.n.deep = 2
    await Promise.all([first, client.query(l.fql`2`, options)])
  })
  for (const { log } of pair) log.sort((a, b) => Number(a.body.query.fql[0]) - Number(b.body.query.fql[0]))
  sameRequests(pair)
  assert.deepEqual(pair[0].log.map(({ headers }) => [headers.authorization, headers['x-query-tags'], headers['x-linearized']]), [['Bearer fn-tenant-a', 'tenant=a', 'true'], ['Bearer fn-tenant-b', 'tenant=b', 'false']])
})

test('so are the arguments of the simple format', async (t) => {
  const server = await serve(t)
  const given = { n: { deep: [1, new Date(0)] } }
  const asked = open(lib, server.url, { format: 'simple' }).query(fql`n`, { arguments: given })
  given.n.deep[0] = 2
  given.n.deep[1].setTime(5)
  await asked
  assert.deepEqual(server.log[0].body.arguments, { n: { deep: [1, '1970-01-01T00:00:00.000Z'] } })
})

test('the pages of an iteration are asked with the options with which it began', async (t) => {
  const server = await serve(t, (_, n) => ({ json: { data: { data: [n], ...(n < 2 && { after: `c${n}` }) } } }))
  const options = { secret: 'fn-tenant-a' }
  for await (const _ of open(lib, server.url).paginate(fql`x`, options)) options.secret = 'fn-tenant-b'
  assert.deepEqual(server.log.map(({ headers }) => headers.authorization), Array(3).fill('Bearer fn-tenant-a'))
})

test('null is no options, and what an object inherits is none of its options', async () => {
  const page = () => ({ json: { data: { '@set': { data: [1], after: 'c' } } } })
  const inherited = Object.create({ secret: 'fn-inherited', format: 'simple', query_tags: { a: 'b' } })
  for (const options of [null, inherited]) {
    sameRequests(await both(ok, (client, l) => client.query(l.fql`1`, options)))
    const pages = await both(page, async (client, l) => {
      const iterators = [client.paginate(l.fql`1`, options), l.SetIterator.fromQuery(client, l.fql`1`, options), client.paginate(new l.EmbeddedSet('c'), options)]
      for (const iterator of iterators) for (let i = 0; i < 2; i++) assert.equal((await iterator.next()).done, false)
    })
    for (const { error } of pages) assert.ifError(error)
    sameRequests(pages)
  }
})

test('a query that was asked before close() is sent and answered', async (t) => {
  const pair = await both(ok, async (client, l) => {
    const asked = client.query(l.fql`1`)
    client.close()
    return (await asked).data
  })
  sameRequests(pair)
  assert.deepEqual(pair.map(({ value }) => value), [1, 1])
  const server = await serve(t)
  const session = fakeSession(lib)
  const client = new Client({ session, template: 'fauna', endpoint: server.url })
  const asked = client.query(fql`1`)
  client.close()
  assert.equal((await asked).data, 1)
  assert.equal(session.listeners.size, 0, 'a closed client listens to nobody')
})

test('a secret that is given and empty is not replaced by the rights of whoever is signed in', async (t) => {
  const server = await serve(t)
  for (const transport of [undefined, new driver.FetchClient({ url: server.url.href, fetch_keepalive: false })])
    for (const [config, options] of [[{}, { secret: '' }], [{}, { secret: null }], [{ secret: '' }, {}]]) {
      const client = new Client({ session: fakeSession(lib), template: 'fauna', endpoint: server.url, ...config }, transport)
      await assert.rejects(client.query(fql`1`, options), { code: 'option_invalid', message: /`secret` is (empty|null)/ })
    }
  assert.equal(server.log.length, 0)
})

test('idempotent given as undefined keeps the client\'s', async () => {
  const [{ log }] = await fast(() => both(() => failure('internal_error', 500), (client, l) => client.query(l.fql`1`, { idempotent: undefined }), { idempotent: true }))
  assert.equal(log.length, 3)
})

test('a class of one\'s own under FaunaError, made as with the driver', () => {
  for (const l of [lib, driver]) {
    class Mine extends l.FaunaError {}
    const [error, bare] = [new Mine('hello', { cause: new Error('why') }), new Mine()]
    assert.deepEqual([error.message, error.cause.message, bare.message, bare.cause], ['hello', 'why', '', undefined])
    assert.ok(error instanceof l.FaunaError && error instanceof Error)
  }
  class Coded extends lib.FaunaError {
    constructor() {
      super('no stock', { code: 'out_of_stock', hint: 'order some' })
    }
  }
  const { code, hint, backend, kind } = new Coded()
  assert.deepEqual({ code, hint, backend, kind }, { code: 'out_of_stock', hint: 'order some', backend: 'fauna', kind: 'backend' })
  assert.deepEqual([lib.ClientError, lib.ClientClosedError, lib.NetworkError].map((Class) => new Class('m').code), ['option_invalid', 'disposed', 'network'])
})
