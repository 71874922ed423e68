// A stream through everything that ends a connection: real sessions, the local Fauna, its knobs. Not an event is lost, doubled or out of order.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from '../until.mjs'
import { canonical, fast, lib } from './compare.mjs'
import { listen } from './listening.mjs'
import { numbers, startPlace } from './place.mjs'

let place
before(async () => (place = await startPlace()))
after(() => place.stop())

const orders = lib.fql`Order.all().eventSource()`
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i)

/**
 * Listens beside the test. `seen` waits for the order of that number; `done` for the end.
 * @param {any} stream
 */
const ear = (stream) => {
  const out = { stream, events: [], error: undefined, over: false }
  out.done = listen(stream, { on: (event) => void out.events.push(event) }).then(({ error }) => Object.assign(out, { error, over: true }))
  out.numbers = () => numbers(out.events)
  out.seen = (n) => until(() => out.numbers().includes(n) || out.over)
  return out
}
/** @returns a stream that is open, with what it said of itself */
const opened = async (client, options = {}, source = orders) => {
  const states = []
  const heard = ear(client.stream(source, { onState: (state) => states.push(state), ...options }))
  await until(() => states.some(({ status }) => status === 'open') || heard.over)
  return { ...heard, heard, states }
}
/** The rest of a test's own doing: closed, and nothing of it is left at the server. */
const close = async ({ stream, heard }) => {
  stream.close()
  await heard.done
  assert.equal(heard.error, undefined)
  await until(async () => (await place.streams()) === 0)
}

test('whatever breaks a connection, the next one goes on behind the last event', async (t) => {
  const { own } = await place.open(t)
  await fast(async () => {
    const one = await opened(own)
    const want = []
    for (const [cause, break_] of [
      ['dropped', { cutStreams: true }], ['ended', { endStreams: true }], ['refused', { overflowStreams: true }], ['permission_loss', { editRoles: true, revalidateEveryMs: 10 }],
      ['dropped', { cutNext: 1 }], ['dropped', { cutStreams: true, dropNext: 2 }], ['ended', { endStreams: true, rejectNext: 1 }], ['ended', { endStreams: true, throttle: 1 }], ['dropped', { cutStreams: true, splitChunks: true }],
    ]) {
      const from = one.states.length
      await place.knobs(break_)
      // These are for the stream, not for the writer.
      await until(async () => (({ rejectNext, throttle }) => !rejectNext && !throttle)(await place.knobs()))
      // One transaction: its events have one time, and only cursors tell them apart.
      want.push(...await place.write(3))
      await one.seen(want.at(-1))
      await until(() => one.states.slice(from).some(({ status }) => status === 'open') || one.heard.over)
      assert.equal(one.heard.error, undefined, cause)
      assert.deepEqual(one.numbers(), want, JSON.stringify(break_))
      assert.ok(one.states.slice(from).some((state) => state.status === 'waiting' && state.cause === cause), `${cause}: ${JSON.stringify(one.states.slice(from))}`)
    }
    await place.knobs({ revalidateEveryMs: 60_000, splitChunks: false })
    await close(one)
  })
})

test('a source that the server does not let in', async (t) => {
  const { own, session } = await place.open(t)
  await place.knobs({ rejectNext: 9 })
  const { heard } = await opened(own, {}, { token: 'any' })
  await heard.done
  await place.knobs({ rejectNext: 0 })
  assert.ok(heard.error instanceof lib.AuthenticationError, heard.error?.stack)
  assert.equal(heard.error.httpStatus, 401)
  assert.ok(heard.error.token, 'the facts of the token are there')
  assert.equal(session.status, 'signedIn')
})

