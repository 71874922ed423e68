// Live queries over Instant's socket. The machine is the real one; the session, the sign-ins and every frame are scripted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dist } from '../dist.mjs'
import { unhandledIn } from '../unhandled.mjs'
import { until } from '../until.mjs'
import { computed, stage } from './live-stage.mjs'

const { CountersignError } = await dist('errors.js')
const { InstantAPIError } = await dist('instant.js')

const todos = (/** @type {string[]} */ ...texts) => ({ todos: texts.map((text) => ({ id: text, text })) })

test('one socket as the signed-in user; results as they come, none twice', async (t) => {
  const { socket, server, follow, db } = await stage(t)
  const { heard, data, q } = follow()
  await until(() => heard.length)
  const [{ path, got }] = socket.connections
  const [token] = server.live.keys()
  assert.match(path, /^\/runtime\/session\?app_id=live-\d+$/)
  assert.deepEqual(got.map(({ op, 'client-event-id': event, ...rest }) => [op, typeof event, rest]), [
    ['init', 'string', { 'app-id': path.split('=')[1], 'refresh-token': token }],
    ['add-query', 'string', { q, 'return-type': 'tree' }],
  ])
  socket.refresh([computed(q, todos('a'))])
  socket.refresh([computed(q, todos('a'))], 3)
  socket.refresh([], 4)
  socket.refresh([computed(q, todos('a', 'b'))], 5)
  await until(() => heard.length === 3)
  assert.deepEqual(data(), [[], ['a'], ['a', 'b']])
  assert.deepEqual([socket.connections.length, server.exchanges().length], [1, 1])
  db.shutdown()
  await until(() => socket.connections[0].over)
})

test('a late or doubled frame is not told again, whatever the order', async (t) => {
  const { socket, follow } = await stage(t)
  const { heard, data, q } = follow()
  await until(() => heard.length)
  socket.refresh([computed(q, todos('new'))], 7)
  socket.refresh([computed(q, todos('old'))], 6)
  socket.refresh([computed(q, todos('new'))], 7)
  socket.refresh([computed(q, todos('newer'))], 8)
  await until(() => heard.length === 3)
  assert.deepEqual(data(), [[], ['new'], ['newer']])
})

test('a query is asked once for all who follow it; who comes later hears what is known; the last one ends it', async (t) => {
  const { socket, follow } = await stage(t)
  const one = follow({ todos: { $: { where: { done: false }, limit: 5 } } })
  await until(() => one.heard.length)
  const two = follow({ todos: { $: { limit: 5, where: { done: false } } } })
  await until(() => two.heard.length)
  assert.deepEqual(two.data(), [[]])
  // The server may repeat the members of a query in another order.
  socket.refresh([computed({ todos: { $: { limit: 5, where: { done: false } } } }, todos('a'))])
  await until(() => one.heard.length === 2 && two.heard.length === 2)
  one.stop()
  one.stop()
  socket.refresh([computed(one.q, todos('b'))], 3)
  await until(() => two.heard.length === 3)
  assert.equal(one.heard.length, 2)
  assert.equal(socket.last().of('add-query').length, 1)
  two.stop()
  assert.deepEqual((await socket.got(0, 'remove-query')).q, one.q)
})

test('lists of messages in one frame, results nobody asked for, and unknown messages', async (t) => {
  const { socket, follow } = await stage(t)
  const { heard, data, q } = follow()
  await until(() => heard.length)
  socket.last().send([{ op: 'refresh-ok', 'processed-tx-id': 2, computations: [computed({ others: {} }, {}), computed(q, todos('a'))] }, { op: 'from-the-future' }, { op: 'refresh-ok', 'processed-tx-id': 3, computations: [computed(q, todos('b'))] }])
  await until(() => heard.length === 3)
  assert.deepEqual(data(), [[], ['a'], ['b']])
})

