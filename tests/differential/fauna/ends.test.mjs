// What an iteration leaves behind, however it ends: no listener at the session, no lease, no machine, no timer; and nothing is told to a machine that is gone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { dist } from '../dist.mjs'
import { until } from '../until.mjs'
import { failure, lib } from './compare.mjs'
import { change, END, line, listen, status, eventStats } from './listening.mjs'
import { clientOf, clock, dropped, never, page, quiet, transport, turns } from './scripted.mjs'
import { fakeSession } from './stub.mjs'

const source = { token: 'source' }
const { Machine } = await (await dist('live.js')).loadLive()
const { told } = await dist('fauna/machine.js')

/** Counts the machines, and what they are told when they are gone. @param {import('node:test').TestContext} t */
const machines = (t) => {
  const { prototype } = Machine
  const { tell, poll, free } = prototype
  const known = new Map()
  prototype.tell = function (...args) {
    const one = known.get(this) ?? { freed: 0, late: 0 }
    known.set(this, one)
    if (!one.freed) return tell.apply(this, args)
    one.late++
  }
  prototype.poll = function () {
    if (!known.get(this)?.freed) return poll.call(this)
    known.get(this).late++
  }
  prototype.free = function () {
    known.get(this).freed++
    return free.call(this)
  }
  t.after(() => Object.assign(prototype, { tell, poll, free }))
  return () => [...known.values()]
}

/** A session with leases: for each whether it has ended. `fail`: the next ones fail. */
const leasing = () => {
  const session = fakeSession(lib)
  const self = { session, leases: [], fail: 0 }
  session.leases = async function* (_, { signal }) {
    const lease = { over: false, renew: undefined }
    self.leases.push(lease)
    if (self.fail-- > 0) throw new Error('no token for now')
    // What resolves a promise holds whoever waits for it.
    signal.addEventListener('abort', () => Object.assign(lease, { over: true, renew: undefined }))
    for (;;) {
      yield {}
      await new Promise((go, stop) => {
        lease.renew = go
        signal.addEventListener('abort', () => stop(signal.reason))
      })
    }
  }
  return self
}

/** Each way in which an iteration ends while it is open. */
const ends = {
  'the stream is closed': ({ stream }) => stream.close(),
  'the loop is left': ({ events }) => events.return(),
  'an error is thrown into it': ({ events }) => events.throw(new Error('mine')).catch(() => {}),
  'the client is closed': ({ client }) => client.close(),
  'its signal': ({ control }) => control.abort(new Error('gone')),
  'the user changes': ({ session }) => session.become('bob'),
  'the server': ({ say }) => say(),
}

for (const [what, end] of Object.entries(ends))
  for (const via of ['stream', 'feed'])
    test(`nothing is left behind: ${what} (${via})`, async (t) => {
      const all = machines(t)
      const { waiting, pass } = clock(t)
      const { session, leases } = leasing()
      let say
      const said = new Promise((resolve) => (say = resolve))
      const http = transport({
        request: (_, n) => (n < 2 ? page() : failure('document_not_found', 400)),
        stream: async function* () {
          yield status(1)
          await said
          yield END
        },
      })
      const client = clientOf(http, session)
      const control = new AbortController()
      // The client itself listens from its first request on, until it is closed.
      await client.feed(source).nextPage()
      const before = session.listeners.size
      let open
      const stream = client.stream(source, { via, signal: control.signal, onState: ({ status }) => (open = status === 'open') })
      const events = stream[Symbol.asyncIterator]()
      const next = events.next().catch(() => {})
      await until(() => open)
      await turns()
      assert.equal(leases.length, via === 'stream' ? 1 : 0)
      assert.ok(session.listeners.size > before)
      await end({ stream, events, client, control, session, say: () => (via === 'stream' ? say() : pass(5000)) })
      await next
      await turns()
      assert.equal(session.listeners.size, what === 'the client is closed' ? 0 : before)
      assert.ok(leases.every(({ over }) => over))
      assert.deepEqual(waiting(), [])
      assert.deepEqual(all(), [{ freed: 1, late: 0 }])
    })

