// Rooms of the local Instant: presence in full and in differences, topics, and what a session leaves behind.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { differences } from '../instant/sockets/rooms.mjs'
import { startPlace } from './instant-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */ let place
beforeEach(async () => { place = await startPlace() })
afterEach(() => place.stop())

const ROOM = { 'room-id': 'kitchen' }
const idOf = (/** @type {any} */ session) => session.frames[0]['session-id']

test('who joins gets the room, who is there gets the difference, an old client the whole again', async () => {
  const alice = await place.signIn()
  const [first, old, late] = [await place.session(alice), await place.session(undefined, {}), await place.session()]
  assert.deepEqual((await first.ask({ op: 'join-room', ...ROOM, 'room-type': 'any', data: { name: 'Alice' } }))['room-id'], 'kitchen')
  const alone = await first.frame((f) => f.op === 'refresh-presence')
  assert.deepEqual(alone.data, { [idOf(first)]: { 'peer-id': idOf(first), 'instance-id': 'local', user: { id: alice.id }, data: { name: 'Alice' } } })
  await old.ask({ op: 'join-room', ...ROOM })
  await late.ask({ op: 'join-room', ...ROOM, data: {} })
  const whole = await late.frame((f) => f.op === 'refresh-presence')
  assert.deepEqual([Object.keys(whole.data).length, whole.data[idOf(old)].user], [3, null])
  assert.equal((await late.ask({ op: 'set-presence', ...ROOM, data: { typing: true, at: [1, 2] } })).op, 'set-presence-ok')
  await first.frame((f) => f.op === 'patch-presence' && f.edits.length === 2)
  assert.deepEqual(first.ofOp('patch-presence').map((f) => f.edits), [
    [[[idOf(old)], '+', whole.data[idOf(old)]]],
    [[[idOf(late)], '+', whole.data[idOf(late)]]],
    [[[idOf(late), 'data', 'typing'], '+', true], [[idOf(late), 'data', 'at'], '+', [1, 2]]],
  ])
  await late.ask({ op: 'leave-room', ...ROOM })
  await first.frame((f) => f.op === 'patch-presence' && f.edits[0][1] === '-')
  assert.deepEqual(first.ofOp('patch-presence').at(-1).edits, [[[idOf(late)], '-']])
  await old.frame((f) => f.op === 'refresh-presence' && !f.data[idOf(late)] && old.ofOp('refresh-presence').length === 4)
  assert.deepEqual([old.ofOp('patch-presence'), late.ofOp('refresh-presence').length], [[], 1])
})

test('a topic goes to the others, with who said it; outside of the room nothing goes', async () => {
  const alice = await place.signIn()
  const [speaker, listener, outside] = [await place.session(alice), await place.session(), await place.session()]
  for (const session of [speaker, listener]) await session.ask({ op: 'join-room', ...ROOM })
  const said = { 'peer-id': idOf(speaker), user: { id: alice.id }, data: { emoji: 'wave' } }
  const ok = await speaker.ask({ op: 'client-broadcast', ...ROOM, roomType: 'any', topic: 'greet', data: { emoji: 'wave' } })
  const heard = await listener.frame((f) => f.op === 'server-broadcast')
  assert.deepEqual([ok.op, heard.topic, heard.data, heard['room-id']], ['client-broadcast-ok', 'greet', said, 'kitchen'])
  for (const op of ['set-presence', 'client-broadcast']) {
    const refused = await outside.ask({ op, ...ROOM, topic: 'greet', data: {} })
    assert.deepEqual([refused.type, refused.message], ['validation-failed', 'Validation failed for room: You have not entered this room yet.'])
  }
  assert.equal((await outside.ask({ op: 'join-room' })).message, 'Missing parameter: ["room-id"]')
  assert.deepEqual([speaker.ofOp('server-broadcast'), outside.ofOp('server-broadcast')], [[], []])
})

test('a connection that goes takes its presence with it', async () => {
  const [stays, goes] = [await place.session(), await place.session()]
  for (const session of [stays, goes]) await session.ask({ op: 'join-room', ...ROOM })
  goes.end()
  assert.deepEqual((await stays.frame((f) => f.op === 'patch-presence' && f.edits[0][1] === '-')).edits, [[[idOf(goes)], '-']])
})

test('differences of objects and lists, from the end where something goes', () => {
  assert.deepEqual(differences({ a: 1, b: { c: [1, 2, 3] }, d: null }, { a: 2, b: { c: [1, 4] }, e: {} }), [
    [['d'], '-'], [['a'], 'r', 2], [['b', 'c', 1], 'r', 4], [['b', 'c', 2], '-'], [['e'], '+', {}],
  ])
  assert.deepEqual(differences({ a: [1] }, { a: [1, 2, 3] }), [[['a', 1], '+', 2], [['a', 2], '+', 3]])
  assert.deepEqual(differences({ a: [1] }, { a: 1 }), [[['a'], 'r', 1]])
  assert.deepEqual(differences({ a: [1, 2, 3] }, { a: [] }), [[['a', 2], '-'], [['a', 1], '-'], [['a', 0], '-']])
})