test('a connection that is lost: all is asked anew, and only what has changed is told', async (t) => {
  const { socket, follow } = await stage(t)
  const { heard, data } = follow()
  const other = follow({ notes: {} })
  await until(() => heard.length && other.heard.length)
  socket.answers['add-query'] = ({ q }) => ({ op: 'add-query-ok', q, result: q.todos ? todos('meanwhile') : { todos: [] }, 'processed-tx-id': 0 })
  socket.last().ws.terminate()
  await until(() => heard.length === 2)
  await until(() => socket.last().of('add-query').length === 2)
  assert.deepEqual([data(), other.heard.length, socket.connections.length], [[[], ['meanwhile']], 1, 2])
})

test('what is no message may have been a result: it is connected anew, and nothing is lost', async (t) => {
  for (const garbage of ['<html>502 Bad Gateway</html>', '{', 'null', '[{"op":"refresh-ok"},7]', '{"no":"op"}', new Uint8Array([1, 2])]) {
    const { socket, follow, db } = await stage(t)
    const { heard, data } = follow()
    await until(() => heard.length)
    socket.answers['add-query'] = ({ q }) => ({ op: 'add-query-ok', q, result: todos('after'), 'processed-tx-id': 2 })
    socket.last().send(garbage)
    await until(() => heard.length === 2)
    assert.deepEqual([data(), socket.connections.length], [[[], ['after']], 2], String(garbage))
    db.shutdown()
  }
})

test('another user: his own socket, his own answers, and nothing of the one before in between', async (t) => {
  const { socket, server, session, follow, db } = await stage(t)
  socket.answers['add-query'] = ({ q }, { got: [{ 'refresh-token': token }] }) => ({ op: 'add-query-ok', q, result: todos(`of ${server.live.get(token)}`), 'processed-tx-id': 1 })
  const { heard, data } = follow()
  const ended = /** @type {any[]} */ ([])
  db.live({ todos: {} }).subscribe({ next: (value) => ended.push(value.todos[0].text), error: (error) => ended.push(error.code) })
  await until(() => heard.length && ended.length)
  session.become('bob')
  await until(() => heard.length === 3)
  assert.deepEqual(data(), [['of alice'], undefined, ['of bob']])
  assert.deepEqual(heard[1], { data: undefined, pageInfo: undefined, error: undefined })
  assert.deepEqual(ended, ['of alice', 'identity_changed'])
  assert.ok(socket.connections[0].over)
  assert.equal(socket.connections.length, 2)
})

test('signed out: it says so, and goes on with the next sign-in; nobody may ask where that is allowed', async (t) => {
  const { socket, session, follow } = await stage(t)
  const { heard, data } = follow()
  await until(() => heard.length)
  session.become(null)
  await until(() => heard.length === 2)
  await until(() => socket.connections[0].over)
  session.become('alice')
  await until(() => heard.length >= 4)
  assert.deepEqual(data(), [[], 'signed_out', undefined, []])

  const open = await stage(t, { key: null, anonymous: true })
  const anybody = open.follow()
  await until(() => anybody.heard.length)
  assert.ok(!('refresh-token' in open.socket.last().of('init')[0]))
  const closed = await stage(t, { key: null })
  const nobody = closed.follow()
  await until(() => nobody.heard.length)
  assert.deepEqual([nobody.data(), closed.socket.connections.length], [['signed_out'], 0])
})

test('a session that the server does not know any more: the bridge gets another one, and the same user asks on', async (t) => {
  const { socket, server, follow } = await stage(t)
  let refused = 0
  const ok = socket.answers.init
  socket.answers.init = (message, connection) =>
    refused++ ? ok(message, connection) : { op: 'error', status: 400, type: 'record-not-found', message: 'Record not found: app-user', hint: { 'record-type': 'app-user', args: [{ 'refresh-token': message['refresh-token'] }] }, 'original-event': message }
  const { heard, data } = follow()
  await until(() => heard.length)
  assert.deepEqual([data(), server.exchanges().length, socket.connections.length], [[[]], 2, 2])
})

