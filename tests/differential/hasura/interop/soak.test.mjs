// Tokens of ten seconds, every client at once: none is sent that has expired, each expiry is one call of the provider, and no row is lost, doubled or out of
// order. graphql-ws itself is there for comparison: with our `connectionParams` it is never refused, and it has its gaps.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serve } from './page.mjs'
import { soak } from './soak.mjs'

/** @type {any} */
let world
// Where there is a document already, PGlite takes this for a page.
const shared = serve(async () => (world = await import('../../../package/react-world.mjs')))
const how = process.env.COUNTERSIGN_FULL === '1' ? { expiries: 15, writeMs: 500 } : { expiries: 2, writeMs: 250 }

test(`${how.expiries} expiries of tokens of ten seconds`, { timeout: 290_000 }, async (t) => {
  const { all, seconds, running, sockets } = await soak(shared, world, t, how)
  const { expiredSeen } = shared.place.hasura.counters()
  const whole = (/** @type {string[]} */ list) => assert.deepEqual(list, all.slice(0, list.length))
  for (const { name, user, page, seen, live, stream } of running) {
    const lines = sockets(user)
    const theirs = name === 'graphql-ws'
    const { calls } = page.account
    const pauses = calls.slice(1).map(({ at }, i) => at - calls[i].at)
    const twice = seen.streamed.length - new Set(seen.streamed).size
    t.diagnostic(`${name}: ${calls.length} calls of the provider in ${seconds.toFixed(0)} s, ${lines.length} sockets, ${seen.polled.length} answers, ${seen.live.length} results, ${seen.streamed.length} rows of ${all.length}${theirs ? `, ${twice} of them twice; without a connection for ${seen.gaps.join(', ')} ms` : ''}`)
    assert.deepEqual(seen.errors, [], name)
    assert.ok(calls.every(({ force }) => !force), `${name}: a token was refused`)
    assert.ok(Math.min(...pauses) > 4500, `${name}: asked the provider after ${pauses} ms`)
    if (theirs) continue
    assert.ok(seen.polled.length > how.expiries, name)
    seen.polled.forEach(whole)
    seen.live.forEach(whole)
    // A result that is as long as the one before is the same once more; a shorter one is of an older time.
    for (const list of [seen.polled, seen.live]) list.forEach((each, i) => assert.ok(i === 0 || each.length > list[i - 1].length || (list === seen.polled && each.length === list[i - 1].length), `${name}: ${each.length} rows after ${list[i - 1]?.length}`))
    if (live) assert.deepEqual(seen.live.at(-1), all, name)
    if (stream) assert.deepEqual(seen.streamed, all, name)
    if (live) assert.ok(lines.length > how.expiries, `${name}: ${lines.length} sockets`)
    // Each was left for the next one before its token's end, with the default lead of tokens of ten seconds: two of them.
    for (const { closed, events } of lines) assert.deepEqual([closed?.by, closed?.code], ['client', 1000], `${name}: ${JSON.stringify(events.map(({ at, ...event }) => ({ after: at - events[0].at, ...event })))}`)
  }
  assert.equal(expiredSeen, 0)
})
