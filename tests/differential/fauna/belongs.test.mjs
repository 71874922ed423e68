// Whose a subscription is, from the call on: not whoever is signed in when the code has loaded, and not whoever comes while nobody is known.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lib } from './compare.mjs'
import { change, eventStats, listen, status } from './listening.mjs'
import { signedIn, subOf } from './signed-in.mjs'
import { stub } from './stub.mjs'

const row = (owner) => ({ '@doc': { id: '1', coll: { '@mod': 'Order' }, ts: { '@time': '2024-01-01T00:00:00Z' }, owner } })
const stay = async function* (...lines) {
  yield* lines
  await new Promise(() => {})
}
const serve = async (t) => {
  const server = await stub(({ line, headers, body }) => {
    const who = subOf(headers.authorization)
    const set = JSON.stringify(body).includes('pageSize')
    if (line.includes('/query')) return { json: { data: set ? { page: { '@set': { data: [row(who)] } }, source: { '@stream': 'source' } } : { '@stream': 'source' }, txn_ts: 1 } }
    if (line.includes('/feed')) return { json: { events: [{ type: 'add', data: who, txn_ts: 1, cursor: 'c1', stats: eventStats }], cursor: 'c1', has_next: false } }
    return { chunks: stay(status(1), change(2, who)) }
  })
  t.after(() => server.stop())
  return server
}

const asks = {
  stream: (client) => client.stream({ token: 'source' })[Symbol.asyncIterator]().next(),
  'stream of a query': (client) => client.stream(lib.fql`q`)[Symbol.asyncIterator]().next(),
  feed: (client) => client.feed({ token: 'source' }).nextPage(),
  'feed of a query': (client) => client.feed(lib.fql`q`).nextPage(),
  live: (client) => new Promise((next, error) => client.live(lib.fql`q`).subscribe({ next, error })),
}

for (const [what, ask] of Object.entries(asks))
  for (const path of [['bob'], ['bob', 'alice']])
    test(`${what}: asked as alice, then ${path.join(', then ')} within the turn: nobody is answered, nothing is sent`, async (t) => {
      const server = await serve(t)
      const { session, become } = await signedIn(t)
      const answer = ask(new lib.Client({ session, template: 'fauna', endpoint: server.url }))
      for (const who of path) become(who)
      await assert.rejects(answer, { code: 'identity_changed' })
      assert.equal(server.log.length, 0)
    })

test('a loop that alice left is not gone on with for bob, also if nobody was known when it began', async (t) => {
  const server = await serve(t)
  const { session, become } = await signedIn(t)
  const stream = new lib.Client({ session, template: 'fauna', endpoint: server.url }).stream({ token: 'source' })
  assert.deepEqual((await listen(stream, { enough: 1 })).events.map(({ data }) => data), ['alice'])
  become(undefined)
  const next = stream[Symbol.asyncIterator]().next()
  become('bob')
  await assert.rejects(next, { code: 'identity_changed' })
  assert.equal(server.log.length, 1)
})