test('an error of the connection ends the queries, with the words of the server and no secret', async (t) => {
  const { socket, follow, db } = await stage(t)
  const statuses = /** @type {string[]} */ ([])
  db.subscribeConnectionStatus((status) => statuses.push(status))
  socket.answers.init = (message) => ({ op: 'error', status: 400, type: 'record-not-found', message: `Record not found: app ${message['refresh-token']}`, hint: { 'record-type': 'app' }, 'original-event': message })
  const { heard } = follow()
  await until(() => heard.length)
  const [{ error }] = heard
  assert.ok(error instanceof InstantAPIError && error.code === 'record-not-found', String(error))
  const [{ 'refresh-token': token }] = socket.connections[0].of('init')
  for (const told of [error.message, error.hint, error.stack, JSON.stringify(error), JSON.stringify(error.body), String(error.cause)]) assert.ok(!String(told).includes(token), String(told))
  await until(() => statuses.includes('errored'))
})

test('an error of one query is that query’s; one that passes is asked again', async (t) => {
  const { socket, follow } = await stage(t)
  let busy = 2
  const ok = socket.answers['add-query']
  socket.answers['add-query'] = (message, connection) =>
    message.q.denied ? { op: 'error', status: 400, type: 'permission-denied', message: 'Permission denied: not perms-pass?', hint: { input: ['denied', 'view'] }, 'original-event': message }
    : message.q.slow && busy-- > 0 ? { op: 'error', status: 500, type: 'operation-timed-out', message: 'Operation timed out', hint: { 'retry-after': 0.01 }, 'original-event': message }
    : ok(message, connection)
  const [fine, denied, slow] = [follow(), follow({ denied: {} }), follow({ slow: {} })]
  await until(() => fine.heard.length && denied.heard.length && slow.heard.length)
  assert.deepEqual([denied.data(), slow.data()], [['permission-denied'], [[]]])
  assert.match(denied.heard[0].error.hint, /permission rule/)
  assert.deepEqual([socket.connections.length, socket.last().of('add-query').filter(({ q }) => q.slow).length], [1, 3])
  // Asked again by whoever comes next.
  socket.answers['add-query'] = ok
  const later = follow({ denied: {} })
  await until(() => later.heard.length > 1 && denied.heard.length > 1)
  assert.deepEqual(denied.data(), ['permission-denied', []])
})

test('a server that goes on having no time: told after three times, and asked on', async (t) => {
  const { socket, follow } = await stage(t)
  const ok = socket.answers['add-query']
  let busy = 5
  socket.answers['add-query'] = (message, connection) =>
    busy-- > 0 ? { op: 'error', status: 500, type: 'sql-exception', message: 'x', hint: { 'retry-after': 0.01 }, 'original-event': message } : ok(message, connection)
  const { heard, data } = follow()
  await until(() => heard.some(({ data }) => data))
  assert.deepEqual(data(), ['sql-exception', 'sql-exception', []])
})

test('an app that is switched off and on again', async (t) => {
  const { socket, follow, db } = await stage(t)
  const statuses = /** @type {string[]} */ ([])
  const { heard, data } = follow()
  db.subscribeAppStatus((status) => statuses.push(status))
  await until(() => heard.length)
  socket.last().send({ op: 'app-status-changed', status: 'read-only' })
  socket.last().send({ op: 'app-status-changed', status: 'disabled' })
  await until(() => heard.length === 2)
  socket.last().send({ op: 'app-status-changed', status: 'active' })
  await until(() => heard.length === 3)
  assert.deepEqual(data(), [[], 'app-disabled', []])
  assert.equal(socket.connections.length, 2)
  await until(() => statuses.at(-1) === 'active')
  assert.ok(statuses.includes('disabled'))
})