test('silence: first no beginning, then no sign of life', async (t) => {
  const { now } = performance
  const { setTimeout: set, clearTimeout: clear } = globalThis
  let ahead = 0
  const long = new Map()
  performance.now = () => now.call(performance) + ahead
  // Only the machine's watchdogs are as long.
  globalThis.setTimeout = (run, ms, ...rest) => {
    if (!(ms > 40_000 && ms < 400_000)) return set(run, ms, ...rest)
    const timer = {}
    long.set(timer, run)
    return timer
  }
  globalThis.clearTimeout = (timer) => long.delete(timer) || clear(timer)
  t.after(() => {
    performance.now = now
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear })
  })
  const jump = (ms) => {
    ahead += ms
    for (const [timer, run] of [...long]) {
      long.delete(timer)
      run()
    }
  }
  await fast(async () => {
    const { data: source } = await place.admin.query(orders)
    await place.knobs({ silent: true })
    const states = []
    const heard = ear(place.admin.stream(source, { onState: (state) => states.push(state) }))
    await until(() => long.size)
    jump(46_000)
    await until(() => states.at(-1).connects === 2)
    assert.equal(states.find(({ status }) => status === 'waiting').cause, 'silent')
    await place.knobs({ silent: false })
    const first = await place.write(2)
    await heard.seen(first[1])
    await place.knobs({ silent: true })
    const second = await place.write(2)
    const opens = states.filter(({ status }) => status === 'open').length
    jump(331_000)
    await until(() => states.at(-1).connects === 3)
    await place.knobs({ silent: false })
    await heard.seen(second[1])
    await until(() => states.filter(({ status }) => status === 'open').length === opens + 1)
    assert.deepEqual(heard.numbers(), [...first, ...second])
    await close({ stream: heard.stream, heard })
    await place.knobs({ silent: true })
    const never = ear(place.admin.stream(source, { max_attempts: 1 }))
    await until(() => long.size)
    jump(46_000)
    await never.done
    assert.deepEqual([never.error.name, never.error.code], ['NetworkError', 'timeout'])
    await place.knobs({ silent: false })
    await until(async () => (await place.streams()) === 0)
  })
})

test('no news for longer than the history is kept: short-lived connections carry the cursor on', async (t) => {
  const { now } = Date
  let ahead = 0
  Date.now = () => now() + ahead * 1000
  t.after(() => (Date.now = now))
  await fast(async () => {
    const { data: source } = await place.admin.query(orders)
    const one = await opened(place.admin, {}, source)
    const want = []
    const before = place.asked('/feed/1')
    // Ten minutes each, and nothing happens but that the connection is renewed; fifteen are kept.
    for (const minutes of [10, 20, 30]) {
      ahead = minutes * 60
      await place.knobs({ endStreams: true })
      await until(() => one.states.at(-1).connects === 1 + minutes / 10 && one.states.at(-1).status === 'open' || one.heard.over)
      assert.equal(one.heard.error, undefined, `after ${minutes} minutes: ${one.heard.error?.message}`)
    }
    assert.equal(place.asked('/feed/1'), before + 3)
    // Soon after there is nothing to be carried on.
    await place.knobs({ endStreams: true })
    want.push(...await place.write(3))
    await one.seen(want[2])
    assert.equal(place.asked('/feed/1'), before + 3)
    // What happened in the meantime comes with it, however much it is.
    await place.knobs({ cutStreams: true, dropNext: 1e9 })
    want.push(...await place.write(160))
    ahead += 600
    await until(() => one.states.at(-1).connects > 6)
    await place.knobs({ dropNext: 0 })
    await one.seen(want.at(-1))
    assert.deepEqual(one.numbers(), want)
    await close(one)
  })
})

test('leaving a loop and iterating again: a query is asked once, and nothing is between', async (t) => {
  const { own } = await place.open(t)
  const states = []
  const stream = own.stream(orders, { onState: ({ status }) => states.push(status) })
  const first = listen(stream, { enough: 2 })
  await until(() => states.includes('open'))
  const a = await place.write(4)
  const left = await first
  assert.equal(stream.last_cursor, left.events[1].cursor)
  await until(async () => (await place.streams()) === 0)
  const b = await place.write(2)
  const asked = place.asked('/query/1')
  const { events } = await listen(stream, { enough: 4 })
  assert.deepEqual(numbers([...left.events, ...events]), [...a, ...b])
  assert.equal(place.asked('/query/1'), asked)
  assert.equal(stream.closed, false)
  // And in another place: the cursor is all it takes.
  const { data: source } = await own.query(orders)
  await assert.rejects(listen(own.stream(source, { cursor: left.events[1].cursor })).then(({ error }) => Promise.reject(error)), { code: 'invalid_request' })
})