test('an iteration that ends before it is open leaves nothing either', async (t) => {
  const all = machines(t)
  const { pass } = clock(t)
  const { session, leases } = leasing()
  const client = clientOf(transport({ request: ({ token }) => (token ? page() : never), stream: () => dropped() }), session)
  await client.feed(source).nextPage()
  const before = session.listeners.size
  for (const from of [source, lib.fql`q`, () => never])
    for (const wait of [() => turns(0), () => turns(1), () => turns()]) {
      const stream = client.stream(from)
      const next = stream[Symbol.asyncIterator]().next()
      await wait()
      stream.close()
      assert.deepEqual(await next, { value: undefined, done: true })
      // A query that is under way has a time limit of its own.
      pass(10_000)
      await turns()
      assert.equal(session.listeners.size, before)
    }
  assert.deepEqual([leases, all().filter(({ freed, late }) => freed !== 1 || late)], [[], []])
})

test('nobody holds an iteration that has ended: not its client, its stream, its session or its signal', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  // An iteration holds its machine.
  const refs = new Set()
  const { prototype } = Machine
  const { tell } = prototype
  t.after(() => (prototype.tell = tell))
  prototype.tell = function (...args) {
    if (args[0] === told.start) refs.add(new WeakRef(this))
    return tell.apply(this, args)
  }
  const { session } = leasing()
  const client = clientOf(transport({ stream: () => quiet(status(1)) }), session)
  t.after(() => client.close())
  const { signal } = new AbortController()
  let open
  const stream = client.stream(source, { signal, onState: ({ status }) => (open = status === 'open') })
  const loop = async () => {
    const events = stream[Symbol.asyncIterator]()
    const next = events.next()
    await until(() => open)
    await events.return()
    await next
  }
  for (let i = 0; i < 3; i++) await loop()
  assert.equal(refs.size, 3)
  await until(() => (collect(), [...refs].every((ref) => !ref.deref())))
  // These could hold it.
  assert.deepEqual([stream.closed, signal.aborted, session.identityKey], [false, false, 'alice'])
})

test('a machine that is gone is not told that its consumer has read what was left', async (t) => {
  const all = machines(t)
  const MANY = 1500
  // All in one piece: so much is held back, and then it ends.
  const { fetch } = globalThis
  t.after(() => (globalThis.fetch = fetch))
  globalThis.fetch = async () => new Response([status(0), ...Array.from({ length: MANY }, (_, n) => change(n + 1)), END].join(''))
  const events = clientOf().stream(source)[Symbol.asyncIterator]()
  const seen = [(await events.next()).value.data]
  await until(() => all()[0]?.freed)
  for (const _ of Array(MANY - 1)) seen.push((await events.next()).value.data)
  await assert.rejects(events.next(), { code: 'document_not_found' })
  assert.equal(seen.at(-1), MANY)
  assert.deepEqual(all(), [{ freed: 1, late: 0 }])
})

test('a lease that failed is asked for again when a connection is open again', async (t) => {
  const { pass } = clock(t)
  const self = leasing()
  self.fail = 1
  const states = []
  const http = transport({ stream: (_, n) => (n === 0 ? dropped(status(1)) : quiet(status(n + 1))) })
  const stream = clientOf(http, self.session).stream(source, { onState: (state) => states.push(state) })
  t.after(() => stream.close())
  const done = listen(stream)
  await until(() => states.at(-1)?.status === 'waiting')
  assert.equal(self.leases.length, 1)
  pass(1000)
  await turns()
  assert.deepEqual([states.at(-1).status, self.leases.length], ['open', 2])
  // It is followed from here on, and there is one of it.
  pass(6000)
  self.leases[1].renew()
  await turns()
  assert.deepEqual([states.at(-1).status, states.at(-1).cause, http.log.stream.length, self.leases.length], ['open', 'renewed', 3, 2])
  stream.close()
  await done
})