test('a limit below the top is kept, and pages have their cursors', async (t) => {
  const { socket, follow } = await stage(t)
  const cursor = ['e', 'a', 1, 2]
  socket.answers['add-query'] = ({ q }) => ({
    op: 'add-query-ok', q, 'processed-tx-id': 1, result: { todos: [{ id: 1, notes: [{ id: 1, tags: [1, 2, 3] }, { id: 2, tags: [] }, { id: 3, tags: [] }] }] },
    'result-meta': { 'page-info': { todos: { 'start-cursor': cursor, 'end-cursor': null, 'has-next-page?': true, 'has-previous-page?': false } } },
  })
  const { heard } = follow({ todos: { $: { limit: 9 }, notes: { $: { limit: 2 }, tags: { $: { limit: 1 } } } } })
  await until(() => heard.length)
  assert.deepEqual(heard[0], {
    data: { todos: [{ id: 1, notes: [{ id: 1, tags: [1] }, { id: 2, tags: [] }] }] },
    pageInfo: { todos: { startCursor: cursor, endCursor: null, hasNextPage: true, hasPreviousPage: false } }, error: undefined,
  })
})

test('what a listener throws is its own', async (t) => {
  const { socket, follow, db } = await stage(t)
  const unhandled = unhandledIn(t)
  db.subscribeQuery({ todos: {} }, () => {
    throw new Error('mine')
  })
  const { heard, q } = follow()
  await until(() => heard.length)
  socket.refresh([computed(q, todos('a'))])
  await until(() => heard.length === 2 && unhandled.length === 2)
  assert.deepEqual(unhandled, ['mine', 'mine'])
})

test('rules get their parameters, over the socket and over HTTP', async (t) => {
  const { server, socket, db } = await stage(t)
  db.subscribeQuery({ todos: {} }, () => {}, { ruleParams: { code: 1 } })
  assert.deepEqual((await socket.got(0, 'add-query')).q, { $$ruleParams: { code: 1 }, todos: {} })
  await db.queryOnce({ todos: {} }, { ruleParams: { code: 2 } })
  assert.deepEqual(server.calls.at(-1).body, { query: { $$ruleParams: { code: 2 }, todos: {} } })
})

test('no WebSocket, and an address that is not encrypted: told, with what to do', async (t) => {
  const insecure = await stage(t, { websocketURI: 'ws://instant.test/runtime/session' })
  const one = insecure.follow()
  await until(() => one.heard.length)
  assert.ok(CountersignError.is(one.heard[0].error, 'origin_not_allowed') && /websocketURI/.test(one.heard[0].error.message))
  const before = globalThis.WebSocket
  t.after(() => void (globalThis.WebSocket = before))
  const none = await stage(t)
  globalThis.WebSocket = /** @type {any} */ (undefined)
  const two = none.follow()
  await until(() => two.heard.length)
  assert.ok(CountersignError.is(two.heard[0].error, 'option_invalid') && /globalThis\.WebSocket/.test(two.heard[0].error.message))
})

test('after shutdown nothing is told and nothing is asked', async (t) => {
  const { socket, follow, db } = await stage(t)
  const { heard } = follow()
  await until(() => heard.length)
  db.shutdown()
  const late = follow()
  await until(() => late.heard.length)
  assert.deepEqual([late.data(), heard.length, socket.connections.length], [['disposed'], 1, 1])
})

test('a trap of the WebAssembly: told, and whoever asks next has another instance', async (t) => {
  const { loadLive } = await dist('live.js')
  const { socket, follow } = await stage(t)
  const { heard, data } = follow()
  await until(() => heard.length)
  const glue = await loadLive()
  t.mock.method(glue.Machine.prototype, 'tell', () => { throw new WebAssembly.RuntimeError('unreachable') }, { times: 1 })
  socket.last().ws.terminate()
  await until(() => heard.length === 2)
  assert.deepEqual(data(), [[], 'wasm_trapped'])
  const again = follow()
  await until(() => again.heard.some(({ data }) => data))
})
