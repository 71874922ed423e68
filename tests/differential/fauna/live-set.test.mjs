// client.live: what it shows is what a query would find, whatever happened meanwhile. The local Fauna, real tokens.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../until.mjs'
import { canonical, fast, lib } from './compare.mjs'
import { startPlace } from './place.mjs'
import { prng } from './random.mjs'

const { fql } = lib
let place
before(async () => (place = await startPlace()))
after(() => place.stop())

const NUMBERED = fql`Order.where(.item == "numbered")`
const totals = (rows) => rows.map(({ total }) => total)

/** Listens; `shows` waits for what is given to be what a condition says. */
const watch = (live) => {
  const self = { given: [], errors: [], complete: 0, states: [] }
  self.last = () => self.given.at(-1)
  self.stop = live.subscribe({ next: (rows) => self.given.push(rows), error: (error) => self.errors.push(error), complete: () => self.complete++ })
  self.shows = (holds) => until(() => self.errors.length || (self.given.length && holds(self.last()))).then(() => assert.deepEqual(self.errors, []))
  return self
}
/** What a query finds now. */
const found = async (client, set) => {
  const out = []
  for await (const row of client.paginate(set).flatten()) out.push(row)
  return out
}
const byId = (rows) => canonical([...rows].sort((a, b) => (a.id < b.id ? -1 : 1)))
const gone = () => until(async () => (await place.streams()) === 0)
const clear = () => place.admin.query(fql`${NUMBERED}.forEach(.delete())`)

for (const options of [{}, { via: 'feed', poll_ms: 5 }]) {
  test(`what came, changed, left, and matches no more (${options.via ?? 'stream'})`, async (t) => {
    await clear()
    const { own } = await place.open(t)
    const before = await place.write(3)
    const events = []
    const set = fql`Order.where(.total >= ${before[0]} && .item == "numbered")`
    const live = own.live(set, { ...options, onEvent: (event) => (events.push(event.type), assert.fail('is nobody\'s')), onState: (state) => watched.states.push(state.status) })
    const watched = watch(live)
    await watched.shows((rows) => rows.length === 3)
    assert.ok(watched.last()[0] instanceof lib.Document)
    await until(() => watched.states.includes('open'))
    const [added] = await place.write(1)
    await watched.shows((rows) => rows.length === 4)
    assert.deepEqual(totals(watched.last()), [...before, added], 'new ones at the end')
    await place.update(before[1], { note: 'changed' })
    await watched.shows((rows) => rows[1].note === 'changed')
    await place.remove(before[0])
    await watched.shows((rows) => rows.length === 3)
    await place.update(before[2], { item: 'matches no more' })
    await watched.shows((rows) => rows.length === 2)
    await place.write(2, 'bob')
    // It leaves what alice may see.
    await place.update(added, { owner: 'bob' })
    await watched.shows((rows) => rows.length === 1)
    assert.deepEqual(byId(watched.last()), byId(await found(own, set)))
    assert.deepEqual(events, ['add', 'update', 'remove', 'remove', 'remove'])
    // Each is a list of its own: a page that compares sees that something changed.
    assert.equal(new Set(watched.given).size, watched.given.length)
    watched.stop()
    const told = watched.given.length
    await gone()
    await place.write(1)
    assert.deepEqual([watched.given.length, watched.complete, watched.errors], [told, 0, []])
  })
}

test('whatever happens while it is read and followed, it ends as a query would find it', async (t) => {
  await clear()
  const { own } = await place.open(t)
  const r = prng(5)
  const pick = (list) => list[Math.floor(r() * list.length)]
  await fast(async () => {
    const here = await place.write(20)
    const all = [watch(own.live(NUMBERED)), watch(own.live(NUMBERED, { via: 'feed', poll_ms: 5 })), watch(own.live(fql`${NUMBERED}.map(o => { id: o.id, total: o.total, note: o.note })`))]
    for (let i = 0; i < 60; i++) {
      const n = pick(here)
      const what = r()
      if (what < 0.4) here.push(...await place.write(1 + Math.floor(r() * 3), r() < 0.8 ? 'alice' : 'bob'))
      else if (what < 0.6) await place.update(n, { note: i }).catch(() => {})
      else if (what < 0.8) await place.update(n, { item: pick(['numbered', 'hidden']) }).catch(() => {})
      else if (what < 0.9) await place.remove(n).catch(() => {})
      else await place.knobs(pick([{ cutStreams: true }, { endStreams: true }, { cutNext: 1 }, { dropNext: 1 }]))
    }
    await place.knobs({ cutNext: 0, dropNext: 0 })
    const want = await found(own, NUMBERED)
    const last = (await place.write(1))[0]
    for (const one of all) await one.shows((rows) => totals(rows).includes(last))
    for (const [i, one] of all.entries()) {
      const rows = one.last().filter(({ total }) => total !== last)
      if (i < 2) assert.deepEqual(byId(rows), byId(want))
      else assert.deepEqual(byId(rows), byId(want.map(({ id, total, note }) => ({ id, total, note: note ?? null }))))
      one.stop()
    }
  })
  await gone()
})

