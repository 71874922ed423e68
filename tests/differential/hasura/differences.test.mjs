// The list of differences.mjs, held to both libraries: each entry is shown here.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { differences } from './differences.mjs'
import { both, lines, ours, perform, query, theirs, until } from './twin/stage.mjs'

/** Unhandled rejections while something is done. @param {(errors: string[]) => Promise<unknown>} act is given those so far */
const unhandled = async (act) => {
  const errors = /** @type {string[]} */ ([])
  const before = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', (error) => errors.push(/** @type {any} */ (error).message))
  try {
    await act(errors)
    // They are told of in order: what is still to be told comes before this one.
    await new Promise(setImmediate)
    void Promise.reject(new Error('the last one'))
    await until(() => errors.at(-1) === 'the last one')
    errors.pop()
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const one of before) process.on('unhandledRejection', one)
  }
  return errors
}

const of = ({ log }, name) => log.filter(([who]) => who === name).map(([, ...what]) => what)
const ended = (outcome, name) => of(outcome, name).flat()
/** Both with a running operation, to which something is sent. @param {(play: any) => unknown} act */
const running = (act, options) =>
  both(async (play) => {
    const { client, server, sink } = play
    const c = client(options?.(play))
    c.subscribe({ query }, sink('a'))
    c.subscribe({ query }, sink('b'))
    await server.got(0, 'subscribe', 1)
    await act({ ...play, c, send: (message) => server.last().send(message) })
  })
/** Closed with 4004 by the client, and both operations with it. */
const killed = (outcome) => outcome.wire[0].closed?.[0] === 4004 && ['a', 'b'].every((name) => ended(outcome, name)[0] === 'error' || ended(outcome, name).includes('error'))
const alive = (outcome) => outcome.wire.length === 1 && outcome.wire[0].closed === undefined
/** What is sent kills theirs, and does not harm ours: `b` has a result afterwards. */
const kills = async (message, options) => {
  const [a, b] = await running(async ({ server, send, ours, logged }) => {
    send(message)
    if (!ours) return Promise.all([logged('b error'), server.closed(0)])
    send({ id: '2', type: 'next', payload: { data: 'still' } })
    await logged('b next')
  }, options)
  assert.ok(killed(a), lines(a).join('\n'))
  assert.ok(alive(b), lines(b).join('\n'))
  return b
}
const boom = () => {
  throw new Error('boom')
}
/** The socket is open, and whoever has it answers: one that was to be closed by what came before is closed by now. @param {any} play */
const answers = async ({ server }) => {
  server.last().send({ type: 'ping' })
  await server.got(server.connections.length - 1, 'pong')
}
/** Another client goes all the way to a result: what was to come of something else without any help has come by then. @param {any} play */
const meanwhile = async ({ client, server, sink, logged }) => {
  const n = server.connections.length
  server.onMessage = undefined
  client().subscribe({ query }, sink('another'))
  const { id } = await server.got(n, 'subscribe')
  server.connections[n].send({ id, type: 'next', payload: { data: 1 } })
  await logged('another next')
}

