// What a listener misses when its token expires, beside one whose token does not.
import { createSession } from 'countersign'
import { HasuraClient } from 'countersign/hasura'
import { createClient } from 'graphql-ws'
import { assert, provider } from './kit.js'

/** The last rows, as a list on a page shows them: what is in none of the results was never shown. */
const LIVE = 'subscription Newest { orders(order_by: { id: desc }, limit: 10) { id } }'
const STREAM = 'subscription Rows($after: Int!) { orders_stream(batch_size: 10, cursor: { initial_value: { id: $after } }) { id } }'

/** What one subscription has heard of the rows, which are numbered. */
const hearing = () => {
  const times = new Map()
  const seen = new Set()
  const of = {
    newest: 0,
    doubled: 0,
    /** A result with nothing new in it was delivered twice, or late. @param {number[]} numbers */
    whole(numbers) {
      if (of.newest >= Math.max(...numbers)) of.doubled++
      of.learn(numbers)
    },
    /** A row of a stream comes once. */
    rows(numbers) {
      of.doubled += numbers.filter((n) => seen.has(n)).length
      of.learn(numbers)
    },
    learn(numbers) {
      const now = performance.now()
      for (const n of numbers) seen.add(n)
      const newest = Math.max(...numbers)
      // With the first results it hears of what was there before.
      for (let n = (of.newest || newest - 1) + 1; n <= newest; n++) times.set(n, now)
      of.newest = Math.max(of.newest, newest)
    },
    /** When it knew that this row was there, or a later one. */
    at: (n) => times.get(n) ?? performance.now(),
    lost: (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((n) => !seen.has(n)).length,
  }
  return of
}

const subscribed = (client, after, failed) => {
  const of = { live: hearing(), stream: hearing(), connected: 0, closes: [] }
  const error = (what) => failed(new Error(`a subscription ended: ${what?.message ?? JSON.stringify(what)}`))
  client.on('connected', () => of.connected++)
  client.on('closed', ({ code }) => of.closes.push(code))
  client.subscribe({ query: LIVE }, { next: ({ data }) => of.live.whole(data.orders.map(({ id }) => id)), error, complete() {} })
  client.subscribe({ query: STREAM, variables: { after } }, { next: ({ data }) => of.stream.rows(data.orders_stream.map(({ id }) => id)), error, complete() {} })
  return of
}

/**
 * @param {{ endpoint: string, after: number, lifetimeS: number, expiries: number }} options
 *   `mint(seconds)` and `finish()` are functions of the page: a token, and the number of the last row when no more is written
 */
export const gap = ({ endpoint, after, lifetimeS, expiries }) => new Promise((resolve, reject) => {
  const url = endpoint.replace('http', 'ws')
  const bearer = (life) => async () => ({ headers: { Authorization: `Bearer ${await globalThis.mint(life)}` } })
  const session = createSession({ ...provider(() => globalThis.mint(lifetimeS)), templates: { hasura: 'hasura' }, name: 'gap' })
  const clients = {
    ours: new HasuraClient({ session, template: 'hasura', endpoint }),
    peer: createClient({ url, connectionParams: bearer(lifetimeS), shouldRetry: () => true }),
    steady: createClient({ url, connectionParams: bearer(3600) }),
  }
  const ear = Object.fromEntries(Object.entries(clients).map(([name, client]) => [name, subscribed(client, after, reject)]))
  const { ours, peer, steady } = ear
  const all = [ours, peer, steady].flatMap(({ live, stream }) => [live, stream])
  const until = async (what, seconds, holds) => {
    const end = performance.now() + seconds * 1000
    for (; !holds(); await new Promise((again) => setTimeout(again, 20))) if (performance.now() > end) return false
    return true
  }
  /**
   * `late`: the gap. Of all rows that were written, the longest time from when `steady` knew of one until this listener knew of it, or of a later one: the time for
   * which it was blind. The server tells both in the same moment, so what the server, the writer and the machine do to both does not count.
   */
  const measured = (of, from, to) => {
    const late = (what) => Math.max(...Array.from({ length: to - from + 1 }, (_, i) => of[what].at(from + i) - steady[what].at(from + i)))
    const one = (what) => ({ late: late(what), lost: of[what].lost(from, to), doubled: of[what].doubled })
    return { live: one('live'), stream: one('stream'), connected: of.connected, closes: of.closes }
  }
  const run = async () => {
    assert(await until('start', 15, () => all.every(({ newest }) => newest > after)), 'not every subscription heard of the first rows')
    const from = Math.max(...all.map(({ newest }) => newest)) + 1
    const over = (of) => of.connected > expiries
    // graphql-ws waits up to 4 s before it connects anew.
    assert(await until('expiries', expiries * (lifetimeS + 6) + 5, () => over(ours) && over(peer)), `${ours.connected} and ${peer.connected} connections, where each token brings one`)
    await until('again', 5, () => peer.stream.newest >= steady.stream.newest)
    const to = await globalThis.finish()
    await until('all', 3, () => all.every(({ newest }) => newest >= to))
    assert(steady.connected === 1 && peer.closes.filter((code) => code === 1006).length >= expiries, `the tokens did not expire: graphql-ws's sockets closed with ${peer.closes.join(', ')}`)
    const control = measured(steady, from, to)
    assert([control.live, control.stream].every(({ lost, doubled }) => lost === 0 && doubled === 0), 'the listener whose token does not expire lost rows, too')
    return { rows: to - from + 1, ours: measured(ours, from, to), peer: measured(peer, from, to) }
  }
  run().then(resolve, reject).finally(() => {
    for (const client of Object.values(clients)) client.dispose()
    session.dispose()
  })
})