test('events that were missed: it is read anew, and nothing of before stays', async (t) => {
  await clear()
  const { own } = await place.open(t)
  await fast(async () => {
    const states = []
    const events = []
    const watched = watch(own.live(NUMBERED, { onState: (state) => states.push(state), onEvent: ({ type }) => events.push(type) }))
    await until(() => states.some(({ status }) => status === 'open'))
    const first = await place.write(3)
    await watched.shows((rows) => rows.length === 3)
    // Nothing gets through while more is written than is replayed.
    await place.knobs({ cutStreams: true, dropNext: 1e9 })
    await until(() => states.at(-1).connects > 2)
    await place.remove(first[0])
    const many = await place.write(131)
    const shown = watched.given.length
    await place.knobs({ dropNext: 0 })
    await watched.shows((rows) => rows.length === 133)
    assert.deepEqual(totals(watched.last()), [...first.slice(1), ...many])
    // What the 128 that were replayed made of the old set is shown or not, but never mixed with the new one.
    for (const rows of watched.given.slice(shown)) assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
    assert.ok(events.includes('resync'))
    const [one] = await place.write(1)
    await watched.shows((rows) => totals(rows).includes(one))
    assert.equal(watched.last().length, 134)
    watched.stop()
  })
  await gone()
})

test('more than a page, and no more than the limit', async (t) => {
  await clear()
  const { own } = await place.open(t)
  await place.write(1100)
  const all = watch(own.live(NUMBERED, { limit: 1101 }))
  await all.shows((rows) => rows.length === 1100)
  const few = watch(own.live(NUMBERED, { limit: 1000 }))
  await until(() => few.errors.length)
  assert.ok(few.errors[0] instanceof lib.ClientError)
  assert.match(few.errors[0].message, /1000/)
  assert.deepEqual(few.given, [])
  await until(async () => (await place.streams()) === 1)
  await place.write(1)
  await all.shows((rows) => rows.length === 1101)
  await place.write(1)
  await until(() => all.errors.length)
  assert.ok(all.errors[0] instanceof lib.ClientError)
  assert.ok(all.given.every((rows) => rows.length <= 1101))
  await gone()
  await clear()
  const seventeen = await place.write(17)
  const small = watch(own.live(NUMBERED, { limit: 17 }))
  await small.shows((rows) => rows.length === 17)
  assert.deepEqual(totals(small.last()), seventeen)
  small.stop()
  await gone()
})

test('order; a projection with id, and one without', async (t) => {
  await clear()
  const { own } = await place.open(t)
  const numbers = await place.write(3)
  const down = watch(own.live(fql`${NUMBERED}.map(o => { id: o.id, total: o.total })`, { order: (a, b) => b.total - a.total }))
  await down.shows((rows) => rows.length === 3)
  const [more] = await place.write(1)
  await down.shows((rows) => rows.length === 4)
  assert.deepEqual(totals(down.last()), [more, ...[...numbers].reverse()])
  await place.remove(numbers[1])
  await down.shows((rows) => rows.length === 3)
  down.stop()
  // A field called name does not say which document it is: two may have the same.
  for (const set of [fql`${NUMBERED}.map(o => { total: o.total })`, fql`${NUMBERED}.map(o => { name: o.item })`]) {
    const nameless = watch(own.live(set))
    await until(() => nameless.errors.length)
    assert.ok(nameless.errors[0] instanceof lib.ClientError)
    assert.match(nameless.errors[0].message, /id/)
  }
  await gone()
})

test('a set that cannot be asked for, and one without events', async (t) => {
  const { own } = await place.open(t)
  for (const [set, name] of [[fql`nonsense(`, 'QueryCheckError'], [fql`[1, 2].toSet()`, 'QueryRuntimeError'], [fql`5`, 'QueryCheckError']]) {
    const one = watch(own.live(set))
    await until(() => one.errors.length)
    assert.ok(one.errors[0] instanceof lib.ServiceError, one.errors[0].stack)
    assert.deepEqual([one.given, one.complete], [[], 0], name)
  }
})

test('equal keys for equal questions, and others for others', async (t) => {
  const { own, client } = await place.open(t)
  const ask = (n) => fql`Order.where(.total >= ${n})`
  const asked = place.asked('/query/1')
  const { key } = own.live(ask(1))
  for (const other of [own.live(ask(1)), own.live(ask(1), { limit: 1000, via: 'stream' }), own.live(ask(1), { order: () => 0, onState() {}, onEvent() {} }), client().live(ask(1))]) assert.equal(other.key, key)
  const others = [own.live(ask(2)), own.live(ask(1), { via: 'feed' }), own.live(ask(1), { via: 'feed', poll_ms: 10 }), own.live(ask(1), { limit: 5 }), new lib.Client({ secret: 's', endpoint: 'http://127.0.0.1:1' }).live(ask(1))]
  assert.equal(new Set([key, ...others.map((live) => live.key)]).size, others.length + 1)
  assert.throws(() => own.live(fql`Order.where(.total >= ${() => {}})`), TypeError)
  assert.equal(place.asked('/query/1'), asked, 'making one asks nothing')
})

