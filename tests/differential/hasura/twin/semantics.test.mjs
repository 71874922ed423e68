// What users of npm graphql-ws rely on: who hears what in which order when somebody leaves, joins, throws or ends the client at an awkward moment.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { stubSession } from '../../stub-session.mjs'
import { ours, perform, query, same } from './stage.mjs'
import { until } from '../../until.mjs'

/** npm graphql-ws lets an error of a socket that is closed too soon end the Node process. */
const hardy = (made) =>
  class extends WebSocket {
    constructor(...args) {
      super(...args)
      this.on('error', () => {})
      made()
    }
  }

same('leaving before the connection is there', async ({ client, server, sink, logged }) => {
  const stop = client().subscribe({ query }, sink('a'))
  await server.got(0, 'connection_init')
  stop()
  server.last().send({ type: 'connection_ack' })
  await logged('closed')
  await logged('a complete')
}, { acks: false, sorted: true })

same('leaving before the connection is there, and somebody else stays', async ({ client, server, sink, logged }) => {
  const c = client()
  const stop = c.subscribe({ query }, sink('a'))
  c.subscribe({ query }, sink('b'))
  await server.got(0, 'connection_init')
  stop()
  server.last().send({ type: 'connection_ack' })
  const { id } = await server.got(0, 'subscribe')
  await logged('a complete')
  server.last().send({ id, type: 'complete' })
  await logged('closed')
}, { acks: false, sorted: true })

same('leaving within the pause before an attempt', async ({ client, server, sink, logged, note }) => {
  let go
  const stop = client({ retryWait: async (n) => { note('retryWait', n); await new Promise((resolve) => (go = resolve)) } }).subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  server.last().ws.close(1012)
  await logged('retryWait')
  stop()
  go()
  await logged('a complete')
})

same('many at once keep their order', async ({ client, server, sink, until }) => {
  const c = client()
  for (let i = 0; i < 50; i++) c.subscribe({ query, variables: { i } }, sink(`${i}`))
  await server.got(0, 'subscribe', 49)
  server.last().ws.close(1001)
  await server.got(1, 'subscribe', 49)
  for (let i = 0; i < 50; i++) server.last().send({ id: `${i + 1}`, type: i % 2 ? 'complete' : 'error', ...(i % 2 ? {} : { payload: [{ message: `${i}` }] }) })
  await until(() => server.last().closed)
}, { length: 100, sorted: true })

same('the same listeners and sinks for two operations', async ({ client, server, sink, logged }) => {
  const c = client()
  const one = sink('a')
  c.subscribe({ query }, one)
  c.subscribe({ query }, one)
  await server.got(0, 'subscribe', 1)
  for (const id of ['1', '2']) server.last().send({ id, type: 'next', payload: { data: { id } } })
  for (const id of ['1', '2']) {
    server.last().send({ id, type: 'complete' })
    await logged('a complete', Number(id))
  }
  await logged('closed')
})

same('leaving within next: nothing more comes', async ({ client, server, sink, logged }) => {
  const to = sink('a')
  const stop = client().subscribe({ query }, { ...to, next: (value) => (to.next(value), stop()) })
  await server.got(0, 'subscribe')
  server.last().send({ id: '1', type: 'next', payload: { data: { n: 1 } } })
  await logged('closed')
  await server.closed(0)
})

for (const [when, message] of Object.entries({
  next: { type: 'next', payload: { data: { n: 1 } } }, complete: { type: 'complete' }, error: { type: 'error', payload: [{ message: 'no' }] },
}))
  same(`beginning another operation within ${when}`, async ({ client, server, sink, logged }) => {
    const c = client({ lazyCloseTimeout: 20 })
    const to = sink('a')
    c.subscribe({ query }, { ...to, [when]: (value) => (to[when](value), c.subscribe({ query, variables: { second: true } }, sink('b'))) })
    await server.got(0, 'subscribe')
    server.last().send({ id: '1', ...message })
    await server.got(0, 'subscribe', 1)
    server.last().send({ id: '2', type: 'complete' })
    await logged('b complete')
  })

same('dispose with operations under way: they complete', async ({ client, server, sink, logged }) => {
  const c = client()
  c.subscribe({ query }, sink('a'))
  c.subscribe({ query }, sink('b'))
  await server.got(0, 'subscribe', 1)
  await c.dispose()
  await logged('closed')
  await logged('b complete')
  await server.closed(0)
}, { sorted: true })

same('dispose of a client that is connected, without operations', async ({ client, logged }) => {
  const c = client({ lazy: false })
  await logged('connected')
  await c.dispose()
  await logged('closed')
})

same('dispose of a client that never did anything, twice', async ({ client, note }) => {
  const c = client()
  note(await c.dispose(), await c.dispose())
  c.terminate()
  c.on('connected', () => {})()
}, { length: 1 })

same('dispose within next', async ({ client, server, sink, logged }) => {
  const c = client()
  const to = sink('a')
  c.subscribe({ query }, { ...to, next: (value) => (to.next(value), void c.dispose()) })
  await server.got(0, 'subscribe')
  server.last().send({ id: '1', type: 'next', payload: { data: { n: 1 } } })
  await logged('closed')
  await logged('a complete')
}, { sorted: true })

same('terminate while connected: the close is told at once, and what is under way goes on', async ({ client, server, sink, note }) => {
  const c = client()
  c.subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  note('before')
  c.terminate()
  note('after')
  await server.got(1, 'subscribe')
  await server.closed(0)
})

same('terminate without another attempt', async ({ client, server, sink, logged }) => {
  const c = client({ retryAttempts: 0 })
  c.subscribe({ query }, sink('a'))
  await server.got(0, 'subscribe')
  c.terminate()
  await logged('a error')
  await server.closed(0)
})

