// The client with a session: whose token, whose answer, whose transaction time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driver, ours } from './load.mjs'
import { fakeSession, stub } from './stub.mjs'

const lib = await ours()
const { Client, CountersignError, fql, httpClient } = lib
const unauthorized = { status: 401, json: { error: { code: 'unauthorized', message: 'Access token required' } } }

/** @returns a server, a session and a client of it */
const setup = async (script, options = {}, transport) => {
  const server = await stub(script)
  const session = fakeSession(lib)
  const client = new Client({ session, template: 'fauna', endpoint: server.url, audience: 'https://db.fauna.com/db/yxxeeaaqcydyy', ...options }, transport?.(server))
  return { server, session, client }
}

test('requests go through the channel of the session', async () => {
  const { server, session, client } = await setup(() => ({ json: { data: 'Hello', txn_ts: 5 } }))
  assert.equal(session.listeners.size, 0, 'constructing listens to nothing')
  assert.equal((await client.query(fql`'Hello'`)).data, 'Hello')
  assert.equal(server.log[0].headers.authorization, 'Bearer token-1')
  const { backend, template, endpoint } = session.calls.spec
  assert.deepEqual([backend, template, endpoint().href], ['fauna', 'fauna', server.url.href])
  assert.deepEqual(await client.check(), [{ ok: true, code: 'aud', message: 'expected https://db.fauna.com/db/yxxeeaaqcydyy' }])
  client.close()
  assert.equal(session.listeners.size, 0, 'closing stops listening')
  await server.stop()
})

test('a refused token: AuthenticationError with the doctor\'s sentence', async () => {
  const { server, session, client } = await setup(() => unauthorized)
  const error = await client.query(fql`1`).catch((e) => e)
  assert.ok(error instanceof lib.AuthenticationError && error instanceof lib.ServiceError)
  assert.deepEqual([error.code, error.kind, error.httpStatus, error.hint], ['unauthorized', 'token', 401, 'aud is wrong: set the aud claim'])
  assert.deepEqual(session.calls.explain, [{ audience: 'https://db.fauna.com/db/yxxeeaaqcydyy' }])
  await server.stop()
})

test('a channel that rejects token_rejected means the same; its other errors pass', async () => {
  const { server, session, client } = await setup(() => undefined)
  let next = new CountersignError('token_rejected', 'refused', { hint: 'hint of the core', token: { key: 'fauna' } })
  session[lib.door] = () => ({ fetch: async () => { throw next }, explain: async () => assert.fail('there is a hint already'), check: async () => [] })
  const error = await client.query(fql`1`).catch((e) => e)
  assert.ok(error instanceof lib.AuthenticationError)
  assert.deepEqual([error.code, error.hint, error.token], ['unauthorized', 'hint of the core', { key: 'fauna' }])
  next = new CountersignError('signed_out', 'nobody')
  await assert.rejects(client.query(fql`1`), (e) => e === next)
  next = new CountersignError('offline', 'no network', { hint: 'plug it in' })
  const network = await client.query(fql`1`).catch((e) => e)
  assert.ok(network instanceof lib.NetworkError)
  assert.deepEqual([network.code, network.hint, network.message], ['offline', 'plug it in', 'no network'])
  await server.stop()
})

test('lastTxnTs belongs to the user with whom it was seen', async () => {
  const { server, session, client } = await setup((_, n) => ({ json: { data: n, txn_ts: 100 + n } }))
  await client.query(fql`1`)
  await client.query(fql`1`)
  assert.equal(client.lastTxnTs, 101)
  session.become('bob')
  assert.equal(client.lastTxnTs, undefined)
  await client.query(fql`1`)
  session.identityKey = 'carol' // the news has not arrived yet
  assert.equal(client.lastTxnTs, undefined)
  await client.query(fql`1`)
  assert.deepEqual(server.log.map((r) => r.headers['x-last-txn-ts']), [undefined, '100', undefined, undefined])
  await server.stop()
})