test('a function is a sink; unsubscribing at any moment leaves nothing', async (t) => {
  await clear()
  const { own } = await place.open(t)
  const [n] = await place.write(1)
  let rows
  const stop = own.live(NUMBERED).subscribe((now) => (rows = now))
  await until(() => rows?.length === 1)
  assert.equal(rows[0].total, n)
  stop()
  stop()
  const said = []
  for (let turns = 0; turns < 30; turns++) {
    const leave = own.live(NUMBERED).subscribe({ next: () => said.push('next'), error: (error) => said.push(error), complete: () => said.push('complete') })
    for (let i = 0; i < turns * 2; i++) await (i % 3 ? undefined : new Promise(setImmediate))
    const now = said.length
    leave()
    await new Promise(setImmediate)
    assert.equal(said.length, now)
  }
  await gone()
})

test('the end: another user, nobody, the client\'s, the session\'s', async (t) => {
  await clear()
  for (const [leave, code] of [[({ person }) => person.signIn('bob'), 'identity_changed'], [({ session }) => session.signOut(), 'identity_changed'], [({ session }) => session.dispose(), 'disposed'], [({ own }) => own.close(), undefined]]) {
    const all = await place.open(t)
    let open
    const watched = watch(all.own.live(NUMBERED, { onState: ({ status }) => (open = status === 'open') }))
    await until(() => open)
    // It ends in the very turn in which the last event came: what it makes is nobody's any more.
    const { total } = { total: watched.given.length }
    await leave(all)
    await until(() => watched.errors.length || watched.complete)
    assert.deepEqual([watched.errors[0]?.code, watched.errors.length, watched.complete], [code, code ? 1 : 0, code ? 0 : 1])
    await place.write(1)
    await gone()
    assert.ok(watched.given.length <= total + 1)
    all.session.dispose()
  }
  const { own, person } = await place.open(t, null)
  person.signOut()
  const nobody = watch(own.live(NUMBERED))
  await until(() => nobody.errors.length)
  assert.equal(nobody.errors[0].code, 'signed_out')
})

test('what an event makes is not given to whoever came in the meantime', async (t) => {
  await clear()
  const { own, person, session } = await place.open(t)
  let open
  const watched = watch(own.live(NUMBERED, { onState: ({ status }) => (open = status === 'open'), onEvent: () => person.signOut() }))
  await until(() => open && watched.given.length)
  await place.write(1)
  await until(() => watched.errors.length)
  assert.deepEqual([watched.errors[0].code, watched.given], ['identity_changed', [[]]])
  session.dispose()
})

test('a set that is read to its end when nobody follows it any more is given to nobody', async (t) => {
  await clear()
  await place.write(1)
  const { own } = await place.open(t)
  await own.query(fql`1`)
  await place.knobs({ holdMs: 600_000 })
  const asked = place.asked('/query/1')
  const watched = watch(own.live(NUMBERED))
  await until(() => place.asked('/query/1') > asked)
  own.close()
  await until(() => watched.complete)
  await place.knobs({ holdMs: 0 })
  await until(() => place.log.at(-1).status === 200)
  await place.admin.query(fql`1`)
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve))
  assert.deepEqual([watched.given, watched.errors], [[], []])
})

test('the user changes while the set is read: neither the rows of the first nor a mixture', async (t) => {
  await clear()
  await place.write(3001)
  // While the first page is on its way, while the second is, and between any two.
  for (const pages of [1, 2, 3]) {
    const { own, person, session } = await place.open(t)
    const before = place.asked('/query/1')
    const watched = watch(own.live(fql`Order.where(.total >= 0)`, { limit: 5000 }))
    await until(() => place.asked('/query/1') >= before + pages)
    await person.signIn('bob')
    await until(() => watched.errors.length)
    assert.equal(watched.errors[0].code, 'identity_changed')
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve))
    assert.deepEqual(watched.given, [])
    session.dispose()
  }
  await clear()
  await gone()
})

test('on a server: asked with a secret, silent with a session', async (t) => {
  await clear()
  const [n] = await place.write(1)
  const { window } = globalThis
  delete globalThis.window
  try {
    const { own } = await place.open(t)
    const silent = watch(own.live(NUMBERED))
    const asked = watch(place.admin.live(NUMBERED))
    await asked.shows((rows) => rows[0].total === n)
    assert.deepEqual([silent.given, silent.errors, silent.complete], [[], [], 0])
    asked.stop()
  } finally {
    globalThis.window = window
  }
  await gone()
})