/** By the entry's `what`. @type {Record<string, () => Promise<unknown>>} */
const shown = {
  'no WebSocket, or something else as webSocketImpl': async () => {
    assert.throws(() => theirs({ url: 'ws://127.0.0.1:1', webSocketImpl: class {} }), /Invalid WebSocket/)
    const error = await new Promise((failed) => ours({ url: 'ws://127.0.0.1:1', webSocketImpl: () => {} }).subscribe({ query }, { next() {}, error: failed, complete() {} }))
    assert.ok(error instanceof TypeError)
  },
  'when the first connection begins': async () => {
    const [a, b] = await both(async ({ client, sink, note, logged }) => {
      client().subscribe({ query }, sink('a'))
      note('subscribed')
      await logged('connecting')
    }, { wire: false })
    assert.deepEqual([a, b].map(({ log }) => log.slice(0, 2).map(([what]) => what)), [['connecting', 'subscribed'], ['subscribed', 'connecting']])
  },
  "a socket's error event before its close": async () => {
    const [a, b] = await both(async ({ client, sink, server, ours, logged }) => {
      let n = 0
      client({ url: () => (n++ === 0 ? 'ws://127.0.0.1:1' : server.url) }).subscribe({ query }, sink('a'))
      await (ours ? server.got(0, 'subscribe') : logged('a error'))
    }, { wire: false })
    assert.deepEqual([ended(a, 'a')[0], a.wire.length, ended(b, 'a'), b.wire.length], ['error', 0, [], 1])
    assert.ok([a, b].every(({ log }) => log.some(([what]) => what === 'error')))
  },
  'a server that closes with 1000 again and again': async () => {
    const script = (until) => async ({ client, server, sink, log }) => {
      server.onMessage = ({ ws }, { type }) => type === 'subscribe' && ws.close(1000)
      client({ retryAttempts: 3 }).subscribe({ query }, sink('a'))
      await until({ server, log })
    }
    const a = await perform(script(({ server }) => until(() => server.connections.length > 10)), theirs, { wire: false })
    assert.equal(of(a, 'retryWait').length, 0)
    const b = await perform(script(({ log }) => until(() => log.some(([what]) => what === 'retryWait'))), ours, { wire: false })
    // What came after the first pause came while the test was not looking.
    const before = b.log.slice(0, b.log.findIndex(([what]) => what === 'retryWait'))
    assert.equal(before.at(-1)[0], 'closed')
    assert.deepEqual(of({ log: before }, 'closed').map(([{ code }]) => code), [1000, 1000])
  },
  'no acknowledgement in time': async () => {
    const [a, b] = await both(async ({ client, sink, logged }) => {
      client({ connectionAckWaitTimeout: 5 }).subscribe({ query }, sink('a'))
      await logged('closed')
    }, { acks: false })
    assert.deepEqual([a, b].map((outcome) => of(outcome, 'closed')[0][0]), [true, false].map((wasClean) => ({ code: 4504, reason: 'Connection acknowledgement timeout', wasClean })))
  },
  'how often shouldRetry is asked': async () => {
    const asked = (code) => running(async ({ server, logged }) => (server.last().ws.close(code), logged('b error')), ({ note }) => ({ shouldRetry: (event) => note('shouldRetry', event) && false }))
    const count = (outcomes) => outcomes.map((outcome) => of(outcome, 'shouldRetry').length)
    assert.deepEqual([count(await asked(1012)), count(await asked(4400))], [[2, 1], [0, 0]])
  },
  'terminate before the socket is open, in Node': async () => {
    const stage = new URL('./twin/stage.mjs', import.meta.url).href
    const script = (which) => `
      import { ${which} as make, startServer, query, WebSocket } from ${JSON.stringify(stage)}
      const server = await startServer()
      let c
      await new Promise((made) => {
        class Made extends WebSocket { constructor(...args) { super(...args); made() } }
        c = make({ url: server.url, webSocketImpl: Made, retryWait: async () => {} })
        c.subscribe({ query }, { next() {}, error() {}, complete() {} })
      })
      c.terminate()
      await server.got(server.connections.length, 'subscribe').catch(() => server.got(0, 'subscribe'))
      console.log('connected')
      process.exit()`
    const run = (which) => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script(which)]).then(({ stdout }) => stdout.trim(), ({ stderr }) => stderr)
    const [a, b] = await Promise.all([run('theirs'), run('ours')])
    assert.match(a, /closed before the connection was established/)
    assert.equal(b, 'connected')
  },
  'a query or mutation whose socket is lost': async () => {
    for (const document of ['query { q }', 'mutation { m }']) {
      const [a, b] = await both(async ({ client, server, sink, ours, logged }) => {
        client().subscribe({ query: document }, sink('a'))
        await server.got(0, 'subscribe')
        server.last().ws.close(1012)
        await (ours ? logged('a error') : server.got(1, 'subscribe'))
      }, { wire: false })
      assert.deepEqual([ended(a, 'a'), b.wire.length], [[], 1])
      assert.match(ended(b, 'a')[1], /^CountersignError: .*may or may not have run/)
    }
  },
  'the names of operations': async () => {
    const ids = (await both(async ({ client, server, sink }) => {
      client({ generateID: undefined }).subscribe({ query }, sink('a'))
      await server.got(0, 'subscribe')
    })).map(({ wire }) => wire[0].received[1].id)
    assert.match(ids[0], /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
    assert.equal(ids[1], '1')
  },
  'a payload that cannot be sent': async () => {
    const kept = { theirs: [], ours: [] }
    // Theirs takes them for running, so that the end of the socket is an unhandled rejection of each.
    const errors = await unhandled(() => running(async ({ c, server, ours, logged }) => {
      const failed = kept[ours ? 'ours' : 'theirs']
      for (const payload of [{ query, variables: { n: 1n } }, { query: 5 }, {}]) c.subscribe(payload, { next() {}, error: (error) => failed.push(error), complete() {} })
      await until(() => failed.length === 3)
      server.last().ws.close(4400)
      await logged('b error')
    }))
    assert.equal(errors.length, 3)
    assert.deepEqual(kept.theirs.map(({ name }) => name), ['TypeError', 'Error', 'Error'])
    assert.deepEqual(kept.ours.map(({ code }) => code), Array(3).fill('option_invalid'))
    assert.match(kept.ours[0].cause.message, /BigInt/)
  },
  'leaving before there is a connection': async () => {
    const [a, b] = await both(async ({ client, server, sink, ours, note, logged }) => {
      const stop = client().subscribe({ query }, sink('a'))
      await server.got(0, 'connection_init')
      stop()
      await new Promise(setImmediate)
      note('a turn later')
      server.last().send({ type: 'connection_ack' })
      await logged('closed')
      if (!ours) await logged('a complete')
    }, { acks: false })
    const at = ({ log }) => log.findIndex(([who]) => who === 'a') - log.findIndex(([who]) => who === 'a turn later')
    assert.ok(at(a) > 0 && at(b) < 0)
  },
  'a frame that is no message': async () => {
    for (const frame of ['no JSON', '{}', '[]', Buffer.from([1]), '{"id":"1","type":"next"}', '{"id":"1","type":"next","payload":null}']) {
      const b = await kills(frame)
      assert.match(of(b, 'error')[0][0], /^CountersignError: .*no message of the protocol/)
    }
    const b = await kills({ type: 'of_tomorrow' })
    assert.deepEqual([of(b, 'error'), of(b, 'message').at(-2)], [[], [{ type: 'of_tomorrow' }]])
  },
  'a message before the acknowledgement': async () => {
    const [a, b] = await both(async ({ client, server, sink, ours, logged }) => {
      client().subscribe({ query }, sink('a'))
      await server.got(0, 'connection_init')
      server.last().send({ type: 'connection_error', payload: 'Could not verify JWT: JWTExpired' })
      server.last().send({ id: '7', type: 'next', payload: { data: 1 } })
      server.last().send({ type: 'connection_ack' })
      await (ours ? server.got(0, 'subscribe') : logged('a error'))
    }, { acks: false })
    assert.equal(a.wire[0].closed?.[0] ?? 4004, 4004)
    assert.match(ended(a, 'a')[1], /connection_error/)
    assert.deepEqual([ended(b, 'a'), of(b, 'message').length], [[], 3])
  },
  'an error whose payload is no array': async () => {
    for (const payload of [{ message: 'no', code: 'start-failed' }, 'no', null]) {
      const b = await kills({ id: '1', type: 'error', payload })
      assert.ok(Array.isArray(ended(b, 'a')[1]))
    }
  },
  'an error and a complete in the same turn': async () => {
    const outcomes = await both(async ({ client, server, sink, ours, logged }) => {
      client().subscribe({ query }, sink('a'))
      await server.got(0, 'subscribe')
      const { ws } = server.last()
      ws._socket.cork()
      server.last().send({ id: '1', type: 'error', payload: [{ message: 'no' }] })
      server.last().send({ id: '1', type: 'complete' })
      ws._socket.uncork()
      await logged('message', 3)
      await (ours ? logged('closed') : answers({ server }))
    })
    assert.deepEqual(outcomes.map(({ wire }) => wire[0].closed?.[0]), [undefined, 1000])
    const [a, b] = await running(async ({ server, send, ours, logged }) => {
      const { ws } = server.last()
      ws._socket.cork()
      send({ id: '1', type: 'error', payload: [{ message: 'no' }] })
      send({ id: '1', type: 'complete' })
      ws._socket.uncork()
      if (!ours) return logged('b complete')
      send({ id: '2', type: 'next', payload: { data: 'still' } })
      await logged('b next')
    })
    assert.deepEqual([ended(a, 'b'), ended(b, 'b')[0], alive(b)], [['complete'], 'next', true])
  },
  'several frames in the same turn': async () => {
    const outcomes = await running(async ({ server, send, logged }) => {
      const { ws } = server.last()
      ws._socket.cork()
      send({ id: '1', type: 'complete' })
      send({ id: '2', type: 'next', payload: { data: 1 } })
      ws._socket.uncork()
      await logged('b next')
      await logged('a complete')
    })
    assert.deepEqual(outcomes.map(({ log }) => log.filter(([who]) => who === 'a' || who === 'b').map(([who]) => who).join('')), ['ba', 'ab'])
  },
  'a sink': async () => {
    const errors = await unhandled(async () => {
      const [a, b] = await both(async ({ client, server, sink, ours, logged }) => {
        const c = client()
        c.subscribe({ query }, { ...sink('a'), next: boom })
        c.subscribe({ query }, sink('b'))
        await server.got(0, 'subscribe', 1)
        server.last().send({ id: '1', type: 'next', payload: { data: 1 } })
        if (!ours) return Promise.all([logged('b error'), server.closed(0)])
        server.last().send({ id: '2', type: 'next', payload: { data: 1 } })
        await logged('b next')
      })
      assert.ok(killed(a) && alive(b))
    })
    assert.deepEqual(errors, ['boom'])
  },
  'a listener': async () => {
    const errors = await unhandled(async () => {
      let heard = 0
      const b = await kills({ id: '1', type: 'next', payload: { data: 1 } }, () => ({ on: { message: ({ type }) => type === 'next' && heard++ % 2 === 0 && boom() } }))
      assert.deepEqual(ended(b, 'b'), ['next', { data: 'still' }])
    })
    assert.deepEqual(errors, ['boom'])
  },
  'url or retryWait': async () => {
    for (const options of [{ url: boom }, { url: async () => boom() }, { retryWait: async () => boom() }]) {
      const kept = []
      const errors = await unhandled(async (errors) => {
        for (const create of [theirs, ours])
          kept.push(await perform(async (play) => {
            const { client, server, sink, ours, logged } = play
            server.onMessage = ({ ws }, { type }) => type === 'subscribe' && ws.close(1012)
            client(options).subscribe({ query }, sink('a'))
            if (ours) return logged('a error')
            await until(() => errors.length)
            await meanwhile(play)
          }, create, { wire: false }))
      })
      assert.deepEqual(errors, ['boom'])
      assert.deepEqual(kept.map((outcome) => ended(outcome, 'a')), [[], ['error', 'Error: boom']])
    }
  },
  'connectionParams, with a long text that is not ASCII': async () => {
    const outcomes = []
    const errors = await unhandled(async () => {
      for (const create of [theirs, ours])
        outcomes.push(await perform(async ({ client, sink, server, ours, logged }) => {
          client({ connectionParams: () => { throw new Error('ä'.repeat(100)) } }).subscribe({ query }, sink('a'))
          await logged('a error')
          await (ours ? logged('closed') : answers({ server }))
        }, create))
    })
    assert.equal(errors.length, 1)
    assert.deepEqual(outcomes.map(({ wire }) => wire[0].closed), [undefined, [4005, 'Internal client error']])
  },
  generateID: async () => {
    const [a, b] = await both(async ({ client, sink, note, ours, logged }) => {
      try {
        client({ generateID: boom }).subscribe({ query }, sink('a'))
      } catch (error) {
        note('thrown', error)
      }
      if (ours) await logged('a error')
    })
    assert.deepEqual([a.log, b.log], [[['thrown', 'Error: boom']], [['a', 'error', 'Error: boom']]])
  },
  'dispose while connecting or between two attempts': async () => {
    const [a, b] = await both(async (play) => {
      const { client, server, sink, ours, note, logged } = play
      const c = client({ retryWait: () => (note('retryWait'), new Promise(() => {})) })
      c.subscribe({ query }, sink('a'))
      await server.got(0, 'subscribe')
      server.last().ws.close(1012)
      await logged('retryWait')
      void c.dispose()
      await (ours ? logged('a complete') : meanwhile(play))
    })
    assert.deepEqual([ended(a, 'a'), ended(b, 'a')], [[], ['complete']])
    const connecting = await both(async ({ client, server, sink, ours, note, logged }) => {
      const c = client()
      c.subscribe({ query }, sink('a'))
      await server.got(0, 'connection_init')
      void c.dispose()
      await new Promise(setImmediate)
      note('a turn later')
      if (!ours) server.last().send({ type: 'connection_ack' })
      await logged('a complete')
      await server.closed(0)
    }, { acks: false })
    const at = ({ log }) => log.findIndex(([who]) => who === 'a') - log.findIndex(([who]) => who === 'a turn later')
    assert.ok(at(connecting[0]) > 0 && at(connecting[1]) < 0)
  },
  'subscribe after dispose': async () => {
    const [a, b] = await running(async ({ c, sink, server, ours, logged }) => {
      await c.dispose()
      await server.closed(0)
      c.subscribe({ query }, sink('late'))
      await (ours ? logged('late error') : server.got(1, 'subscribe'))
    })
    assert.deepEqual([a.wire.length, b.wire.length, ended(b, 'late')[1]], [2, 1, 'CountersignError: this client was disposed'])
  },
  'throw of an iterator': async () => {
    const script = async ({ client, server, ours, note }) => {
      const results = client().iterate({ query })
      await server.got(0, 'subscribe')
      await results.throw(new Error('mine'))
      await (ours ? server.closed(0) : answers({ server }))
      note('closed?', server.last().closed?.[0])
    }
    assert.deepEqual((await both(script, { wire: false })).map((outcome) => of(outcome, 'closed?')), [[[undefined]], [[1000]]])
  },
  'results that wait when an iterator returns': async () => {
    const [a, b] = await both(async ({ client, server, note, logged }) => {
      const results = client().iterate({ query })
      await server.got(0, 'subscribe')
      server.last().send({ id: '1', type: 'next', payload: { data: 1 } })
      await logged('message', 2)
      await results.return()
      note('after', await results.next())
    }, { wire: false })
    assert.deepEqual([a, b].map((outcome) => of(outcome, 'after')[0][0].done), [false, true])
  },
  'a listener that is taken off twice': async () => {
    const outcomes = await both(async ({ client, server, sink, note, logged }) => {
      const c = client()
      const listener = () => note('heard')
      const off = c.on('connected', listener)
      c.on('connected', listener)
      off()
      off()
      c.subscribe({ query }, sink('a'))
      await server.got(0, 'subscribe')
    })
    assert.deepEqual(outcomes.map((outcome) => of(outcome, 'heard').length), [0, 1])
  },
}

for (const { what } of differences) test(`graphql-ws and ours: ${what}`, () => shown[what]())

test('each entry is a sentence, and each one shown is on the list', () => {
  assert.deepEqual(Object.keys(shown).sort(), differences.map(({ what }) => what).sort())
  for (const { theirs, ours, why } of differences) for (const text of [theirs, ours, why]) assert.match(text, /^[A-Z`].*\.$/)
})
