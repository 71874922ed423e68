// What a connection tells its machine, and what it sends, when tokens, handshakes and answers come at an awkward moment. The machine, the sockets and the session are played.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../../dist.mjs'
import { unhandledIn } from '../../unhandled.mjs'
import { until } from '../../until.mjs'

const { Link } = await dist('hasura/link.js')
const { told, probed } = await dist('link.js')
const { followed, plain } = await dist('hasura/follow.js')
const { CountersignError } = await dist('errors.js')

const [OPEN, SEND, PING, FINISH, PROBE, STATUS] = [0, 1, 5, 6, 8, 10]
const CLOSED = 7
const nameOf = (number) => Object.keys(told).find((name) => told[name] === number)

/** Leases that a test hands out. */
const leasing = () => {
  const waiting = []
  const given = []
  const serve = () => {
    while (waiting.length && given.length) waiting.shift()(given.shift())
  }
  return {
    give(token, notAfter = Date.now() + 60_000) {
      given.push({ done: false, value: { id: token, token, notAfter } })
      serve()
    },
    end() {
      given.push({ done: true })
      serve()
    },
    leases: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise((lend) => (waiting.push(lend), serve())) }) }),
  }
}

const stage = (setup = {}) => {
  const sockets = []
  class Fake {
    readyState = 0
    sent = []
    constructor() {
      sockets.push(this)
    }
    send(text) {
      this.sent.push(JSON.parse(text))
    }
    close() {
      this.readyState = 3
    }
    open() {
      this.readyState = 1
      this.onopen()
    }
    say(message) {
      this.onmessage({ data: JSON.stringify(message) })
    }
  }
  const effects = []
  const tells = []
  const answers = {}
  const link = new Link({
    machine: {
      tell(what, id, a) {
        tells.push(what === told.probed ? `probed ${a}` : nameOf(what))
        effects.push(...(answers[nameOf(what)] ?? []))
      },
      poll: () => effects.shift(),
      free() {},
    },
    url: () => 'ws://server.test', protocol: 'graphql-transport-ws', WebSocket: Fake, lost: (event) => event, broken() {}, heard: {},
    init: (token) => ({ token }), ...setup,
  })
  const does = (...list) => {
    effects.push(...list)
    link.tell(told.tick)
  }
  return { link, sockets, tells, answers, does }
}

/** A socket that is acknowledged. */
const ready = async (setup) => {
  const all = stage(setup)
  all.does([OPEN, 1, 0])
  await until(() => all.sockets.length)
  all.sockets[0].open()
  await until(() => all.tells.includes('opened'))
  all.sockets[0].say({ type: 'connection_ack' })
  return all
}

for (const standard of [false, true])
  test(`a pong is heard, also right after another message${standard ? ' (as graphql-ws)' : ''}`, async () => {
    const { sockets, tells } = await ready({ standard })
    const before = tells.filter((what) => what === 'heard').length
    sockets[0].say({ type: 'ping' })
    sockets[0].say({ type: 'pong' })
    assert.equal(tells.filter((what) => what === 'heard').length, before + 1)
  })

test('a better token moves subscriptions to Hasura, and none of which nobody knows what they mean', async () => {
  for (const [standard, renewed] of [[false, 1], [true, 0]]) {
    const session = leasing()
    session.give('one')
    const { tells } = await ready({ session, standard })
    session.give('two')
    await new Promise(setImmediate)
    assert.equal(tells.filter((what) => what === 'renewed').length, renewed, `standard: ${standard}`)
  }
})

test('leases that end leave a socket without a token, and such a one is not opened', async () => {
  const session = leasing()
  const { sockets, tells, does } = stage({ session })
  session.end()
  does([OPEN, 1, 0])
  await until(() => tells.includes('lost'))
  assert.deepEqual(sockets, [])
})

test('a handshake that takes longer than the token lives: the next one is sent', async () => {
  const session = leasing()
  session.give('old', Date.now() - 1)
  const { sockets, tells, does } = stage({ session })
  does([OPEN, 1, 0])
  await until(() => sockets.length)
  sockets[0].open()
  await new Promise(setImmediate)
  assert.deepEqual(sockets[0].sent, [])
  session.give('new')
  await until(() => tells.includes('opened'))
  assert.deepEqual(sockets[0].sent, [{ type: 'connection_init', payload: { token: 'new' } }])
  assert.ok(!tells.includes('renewed'))
  session.give('newer')
  await until(() => tells.includes('renewed'))
})

