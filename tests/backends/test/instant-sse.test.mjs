// The local Instant's event streams: the same sessions without a socket, and one query over HTTP.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, test } from 'node:test'
import { init as initAdmin } from '@instantdb/admin'
import { until } from '../../differential/until.mjs'
import { INSTANT_APP_ID as APP } from '../accounts.mjs'
import { startPlace } from './instant-place.mjs'

/** @type {Awaited<ReturnType<typeof startPlace>>} */ let place
beforeEach(async () => { place = await startPlace() })
afterEach(() => place.stop())

const address = () => `${place.instant.url}/runtime/sse?app_id=${APP}`

/** Reads an event stream to its end. @param {Response} response */
function reading(response) {
  /** @type {any[]} */
  const frames = []
  let text = ''
  const done = (async () => {
    for await (const chunk of /** @type {any} */ (response.body).pipeThrough(new TextDecoderStream())) {
      text += chunk
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) if (event.startsWith('data: ')) frames.push(...[JSON.parse(event.slice(6))].flat())
    }
  })().catch(() => {})
  return { frames, done, frame: async (/** @type {string} */ op) => (await until(() => frames.some((f) => f.op === op)), frames.find((f) => f.op === op)) }
}

test('a session over an event stream, with messages by POST', async () => {
  const alice = await place.signIn()
  const response = await fetch(address())
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  const stream = reading(response)
  const opened = await stream.frame('sse-init')
  const say = (/** @type {any[]} */ messages, /** @type {any} */ other = {}) => place.post(`/runtime/sse?app_id=${APP}`, { machine_id: opened['machine-id'], session_id: opened['session-id'], sse_token: opened['sse-token'], messages, ...other })
  assert.equal((await say([{ op: 'init', 'app-id': APP, 'refresh-token': alice.refresh_token, versions: { '@instantdb/core': 'v1.0.67' } }, { op: 'add-query', q: { todos: {} }, 'return-type': 'tree' }])).status, 200)
  assert.equal((await stream.frame('init-ok'))['session-id'], opened['session-id'])
  assert.equal((await stream.frame('add-query-ok')).result.todos.length, 3)
  await place.change(alice, ['update', 'todos', randomUUID(), { text: 'x', owner: alice.email }])
  assert.equal((await stream.frame('refresh-ok')).computations[0]['instaql-result'].todos.length, 4)
  for (const other of [{ sse_token: randomUUID() }, { session_id: randomUUID() }, { machine_id: randomUUID() }]) assert.equal((await say([], other)).json.type, 'record-not-found')
  assert.equal((await say([], { messages: ['x'] })).json.type, 'param-malformed')
  // Half open: what arrives is not even read.
  place.instant.turn({ frozen: true })
  await say([{ op: 'remove-query', q: { todos: {} } }])
  assert.equal(place.instant.counters().sockets.queries, 1)
  place.instant.turn({ frozen: false })
  await stream.frame('remove-query-ok')
  place.instant.turn({ refuseSsePost: { status: 500, times: 1 } })
  assert.deepEqual([(await say([])).status, (await say([])).status], [500, 200])
  place.instant.turn({ drop: true })
  await stream.done
  assert.equal((await say([])).status, 400)
  place.instant.turn({ refuseSse: { status: 503, times: 1 } })
  assert.equal((await fetch(address())).status, 503)
})

test('one query as the official admin client watches it', async () => {
  const alice = await place.signIn()
  const admin = initAdmin({ appId: APP, apiURI: place.instant.url })
  /** @type {any[]} */
  const seen = []
  const subscription = admin.asUser({ token: alice.refresh_token }).subscribeQuery({ todos: { $: { limit: 3 }, project: {} } }, (payload) => seen.push(payload))
  await until(() => seen.length === 1)
  assert.deepEqual([seen[0].type, seen[0].data.todos.length, seen[0].pageInfo.todos.hasNextPage], ['ok', 3, false])
  await place.change(alice, ['update', 'todos', seen[0].data.todos[0].id, { text: 'changed' }])
  await until(() => seen.length === 2)
  assert.equal(seen[1].data.todos[0].text, 'changed')
  subscription.close()
  await until(() => place.instant.counters().sockets.open === 0)
})

test('who may not watch is told so before the stream, a wrong query in it', async () => {
  const watch = (/** @type {Record<string, string>} */ headers, query = {}) => fetch(`${place.instant.url}/admin/subscribe-query`, { method: 'POST', headers: { 'app-id': APP, ...headers }, body: JSON.stringify({ query }) })
  const refused = await watch({ 'as-token': randomUUID() })
  assert.deepEqual([refused.status, (await refused.json()).type], [400, 'record-not-found'])
  const stream = reading(await watch({ 'as-guest': 'true' }, { todos: { $: { limit: 0 } } }))
  assert.equal((await stream.frame('error')).type, 'validation-failed')
  place.instant.turn({ closeAll: {} })
  await stream.done
})

test('who hangs up before the stream begins leaves no session', async () => {
  place.instant.turn({ routeDelayMs: { '/runtime/sse': 5000 } })
  const leaving = new AbortController()
  const asked = fetch(address(), { signal: leaving.signal }).catch(() => {})
  await until(() => place.instant.log.some((/** @type {any} */ entry) => entry.path === '/runtime/sse'))
  leaving.abort()
  await asked
  await until(() => place.instant.counters().sockets.opened === 1)
  assert.equal(place.instant.counters().sockets.open, 0)
})
