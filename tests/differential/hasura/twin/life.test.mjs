// The life of a connection: scripts that npm graphql-ws's client and ours go through alike, to the last event and frame.
import { query, same } from './stage.mjs'

same('connect, two results, complete, and the socket goes', async ({ client, server, sink, logged }) => {
  client().subscribe({ query, variables: { n: 1 }, operationName: null, extensions: { x: 1 } }, sink('a'))
  const { id } = await server.got(0, 'subscribe')
  server.last().send({ id, type: 'next', payload: { data: { n: 1 }, extensions: { y: 1 } } })
  server.last().send({ id, type: 'next', payload: { data: null, errors: [{ message: 'half' }] } })
  server.last().send({ id, type: 'complete' })
  await logged('closed')
  await server.closed(0)
}, { acks: { hello: 'you' } })

same('an operation that the server refuses', async ({ client, server, sink, logged }) => {
  client().subscribe({ query }, sink('a'))
  const { id } = await server.got(0, 'subscribe')
  server.last().send({ id, type: 'error', payload: [{ message: 'no such field', extensions: { code: 'validation-failed' } }] })
  await logged('closed')
})

same('the caller leaves', async ({ client, server, sink, logged }) => {
  const stop = client().subscribe({ query }, sink('a'))
  const { id } = await server.got(0, 'subscribe')
  server.last().send({ id, type: 'next', payload: { data: { n: 1 } } })
  await logged('a next')
  stop()
  stop()
  await logged('closed')
  await server.closed(0)
})

same('the next operation after the last one gets a socket of its own', async ({ client, server, sink, logged }) => {
  const c = client()
  for (const i of [0, 1]) {
    c.subscribe({ query }, sink(`${i}`))
    const { id } = await server.got(i, 'subscribe')
    server.last().send({ id, type: 'complete' })
    await logged('closed', i + 1)
  }
}, { length: 12 })

for (const [code, reason] of [[1001, 'going away'], [1005, ''], [1006, ''], [1012, 'shutting server down'], [1013, ''], [1014, ''], [4403, '{"server_error_msg":"4403: Forbidden"}'], [4408, ''], [4499, ''], [4504, ''], [3000, 'x'], [4999, '']])
  same(`a socket that closes with ${code} is made anew, with what was under way in order`, async ({ client, server, sink, logged }) => {
    const c = client()
    c.subscribe({ query }, sink('a'))
    c.subscribe({ query }, sink('b'))
    await server.got(0, 'subscribe', 1)
    const { ws } = server.last()
    if (code === 1006) ws.terminate()
    else if (code === 1005) ws.close()
    else ws.close(code, reason)
    const { id } = await server.got(1, 'subscribe', 1)
    server.last().send({ id, type: 'next', payload: { data: { n: 2 } } })
    await logged('b next')
  }, { length: 10 })

for (const code of [1002, 1003, 1007, 1008, 1009, 1010, 1011, 4500, 4005, 4400, 4004, 4401, 4406, 4409, 4429])
  same(`a socket that closes with ${code} ends everything`, async ({ client, server, sink, logged }) => {
    const c = client()
    c.subscribe({ query }, sink('a'))
    c.subscribe({ query }, sink('b'))
    await server.got(0, 'subscribe', 1)
    server.last().ws.close(code, 'as it is')
    await logged('b error')
    // and the client is as new
    c.subscribe({ query }, sink('c'))
    await server.got(1, 'subscribe')
  }, { length: 10 })

same('1000 with operations under way: at once, without an attempt', async ({ client, server, sink, logged }) => {
  client({ retryAttempts: 0 }).subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  server.last().ws.close(1000, 'done')
  await server.got(1, 'subscribe')
  server.last().send({ id: '1', type: 'complete' })
  await logged('closed', 2)
})

same('before the acknowledgement: 4403 three times, then it is let in', async ({ client, server, sink, logged }) => {
  server.onMessage = (connection, { type }) => {
    if (type !== 'connection_init') return
    if (server.connections.length < 4) connection.ws.close(4403, '{"server_error_msg":"4403: Forbidden"}')
    else connection.send({ type: 'connection_ack' })
  }
  let n = 0
  client({ connectionParams: async () => ({ n: ++n }) }).subscribe({ query }, sink('a'))
  await server.got(3, 'subscribe')
  server.last().send({ id: '1', type: 'complete' })
  await logged('closed', 4)
}, { acks: false })

same('attempts are counted from the last acknowledgement', async ({ client, server, sink, logged }) => {
  let refuse = false
  server.acks = false
  server.onMessage = (connection, { type }) => {
    if (type !== 'connection_init') return
    if (refuse) connection.ws.close(4403)
    else connection.send({ type: 'connection_ack' })
  }
  client({ retryAttempts: 2 }).subscribe({ query }, sink('a'))
  for (let i = 0; i < 3; i++) {
    await server.got(i, 'subscribe')
    if (i === 2) refuse = true
    server.last().ws.close(1012)
  }
  await logged('a error')
}, { length: 20 })

same('no attempts at all', async ({ client, server, sink, logged }) => {
  const c = client({ retryAttempts: 0 })
  c.subscribe({ query }, sink('a'))
  c.subscribe({ query }, sink('b'))
  await server.got(0, 'subscribe', 1)
  server.last().ws.close(1012)
  await logged('b error')
})

same('an endless number of attempts', async ({ client, server, sink, logged }) => {
  server.acks = false
  server.onMessage = (connection, { type }) => {
    if (type !== 'connection_init') return
    if (server.connections.length < 10) connection.ws.close(4403)
    else connection.send({ type: 'connection_ack' })
  }
  client({ retryAttempts: Infinity }).subscribe({ query }, sink('a'))
  await server.got(9, 'subscribe')
  server.last().send({ id: '1', type: 'complete' })
  await logged('closed', 10)
}, { length: 30 })

same('pings and pongs, before and after the acknowledgement', async ({ client, server, sink, logged, until }) => {
  server.onMessage = (connection, { type }) => type === 'connection_init' && connection.send({ type: 'ping', payload: { message: 'keepalive' } })
  client().subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  server.last().send({ type: 'ping' })
  server.last().send({ type: 'pong', payload: { late: true } })
  await logged('pong', 3)
  await until(() => server.last().received.filter(({ type }) => type === 'pong').length === 2)
  server.last().send({ id: '1', type: 'complete' })
  await logged('closed')
})

same('results and ends of operations that are not there', async ({ client, server, sink, logged }) => {
  const c = client()
  c.subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  for (const id of ['7', 'toString']) {
    server.last().send({ id, type: 'next', payload: { data: { stray: true } } })
    server.last().send({ id, type: 'error', payload: [{ message: 'stray' }] })
    server.last().send({ id, type: 'complete' })
  }
  server.last().send({ type: 'connection_ack' })
  server.last().send({ id: '1', type: 'next', payload: { data: { n: 1 } } })
  await logged('a next')
})
