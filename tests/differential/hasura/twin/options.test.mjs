// Each option of npm graphql-ws's client, with both clients.
import { WebSocket } from 'ws'
import { query, same } from './stage.mjs'

const once = (options) => async ({ client, server, sink, logged }) => {
  client(options).subscribe({ query }, sink('a'))
  const { id } = await server.got(0, 'subscribe')
  server.last().send({ id, type: 'complete' })
  await logged('closed')
}

for (const [name, connectionParams] of Object.entries({
  'a value': { headers: { authorization: 'x', n: 1, none: null }, list: [1] }, 'nothing': undefined, 'null': null, 'a function': () => ({ a: 1 }), 'an async function': async () => ({ a: 1 }),
  'a function that has none': () => undefined, 'an empty object': {},
}))
  same(`connectionParams: ${name}`, once({ connectionParams }))

for (const [name, connectionParams] of Object.entries({
  'throws': () => { throw new Error('no token') },
  'rejects': async () => { throw new TypeError('no token') },
  'throws with more than a close frame can carry': () => { throw new Error('x'.repeat(124)) },
  'throws with as much as a close frame can carry': () => { throw new Error('x'.repeat(123)) },
  'throws what is no error': () => { throw 'a text' },
}))
  same(`connectionParams ${name}`, async ({ client, server, sink, logged }) => {
    client({ connectionParams }).subscribe({ query }, sink('a'))
    await logged('a error')
    await logged('closed')
    await server.closed(0)
  }, { length: 4 })

same('connectionParams that throw are tried again if shouldRetry says so', async ({ client, server, sink, logged, note }) => {
  // The socket goes meanwhile, sooner or later.
  const retryWait = async (retries) => {
    note('retryWait', retries)
    await logged('closed', retries + 1)
  }
  let n = 0
  const connectionParams = () => {
    if (n++ < 2) throw new Error('not yet')
    return { n }
  }
  client({ connectionParams, retryWait, shouldRetry: (error) => (note('shouldRetry', error), true) }).subscribe({ query }, sink('a'))
  await server.got(2, 'subscribe')
  await logged('closed', 2)
})

same('connectionParams that are never ready', async ({ client, server, sink, logged, note, until }) => {
  client({ connectionParams: () => (note('asked'), new Promise(() => {})) }).subscribe({ query }, sink('a'))
  await logged('asked')
  await until(() => server.last())
  server.last().ws.close(4408, 'Connection initialisation timeout')
  await logged('asked', 2)
})

for (const [name, make] of Object.entries({ 'a function': (url) => () => url, 'an async function': (url) => async () => url, 'an async function, of a URL': (url) => async () => new URL(url) }))
  same(`url: ${name}, asked for each connection`, async ({ client, server, sink, logged, note }) => {
    const url = make(server.url)
    client({ url: () => (note('url'), url()) }).subscribe({ query }, sink('a'))
    await server.got(0, 'subscribe')
    server.last().ws.close(1012)
    await server.got(1, 'subscribe')
    server.last().send({ id: '1', type: 'complete' })
    await logged('closed', 2)
  })

same('disablePong', async ({ client, server, sink, logged }) => {
  client({ disablePong: true }).subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  server.last().send({ type: 'ping', payload: { x: 1 } })
  server.last().send({ id: '1', type: 'complete' })
  await logged('closed')
})

same('keepAlive: a ping so long after each pong, and none while a pong is missing', async ({ client, server, sink, logged, until }) => {
  client({ keepAlive: 15 }).subscribe({ query }, sink('a'))
  await server.got(0, 'ping')
  server.last().send({ type: 'pong' })
  await server.got(0, 'ping', 1)
  const since = Date.now()
  await until(() => Date.now() - since > 60)
  server.last().send({ id: '1', type: 'next', payload: { data: null } })
  server.last().send({ id: '1', type: 'complete' })
  await logged('closed')
})

same('connectionAckWaitTimeout', async ({ client, server, sink, logged }) => {
  server.onMessage = (connection, { type }) => type === 'connection_init' && server.connections.length > 1 && connection.send({ type: 'connection_ack' })
  client({ connectionAckWaitTimeout: 15 }).subscribe({ query }, sink('a'))
  await server.got(1, 'subscribe')
  await server.closed(0)
}, { acks: false, unclean: true })

same('connectionAckWaitTimeout without another attempt', async ({ client, server, sink, logged }) => {
  client({ connectionAckWaitTimeout: 15, retryAttempts: 0 }).subscribe({ query }, sink('a'))
  await logged('a error')
  await server.closed(0)
}, { acks: false, unclean: true, length: 4 })

for (const [name, value] of Object.entries({ keepAlive: Infinity, connectionAckWaitTimeout: Infinity, lazyCloseTimeout: Infinity })) same(`${name}: Infinity`, once({ [name]: value }))
for (const [name, value] of Object.entries({ keepAlive: -1, connectionAckWaitTimeout: -1, lazyCloseTimeout: NaN })) same(`${name}: ${value}`, once({ [name]: value }))