test('two iterations at once get every event each', async (t) => {
  const { own } = await place.open(t)
  const opens = []
  const stream = own.stream(orders, { onState: ({ status }) => status === 'open' && opens.push(status) })
  const ears = [ear(stream), ear(stream)]
  await until(() => opens.length === 2)
  const want = await place.write(5)
  for (const one of ears) await one.seen(want.at(-1))
  for (const one of ears) assert.deepEqual(one.numbers(), want)
  stream.close()
  for (const one of ears) assert.equal((await one.done).error, undefined)
  await until(async () => (await place.streams()) === 0)
})

test('away for more than the server replays', async (t) => {
  const { own } = await place.open(t)
  await fast(async () => {
    for (const [count, code] of [[127, undefined], [128, 'stream_replay_volume_exceeded']]) {
      let open
      const stream = own.stream(orders, { onState: ({ status }) => (open = status === 'open') })
      const first = listen(stream, { enough: 1 })
      await until(() => open)
      const [n] = await place.write(1)
      await first
      const want = await place.write(count + 1)
      const { events, error } = await listen(stream, { enough: code ? Infinity : want.length })
      assert.equal(error?.code, code)
      assert.deepEqual(numbers(events), code ? range(n + 1, n + 1 + 128) : want)
      assert.equal(stream.closed, !!code)
    }
    // With a query as source and `resync_events` it goes on.
    const states = []
    const stream = own.stream(orders, { resync_events: true, onState: (state) => states.push(state) })
    const first = listen(stream, { enough: 1 })
    await until(() => states.some(({ status }) => status === 'open'))
    await place.write(1)
    await first
    await place.write(130)
    const heard = ear(stream)
    await until(() => heard.events.some(({ type }) => type === 'resync'))
    assert.deepEqual(heard.events.find(({ type }) => type === 'resync'), { type: 'resync', code: 'stream_replay_volume_exceeded' })
    const want = await place.write(2)
    await heard.seen(want[1])
    const at = heard.events.findIndex(({ type }) => type === 'resync')
    assert.deepEqual(numbers(heard.events.slice(at)), want, 'what comes after it begins after it')
    assert.ok(states.some(({ cause }) => cause === 'resync'))
    // A later loop is in the new source.
    stream.close()
    await heard.done
  })
  await until(async () => (await place.streams()) === 0)
})

test('after missed events a later loop goes on in the new source', async (t) => {
  const { own } = await place.open(t)
  await fast(async () => {
    let open
    const stream = own.stream(orders, { resync_events: true, onState: ({ status }) => (open = status === 'open') })
    const first = listen(stream, { enough: 1 })
    await until(() => open)
    await place.write(1)
    await first
    await place.write(130)
    let missed
    for await (const event of stream) {
      if (event.type === 'resync') missed = true
      if (missed && event.type === 'resync') break
    }
    const want = await place.write(3)
    const { events } = await listen(stream, { enough: 3 })
    assert.deepEqual(numbers(events), want)
    stream.close()
  })
})

test('a user switch and a sign-out end a stream, and nothing is delivered afterwards', async (t) => {
  for (const [via, leave] of [['stream', ({ person }) => person.signIn('bob')], ['stream', ({ person }) => person.signOut()], ['feed', ({ person }) => person.signIn('bob')], ['stream', ({ session }) => session.signOut()]]) {
    const all = await place.open(t)
    // Two more lie ready for this one when the news comes; it hears of it before the stream does.
    let late
    all.session.on('identity', ({ key }) => armed && key !== armed && (late ??= iterator.next()))
    let armed
    const one = await opened(all.own, { via, poll_ms: 5 })
    let open
    const iterator = all.own.stream(orders, { via, poll_ms: 5, onState: ({ status }) => (open = status === 'open') })[Symbol.asyncIterator]()
    const pending = iterator.next()
    await until(() => open)
    const [n] = await place.write(3)
    await one.seen(n + 2)
    assert.equal((await pending).value.data.total, n)
    armed = all.session.identityKey
    await leave(all)
    await one.heard.done
    const told = one.events.length
    assert.equal(one.heard.error?.code, 'identity_changed')
    await assert.rejects(late, { code: 'identity_changed' })
    assert.deepEqual(await iterator.next(), { value: undefined, done: true })
    await place.write(1)
    await until(async () => (await place.streams()) === 0)
    assert.equal(one.events.length, told)
    assert.ok(one.stream.closed)
    all.session.dispose()
  }
})

