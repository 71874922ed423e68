// useLive over client.live of Fauna: a real session, the local Fauna. Whose documents are shown, and how often they are asked for.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CountersignProvider, complaints, fakeProvider, h, mount, open, turn, useIdentityKey, useLive } from './react-world.mjs'
import { startPlace } from '../differential/fauna/place.mjs'
import { until } from '../differential/until.mjs'
import { lib } from '../differential/fauna/compare.mjs'
import { status } from '../differential/fauna/listening.mjs'
import { stub } from '../differential/fauna/stub.mjs'

let place
before(async () => (place = await startPlace()))
after(() => place.stop())

test('the documents of whoever is signed in, kept right; those of the one before are not shown for one render', async (t) => {
  const { own, session, person } = await place.open(t)
  await place.write(2, 'alice')
  await place.write(1, 'bob')
  const shown = []
  const Orders = () => {
    const who = useIdentityKey()
    // A new question with each render, equal by its key.
    const { data, error, isLoading } = useLive(own.live(lib.fql`Order.where(.item == "numbered")`, { order: (a, b) => a.total - b.total }))
    shown.push([who, data?.map(({ owner }) => owner)])
    return error ? `error: ${error.message}` : isLoading ? 'loading' : data.map(({ owner, total }) => `${owner} ${total}`).join(', ')
  }
  const { host, render, shows, unmount } = await mount(t, h(CountersignProvider, { session }, h(Orders)))
  await shows('alice 0, alice 1')
  await until(async () => (await place.streams()) === 1)
  const asked = place.asked('/query/1')
  await render(h(CountersignProvider, { session }, h(Orders)))
  await place.write(1, 'alice')
  await shows('alice 0, alice 1, alice 3')
  assert.equal(place.asked('/query/1'), asked + 1, 'the writer\'s, and no other')
  await person.signIn('bob')
  await shows('bob 2')
  await place.write(1, 'bob')
  await shows('bob 2, bob 4')
  person.signOut()
  await until(() => /^error: nobody is signed in/i.test(host.textContent))
  await person.signIn('alice')
  await shows('alice 0, alice 1, alice 3')
  // A person's key is a mark that says nothing; whose rows were shown under it does.
  const owners = new Map()
  for (const [who, rows] of shown) for (const owner of rows ?? []) owners.set(who, (owners.get(who) ?? new Set()).add(owner))
  for (const [who, seen] of owners) assert.equal(seen.size, 1, `${who} was shown the orders of ${[...seen]}`)
  unmount()
  await until(async () => (await place.streams()) === 0)
  await turn()
  assert.deepEqual(complaints.splice(0), [])
})

for (const between of ['bob', null])
  test(`${between ?? 'nobody'} for less than a render: the set is followed afterwards`, async (t) => {
    const provider = fakeProvider({ user: 'alice' })
    const session = open(t)
    session.connect(provider)
    await session.getToken('fauna')
    let streams = 0
    const row = (n) => ({ '@doc': { id: '1', coll: { '@mod': 'Order' }, ts: { '@time': '2024-01-01T00:00:00Z' }, n: `read ${n}` } })
    const stay = async function* () {
      yield status(1)
      await new Promise(() => {})
    }
    const server = await stub(({ line }) => (line.includes('/query') ? { json: { data: { page: { '@set': { data: [row(streams)] } }, source: { '@stream': 's' } }, txn_ts: 1 } } : (streams++, { chunks: stay() })))
    t.after(() => server.stop())
    const client = new lib.Client({ session, template: 'fauna', endpoint: server.url })
    const question = client.live(lib.fql`Order.all()`)
    const Orders = () => {
      const { data, error, isLoading } = useLive(question)
      return error ? `error: ${error.message}` : isLoading ? 'loading' : data.map(({ n }) => n).join()
    }
    const { shows, unmount } = await mount(t, h(CountersignProvider, { session }, h(Orders)))
    await shows('read 0')
    await until(() => server.open.size === 1)
    for (const who of [between, 'alice']) who ? provider.signIn(who) : provider.signOut()
    await shows('read 1')
    await until(() => streams === 2 && server.open.size === 1)
    unmount()
    await until(() => server.open.size === 0)
  })