for (const [what, error, found] of [
  ['a page of a proxy', new CountersignError('backend', 'HTTP 500'), 'unreachable'],
  ['a failure inside Hasura', new CountersignError('unexpected', 'x'), 'unreachable'],
  ['HTML with status 200', new CountersignError('protocol', 'x'), 'unreachable'],
  ['no network', new CountersignError('network', 'x'), 'unreachable'],
  ['no good token now', new CountersignError('budget_exhausted', 'x'), 'unreachable'],
  ['too slow', new DOMException('x', 'TimeoutError'), 'unreachable'],
  ['unknown keys', new CountersignError('token_rejected', 'Could not verify JWT: JWSError NoUsableKeys'), 'passing'],
  ['claims that are missing', new CountersignError('token_rejected', 'claims not found'), 'refused'],
  ['a role that is not allowed', new CountersignError('access-denied', 'x'), 'refused'],
  ['nobody signed in', new CountersignError('signed_out', 'x'), 'refused'],
])
  test(`what a probe finds: ${what} is ${found}`, async () => {
    const { tells, does } = stage({ probe: () => Promise.reject(error) })
    does([PROBE, 0, 0])
    await until(() => tells.some((tell) => tell.startsWith('probed')))
    assert.ok(tells.includes(`probed ${probed[found]}`), String(tells))
  })

test('what was found over HTTP is part of what a later refusal says, until a socket is acknowledged', async () => {
  const said = []
  const { link, sockets, tells, does } = stage({ lost: ({ code }, accepted) => (said.push([code, accepted]), new Error(String(code))), probe: async () => ({}) })
  const open = async (socket) => {
    does([OPEN, socket, 0])
    await until(() => sockets.length === socket)
    sockets[socket - 1].open()
    await until(() => tells.filter((what) => what === 'opened').length === socket)
    return sockets[socket - 1]
  }
  const refused = { code: 4403, reason: '' }
  ;(await open(1)).onclose(refused)
  does([PROBE, 0, 0])
  await until(() => tells.some((tell) => tell.startsWith('probed')))
  ;(await open(2)).onclose(refused)
  ;(await open(3)).say({ type: 'connection_ack' })
  sockets[2].onclose(refused)
  assert.deepEqual(said, [[4403, false], [4403, true], [4403, true], [4403, false]])
  link.end()
})

test('an operation that the next socket declines keeps the results of the first, and its only socket ends it', async () => {
  const seen = []
  const { link, sockets, tells, does } = await ready()
  link.subscribe(followed({ query: 'subscription { a }' }, undefined), true, { next: ({ data }) => seen.push(data.a), error: ([{ message }]) => seen.push(message), complete() {} })
  does([SEND, 1, 1])
  const next = (socket, a) => sockets[socket].say({ type: 'next', id: '1', payload: { data: { a } } })
  next(0, 1)
  does([OPEN, 2, 0])
  await until(() => sockets.length === 2)
  sockets[1].open()
  await until(() => tells.filter((what) => what === 'opened').length === 2)
  sockets[1].say({ type: 'connection_ack' })
  does([SEND, 1, 2])
  const full = { type: 'error', id: '1', payload: [{ message: 'connection limit' }] }
  sockets[1].say(full)
  next(0, 2)
  assert.deepEqual([seen, tells.includes('declined'), tells.includes('ended')], [[1, 2], true, false])
  // The first socket goes; it is asked for on the second once more.
  sockets[0].onclose({ code: 1006, reason: '' })
  does([SEND, 1, 2])
  assert.deepEqual(sockets[1].sent.map(({ type }) => type), ['connection_init', 'subscribe', 'subscribe'])
  next(1, 2)
  next(1, 3)
  sockets[1].say(full)
  assert.deepEqual([seen, tells.at(-1)], [[1, 2, 3, 'connection limit'], 'ended'])
})