test('a loop that was left belongs to its user as well', async (t) => {
  const { own, person } = await place.open(t)
  let open
  const stream = own.stream(orders, { onState: ({ status }) => (open = status === 'open') })
  const first = listen(stream, { enough: 1 })
  await until(() => open)
  await place.write(1)
  await first
  await person.signIn('bob')
  const { error, events } = await listen(stream)
  assert.deepEqual([error?.code, events], ['identity_changed', []])
})

test('what was queued when the server ended it is delivered to its user, and to nobody else', async (t) => {
  for (const next of ['alice', 'bob']) {
    const { own, person } = await place.open(t)
    let status
    const iterator = own.stream(orders, { onState: (state) => (status = state.status) })[Symbol.asyncIterator]()
    const first = iterator.next()
    await until(() => status === 'open')
    const want = await place.write(3)
    assert.equal((await first).value.data.total, want[0])
    // A third loss of rights in a row is believed.
    for (let i = 0; i < 3; i++) {
      await until(() => status === 'open')
      await place.knobs({ editRoles: true })
      await fast(async () => {
        await place.knobs({ revalidateEveryMs: 5 })
        await until(() => status !== 'open')
        await place.knobs({ revalidateEveryMs: 60_000 })
        await until(() => status === 'open' || status === 'closed')
      })
    }
    assert.equal(status, 'closed')
    if (next === 'bob') await person.signIn('bob')
    else for (const n of want.slice(1)) assert.equal((await iterator.next()).value.data.total, n)
    await assert.rejects(iterator.next(), { code: 'permission_loss' })
  }
})

test('nobody signed in: signed_out, or bare where that is allowed', async (t) => {
  const all = await place.open(t, null)
  all.person.signOut()
  for (const http of [undefined, place.fetchClient()]) {
    const { error } = await listen(all.client(http).stream({ token: 'x' }))
    assert.equal(error?.code, 'signed_out', error?.stack)
  }
  const { error } = await listen(all.client(undefined, { anonymous: true }).stream({ token: 'x' }))
  assert.deepEqual([error?.code, error?.httpStatus], ['unauthorized', 401])
})

test('every end: dispose, an abort, close of the client, leaving', async (t) => {
  const why = new Error('gone')
  for (const [end, check] of [
    [({ session }) => session.dispose(), ({ error }) => assert.equal(error?.code, 'disposed')],
    [({ control }) => control.abort(why), ({ error }) => assert.equal(error, why)],
    [({ client }) => client.close(), ({ error }) => assert.equal(error, undefined)],
    [({ stream }) => stream.close(), ({ error }) => assert.equal(error, undefined)],
  ]) {
    const { own: client, session } = await place.open(t)
    const control = new AbortController()
    const one = await opened(client, { signal: control.signal })
    await until(async () => (await place.streams()) === 1)
    await end({ session, control, client, stream: one.stream })
    await one.heard.done
    check(one.heard)
    await until(async () => (await place.streams()) === 0)
    assert.equal(one.states.at(-1).status, 'closed')
  }
  const aborted = AbortSignal.abort(why)
  assert.equal((await listen(place.admin.stream({ token: 'x' }, { signal: aborted }))).error, why)
})

test('it can be ended at any moment of its beginning', async (t) => {
  const { own } = await place.open(t)
  const { data: source } = await own.query(orders)
  for (const from of [orders, source]) {
    for (let at = 0; at < 30; at++) {
      const turns = at >> 1
      const stream = own.stream(from)
      const iterator = stream[Symbol.asyncIterator]()
      const next = iterator.next()
      for (let i = 0; i < turns * 3; i++) await (i % 3 ? undefined : new Promise(setImmediate))
      if (at % 2) stream.close()
      else await iterator.return()
      assert.deepEqual(await next, { value: undefined, done: true })
    }
  }
  await until(async () => (await place.streams()) === 0)
})

