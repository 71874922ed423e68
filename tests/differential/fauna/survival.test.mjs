// Streams that outlive their tokens, and a soak: real tokens that live for seconds, a writer that writes all the time. What is expected is every event, once, in order.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { until } from '../until.mjs'
import { lib } from './compare.mjs'
import { listen } from './listening.mjs'
import { expiry, numbers, startPlace } from './place.mjs'
import { prng } from './random.mjs'

const FULL = process.env.COUNTERSIGN_FULL === '1'
const LIFETIME_S = 8

/** Each test has servers of its own, so that they can run at once: most of their time is waiting for tokens to grow old. */
const start = async (t, options) => {
  const place = await startPlace(options)
  t.after(() => place.stop())
  return place
}

// No pauses between attempts.
const { random } = Math
Math.random = () => 0.001
after(() => (Math.random = random))

const orders = lib.fql`Order.all().eventSource()`

/** Every request to the local Fauna with a token, and how long that had to live when it was sent. */
const watched = (t, place) => {
  const { fetch } = globalThis
  const sent = []
  globalThis.fetch = (input, init) => {
    const url = new URL(input.url ?? input)
    const exp = expiry(new Headers(init?.headers ?? input.headers).get('authorization'))
    if (url.origin === place.url.origin && exp !== Infinity) sent.push({ path: url.pathname, left: exp - Date.now(), exp })
    return fetch(input, init)
  }
  t.after(() => (globalThis.fetch = fetch))
  return sent
}

/** Writes one order after the other until it is told to stop; `stop` answers with all of their numbers. */
const writer = (place) => {
  const written = []
  let on = true
  const done = (async () => {
    while (on) {
      written.push(...await place.write(1 + (written.length % 3)))
      if (written.length % 5 === 0) await place.write(1, 'bob')
    }
  })()
  return { stop: async () => ((on = false), await done, written) }
}

/** Listeners of several ways, all open. */
const ears = async (ways) => {
  const all = ways.map(({ client, options, source }) => {
    const ear = { states: [], events: [], error: undefined, over: false }
    ear.stream = client.stream(source ?? orders, { onState: (state) => ear.states.push(state), ...options })
    ear.done = listen(ear.stream, { on: (event) => void ear.events.push(event) }).then(({ error }) => Object.assign(ear, { error, over: true }))
    ear.opened = (times = 1) => ear.states.filter(({ status }) => status === 'open').length >= times
    return ear
  })
  await until(() => all.every((ear) => ear.opened() || ear.over))
  return all
}

/** Each heard all of it, once and in order. */
const exactly = async (all, written) => {
  const last = written.at(-1)
  for (const ear of all) {
    await until(() => ear.over || ear.events.findLast(({ data }) => data.total === last))
    assert.equal(ear.error, undefined, ear.error?.stack)
    assert.deepEqual(numbers(ear.events), written)
    assert.equal(ear.events.length, written.length)
  }
}

const end = async (place, all) => {
  for (const ear of all) ear.stream.close()
  for (const ear of all) await ear.done
  await until(async () => (await place.streams()) === 0)
}

