// What people use with Hasura, in the real packages, with our fetch and our socket: as the right user, through refused tokens and changes of user.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../place.mjs'
import { apollo3, apollo4 } from './clients/apollo.mjs'
import { graphqlRequest, own } from './clients/plain.mjs'
import { relay } from './clients/relay.mjs'
import { urql } from './clients/urql.mjs'
import { serve, watch } from './page.mjs'

/** @type {Record<string, (backends: any) => Promise<any>>} */
const clients = { 'Apollo Client 4': apollo4, 'Apollo Client 3': apollo3, urql, 'graphql-request': graphqlRequest, Relay: relay, HasuraClient: own }

const shared = serve()
const { running, write } = shared
/** A page with this client. @param {string} name @param {import('node:test').TestContext} t */
const open = async (name, t, user = 'user_alice') => {
  const opened = shared.page(t, user)
  return { ...opened, driver: await clients[name](opened) }
}

for (const name of Object.keys(clients)) {
  test(`${name}: each user sees and writes rows of their own`, async (t) => {
    const { driver, room } = await open(name, t)
    await write(room, 'user_bob', 'of Bob')
    assert.equal(await driver.add(room, 'of Alice'), 'of Alice')
    assert.deepEqual(await driver.list(room), ['of Alice'])
    const bob = await open(name, t, 'user_bob')
    assert.deepEqual(await bob.driver.list(room), ['of Bob'])
  })

  test(`${name}: a refused token is renewed, and what was asked is asked again; nobody notices`, async (t) => {
    const { driver, room, account, become } = await open(name, t)
    await driver.list(room)
    shared.place.hasura.knobs.rejectNext = 1
    assert.equal(await driver.add(room, 'once'), 'once')
    assert.deepEqual(account.calls.map(({ force }) => force), [false, true])
    assert.deepEqual(await driver.list(room), ['once'])
    // Nothing is left of the refused answer that could fail unseen: by the answer to the next user the test runner would have heard of it.
    await become('user_bob')
    assert.deepEqual(await driver.list(room), [])
  })

  test(`${name}: many at once, with a token that the server says is over: one call of the provider`, async (t) => {
    const { driver, room, account } = await open(name, t)
    await Promise.all(['a', 'b', 'c'].map((suffix) => driver.list(room + suffix)))
    assert.equal(account.calls.length, 1)
    // The clock of the server has gone further than the token's life.
    Object.assign(account, { lifetimeS: 600 })
    shared.place.hasura.knobs.clockOffsetS = 120
    const results = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((suffix) => (suffix === 'c' ? driver.add(room + suffix, 'c') : driver.list(room + suffix))))
    assert.deepEqual(results, [[], [], 'c', [], []])
    assert.equal(account.calls.length, 2)
  })

  test(`${name}: what Hasura says against an operation is told where its users look`, async (t) => {
    const { driver, room, account } = await open(name, t)
    const error = await driver.add(room, '').then(assert.fail, (/** @type {any} */ error) => error)
    const [{ message, extensions }] = driver.graphql(error)
    assert.deepEqual([message, extensions.code], ['Check constraint violation. new row for relation "messages" violates check constraint "messages_body_check"', 'permission-error'])
    assert.equal(account.calls.length, 1)
  })

  test(`${name}: the next user sees nothing of the one before, and nothing that was under way arrives`, async (t) => {
    const { driver, room, become } = await open(name, t)
    await Promise.all([write(room, 'user_alice', 'of Alice'), write(room, 'user_bob', 'of Bob')])
    assert.deepEqual(await driver.list(room), ['of Alice'])
    if (driver.shown) assert.deepEqual(driver.shown(room), ['of Alice'])
    // What the server has answered already, and has not arrived.
    shared.place.hasura.knobs.holdMs = 60_000
    const answered = shared.place.hasura.log.at(-1)
    const late = driver.list(room).then((/** @type {any} */ list) => assert.fail(`delivered ${list}`), (/** @type {any} */ error) => error)
    await until(() => shared.place.hasura.log.at(-1) !== answered)
    const seen = driver.live && watch(driver, room)
    if (seen) await until(() => seen.results.length)
    await become('user_bob')
    shared.place.hasura.knobs.holdMs = 0
    await late
    if (seen) await until(() => seen.errors.length || seen.over)
    if (driver.shown) assert.ok(!driver.shown(room)?.length, 'shows rows of the former user')
    await write(room, 'user_alice', 'of Alice, later')
    assert.deepEqual(await driver.list(room), ['of Bob'])
    if (driver.shown) assert.deepEqual(driver.shown(room), ['of Bob'])
    if (!seen) return
    const next = watch(driver, room)
    await until(() => next.results.length)
    assert.deepEqual([next.results, seen.results], [[['of Bob']], [['of Alice']]])
    next.stop()
    seen.stop()
  })

  test(`${name}: who signs out is told so; the sockets close`, async (t) => {
    const { driver, room, become } = await open(name, t)
    await driver.add(room, 'of Alice')
    await driver.list(room)
    const seen = driver.live && watch(driver, room)
    if (seen) await until(() => seen.results.length)
    await become(null)
    const error = await driver.list(room).then(assert.fail, (/** @type {any} */ error) => error)
    assert.equal(driver.cause(error).code, 'signed_out')
    if (driver.shown) assert.ok(!driver.shown(room)?.length, 'shows rows of the former user')
    if (!seen) return
    await until(() => seen.errors.length || seen.over)
    await until(() => !shared.place.hasura.sockets.some(({ open }) => open))
    assert.deepEqual(shared.place.hasura.sockets.at(-1)?.closed?.by, 'client')
  })

  if (name !== 'graphql-request') {
    test(`${name}: a live query, over a lost connection, and until it is left`, async (t) => {
      const { driver, room } = await open(name, t)
      const seen = watch(driver, room)
      await until(() => seen.results.length === 1)
      await driver.add(room, '1')
      await until(() => seen.results.length === 2)
      await shared.place.hasura.turn({ drop: true })
      await driver.add(room, '2')
      await until(() => seen.results.length === 3)
      assert.deepEqual([seen.results, seen.errors], [[[], ['1'], ['1', '2']], []])
      seen.stop()
      await until(() => running().length === 0)
    })
  }
}

test('Relay: a node by the id that a connection gave it', async (t) => {
  const { driver, room } = await open('Relay', t)
  await driver.add(room, 'of Alice')
  const [row] = await driver.rows(room)
  assert.deepEqual(await driver.node(row.id), { __typename: 'messages', id: row.id, body: 'of Alice' })
})