test('a time set before anybody is known goes to the first user', async () => {
  const { server, session, client } = await setup(() => undefined)
  session.identityKey = undefined
  client.lastTxnTs = 77
  session.identityKey = 'alice'
  await client.query(fql`1`)
  assert.equal(server.log[0].headers['x-last-txn-ts'], '77')
  await server.stop()
})

test('lastTxnTs only moves forward, and each client has its own', async () => {
  const times = [-5, 50, 40, undefined, 'soon', 1e300, 60]
  const { server, session, client } = await setup((_, n) => ({ json: { data: n, txn_ts: times[n] } }))
  const second = new Client({ session, template: 'fauna', endpoint: server.url })
  const seen = []
  for (const _ of times) {
    await client.query(fql`1`)
    seen.push(client.lastTxnTs)
  }
  assert.deepEqual(seen, [undefined, 50, 50, 50, 50, 50, 60])
  for (const ts of [undefined, 10, NaN, 70.5, null, '80', 1e300, 2 ** 53, -70]) client.lastTxnTs = ts
  assert.equal(client.lastTxnTs, 60)
  client.lastTxnTs = 61
  await client.query(fql`1`)
  await second.query(fql`1`)
  assert.deepEqual(server.log.slice(-2).map(({ headers }) => headers['x-last-txn-ts']), ['61', undefined])
  await server.stop()
})

test('pages are one person\'s: the next one is not asked for with another\'s rights, nor handed to them', async () => {
  const page = (_, n) => ({ json: { data: n % 2 ? { data: [n], after: 'c' } : { '@set': { data: [n], after: 'c' } } } })
  for (const transport of [undefined, ({ url }) => new driver.FetchClient({ url: url.href, fetch_keepalive: false })]) {
    const { server, session, client } = await setup(page, {}, transport)
    const starts = [() => client.paginate(fql`x`), () => client.paginate(fql`x`).flatten(), () => client.paginate(new lib.EmbeddedSet('c')), () => client.paginate(new lib.Page({ data: [-1], after: 'c' }))]
    for (const start of starts) {
      session.become('alice')
      const iterator = start()
      assert.equal((await iterator.next()).done, false)
      const asked = server.log.length
      session.become('bob')
      await assert.rejects(iterator.next(), { code: 'identity_changed', message: /between two pages/ })
      assert.equal((await iterator.next()).done, true)
      // Made for Alice, and first asked for when she is gone.
      session.become('alice')
      const late = start()
      session.become('bob')
      await assert.rejects(late.next(), { code: 'identity_changed' })
      assert.equal(server.log.length, asked)
    }
    // With a secret of its own it is nobody's here, and goes on.
    const own = client.paginate(fql`x`, { secret: 'fn-own' })
    await own.next()
    session.become('carol')
    assert.equal((await own.next()).done, false)
    await server.stop()
  }
})

test('pages that began before anybody was known belong to whoever came first', async () => {
  for (const when of ['before', 'during']) {
    const { server, session, client } = await setup((_, n) => (n === 0 && when === 'during' && session.become('alice'), { json: { data: { data: [n], after: 'c' } } }))
    session.identityKey = undefined
    const iterator = client.paginate(fql`x`)
    if (when === 'before') session.become('alice')
    await iterator.next()
    if (when === 'before') assert.equal((await iterator.next()).done, false)
    session.become('bob')
    await assert.rejects(iterator.next(), { code: 'identity_changed' })
    await server.stop()
  }
})

test('an answer that comes after the user changed is not delivered, nor is a retry made', async () => {
  let session
  const one = await setup(() => (session.become('bob'), { json: { data: 'for alice', txn_ts: 9 } }))
  session = one.session
  await assert.rejects(one.client.query(fql`1`), { code: 'identity_changed' })
  assert.equal(one.client.lastTxnTs, undefined)
  await one.server.stop()
  const two = await setup(() => ({ status: 429, json: { error: { code: 'limit_exceeded', message: 'slow down' } } }))
  const random = Math.random
  // Drawn for the length of the wait between the attempts: the user changes early in it.
  Math.random = () => (setTimeout(() => two.session.become('bob'), 1), 0.1)
  try {
    await assert.rejects(two.client.query(fql`1`), { code: 'identity_changed' })
  } finally {
    Math.random = random
  }
  assert.equal(two.server.log.length, 1)
  await two.server.stop()
})

