// What a user of HasuraClient and createWsClient hears when it is not the server that fails: the provider, the session, the WebAssembly.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { dist } from '../dist.mjs'
import { startPlace, until } from './place.mjs'

const { createWsClient } = await dist('hasura.js')
const { loadLive } = await dist('live.js')
const query = 'subscription { messages { id } }'

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => {
  place = await startPlace()
})
after(() => place?.stop())

const twin = (session) => createWsClient({ url: place.endpoint.replace(/^http/, 'ws'), session, template: 'hasura', webSocketImpl: WebSocket })
const sinkOf = () => {
  const seen = []
  return { seen, next: () => seen.push('next'), error: ({ code }) => seen.push(code), complete: () => seen.push('complete') }
}

test('a provider that fails: the state of the connection says so', async (t) => {
  const { client, account } = place.client()
  t.after(client.dispose)
  account.instead = () => { throw new Error('not today') }
  const states = []
  client.connection().subscribe((state) => states.push(state))
  const sink = sinkOf()
  client.subscribe({ query }, sink)
  await until(() => states.at(-1).error)
  assert.deepEqual([states.map(({ status, error }) => `${status} ${error?.code}`), sink.seen], [['idle undefined', 'connecting undefined', 'connecting provider_failed'], []])
})

test('a session that is disposed takes its sockets along, and nobody listens any more', async (t) => {
  const listening = []
  // Node has no such events of its own.
  Object.assign(globalThis, { addEventListener: (event) => listening.push(event), removeEventListener: (event) => listening.splice(listening.indexOf(event), 1) })
  t.after(() => {
    delete globalThis.addEventListener
    delete globalThis.removeEventListener
  })
  for (const make of [twin, (session) => place.client(undefined, { session }).client]) {
    const { session } = place.session()
    const client = make(session)
    t.after(() => client.dispose())
    const sink = sinkOf()
    const closes = []
    client.on('closed', ({ code }) => closes.push(code))
    client.subscribe({ query }, sink)
    await until(() => sink.seen.length)
    assert.ok(listening.length)
    session.dispose()
    await until(() => closes.length)
    assert.deepEqual([sink.seen, closes], [['next', 'disposed'], [1000]])
  }
  assert.deepEqual(listening, [])
})

test('who subscribes for the next user before anybody is told of him is not told that the user changed', async (t) => {
  const { session, account } = place.session()
  const client = twin(session)
  t.after(() => client.dispose())
  const [before, after] = [sinkOf(), sinkOf()]
  client.subscribe({ query }, before)
  await until(() => before.seen.length)
  account.become('user_bob')
  client.subscribe({ query }, after)
  await until(() => after.seen.length)
  assert.deepEqual([before.seen, after.seen], [['next', 'identity_changed'], ['next']])
})

for (const [name, make] of Object.entries({ HasuraClient: (session) => place.client(undefined, { session }).client, createWsClient: twin }))
  test(`a trap of the WebAssembly ends what runs; the next subscription of ${name} has another instance`, async (t) => {
    const { session } = place.session()
    const client = make(session)
    t.after(() => client.dispose())
    const [first, other, next] = [sinkOf(), sinkOf(), sinkOf()]
    // In the handler: nothing of the old one is left by then.
    const error = first.error
    first.error = (reason) => {
      error(reason)
      client.subscribe({ query }, next)
    }
    client.subscribe({ query }, first)
    client.subscribe({ query }, other, { role: 'editor' })
    await until(() => first.seen.length && other.seen.length)
    const { Machine } = await loadLive()
    t.mock.method(Machine.prototype, 'tell', () => { throw new WebAssembly.RuntimeError('unreachable') }, { times: 1 })
    client.terminate()
    await until(() => next.seen.length)
    assert.deepEqual([first.seen, other.seen, next.seen], [['next', 'wasm_trapped'], ['next', 'wasm_trapped'], ['next']])
    // It is one engine, and it ends with the client.
    client.dispose()
    await until(() => next.seen.length === 2 && !place.hasura.sockets.some(({ open }) => open))
    assert.deepEqual(next.seen, ['next', 'complete'])
  })

test('what goes wrong at the beginning is said of the variables only where it is them', async (t) => {
  const glue = await loadLive()
  const broken = t.mock.method(glue, 'link', () => { throw new WebAssembly.RuntimeError('unreachable') })
  const seen = []
  const sink = { next() {}, error: ({ code, message }) => seen.push(`${code}: ${message}`), complete() {} }
  for (const variables of [undefined, { n: 1n }]) {
    const { client } = place.client()
    t.after(client.dispose)
    client.subscribe({ query, variables }, sink)
    await until(() => seen.length === (variables ? 2 : 1))
    broken.mock.restore()
  }
  assert.deepEqual(seen, ['protocol: hasura: unreachable', 'option_invalid: hasura: `variables` cannot be written as JSON'])
})

test('a socket to this machine needs no network, wherever the endpoint is', async (t) => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: false }, configurable: true })
  t.after(() => (before ? Object.defineProperty(globalThis, 'navigator', before) : Reflect.deleteProperty(globalThis, 'navigator')))
  const { client } = place.client(undefined, { endpoint: 'https://hasura.test/v1/graphql', wsEndpoint: place.endpoint })
  t.after(client.dispose)
  const sink = sinkOf()
  client.subscribe({ query }, sink)
  await until(() => sink.seen.length)
  assert.deepEqual(sink.seen, ['next'])
})

/** A server of sockets that `say` plays: it is given what comes in, and how to answer. @param {import('node:test').TestContext} t @param {(message: any, answer: (message: object) => void) => void} say */
const played = async (t, say) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.after(() => server.close())
  server.on('connection', (socket) => socket.on('message', (text) => say(JSON.parse(String(text)), (message) => socket.send(JSON.stringify(message)))))
  await once(server, 'listening')
  return `ws://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}

test('a role belongs to a token, also where the option `headers` says it', async (t) => {
  const said = []
  const wsEndpoint = await played(t, ({ payload }) => said.push(payload.headers))
  for (const user of [null, 'user_alice']) {
    const { client } = place.client(user, { anonymous: true, wsEndpoint, headers: { 'x-hasura-role': 'editor', 'x-request-id': '7' } })
    client.subscribe({ query }, sinkOf())
    await until(() => said.length === (user ? 2 : 1))
    client.dispose()
  }
  const [nobody, { Authorization, ...alice }] = said
  assert.deepEqual([nobody, alice], [{ 'x-request-id': '7' }, { 'x-hasura-role': 'editor', 'x-request-id': '7' }])
  assert.match(Authorization, /^Bearer /)
})

test('who leaves a live query is not told an error that came before', async (t) => {
  const wsEndpoint = await played(t, ({ type, id }, answer) => {
    if (type === 'connection_init') answer({ type: 'connection_ack' })
    if (type === 'subscribe') answer({ type: 'error', id, payload: [{ message: 'no', extensions: { code: 'validation-failed' } }] })
  })
  const { client } = place.client(undefined, { wsEndpoint })
  t.after(client.dispose)
  const [gone, there] = [sinkOf(), sinkOf()]
  const leave = client.live(query).subscribe(gone)
  client.live(query).subscribe(there)
  // It is worked out by code that is loaded for it; the first to be told of is the first.
  const stop = client.on('message', ({ type }) => {
    if (type !== 'error') return
    stop()
    queueMicrotask(leave)
  })
  await until(() => there.seen.length)
  assert.deepEqual([gone.seen, there.seen], [[], ['validation-failed']])
})