same('lazyCloseTimeout: the socket waits for the next operation', async ({ client, server, sink, logged, note, until }) => {
  const c = client({ lazyCloseTimeout: 80 })
  for (const name of ['a', 'b']) {
    c.subscribe({ query }, sink(name))
    const { id } = await server.got(0, 'subscribe', name === 'a' ? 0 : 1)
    server.last().send({ id, type: 'complete' })
    await logged(`${name} complete`)
  }
  const since = Date.now()
  await until(() => Date.now() - since > 30)
  note('it is still open')
  await logged('closed')
})

same('shouldRetry is asked about closes that are not fatal, and 1000 is none of them', async ({ client, server, sink, logged, note }) => {
  client({ shouldRetry: (event) => (note('shouldRetry', event), event.code !== 1013) }).subscribe({ query }, sink('a'))
  for (const [i, code] of [1000, 1012, 1013].entries()) {
    await server.got(i, 'subscribe')
    server.last().ws.close(code)
  }
  await logged('a error')
}, { length: 12 })

same('a fatal close is fatal, whatever shouldRetry says', async ({ client, server, sink, logged }) => {
  client({ shouldRetry: () => true }).subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  server.last().ws.close(4400)
  await logged('a error')
})

same('retryWait is told how many there were', async ({ client, server, sink, logged, note }) => {
  server.onMessage = (connection, { type }) => type === 'connection_init' && connection.ws.close(4403)
  client({ retryAttempts: 3, retryWait: async (n) => { await new Promise((go) => setTimeout(go, 2)); note('waited', n) } }).subscribe({ query }, sink('a'))
  await logged('a error')
}, { acks: false, length: 14 })

same('lazy: false: connected at once, kept without operations, and connected again', async ({ client, server, sink, logged }) => {
  const c = client({ lazy: false })
  await logged('connected')
  c.subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  server.last().send({ id: '1', type: 'complete' })
  await logged('a complete')
  server.last().ws.close(1012)
  await logged('connected', 2)
  c.subscribe({ query }, sink('b'))
  await server.got(1, 'subscribe')
})

same('lazy: false: onNonLazyError hears when it is given up', async ({ client, server, logged, note }) => {
  client({ lazy: false, retryAttempts: 1, onNonLazyError: (error) => note('onNonLazyError', error) })
  await logged('connected')
  server.last().ws.close(1012)
  await logged('connected', 2)
  server.last().ws.close(4400, 'enough')
  await logged('onNonLazyError')
})

same('lazy: false: and so do operations', async ({ client, server, sink, logged, note }) => {
  client({ lazy: false, retryAttempts: 0, onNonLazyError: (error) => note('onNonLazyError', error) }).subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  server.last().ws.close(1012, 'enough')
  await logged('onNonLazyError')
  await logged('a error')
}, { sorted: true })

same('generateID gets the payload', async ({ client, server, sink, logged, note }) => {
  client({ generateID: (payload) => (note('generateID', payload), 'an id') }).subscribe({ query, variables: { a: 1 } }, sink('a'))
  const { id } = await server.got(0, 'subscribe')
  server.last().send({ id, type: 'complete' })
  await logged('closed')
})

same('jsonMessageReplacer and jsonMessageReviver see every message', async ({ client, server, sink, logged }) => {
  const replacer = (key, value) => (typeof value === 'bigint' ? `${value}n` : value)
  const reviver = (key, value) => (typeof value === 'string' && /^\d+n$/.test(value) ? { big: value } : value)
  client({ jsonMessageReplacer: replacer, jsonMessageReviver: reviver, connectionParams: { token: 1n } }).subscribe({ query, variables: { n: 2n ** 64n } }, sink('a'))
  await server.got(0, 'subscribe')
  server.last().send({ type: 'ping', payload: { n: '3n' } })
  server.last().send({ id: '1', type: 'next', payload: { data: { n: '4n' } } })
  server.last().send({ id: '1', type: 'complete' })
  await logged('closed')
})

same('webSocketImpl: a class of one\'s own', async ({ client, server, sink, logged, note }) => {
  class Mine extends WebSocket {
    constructor(url, protocol) {
      super(url, protocol)
      note('made', String(url) === server.url, protocol)
    }
  }
  client({ webSocketImpl: Mine }).subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  server.last().send({ id: '1', type: 'complete' })
  await logged('closed')
})

same('on: the same listener twice, off once, and whoever begins to listen while an event is told', async ({ client, server, sink, logged, note }) => {
  const c = client({ on: { connected: undefined } })
  const twice = (_, payload) => note('heard', payload)
  const off = [c.on('connected', twice), c.on('connected', twice)]
  c.on('connected', () => c.on('connected', () => note('heard late')))
  const stop = c.on('message', ({ type }) => {
    note('one message', type)
    stop()
  })
  c.subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  off[0]()
  server.last().ws.close(1012)
  await server.got(1, 'subscribe')
  server.last().send({ id: '1', type: 'complete' })
  await logged('closed', 2)
})