describe('streams that outlive', { concurrency: true }, () => {
  test(`tokens of ${LIFETIME_S} seconds: renewed before they expire, one call of the provider each, not an event missed`, async (t) => {
    const place = await start(t, { lifetimeS: LIFETIME_S })
    const sent = watched(t, place)
    const { client, own, person } = await place.open(t)
    // Looked at so often that a token that has expired would be seen to.
    await place.knobs({ revalidateEveryMs: 50 })
    const all = await ears([{ client: own }, { client: own, options: { via: 'feed', poll_ms: 50 } }, { client: client(place.fetchClient()) }])
    const [streamed, , handed] = all
    const pen = writer(place)
    const rounds = FULL ? 8 : 2
    const enough = () => [streamed, handed].every((ear) => ear.opened(1 + rounds))
    const deadline = Date.now() + (rounds + 2) * LIFETIME_S * 1000
    while (!enough() && Date.now() < deadline && !all.some(({ over }) => over)) await until(() => enough() || Date.now() >= deadline || all.some(({ over }) => over)).catch(() => {})
    const written = await pen.stop()
    await exactly(all, written)
    assert.ok(enough(), 'it was renewed that often')
    for (const { states } of [streamed, handed]) assert.deepEqual([...new Set(states.map(({ cause }) => cause))], ['first', 'renewed'])
    assert.ok(sent.length > 2 * rounds)
    for (const { path, left } of sent) assert.ok(left > 0, `${path} with a token that had expired ${-left} ms before`)
    assert.equal(person.calls, new Set(sent.map(({ exp }) => exp)).size, 'no token was asked for and not used, none twice')
    assert.ok(person.calls <= rounds + 2, `${person.calls} calls for ${rounds} rounds`)
    assert.deepEqual(place.log.filter(({ status }) => status === 401), [])
    await end(place, all)
  })

  test('a provider that fails for a while: the stream is cut, and goes on when there is a token again', async (t) => {
    const place = await start(t, { lifetimeS: 3 })
    const { own, person, session } = await place.open(t)
    await place.knobs({ revalidateEveryMs: 50 })
    const [ear] = await ears([{ client: own }])
    const { getToken } = person.provider
    let failing = true
    let failed = 0
    person.provider.getToken = async (request) => {
      if (!failing) return getToken(request)
      failed++
      throw new Error('503 from the issuer')
    }
    const written = await place.write(2)
    // However often it is tried meanwhile: rights that seem to be lost are those of an old token.
    await until(() => failed && ear.states.at(-1).connects > 8 || ear.over)
    assert.equal(ear.error, undefined, ear.error?.stack)
    assert.equal(session.status, 'degraded')
    written.push(...await place.write(3))
    failing = false
    await exactly([ear], written)
    await end(place, [ear])
  })

  test('a soak: connections cut, closed, refused and silenced at random', async (t) => {
    const seed = FULL ? Math.floor(random() * 2 ** 31) : 11
    const r = prng(seed)
    const pick = (list) => list[Math.floor(r() * list.length)]
    t.diagnostic(`seed ${seed}`)
    const place = await start(t)
    const { client, own } = await place.open(t)
    const all = await ears([{ client: own }, { client: own }, { client: own, options: { via: 'feed', poll_ms: 10, page_size: 3 } }, { client: client(place.fetchClient()) }])
    const written = []
    const done = Date.now() + (FULL ? 120_000 : 4000)
    // A third loss of rights in a row would be believed.
    let losses = 2
    while (Date.now() < done) {
      const trouble = pick([{ cutStreams: true }, { endStreams: true }, { overflowStreams: true }, { cutNext: 2 }, { dropNext: 2 }, { cutStreams: true, dropNext: 1 }, { splitChunks: r() < 0.5 }, { editRoles: true }, { firstByteMs: Math.floor(r() * 20) }, {}])
      if (!trouble.editRoles || losses-- > 0) await place.knobs(trouble)
      for (let i = Math.floor(r() * 4); i > 0; i--) written.push(...await place.write(1 + Math.floor(r() * 4)))
      // At most 128 are replayed: who falls back further has missed some, which is another test.
      const low = written.at(-60)
      if (low !== undefined) await until(() => all.every((ear) => ear.over || ear.events.findLast(({ data }) => data.total >= low)))
      assert.deepEqual(all.filter(({ over }) => over).map(({ error }) => error), [])
    }
    await place.knobs({ cutNext: 0, dropNext: 0, firstByteMs: 0, splitChunks: false })
    await exactly(all, written)
    t.diagnostic(`${written.length} events, connections: ${all.map(({ states }) => states.at(-1).connects).join(', ')}`)
    await end(place, all)
  })
})
