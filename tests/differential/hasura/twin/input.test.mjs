// What no server should send, over a socket that others use: nothing is wedged, nobody else is harmed, and what is told has a type.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../../dist.mjs'
import { hasura, ours, query, startServer, until, WebSocket } from './stage.mjs'
import { unhandledIn } from '../../unhandled.mjs'

const { CountersignError } = await dist('errors.js')

const CLIENTS = {
  createWsClient: (url) => ({ client: ours({ url, webSocketImpl: WebSocket, retryWait: async () => {} }) }),
  HasuraClient: (url) => hasura(url),
}

/** A client with two operations on one socket. @param {keyof typeof CLIENTS} kind @param {import('node:test').TestContext} t */
const stage = async (kind, t, options) => {
  const server = await startServer(options)
  t.after(server.stop)
  const { client, session } = CLIENTS[kind](server.url)
  t.after(() => session?.dispose())
  t.after(() => client.dispose())
  const seen = { a: [], b: [], events: [] }
  for (const event of ['error', 'closed']) client.on(event, (what) => seen.events.push(what))
  const sink = (name) => ({ next: (value) => seen[name].push(value), error: (error) => seen[name].push({ error }), complete: () => seen[name].push('complete') })
  client.subscribe({ query }, sink('a'))
  client.subscribe({ query }, sink('b'))
  const of = async (nth) => (await server.got(0, 'subscribe', nth)).id
  const ids = options?.acks === false ? [] : [await of(0), await of(1)]
  let n = 0
  /** The other one is as well as before, and the socket is the same. */
  const unharmed = async () => {
    const value = { data: { n: ++n } }
    server.last().send({ id: ids[1], type: 'next', payload: value })
    await until(() => seen.b.length === n)
    assert.deepEqual(seen.b.at(-1), value)
    assert.equal(server.connections.length, 1)
    assert.equal(server.last().closed, undefined)
  }
  return { server, client, seen, ids, unharmed, send: (message) => server.last().send(message) }
}

const garbled = (error) => CountersignError.is(error, 'protocol') && error.backend === 'hasura'