same('terminate before the acknowledgement', async ({ client, server, sink, logged, note }) => {
  const c = client()
  c.subscribe({ query }, sink('a'))
  await server.got(0, 'connection_init')
  note('before')
  c.terminate()
  note('after')
  server.acks = true
  await server.got(1, 'subscribe')
  await server.closed(0)
}, { acks: false })

same('terminate before the socket is open', async ({ client, sink, logged, note }) => {
  let c
  await new Promise((made) => {
    c = client({ webSocketImpl: hardy(made) })
    c.subscribe({ query }, sink('a'))
  })
  note('before')
  c.terminate()
  note('after')
  await logged('connected')
}, { wire: false })

same('terminate when there is nothing', async ({ client, note }) => {
  client().terminate()
  note('nothing happened')
}, { length: 1 })

same('iterate: results, in order, and the end', async ({ client, server, note }) => {
  const results = client().iterate({ query })
  const { id } = await server.got(0, 'subscribe') // without being asked for
  for (let n = 0; n < 3; n++) server.last().send({ id, type: 'next', payload: { data: { n } } })
  server.last().send({ id, type: 'complete' })
  for await (const result of results) note('result', result)
  note('end', await results.next(), await results.next())
})

same('iterate: an error comes after the results, once', async ({ client, server, note }) => {
  const results = client().iterate({ query })
  const { id } = await server.got(0, 'subscribe')
  server.last().send({ id, type: 'next', payload: { data: { n: 1 } } })
  server.last().send({ id, type: 'error', payload: [{ message: 'no' }] })
  try {
    for await (const result of results) note('result', result)
  } catch (error) {
    note('threw', error)
  }
  note('end', await results.next())
})

same('iterate: two that wait at once are served in order', async ({ client, server, note }) => {
  const results = client().iterate({ query })
  const asked = [results.next(), results.next(), results.next()]
  const { id } = await server.got(0, 'subscribe')
  for (let n = 0; n < 2; n++) server.last().send({ id, type: 'next', payload: { data: { n } } })
  server.last().send({ id, type: 'complete' })
  note(...(await Promise.all(asked)))
})

same('iterate: leaving the loop ends the operation', async ({ client, server, note, logged }) => {
  const results = client().iterate({ query })
  const { id } = await server.got(0, 'subscribe')
  server.last().send({ id, type: 'next', payload: { data: { n: 1 } } })
  for await (const result of results) {
    note('result', result)
    break
  }
  await server.got(0, 'complete')
  await logged('closed')
})

same('iterate: return while somebody waits', async ({ client, server, note, logged }) => {
  const results = client().iterate({ query })
  const waits = results.next()
  await server.got(0, 'subscribe')
  note('returned', await results.return())
  note('waited', await waits, await results.next())
  await logged('closed')
}, { sorted: true })

same('iterate: throw while somebody waits', async ({ client, server, note }) => {
  const results = client().iterate({ query })
  const waits = results.next()
  await server.got(0, 'subscribe')
  note('threw', await results.throw(new Error('mine')))
  note('waited', await waits.catch((error) => error), await results.next())
}, { wire: false })

// ---- ours

test('before the rest is loaded: operations, an iterator and whoever leaves again, in order; what comes after dispose is refused', async () => {
  const { log, wire } = await perform(async ({ client, server, sink, note, logged }) => {
    const c = client()
    c.subscribe({ query, variables: { n: 1 } }, sink('a'))
    c.subscribe({ query, variables: { n: 2 } }, sink('left'))()
    const results = c.iterate({ query, variables: { n: 3 } })
    c.subscribe({ query, variables: { n: 4 } }, sink('b'))
    await server.got(0, 'subscribe', 2)
    server.last().send({ id: '2', type: 'next', payload: { data: { n: 3 } } })
    note('iterated', await results.next())
    const other = client()
    other.subscribe({ query }, sink('c'))
    other.dispose()
    other.subscribe({ query }, sink('d'))
    const third = client()
    third.dispose()
    third.subscribe({ query }, sink('e'))
    await logged('d error')
    await logged('e error')
  }, ours)
  assert.deepEqual(wire.map(({ received }) => received.map(({ payload }) => payload?.variables.n)), [[undefined, 1, 3, 4]])
  const of = (name) => log.filter(([who]) => who === name).map(([, what, value]) => [what, value])
  assert.deepEqual(of('left'), [['complete', undefined]])
  assert.deepEqual(of('iterated'), [[{ value: { data: { n: 3 } }, done: false }, undefined]])
  assert.deepEqual(of('c'), [['complete', undefined]])
  for (const name of ['d', 'e']) assert.deepEqual(of(name), [['error', 'CountersignError: this client was disposed']])
})

test('before the rest is loaded: what belongs to somebody is not asked as somebody else', async () => {
  const { log, wire } = await perform(async ({ client, sink, note, logged }) => {
    const session = stubSession({ key: 'alice' })
    const c = client({ session, template: 'x' })
    c.subscribe({ query }, sink('a'))
    c.subscribe({ query }, sink('left'))()
    const results = c.iterate({ query })
    c.iterate({ query }) // and nobody asks for its results
    session.become('bob')
    note('iterated', await results.next().catch(({ code }) => code))
    await logged('a error')
    // That of the client itself, when it is loaded.
    await until(() => session.listeners() === 2)
  }, ours)
  assert.deepEqual([wire, log.find(([who]) => who === 'iterated')[1], log.filter(([who]) => who === 'left').map(([, what]) => what)], [[], 'identity_changed', ['complete']])
  assert.match(log.find(([who]) => who === 'a')[2], /the user changed/)
})