test('a socket that is cut when the next one has its place was not lost; the one in use was', async () => {
  const { link, sockets, tells, does } = await ready()
  does([OPEN, 2, 0])
  await until(() => sockets.length === 2)
  sockets[1].open()
  await until(() => tells.filter((what) => what === 'opened').length === 2)
  sockets[1].say({ type: 'connection_ack' })
  sockets[0].onclose({ code: 1006, reason: '' })
  assert.equal(link.state.lastClose, undefined)
  sockets[1].onclose({ code: 1012, reason: 'restart' })
  assert.deepEqual(link.state.lastClose, { code: 1012, reason: 'restart' })
  link.end()
})

test('the legacy protocol: a sign of life is told as such, each of them', async () => {
  const { legacy } = await dist('hasura/legacy.js')
  const { sockets, tells } = await ready({ dialect: legacy })
  for (let n = 0; n < 3; n++) sockets[0].say({ type: 'ka' })
  assert.equal(tells.filter((what) => what === 'beat').length, 3)
})

test('a replacer that throws on a message of the connection leaves nothing undone', async (t) => {
  const unhandled = unhandledIn(t)
  const replacer = (_, value) => {
    if (value?.type === 'ping') throw new Error('no ping')
    return value
  }
  const { link, sockets, does } = await ready({ texts: { replacer } })
  link.subscribe(plain({ query: 'a' }), true, { next() {}, error() {}, complete() {} })
  does([PING, 1, 0], [SEND, 1, 1])
  assert.deepEqual(sockets[0].sent.map(({ type }) => type), ['connection_init', 'subscribe'])
  await until(() => unhandled.length)
  assert.deepEqual(unhandled, ['no ping'])
})

test('what stands for a WebSocket is given an address in words', async () => {
  const addresses = []
  class Fake {
    constructor(address) {
      addresses.push(address)
    }
  }
  const { does } = stage({ WebSocket: Fake, url: () => new URL('wss://server.test/v1/graphql') })
  does([OPEN, 1, 0])
  await until(() => addresses.length)
  assert.deepEqual(addresses, ['wss://server.test/v1/graphql'])
})

test('whoever subscribes anew when he hears of the end comes after the end of what was', () => {
  const seen = []
  const { link, answers } = stage({ heard: { state: new Set([({ status, operations }) => seen.push([status, operations])]) } })
  answers.dispose = [[FINISH, 1, 0], [STATUS, CLOSED, 0]]
  link.subscribe(plain({ query: '' }), true, { next() {}, error: (error) => seen.push(error), complete: () => seen.push('complete') })
  link.end('over')
  assert.deepEqual(seen, [['closed', 0], 'over'])
})

test('how many operations are under way, without those whose end is being told', () => {
  const seen = []
  const { link, answers } = stage({ heard: { state: new Set([({ operations }) => seen.push(operations)]) } })
  answers.unsubscribe = [[STATUS, 0, 0]]
  const [stop] = [1, 2].map(() => link.subscribe(plain({ query: '' }), true, { next() {}, error() {}, complete() {} }))
  assert.equal(link.operations, 2)
  stop()
  assert.deepEqual([seen, link.operations], [[1], 1])
})

test('a cursor that no number of JavaScript can hold is refused before rows are left out', () => {
  const query = 'subscription ($after: bigint!) { messages_stream(batch_size: 5, cursor: { initial_value: { id: $after } }) { id } }'
  const frame = (id) => `{"payload":{"data":{"messages_stream":[{"id":${id}}]}}}`
  const take = (id) => followed({ query, variables: { after: 0 } }, undefined).take(JSON.parse(frame(id)).payload, frame(id))
  for (const id of ['9007199254740991', '"9007199254740993"', '0.5']) assert.ok(take(id), id)
  for (const id of ['9007199254740993', '-9007199254740993']) assert.throws(() => take(id), { code: 'option_invalid', message: /STRINGIFY_NUMERIC/ }, id)
})

test('values: the error of a result that the end overtook is not told after it', async () => {
  const { valued } = await dist('hasura/values.js')
  for (const end of ['complete', 'error']) {
    const seen = []
    const sink = valued({ next: (value) => seen.push(value), error: (error) => seen.push(['error', error.message]), complete: () => seen.push('complete') }, { role: null, template: 'x', explain: async () => undefined })
    sink.next({ errors: [{ message: 'once' }] })
    await until(() => seen.length)
    sink.next({ errors: [{ message: 'twice' }] })
    sink[end](new Error('the end'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual(seen, [['error', 'once'], end === 'complete' ? 'complete' : ['error', 'the end']])
  }
})