test('an event without a cursor does not lead the next connection back to the beginning', async (t) => {
  const { pass } = clock(t)
  const { cursor: _, ...bare } = JSON.parse(change(3))
  const states = []
  const http = transport({ stream: (_, n) => (n === 0 ? dropped(status(1), change(2), line(bare)) : [change(4), END]) })
  const done = listen(clientOf(http).stream(source, { onState: (state) => states.push(state) }))
  await until(() => states.at(-1)?.status === 'waiting')
  pass(1000)
  const { events } = await done
  assert.deepEqual(events.map(({ data }) => data), [2, 3, 4])
  assert.deepEqual(http.log.stream.map(({ cursor }) => cursor), [undefined, 'c2'])
})

test('a token refused after events came: the events are not asked for again with another one, but those after them', async (t) => {
  const { pass } = clock(t)
  const { session } = leasing()
  const states = []
  const refused = () => {
    throw Object.assign(new Error('says unauthorized'), { code: 'unauthorized', httpStatus: 401 })
  }
  const http = transport({
    stream: function* (_, n) {
      if (n === 0) yield* [status(1), change(2)]
      if (n < 2) refused()
      yield* [change(3), END]
    },
  })
  const done = listen(clientOf(http, session).stream(source, { onState: (state) => states.push(state) }))
  await until(() => states.at(-1)?.status === 'waiting')
  assert.deepEqual([http.log.stream.length, session.calls.force], [1, 0])
  pass(1000)
  const { events } = await done
  assert.deepEqual(events.map(({ data }) => data), [2, 3])
  // Before anything came the same connection is asked for again, with a token that is forced.
  assert.deepEqual(http.log.stream.map(({ cursor, authorization }) => [cursor, authorization]), [[undefined, 'Bearer token-1'], ['c2', 'Bearer token-1'], ['c2', 'Bearer token-2']])
})

test('who watches does no harm: what onState and onEvent throw is nobody\'s', async (t) => {
  const { pass } = clock(t)
  const watch = (name, list) => (what) => {
    list.push(what)
    throw new Error(name)
  }
  const states = []
  const http = transport({ stream: (_, n) => (n === 0 ? dropped(status(1), change(2)) : [change(3), END]) })
  const done = listen(clientOf(http).stream(source, { onState: watch('onState', states) }))
  await until(() => states.at(-1)?.status === 'waiting')
  pass(1000)
  const { events, error } = await done
  assert.deepEqual([events.map(({ data }) => data), error.code], [[2, 3], 'document_not_found'])
  assert.deepEqual(states.map(({ status }) => status), ['connecting', 'open', 'waiting', 'connecting', 'open', 'closed'])
})

test('onEvent is told each event, before the documents that it makes', async (t) => {
  const row = (id, n) => ({ '@doc': { id, coll: { '@mod': 'C' }, ts: { '@time': '2024-01-01T00:00:00Z' }, n } })
  const seen = []
  const event = (type, n, data) => line({ type, data, txn_ts: n, cursor: `c${n}`, stats: eventStats })
  let go
  const more = new Promise((resolve) => (go = resolve))
  const http = transport({
    request: () => ({ json: { data: { page: { '@set': { data: [row('1', 'one')] } }, source: { '@stream': 'source' } }, txn_ts: 1 } }),
    stream: async function* () {
      yield status(1)
      await more
      yield* [event('add', 2, row('2', 'two')), event('update', 3, row('1', 'first')), event('remove', 4, row('2', 'two'))]
      await never
    },
  })
  const client = clientOf(http)
  t.after(() => client.close())
  client.live(lib.fql`q`, {
    onEvent: ({ type, data, txn_ts }) => {
      seen.push(`${type} ${data.id} ${txn_ts}`)
      throw new Error('onEvent')
    },
  }).subscribe({ next: (rows) => seen.push(rows.map(({ n }) => n).join()), error: (error) => seen.push(error) })
  await until(() => seen.length)
  go()
  await until(() => seen.length > 4)
  assert.equal(seen[0], 'one')
  const events = seen.filter((what) => /^(add|update|remove) /.test(what))
  assert.deepEqual(events, ['add 2 2', 'update 1 3', 'remove 2 4'])
  // What is given may lie between two events, but after the last comes what they made.
  assert.equal(seen.at(-1), 'first')
  assert.ok(seen.indexOf('one,two') < 0 || seen.indexOf('one,two') > seen.indexOf('add 2 2'))
})
