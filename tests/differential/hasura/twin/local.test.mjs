// npm graphql-ws's client, ours and HasuraClient against the local Hasura when something goes wrong there: what users of the first see, and what those of ours do not.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { STATES } from '../../../backends/hasura/sockets/knobs.mjs'
import { dist } from '../../dist.mjs'
import { startPlace, until } from '../place.mjs'

const { createWsClient } = await dist('hasura.js')
const { CountersignError } = await dist('errors.js')

/** @type {Awaited<ReturnType<typeof startPlace>>} */
let place
before(async () => {
  place = await startPlace()
})
after(() => place?.stop())
beforeEach(() => place.hasura.turn({ ...STATES, refetchMs: 20 }))

let rooms = 0

/** The three, each with a live query of a room of its own that has had its first result. @param {import('node:test').TestContext} t @param {object} [options] for the clients of graphql-ws's kind */
const three = async (t, options = {}, { wait = true } = {}) => {
  const { session, account } = place.session()
  const { client, account: own } = place.client()
  const room = `twin ${++rooms}`
  const shared = {
    url: place.endpoint.replace(/^http/, 'ws'), webSocketImpl: WebSocket, retryWait: async () => {},
    connectionParams: async () => ({ headers: { authorization: `Bearer ${await session.getToken('hasura')}` } }), ...options,
  }
  const clients = { theirs: createClient(shared), twin: createWsClient(shared), hasura: client }
  const query = 'subscription Live($room: String!) { messages(where: { room: { _eq: $room } }, order_by: { id: asc }) { body } }'
  const all = {}
  for (const [name, made] of Object.entries(clients)) {
    const seen = { values: [], errors: [], over: 0, closes: [] }
    made.on('closed', ({ code }) => seen.closes.push(code))
    t.after(() => void Promise.resolve(made.dispose()).catch(() => {}))
    const stop = made.subscribe({ query, variables: { room } }, {
      next: ({ data, errors }) => seen.values.push(errors ?? data.messages.map(({ body }) => body)),
      error: (error) => seen.errors.push(error),
      complete: () => seen.over++,
    })
    all[name] = { ...seen, seen, client: made, stop, values: () => seen.values }
  }
  const say = (body) => client.request('mutation ($room: String!, $body: String!) { insert_messages_one(object: { room: $room, body: $body }) { id } }', { room, body })
  const caughtUp = (names, body) => until(() => names.every((name) => all[name].seen.values.at(-1)?.at?.(-1) === body))
  if (wait) await until(() => Object.values(all).every(({ seen }) => seen.values.length))
  return { all, say, caughtUp, room, account, own, session }
}

test('nothing goes wrong: the three see the same', async (t) => {
  const { all, say, caughtUp } = await three(t)
  for (const body of ['one', 'two']) {
    await say(body)
    await caughtUp(['theirs', 'twin', 'hasura'], body)
  }
  for (const { seen } of Object.values(all)) assert.deepEqual(seen, { values: [[], ['one'], ['one', 'two']], errors: [], over: 0, closes: [] })
})

test('frames that nobody knows: they end theirs, and are nothing to ours', async (t) => {
  const { all, say, caughtUp } = await three(t)
  await place.hasura.turn({ unknownFrames: true })
  await until(() => all.theirs.seen.errors.length)
  await say('after')
  await caughtUp(['twin', 'hasura'], 'after')
  assert.deepEqual([all.theirs.seen.closes.at(-1) ?? 4004, all.twin.seen, all.hasura.seen], [4004, ...Array(2).fill({ values: [[], ['after']], errors: [], over: 0, closes: [] })])
})

for (const [what, knob, code] of [['a restart (1012)', { restart: 'shutting server down' }, 1012], ['the loss of the connection (1006)', { drop: true }, 1006], ['a normal close (1000)', { closeAll: { code: 1000, reason: '' } }, 1000]])
  test(`${what}: all go on, HasuraClient without telling an unchanged result twice`, async (t) => {
    const { all, say, caughtUp } = await three(t)
    await say('before')
    await caughtUp(['theirs', 'twin', 'hasura'], 'before')
    await place.hasura.turn(knob)
    await until(() => ['theirs', 'twin'].every((name) => all[name].seen.values.length === 3))
    await say('after')
    await caughtUp(['theirs', 'twin', 'hasura'], 'after')
    for (const name of ['theirs', 'twin']) assert.deepEqual(all[name].seen, { values: [[], ['before'], ['before'], ['before', 'after']], errors: [], over: 0, closes: [code] })
    assert.deepEqual(all.hasura.seen, { values: [[], ['before'], ['before', 'after']], errors: [], over: 0, closes: [code] })
  })

for (const [what, knob, code] of [['an internal error (4500)', { closeAll: { code: 4500, reason: 'oh' } }, 4500], ['an internal error (1011)', { closeAll: { code: 1011, reason: 'oh' } }, 1011], ['an unreadable message (4400)', { closeAll: { code: 4400, reason: 'Parsing client message failed' } }, 4400]])
  test(`${what}: it ends theirs and the twin; HasuraClient goes on`, async (t) => {
    const { all, say, caughtUp } = await three(t)
    await place.hasura.turn(knob)
    await until(() => all.theirs.seen.errors.length && all.twin.seen.errors.length)
    for (const name of ['theirs', 'twin']) assert.equal(all[name].seen.errors[0].code, code)
    await say('after')
    await caughtUp(['hasura'], 'after')
    assert.deepEqual(all.hasura.seen, { values: [[], ['after']], errors: [], over: 0, closes: [code] })
  })