test('a secret for one query leaves the session and its transaction time out', async () => {
  const { server, client } = await setup((_, n) => ({ json: { data: n, txn_ts: 100 + n } }))
  await client.query(fql`1`)
  await client.query(fql`1`, { secret: 'other' })
  await client.query(fql`1`)
  assert.deepEqual(server.log.map((r) => [r.headers.authorization, r.headers['x-last-txn-ts']]), [['Bearer token-1', undefined], ['Bearer other', undefined], ['Bearer token-1', '100']])
  await server.stop()
})

test('a transport of one\'s own gets the token, and one replay with another', async () => {
  const { server, session, client } = await setup((_, n) => (n ? { json: { data: 1 } } : unauthorized), {}, ({ url }) => new driver.FetchClient({ url: url.href, fetch_keepalive: false }))
  assert.equal((await client.query(fql`1`)).data, 1)
  assert.deepEqual(server.log.map((r) => r.headers.authorization), ['Bearer token-1', 'Bearer token-2'])
  session.getToken = async () => null
  await assert.rejects(client.query(fql`1`), { code: 'signed_out' })
  await server.stop()
})

test('a transport of one\'s own: a refusal stands when there is no other token, whatever the provider says of it', async () => {
  const { CountersignError } = lib
  const of = (code) => new CountersignError(code, 'said by the session')
  for (const [next, expected] of [[async () => 'token-1', 'unauthorized'], [async () => null, 'unauthorized'], [async () => { throw of('provider_failed') }, 'unauthorized'], [async () => { throw of('network') }, 'unauthorized'], [async () => { throw of('identity_changed') }, 'identity_changed'], [async () => { throw of('disposed') }, 'disposed']]) {
    const { server, session, client } = await setup(() => unauthorized, {}, ({ url }) => new driver.FetchClient({ url: url.href, fetch_keepalive: false }))
    session.getToken = (_, { force } = {}) => (force ? next() : Promise.resolve('token-1'))
    await assert.rejects(client.query(fql`1`), { code: expected })
    assert.equal(server.log.length, 1)
    await server.stop()
  }
})

test('a transport of one\'s own: who changes while the token is waited for ends the query, and nothing is sent', async () => {
  const { server, session, client } = await setup((_, n) => (n ? { json: { data: 1 } } : unauthorized), {}, ({ url }) => new driver.FetchClient({ url: url.href, fetch_keepalive: false }))
  for (const [force, sent] of [[false, 0], [true, 1]]) {
    session.become('alice')
    session.getToken = async (_, options) => (options.force === force && session.become('bob'), `token-${options.force}`)
    await assert.rejects(client.query(fql`1`), { code: 'identity_changed' })
    assert.equal(server.log.length, sent)
  }
  await server.stop()
})

test('npm fauna through httpClient', async () => {
  const server = await stub((_, n) => (n === 1 ? { status: 400, json: { error: { code: 'invalid_query', message: 'no' } } } : { json: { data: { '@int': '5' }, txn_ts: 3 } }))
  const session = fakeSession(lib)
  const client = new driver.Client({ secret: 'unused', endpoint: server.url }, httpClient({ session, template: 'fauna', endpoint: server.url }))
  assert.equal((await client.query(driver.fql`5`)).data, 5)
  assert.equal(server.log[0].headers.authorization, 'Bearer token-1')
  await assert.rejects(client.query(driver.fql`5`), { name: 'QueryCheckError' })
  client.close()
  const nowhere = new driver.Client({ secret: 'unused', endpoint: server.url }, httpClient({ session, template: 'fauna', endpoint: undefined }))
  const error = await nowhere.query(driver.fql`5`).catch((e) => e)
  assert.deepEqual([error.name, error.cause.code], ['ClientError', 'endpoint_missing'])
  await server.stop()
})
