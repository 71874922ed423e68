// What somebody is told who got something wrong: an error with a code, a sentence that says what to change, and never the token.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from 'graphql-ws'
import { stubFetch, stubSession } from '../stub-session.mjs'
import { startPlace } from './place.mjs'
import { hasura, ours, query, startServer, until, WebSocket } from './twin/stage.mjs'
import { dist } from '../dist.mjs'

const { HasuraClient } = await dist('hasura.js')
const { CountersignError } = await dist('errors.js')

/** The error that a subscription ends with. @param {any} client @param {any} [payload] a text: of `live` @returns {Promise<any>} */
const errorOf = async (client, payload = { query }) => {
  const errors = /** @type {any[]} */ ([])
  const sink = { next() {}, error: (/** @type {any} */ error) => errors.push(error), complete() {} }
  const stop = typeof payload === 'string' ? client.live(payload).subscribe(sink) : client.subscribe(payload, sink)
  await until(() => errors.length).finally(stop)
  return errors[0]
}
/** How a client's connection is doing now. @param {any} client */
const stateOf = (client) => {
  let state
  client.connection().subscribe((/** @type {any} */ now) => (state = now))()
  return /** @type {any} */ (state)
}
/** A scripted server and a client of it. @param {import('node:test').TestContext} t @param {object} [options] of the client @param {object} [account] @param {object} [how] of the server */
const stage = async (t, options, account, how) => {
  const server = await startServer(how)
  t.after(server.stop)
  const made = hasura(server.url, account, options)
  t.after(() => made.session.dispose())
  t.after(() => made.client.dispose())
  return { server, ...made }
}
/** Another class of WebSocket for a while. @param {import('node:test').TestContext} t @param {any} other */
const withSocket = (t, other) => {
  t.after(() => void (globalThis.WebSocket = /** @type {any} */ (WebSocket)))
  globalThis.WebSocket = other
}

test('no document, and documents where a batch wants requests', async (t) => {
  const calls = stubFetch(t, () => ({ data: {} }))
  const client = new HasuraClient({ session: stubSession({ key: 'alice' }), template: 'hasura', endpoint: 'https://hasura.test/v1/graphql' })
  for (const act of [() => client.request(undefined), () => client.request(null), () => client.batch(['{ a }'])])
    await assert.rejects(act(), (/** @type {any} */ e) => e.code === 'option_invalid' && /there is none\. Each request of a batch is/.test(e.message) && !e.cause)
  await assert.rejects(client.request(''), (/** @type {any} */ e) => e.code === 'option_invalid' && !/batch/.test(e.message))
  assert.equal(calls.length, 0)
})

test('no WebSocket here: it says where one comes from', async (t) => {
  const { client } = await stage(t)
  withSocket(t, undefined)
  const error = await errorOf(client)
  assert.ok(CountersignError.is(error, 'option_invalid') && /globalThis\.WebSocket/.test(error.message), String(error))
})

test('a browser that refuses to open a socket: an error with a code, and where to look', async (t) => {
  const { client } = await stage(t)
  withSocket(t, class {
    constructor() {
      throw new DOMException('an insecure socket from a page of https:', 'SecurityError')
    }
  })
  const error = await errorOf(client)
  assert.ok(CountersignError.is(error, 'option_invalid') && /an insecure socket/.test(error.message) && /connect-src/.test(error.hint), String(error))
})

test('a socket that never works: no end, and the state says where to look', async (t) => {
  const { client, server } = await stage(t)
  server.onConnection = ({ ws }) => ws.terminate()
  t.after(client.subscribe({ query }, { next() {}, error() {}, complete() {} }))
  await until(() => stateOf(client).status === 'waiting')
  const { error, lastClose } = stateOf(client)
  assert.deepEqual([error.code, lastClose.code], ['network', 1006])
  for (const place of [/HASURA_GRAPHQL_CORS_DOMAIN/, /connect-src/, /WebSocket/]) assert.match(error.hint, place)
})

test('a refused token that HTTP accepts: it says so, and where to look', async (t) => {
  const place = await startPlace()
  t.after(place.stop)
  await place.hasura.turn({ refuseInit: 3 })
  const { session, client } = place.client()
  t.after(() => session.dispose())
  const hints = /** @type {any[]} */ ([])
  t.after(client.connection().subscribe((/** @type {any} */ { error }) => error && hints.push([error.code, error.hint])))
  const results = /** @type {any[]} */ ([])
  t.after(client.subscribe({ query: 'subscription { messages { id } }' }, { next: (/** @type {any} */ result) => results.push(result), error() {}, complete() {} }))
  await until(() => results.length)
  const [code, hint] = hints.at(-1)
  assert.equal(code, 'token_rejected')
  assert.match(hint, /accepts the token over HTTP/)
})

