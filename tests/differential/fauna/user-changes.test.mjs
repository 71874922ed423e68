// The user changes while a stream or a feed waits for something that no session could break off: it ends at once, and nothing more is asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../until.mjs'
import { failure, lib } from './compare.mjs'
import { change, fault, line, eventStats, listen, status } from './listening.mjs'
import { clientOf, clock, dropped, never, page, quiet, transport, turns } from './scripted.mjs'
import { signedIn } from './signed-in.mjs'
import { fakeSession } from './stub.mjs'

const source = { token: 'source' }
const waits = (states) => states.at(-1)?.status === 'waiting'
const first = (events) => events[Symbol.asyncIterator]().next()

/** What it waits for: how it is asked for, what answers, and when it waits. */
const phases = {
  'the next attempt of a stream': { script: { stream: () => dropped(status(1)) }, ask: (client, options) => first(client.stream(source, options)), there: waits },
  'the next attempt of a polled one': { script: { request: () => failure('limit_exceeded', 429) }, ask: (client, options) => first(client.stream(source, { ...options, via: 'feed' })), there: waits },
  'the next poll': { script: { request: () => page() }, ask: (client, options) => first(client.stream(source, { ...options, via: 'feed' })), there: (states) => states.at(-1)?.status === 'open' },
  'a source of the caller\'s': { ask: (client, options, asked) => first(client.stream(() => (asked(), never), options)) },
  'a source of the caller\'s, to go on after missed events': { ask: (client, options, asked) => first(client.stream(() => (asked(), never), { ...options, resync_events: true })) },
  'a query for the source': { script: { request: () => never }, ask: (client, options) => first(client.stream(lib.fql`q`, options)), there: (_, { request }) => request.length },
  'a page that was throttled': { script: { request: () => failure('limit_exceeded', 429) }, ask: (client) => client.feed(source).nextPage(), there: (_, { request }, waiting) => request.length && waiting.some((ms) => ms < 1001) },
}

for (const [what, { script = {}, ask, there }] of Object.entries(phases))
  for (const path of [['bob'], [null], ['bob', 'alice']])
    test(`while it waits for ${what}: ${path.map((who) => who ?? 'nobody').join(', then ')}`, async (t) => {
      const { session, become } = await signedIn(t)
      const { waiting } = clock(t)
      const http = transport(script)
      const { log } = http
      const states = []
      let asked = false
      let ended = 'waiting'
      ask(clientOf(http, session), { max_attempts: 9, onState: (state) => states.push(state) }, () => (asked = true)).then(() => (ended = 'answered'), (error) => (ended = error.code))
      await until(() => (there ? there(states, log, waiting()) : asked))
      await turns()
      const before = log.request.length + log.stream.length
      assert.equal(ended, 'waiting')
      for (const who of path) become(who)
      await turns()
      assert.equal(ended, 'identity_changed')
      assert.equal(log.request.length + log.stream.length, before)
    })

test('a token that comes when its user has gone is not sent by a transport of one\'s own', async () => {
  for (const ask of [(client) => client.stream(source, { via: 'feed' }), (client) => client.stream(source), (client) => client.feed(source)]) {
    const session = fakeSession(lib)
    let give
    // One that hears no signal.
    session.getToken = () => new Promise((resolve) => (give = resolve))
    const http = transport({})
    const answer = first(ask(clientOf(http, session)))
    await until(() => give)
    for (const who of ['bob', 'alice']) session.become(who)
    give('token of bob')
    await assert.rejects(answer, { code: 'identity_changed' })
    await turns()
    assert.deepEqual([http.log.request, http.log.stream], [[], []])
  }
})

test('what was queued when a stream ended is not handed to whoever asks next', async (t) => {
  const { session, become } = await signedIn(t)
  const rows = [status(1), change(2), change(3), change(4), fault('document_not_found')]
  const stream = clientOf(transport({ stream: () => rows }), session).stream(source)
  const events = stream[Symbol.asyncIterator]()
  assert.equal((await events.next()).value.data, 2)
  await until(() => stream.closed)
  become('bob')
  await assert.rejects(events.next(), { code: 'document_not_found' })
  assert.deepEqual(await events.next(), { value: undefined, done: true })
})

test('a feed goes on for the user of its first page, whoever was known before it; and for nobody else', async (t) => {
  const { session, become } = await signedIn(t)
  const http = transport({ request: (_, n) => page([JSON.parse(change(n + 2))], `p${n}`, true) })
  const client = clientOf(http, session)
  become(undefined)
  const feed = client.feed(source)
  const one = feed.nextPage()
  await turns()
  assert.equal(http.log.request.length, 0)
  become('alice')
  assert.equal((await one).events.next().value.data, 2)
  assert.equal((await feed.nextPage()).events.next().value.data, 3)
  become('bob')
  await assert.rejects(feed.nextPage(), { code: 'identity_changed' })
  become('alice')
  assert.equal((await feed.nextPage()).events.next().value.data, 4)
  assert.equal(http.log.request.length, 3)
})

test('a live set: what the last events made is not given when the user has changed, but is when the set ends otherwise', async (t) => {
  for (const [end, given] of [[(become) => become('bob'), ['a']], [undefined, ['a', 'a,b']]]) {
    const { session, become } = await signedIn(t)
    const row = (id) => ({ '@doc': { id, coll: { '@mod': 'C' }, ts: { '@time': '2024-01-01T00:00:00Z' } } })
    let go
    const more = new Promise((resolve) => (go = resolve))
    const http = transport({
      request: () => ({ json: { data: { page: { '@set': { data: [row('a')] } }, source: { '@stream': 'source' } }, txn_ts: 1 } }),
      stream: async function* () {
        yield status(1)
        await more
        yield line({ type: 'add', data: row('b'), txn_ts: 2, cursor: 'c2', stats: eventStats })
        if (end) await never
        yield fault('document_not_found')
      },
    })
    const seen = []
    let error
    clientOf(http, session).live(lib.fql`q`, { onEvent: () => end?.(become) }).subscribe({ next: (rows) => seen.push(rows.map(({ id }) => id).join()), error: (thrown) => (error = thrown) })
    await until(() => seen.length)
    go()
    await until(() => error)
    await new Promise((resolve) => setTimeout(resolve))
    assert.deepEqual([error.code, seen], [end ? 'identity_changed' : 'document_not_found', given])
  }
})