test('a slow consumer holds the events back; none is lost', async (t) => {
  const { own } = await place.open(t)
  const states = []
  const stream = own.stream(orders, { onState: (state) => states.push(state) })
  const iterator = stream[Symbol.asyncIterator]()
  const first = iterator.next()
  await until(() => states.some(({ status }) => status === 'open'))
  const want = []
  for (let i = 0; i < 10; i++) want.push(...await place.write(200))
  const got = [(await first).value]
  while (got.length < want.length) got.push((await iterator.next()).value)
  assert.deepEqual(numbers(got), want)
  assert.equal(states.at(-1).connects, 1)
  stream.close()
})

test('polled or streamed: the same events', async (t) => {
  const { own } = await place.open(t)
  const { data: source } = await own.query(orders)
  const all = await Promise.all([opened(own, {}, source), opened(own, { via: 'feed', poll_ms: 5, page_size: 2 }, source), opened(own, { via: 'feed', poll_ms: 30 }, source)])
  const want = [...await place.write(5), ...await place.write(1)]
  await place.update(want[0], { note: 'again' })
  // It leaves what alice may see.
  await place.update(want[1], { owner: 'bob' })
  await place.remove(want[2])
  await place.write(2, 'bob')
  want.push(...await place.write(3))
  for (const one of all) await one.seen(want.at(-1))
  for (const one of all) assert.deepEqual(one.numbers(), want)
  const bare = ({ events }) => canonical(events.map(({ stats: _, ...rest }) => rest))
  assert.deepEqual(bare(all[1]), bare(all[0]))
  assert.deepEqual(bare(all[2]), bare(all[0]))
  assert.deepEqual(all[0].events.map(({ type }) => type), [...Array(6).fill('add'), 'update', 'remove', 'remove', ...Array(3).fill('add')])
  for (const { stream, heard } of all) {
    stream.close()
    await heard.done
  }
})

test('a transport of one\'s own, with a session: its tokens, and one forced after a refusal', async (t) => {
  const { client, person } = await place.open(t)
  const mine = client(place.fetchClient())
  await mine.query(lib.fql`1`)
  await fast(async () => {
    for (const via of ['stream', 'feed']) {
      const calls = person.calls
      const { data: source } = await mine.query(orders)
      await place.knobs({ rejectNext: 1 })
      const one = await opened(mine, { via, poll_ms: 5 }, source)
      assert.equal(person.calls, calls + 1, `${via}: forced once`)
      const want = await place.write(3)
      await one.seen(want.at(-1))
      if (via === 'stream') await place.knobs({ cutStreams: true })
      want.push(...await place.write(2))
      await one.seen(want.at(-1))
      assert.deepEqual(one.numbers(), want)
      await close(one)
    }
    // What it throws has our classes: the driver's has errors of its own.
    await place.knobs({ rejectNext: 2 })
    const { error } = await listen(mine.stream({ token: 'x' }))
    assert.ok(error instanceof lib.AuthenticationError && error.httpStatus === 401, error?.stack)
    const invalid = await listen(mine.stream({ token: 'x' }))
    assert.ok(invalid.error instanceof lib.InvalidRequestError)
  })
})

test('a stream that is closed is closed at the server as well, whatever the platform has collected meanwhile', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const { own, client, person } = await place.open(t)
  for (const of of [own, client(place.fetchClient()), place.admin]) {
    const one = await opened(of)
    for (let i = 0; i < 5; i++) {
      collect()
      await new Promise(setImmediate)
    }
    await close(one)
  }
  // The end of a user reaches it too.
  const one = await opened(own)
  collect()
  await new Promise(setImmediate)
  collect()
  await person.signIn('bob')
  await one.heard.done
  await until(async () => (await place.streams()) === 0)
})

test('nothing stays behind: no connection, no timer, no listener', async (t) => {
  const { own, session } = await place.open(t)
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const { data: source } = await own.query(orders)
  const before = timers()
  for (let i = 0; i < 20; i++) {
    const one = await opened(own, { via: i % 2 ? 'feed' : 'stream', poll_ms: 60_000 }, source)
    one.stream.close()
    await one.heard.done
  }
  await until(async () => (await place.streams()) === 0)
  await until(() => timers() <= before)
  session.dispose()
})