for (const engine of ['v2.30', 'v2.25'])
  test(`a refused token on an engine ${engine}: HasuraClient asks for another one, once, without a pause`, async (t) => {
    await place.hasura.turn({ engine, refuseInit: 3 })
    const { all, own } = await three(t, { retryAttempts: 0 }, { wait: false })
    await until(() => all.theirs.seen.errors.length && all.twin.seen.errors.length && all.hasura.seen.values.length)
    const refusal = engine === 'v2.30' ? 4403 : 4400
    // Before 2.30 a message of the legacy protocol comes first, which theirs does not understand.
    assert.equal(all.theirs.seen.errors[0].code, engine === 'v2.30' ? 4403 : undefined)
    assert.equal(all.twin.seen.errors[0].code, refusal)
    assert.deepEqual([all.hasura.seen, own.calls.length], [{ values: [[]], errors: [], over: 0, closes: [refusal] }, 2])
  })

test('a token that Hasura goes on refusing: 4403 does not say why; HasuraClient does', async (t) => {
  const { session, account } = place.session()
  account.change = { 'https://hasura.io/jwt/claims': undefined }
  const { HasuraClient } = await dist('hasura.js')
  const client = new HasuraClient({ session, template: 'hasura', endpoint: place.endpoint })
  t.after(() => client.dispose())
  const error = await new Promise((failed, given) => client.subscribe({ query: 'subscription { messages { id } }' }, { next: given, error: failed, complete: given }))
  assert.match(error.message, /claims/i)
  assert.ok(CountersignError.is(error) || error.name === 'GraphQLRequestError', String(error))
  assert.match(error.hint ?? '', /\w/)
})

for (const errorShape of ['object', 'array', 'string'])
  test(`an operation that Hasura refuses, with an ${errorShape} as its error: the others go on`, async (t) => {
    await place.hasura.turn({ errorShape })
    const { all, say, caughtUp } = await three(t)
    const errors = {}
    for (const [name, { client }] of Object.entries(all)) client.subscribe({ query: 'subscription { nonsense }' }, { next() {}, error: (error) => (errors[name] = error), complete() {} })
    await until(() => Object.keys(errors).length === 3)
    for (const name of ['twin', 'hasura']) assert.ok(Array.isArray(errors[name]) && typeof (errors[name][0].message ?? errors[name][0].error) === 'string', JSON.stringify(errors[name]))
    if (errorShape === 'array') assert.deepEqual(errors.twin, errors.theirs)
    await say('after')
    await caughtUp(['twin', 'hasura'], 'after')
    // Theirs closes the socket of all with 4004 for the other two; and the complete that follows may end the other operation, see differences.mjs.
    if (errorShape !== 'array') assert.equal(all.theirs.seen.errors.length, 1)
    for (const name of ['twin', 'hasura']) assert.deepEqual(all[name].seen, { values: [[], ['after']], errors: [], over: 0, closes: [] })
  })

test('a runtime error of a live query is a result, and the next one comes', async (t) => {
  const { all, say, caughtUp } = await three(t)
  await place.hasura.turn({ liveError: 'database is away' })
  await until(() => Object.values(all).every(({ seen }) => seen.values.at(-1)[0]?.message))
  await place.hasura.turn({ liveError: null })
  await say('after')
  await caughtUp(['theirs', 'twin', 'hasura'], 'after')
  for (const { seen } of Object.values(all)) assert.deepEqual([seen.errors, seen.over], [[], 0])
})

test('terminate: the close is told at once, and the results go on', async (t) => {
  const { all, say, caughtUp } = await three(t)
  for (const { client, seen } of Object.values(all)) {
    client.terminate()
    assert.deepEqual(seen.closes, [4499])
  }
  await say('after')
  await caughtUp(['theirs', 'twin', 'hasura'], 'after')
})

test('a token that expires: theirs and the twin are cut, HasuraClient is on its next socket before', async (t) => {
  const { session, account } = place.session('user_bob')
  account.lifetimeS = 2
  const { HasuraClient } = await dist('hasura.js')
  const url = place.endpoint.replace(/^http/, 'ws')
  const shared = { url, webSocketImpl: WebSocket, retryWait: async () => {}, connectionParams: async () => ({ headers: { authorization: `Bearer ${await session.getToken('hasura')}` } }) }
  const closes = {}
  for (const [name, client] of Object.entries({ theirs: createClient(shared), twin: createWsClient(shared), hasura: new HasuraClient({ session, template: 'hasura', endpoint: place.endpoint }) })) {
    closes[name] = []
    client.on('closed', ({ code }) => closes[name].push(code))
    t.after(() => void Promise.resolve(client.dispose()).catch(() => {}))
    client.subscribe({ query: 'subscription { messages { id } }' }, { next() {}, error: (error) => closes[name].push(error), complete() {} })
  }
  await until(() => closes.theirs.length && closes.twin.length && closes.hasura.length)
  assert.deepEqual([closes.theirs[0], closes.twin[0], closes.hasura[0]], [1006, 1006, 1000])
})