for (const kind of /** @type {const} */ (['createWsClient', 'HasuraClient'])) {
  test(`${kind}: frames that are no messages are told as errors and left out`, async (t) => {
    const { send, seen, unharmed, ids } = await stage(kind, t)
    const frames = [
      'no JSON {', '', 'null', '42', '"text"', '[]', '{}', '{"type":5}', '{"type":null,"id":"1"}', Buffer.from([0, 255, 1]), Buffer.alloc(0),
      ...['', ',"payload":null', ',"payload":7', ',"payload":"text"', ',"payload":[]'].map((payload) => `{"id":"${ids[0]}","type":"next"${payload}}`),
    ]
    for (const [i, frame] of frames.entries()) {
      send(frame)
      await unharmed()
      assert.equal(seen.events.length, i + 1, `of ${frame}`)
      assert.ok(garbled(seen.events.at(-1)), String(frame))
    }
    assert.deepEqual(seen.a, [])
  })

  test(`${kind}: messages of tomorrow, and of operations that are not there, are no errors`, async (t) => {
    const { send, seen, unharmed, client, ids } = await stage(kind, t)
    const messages = []
    client.on('message', (message) => messages.push(message))
    const odd = [
      { type: 'of_tomorrow', payload: { x: 1 } }, { type: 'of_tomorrow', id: ids[0] }, { type: '__proto__', id: ids[0] },
      ...['999', '__proto__', 'constructor', ''].flatMap((id) => [{ id, type: 'next', payload: { data: 1 } }, { id, type: 'error', payload: [] }, { id, type: 'complete' }]),
      { id: 1, type: 'complete' }, { id: { x: 1 }, type: 'next', payload: { data: 1 } }, { type: 'next', payload: { data: 1 } }, { type: 'complete' }, { type: 'error', payload: 'nobody' },
      { type: 'connection_ack' }, { type: 'connection_ack', payload: { again: true } }, { type: 'subscribe', id: ids[0], payload: {} }, { type: 'connection_init' },
      { type: 'ping', payload: 'text' }, { type: 'ping', payload: [1] }, { type: 'pong', payload: 7 }, { type: 'connection_error', payload: { message: 'late' } }, { type: 'ka' },
    ]
    for (const message of odd) send(message)
    await unharmed()
    assert.deepEqual(seen.events, [])
    assert.deepEqual(seen.a, [])
    assert.deepEqual(messages.slice(0, odd.length), odd)
  })

  for (const [name, payload, errors] of [
    ['an array', [{ message: 'no', extensions: { code: 'x' } }], [{ message: 'no', extensions: { code: 'x' } }]],
    ['an object, as Hasura sends it', { path: '$', error: 'already started', code: 'start-failed' }, [{ path: '$', error: 'already started', code: 'start-failed' }]],
    ['a text', 'no', [{ message: 'no' }]],
    ['null', null, [{ message: 'the server gave no reason' }]],
    ['missing', undefined, [{ message: 'the server gave no reason' }]],
  ])
    test(`${kind}: an error whose payload is ${name}; a complete after it is nobody's`, async (t) => {
      const { send, seen, unharmed, ids } = await stage(kind, t)
      send({ id: ids[0], type: 'error', payload })
      send({ id: ids[0], type: 'complete' })
      send({ id: ids[0], type: 'next', payload: { data: 1 } })
      await unharmed()
      assert.deepEqual(seen.a, [{ error: errors }])
      assert.deepEqual(seen.events, [])
    })

  test(`${kind}: results without data, with errors, and with members of tomorrow`, async (t) => {
    const { send, seen, unharmed, ids } = await stage(kind, t)
    const results = [{}, { data: null }, { errors: [] }, { errors: [{ message: 'half' }], data: { x: 1 } }, { data: { x: 1 }, tomorrow: true, hasNext: true }, { data: 'text' }, { data: [1] }]
    for (const payload of results) send({ id: ids[0], type: 'next', payload })
    await unharmed()
    assert.deepEqual(seen.a, results)
  })

  test(`${kind}: messages before the acknowledgement`, async (t) => {
    const { server, send, seen, client } = await stage(kind, t, { acks: false })
    await server.got(0, 'connection_init')
    for (const message of [{ type: 'ping', payload: { message: 'keepalive' } }, { id: '1', type: 'next', payload: { data: 1 } }, { id: '1', type: 'error', payload: [] }, { id: '1', type: 'complete' }, { type: 'of_tomorrow' }, { type: 'connection_ack' }, { type: 'connection_ack' }]) send(message)
    const { id } = await server.got(0, 'subscribe', 1)
    send({ id, type: 'next', payload: { data: 1 } })
    await until(() => seen.b.length)
    assert.deepEqual([seen.a, seen.b, server.last().received.map(({ type }) => type)], [[], [{ data: 1 }], ['connection_init', 'pong', 'subscribe', 'subscribe']])
    assert.equal(client.on('error', () => {})(), undefined)
  })

  test(`${kind}: a result of 16 MB`, async (t) => {
    const { send, seen, unharmed, ids } = await stage(kind, t)
    const text = 'x'.repeat(16 << 20)
    send({ id: ids[0], type: 'next', payload: { data: { text } } })
    await unharmed()
    assert.equal(seen.a[0].data.text.length, text.length)
  })

  test(`${kind}: a result nested deeper than a stack is deep`, async (t) => {
    const { server, send, seen, unharmed, ids } = await stage(kind, t)
    const deep = `{"id":"${ids[0]}","type":"next","payload":{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`
    send(deep)
    await unharmed()
    assert.equal(seen.a.length + seen.events.length, 1, 'it is delivered, or told as what cannot be read')
    assert.equal(server.connections.length, 1)
  })

  test(`${kind}: variables that cannot be written are the error of their operation, also when they become so later`, async (t) => {
    const { server, client, seen, unharmed } = await stage(kind, t)
    const failed = []
    const circle = {}
    circle.circle = circle
    for (const variables of [circle, { n: 1n }, { toJSON() { throw new Error('mine') } }]) client.subscribe({ query, variables }, { next() {}, error: (error) => failed.push(error), complete() {} })
    await until(() => failed.length === 3)
    for (const error of failed) assert.ok(CountersignError.is(error, 'option_invalid'), String(error))
    await unharmed()
    const later = { n: 1 }
    client.subscribe({ query, variables: later }, { next() {}, error: (error) => failed.push(error), complete() {} })
    await server.got(0, 'subscribe', 2)
    later.self = later
    server.last().ws.close(1012)
    await until(() => failed.length === 4)
    assert.ok(CountersignError.is(failed[3], 'option_invalid'))
    await server.got(1, 'subscribe', 1)
    assert.deepEqual(seen.a, [])
  })

  test(`${kind}: reasons of 123 bytes, and connection_error before a close`, async (t) => {
    const { server, seen } = await stage(kind, t)
    server.last().ws.close(1012, 'ä'.repeat(61))
    await server.got(1, 'subscribe', 1)
    server.last().send({ type: 'connection_error', payload: 'cors policy changed' })
    server.last().ws.close(1012, 'x'.repeat(123))
    await server.got(2, 'subscribe', 1)
    assert.deepEqual([seen.a, seen.b, seen.events.map(({ reason }) => reason.length)], [[], [], [61, 123]])
  })

  test(`${kind}: a sink or a listener that throws is an unhandled rejection of its own`, async (t) => {
    const { server, client, send, unharmed } = await stage(kind, t)
    const unhandled = unhandledIn(t)
    const throws = (what) => () => {
      throw new Error(what)
    }
    const sink = () => ({ next: throws('next'), error: throws('error'), complete: throws('complete') })
    const off = client.on('message', throws('message'))
    for (let i = 0; i < 3; i++) client.subscribe({ query }, sink())
    const ids = []
    for (let i = 0; i < 3; i++) ids.push((await server.got(0, 'subscribe', 2 + i)).id)
    const stop = client.subscribe({ query }, sink())
    send({ id: ids[0], type: 'next', payload: { data: 1 } })
    send({ id: ids[1], type: 'error', payload: [] })
    send({ id: ids[2], type: 'complete' })
    await until(() => unhandled.length === 6)
    off()
    stop()
    await until(() => unhandled.length === 7)
    assert.deepEqual(unhandled.sort(), ['complete', 'complete', 'error', 'message', 'message', 'message', 'next'])
    await unharmed()
    client.dispose()
    await until(() => unhandled.length === 8)
  })
}