test('a server that does not understand what it is sent: no failure of the network', async (t) => {
  const { client, server } = await stage(t)
  server.onConnection = ({ ws }) => ws.close(4400, 'Parsing client message failed')
  const error = await errorOf(client)
  assert.ok(CountersignError.is(error, 'protocol') && /4400: Parsing/.test(error.message) && !error.retryable, String(error))
})

test('a subprotocol that Hasura does not speak', async (t) => {
  const { client } = await stage(t, { protocol: 'graphql-transport' })
  const error = await errorOf(client)
  assert.ok(CountersignError.is(error, 'option_invalid') && /`protocol`/.test(error.message), String(error))
})

test('headers and a role that are no texts reach the server as texts: Hasura refuses anything else', async (t) => {
  const { client, server } = await stage(t, { role: 5, headers: { 'x-number': 5, 'x-null': null } })
  t.after(client.subscribe({ query }, { next() {}, error() {}, complete() {} }))
  const { payload } = await server.got(0, 'connection_init')
  const { Authorization, ...headers } = payload.headers
  assert.deepEqual(headers, { 'x-hasura-role': '5', 'x-number': '5', 'x-null': 'null' })
  assert.match(Authorization, /^Bearer ey/)
})

test('an init payload whose headers are no texts is 4400 for createWsClient as for graphql-ws, at once and for good', async (t) => {
  const place = await startPlace()
  t.after(place.stop)
  const url = place.endpoint.replace(/^http/, 'ws')
  for (const headers of [{ 'x-hasura-role': null }, { 'x-hasura-role': 5 }, 'text', []])
    for (const create of [createClient, ours]) {
      const client = create({ url, webSocketImpl: WebSocket, connectionParams: { headers } })
      const { code, reason } = await errorOf(client, { query: 'subscription { messages { id } }' })
      assert.deepEqual([code, /Parsing client message failed/.test(reason)], [4400, true], JSON.stringify(headers))
      await client.dispose()
    }
})

test('no token in what is told of a socket, whatever the server echoes', async (t) => {
  const tokens = /** @type {string[]} */ ([])
  const { client, server } = await stage(t, {}, {}, { acks: false })
  const clean = (/** @type {unknown} */ told) => tokens.every((token) => token.split('.').slice(1).every((part) => !JSON.stringify(told).includes(part)))
  /** @type {(token: string, connection: any, message: any) => void} */
  let act = () => {}
  server.onMessage = (connection, message) => {
    if (message.type === 'connection_init') {
      tokens.push(message.payload.headers.Authorization.slice(7))
      connection.send({ type: 'connection_ack' })
    } else act(/** @type {string} */ (tokens.at(-1)), connection, message)
  }
  const facts = (/** @type {any} */ e) => [e, e.message, e.hint, e.cause, e.errors, e.stack]
  for (const payload of [(/** @type {string} */ token) => [{ message: `no ${token}`, extensions: { code: 'validation-failed', path: token } }], (/** @type {string} */ token) => ({ message: token }), (/** @type {string} */ token) => token]) {
    act = (token, connection, { id }) => connection.send({ id, type: 'error', payload: payload(token) })
    const [error] = await errorOf(client)
    assert.ok(clean(error) && error.message.includes('[secret]'), JSON.stringify(error))
    const live = await errorOf(client, query)
    assert.ok(clean(facts(live)) && live.message.includes('[secret]'), String(live))
  }
  act = (token, connection) => {
    connection.send({ type: 'connection_error', payload: `Could not verify JWT: ${token}` })
    connection.ws.close(1012, token.slice(-120))
  }
  t.after(client.subscribe({ query }, { next() {}, error() {}, complete() {} }))
  await until(() => stateOf(client).lastClose)
  const { error, lastClose } = stateOf(client)
  assert.ok(clean([lastClose, ...facts(error)]), JSON.stringify(lastClose))
  assert.deepEqual([lastClose.code, lastClose.reason], [1012, 'Could not verify JWT: [secret]'])
  assert.deepEqual([error.cause.name, error.cause.code], ['CloseEvent', '1012'])
})

test('the number of operations is that of those under way', async (t) => {
  const { client, server } = await stage(t)
  const stop = client.subscribe({ query }, { next() {}, error() {}, complete() {} })
  await server.got(0, 'subscribe')
  assert.equal(stateOf(client).operations, 1)
  server.onConnection = ({ ws }) => ws.terminate()
  server.last().ws.terminate()
  await until(() => stateOf(client).status === 'waiting')
  stop()
  await until(() => stateOf(client).status === 'idle')
  assert.equal(stateOf(client).operations, 0)
})