test('createWsClient: what is no payload of the protocol is not sent: the server would close the socket of all', async (t) => {
  const { client, unharmed } = await stage('createWsClient', t)
  const failed = []
  const payloads = [null, undefined, 'query', [], {}, { query: 5 }, { query, variables: [] }, { query, variables: 'x' }, { query, operationName: 5 }, { query, extensions: 7 }]
  for (const payload of payloads) client.subscribe(payload, { next() {}, error: (error) => failed.push(error), complete() {} })
  await until(() => failed.length === payloads.length)
  for (const error of failed) assert.ok(CountersignError.is(error, 'option_invalid') && /payload/.test(error.message), String(error))
  await unharmed()
})

test('createWsClient: generateID that throws is the error of its operation, before and after the load', async (t) => {
  const server = await startServer()
  t.after(server.stop)
  const client = ours({ url: server.url, webSocketImpl: WebSocket, generateID: ({ variables }) => { if (variables?.bad) throw new Error('no id'); return 'a' } })
  t.after(() => client.dispose())
  const failed = []
  const bad = () => client.subscribe({ query, variables: { bad: true } }, { next() {}, error: (error) => failed.push(error.message), complete() {} })
  bad()
  client.subscribe({ query }, { next() {}, error() {}, complete() {} })
  await server.got(0, 'subscribe')
  bad()
  await until(() => failed.length === 2)
  assert.deepEqual(failed, ['no id', 'no id'])
})

test('createWsClient: an address, a class or a pause that fails is the error of what waits for it', async (t) => {
  const server = await startServer()
  t.after(server.stop)
  const ends = async (options) => {
    const events = []
    const client = ours({ url: server.url, webSocketImpl: WebSocket, on: { error: (error) => events.push(error) }, ...options })
    t.after(() => client.dispose())
    const error = await new Promise((failed) => client.subscribe({ query }, { next() {}, error: failed, complete() {} }))
    return { error, events }
  }
  for (const options of [{ url: () => { throw new Error('no address') } }, { url: async () => { throw new Error('no address') } }, { url: 'nonsense:' }, { url: 5 }, { webSocketImpl: class { constructor() { throw new Error('no socket') } } }, { webSocketImpl: 7 }]) {
    const { error, events } = await ends(options)
    assert.ok(error instanceof Error, String(error))
    assert.deepEqual(events, [error])
  }
  server.onMessage = ({ ws }, { type }) => type === 'subscribe' && ws.close(1012)
  const { error } = await ends({ retryWait: async () => { throw new Error('no pause') } })
  assert.equal(error.message, 'no pause')
  assert.equal((await ends({ retryWait: () => { throw new Error('no pause') } })).error.message, 'no pause')
  assert.equal((await ends({ shouldRetry: () => { throw new Error('no opinion') } })).error.message, 'no opinion')
})
