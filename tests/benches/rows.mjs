// One function for each part of the table: it measures, and makes rows of what it measured. `measured` never rounds what a goal is
// compared with.
import { WRITE_MS } from './gap.mjs'
import { budgets, sizes } from './sizes.mjs'

/**
 * @typedef {{ name: string, ours: number | null, peer: number | null, ratio: number | null, unit: string, against?: string, goal?: string, met?: boolean, note?: string }} Row
 *   `ratio`: how many times better than the peer; of bytes and of overhead: ours divided by the peer's. `note`: what was measured beside
 */

const faster = (name, ours, peer, unit, more) => ({ name, ours, peer, ratio: peer / ours, unit, ...more })
const atLeast = (goal, ratio) => ({ goal: `at least ${goal} times faster`, met: ratio >= goal })
/** The heaviest of some files, without folders and hashes in their names. @param {Record<string, number>} files @param {number} count */
const largest = (files, count) => Object.entries(files).sort((a, b) => b[1] - a[1]).slice(0, count).map(([file, bytes]) => `${file.replace(/^.*\/|-[A-Z0-9]{8}(?=\.js$)/g, '')} ${bytes.toLocaleString('en')}`).join(', ')
const ms = (value) => `${value.toFixed(2)} ms`

/** "As fast" over a socket: two clients of graphql-ws differ by so much from run to run. */
const SAME = 1.05

/** Lives of a token, in seconds, for which an hour of reads is simulated. */
const LIVES = [60, 300, 3600]

/** Names that must appear in the table whatever happens, by part. */
export const parts = {
  tokens: ['token cached vs auth0', 'token cached vs map', 'token concurrent misses'],
  calls: [...LIVES.map((life) => `provider calls, ${life} s tokens`), 'provider calls, no reads'],
  fetch: ['fetch overhead'],
  fauna: ['fauna decode 1 MB', 'fauna decode 10 MB', 'fauna encode', 'fauna stream', 'fauna page bytes gzip', 'fauna page bytes gzip: a secret'],
  hasura: ['hasura next', 'hasura resubscribe', 'hasura request'],
  gap: ['hasura gap at expiry'],
  bytes: ['total bytes gzip', 'page bytes gzip: clerk + hasura http', 'hasura live page bytes gzip', 'hasura live page bytes gzip: Apollo', 'diagnose bytes gzip', ...Object.keys(budgets.eager).map((name) => `eager bytes gzip: ${name}`), 'eager bytes gzip: fauna as imported'],
  start: ['start'],
  flat: ['1,000,000 calls'],
}

/** Each takes `{ bench, unwatched, quick, browser }` and answers its rows (`unwatched`: as `bench`, with no debugger attached; for what is sent one by one); a part that throws is reported as not measured. */
export const measure = {
  async tokens({ bench, quick }) {
    const cached = await bench('cached', { rounds: quick ? 9 : 31, calls: 20_000 })
    const misses = await bench('misses', { rounds: quick ? 3 : 5, callers: 10_000 })
    const { requests, failed } = misses.theirs
    return [
      faster('token cached vs auth0', cached.ours, cached.auth0, 'ns', { against: 'auth0-spa-js `getTokenSilently`', ...atLeast(9, cached.auth0 / cached.ours) }),
      faster('token cached vs map', cached.ours, cached.map, 'ns', {
        against: '`async (key) => map.get(key)`', goal: 'at most 2.5 times slower', met: cached.ours <= 2.5 * cached.map,
        note: `a map that also looks at the expiry, as a cache of tokens must: ${cached.timedMap.toFixed(0)} ns; ours is ${(cached.ours / cached.timedMap).toFixed(2)} times that`,
      }),
      faster('token concurrent misses', misses.ours, misses.peer, 'ms', {
        against: 'auth0-spa-js, its network stubbed', goal: '1 provider call, at least 10 times faster', met: misses.peer >= 10 * misses.ours,
        note: `10,000 callers, 1 provider call (asserted each round); auth0-spa-js: ${requests} network call${requests === 1 ? '' : 's'}${failed ? `, ${failed} callers rejected` : ''}`,
      }),
    ]
  },

  async calls({ bench }) {
    const { rows, idle } = await bench('hours', LIVES)
    return [
      ...rows.map(({ life, allowed, ours, peer }) => ({
        name: `provider calls, ${life} s tokens`, ours, peer, ratio: peer / ours, unit: 'calls', against: 'auth0-spa-js with a refresh token', goal: `at most ${Math.floor(allowed)}`, met: ours <= allowed,
      })),
      { name: 'provider calls, no reads', ours: idle, peer: null, ratio: null, unit: 'calls', goal: '0', met: idle === 0 },
    ]
  },

  async fetch({ bench, unwatched, quick }) {
    const { ours, peer, again, guarded } = await unwatched('overhead', { requests: quick ? 400 : 2000 })
    const watched = await bench('overhead', { requests: quick ? 200 : 1000 })
    return [{
      name: 'fetch overhead', ours, peer, ratio: ours / peer, unit: 'ms', against: 'plain `fetch`, header set by hand', goal: 'at most 1.03 of it', met: ours / peer <= 1.03,
      note: `${ours > peer ? '+' : ''}${((ours - peer) * 1000).toFixed(0)} µs a request; beside it, of the plain fetch: a second plain fetch ${(again / peer).toFixed(3)}, a plain fetch with the options that we set (no-store, omit, no-referrer, redirect error) ${(guarded / peer).toFixed(3)}; with a debugger attached: plain ${ms(watched.peer)}, ours ${(watched.ours / watched.peer).toFixed(3)} times that`,
    }]
  },

  async fauna({ bench, browser, quick }) {
    const rows = []
    for (const megabytes of [1, 10]) {
      const { ours, peer, bare } = await bench('decode', { megabytes, rounds: megabytes > 1 ? (quick ? 5 : 11) : quick ? 9 : 25 })
      rows.push(faster(`fauna decode ${megabytes} MB`, ours, peer, 'ms', {
        against: '`fauna` driver', goal: 'at least 3 times faster; at most 1.7 times a bare JSON.parse', met: peer >= 3 * ours && ours <= 1.7 * bare,
        note: `bare JSON.parse: ${ms(bare)}; ours is ${(ours / bare).toFixed(2)} times that`,
      }))
    }
    const { ours, peer } = await bench('encode', { rounds: quick ? 25 : 101 })
    rows.push(faster('fauna encode', ours, peer, 'ms', { against: '`fauna` driver', goal: 'at least as fast', met: ours <= peer, note: '10,000 arguments' }))
    const events = 100_000
    const streamed = await bench('stream', { events, rounds: quick ? 3 : 7 })
    const rate = (ms) => `${Math.round(events / ms).toLocaleString('en')} events a millisecond`
    rows.push(faster('fauna stream', streamed.ours, streamed.peer, 'ms', {
      against: '`fauna` driver, its FetchClient', goal: 'at least as fast', met: streamed.ours <= streamed.peer,
      note: `100,000 events of some 300 bytes, from the request to the last of them; ${rate(streamed.ours)}, the driver ${rate(streamed.peer)}`,
    }))
    const sum = (files) => Object.values(files).reduce((all, bytes) => all + bytes, 0)
    const pages = await browser.faunaPages()
    const peerPage = sum(pages['fauna-peer'].query) + sum(pages['fauna-peer'].stream)
    for (const [name, page, what] of [['fauna page bytes gzip', 'fauna-session', 'with Clerk and its session: the token manager and its wasm are most of it, which the driver has nothing like'], ['fauna page bytes gzip: a secret', 'fauna-secret', 'no session and so no wasm']]) {
      const { query, stream } = pages[page]
      rows.push({
        name, ours: sum(query), peer: peerPage, ratio: sum(query) / peerPage, unit: 'bytes', against: '`fauna` driver (no token manager)',
        note: `all that the page has loaded when a query is answered, in ${Object.keys(query).length} files (the largest: ${largest(query, 4)}), ${what}; the first event of a stream loads ${sum(stream).toLocaleString('en')} bytes more`,
      })
    }
    return rows
  },

  async hasura({ bench, unwatched, quick }) {
    const times = (value, of) => `${(value / of).toFixed(3)} times`
    const messages = 10_000
    const next = await bench('next', { messages, rounds: quick ? 3 : 7 })
    const alone = await bench('delivered', { messages, rounds: quick ? 15 : 51 })
    const each = (took) => `${((took * 1000) / messages).toFixed(2)} µs`
    const again = await bench('resubscribe', { subscriptions: 500, rounds: quick ? 4 : 15 })
    const requests = await unwatched('requests', { calls: quick ? 400 : 2000, together: 200, rounds: quick ? 3 : 9 })
    const watched = await bench('requests', { calls: quick ? 200 : 1000, together: 200, rounds: 3 })
    return [
      faster('hasura next', next.ours, next.peer, 'ms', {
        against: 'graphql-ws', goal: `as fast: at most ${SAME} times its time`, met: next.ours <= SAME * next.peer,
        note: `10,000 results of some 250 bytes, from the first at the sink to the last; of graphql-ws's time: a second client of graphql-ws ${(next.again / next.peer).toFixed(3)}. Most of the time is the browser's: what the clients spend themselves on a message, without a socket: ${each(alone.ours)}, createWsClient ${each(alone.standard)}, graphql-ws ${each(alone.peer)}`,
      }),
      faster('hasura resubscribe', again.ours, again.peer, 'ms', {
        against: 'graphql-ws, without its pause', goal: `not slower: at most ${SAME} times its time`, met: again.ours <= SAME * again.peer,
        note: `500 subscriptions, from \`connection_ack\` after a dropped connection to the first result of the last one; all were asked for again after ${ms(again.sent.ours)}, with graphql-ws after ${ms(again.sent.peer)}`,
      }),
      faster('hasura request', requests.ours, requests.peer, 'ms', {
        against: 'graphql-request, header set by hand', goal: 'at most 1.03 of it', met: requests.ours <= 1.03 * requests.peer,
        note: `one after the other; a plain fetch of the same takes ${ms(requests.bare)}, ours ${times(requests.ours, requests.bare)} that, graphql-request ${times(requests.peer, requests.bare)}. 200 at once: ${ms(requests.together.ours)}, graphql-request ${ms(requests.together.peer)}. With a debugger attached: graphql-request ${ms(watched.peer)}, ours ${times(watched.ours, watched.peer)} that`,
      }),
    ]
  },

  async gap({ browser, quick }) {
    const { rows, ours, peer, expiredSeen } = await browser.gap({ lifetimeS: 10, expiries: quick ? 1 : 2 })
    const latest = ({ live, stream }) => Math.max(live.late, stream.late)
    /** Who hears of a row before the next one is written is not blind; so much the machine does by itself. */
    const blind = (side) => (latest(side) < WRITE_MS ? 0 : latest(side))
    const counts = ({ live, stream }) => `live query ${live.lost} lost, ${live.doubled} doubled; stream ${stream.lost} lost, ${stream.doubled} doubled`
    const clean = [ours.live, ours.stream].every(({ lost, doubled }) => lost === 0 && doubled === 0)
    return [{
      name: 'hasura gap at expiry', ours: blind(ours), peer: blind(peer), ratio: null, unit: 'ms', against: 'graphql-ws, a new token for each connection', goal: '0 ms, 0 lost, 0 doubled; no token sent after its expiry',
      met: blind(ours) === 0 && clean && expiredSeen === 0,
      note: `tokens of 10 s, ${rows} rows, one every ${WRITE_MS} ms; ours: ${ours.connected} sockets, ${counts(ours)}, no row later than ${ms(latest(ours))}; graphql-ws: ${peer.connected} sockets, ${counts(peer)}; connection_init with an expired token: ${expiredSeen}`,
    }]
  },

  async bytes({ browser }) {
    const { eager, used, page, live, total, peers, diagnose, beside, files } = await sizes()
    const seen = await browser.healthy()
    const strays = (loaded, counted) => loaded.filter((file) => !(file in counted))
    const uncounted = ['page', 'live', 'total'].flatMap((name) => strays(seen[name], files[name]))
    if (uncounted.length) throw new Error(`a healthy page loaded what is not counted: ${uncounted.join(', ')}`)
    const counted = (loaded, all) => `${Object.keys(all).length} files counted, a healthy run in the browser loaded ${loaded.length} of them and no other; the largest: ${largest(all, 5)}`
    const absolute = (name, ours, budget, note) => ({ name, ours, peer: null, ratio: null, unit: 'bytes', ...(budget && { goal: `at most ${budget}`, met: ours <= budget }), ...(note && { note }) })
    return [
      {
        name: 'total bytes gzip', ours: total, peer: peers, ratio: total / peers, unit: 'bytes', against: 'fauna + convex + @instantdb/core + graphql-request + auth0-spa-js',
        goal: `at most ${budgets.total} of it`, met: total <= budgets.total * peers, note: counted(seen.total, files.total),
      },
      absolute('page bytes gzip: clerk + hasura http', page, budgets.page, counted(seen.page, files.page)),
      {
        name: 'hasura live page bytes gzip', ours: live, peer: beside.small, ratio: live / beside.small, unit: 'bytes', against: 'graphql-request + graphql-ws (no token manager)',
        note: `with Clerk, its session and a live query; ${counted(seen.live, files.live)}`,
      },
      { name: 'hasura live page bytes gzip: Apollo', ours: live, peer: beside.apollo, ratio: live / beside.apollo, unit: 'bytes', against: 'Apollo Client + graphql-ws (no token manager)' },
      absolute('diagnose bytes gzip', diagnose, 0, 'loaded after a rejected token, or by `check()`'),
      ...Object.entries(eager).map(([name, bytes]) => absolute(`eager bytes gzip: ${name}`, bytes, budgets.eager[name])),
      absolute('eager bytes gzip: fauna as imported', used, budgets.eager.fauna),
    ]
  },

  async start({ browser, quick }) {
    const { ours, peer, loaded } = await browser.start(quick ? 5 : 25)
    return [faster('start', ours, peer, 'ms', {
      against: "the peers' bundle loaded and run", goal: 'not slower', met: ours <= peer,
      note: `fresh page each; ours: entry and glue loaded and run ${ms(loaded)}, then core loaded, compiled, instantiated and the first token`,
    })]
  },

  async flat({ browser }) {
    const { heapKB, wasmKB, listeners, sent } = await browser.flat(1_000_000)
    return [{
      name: '1,000,000 calls', ours: heapKB, peer: null, ratio: null, unit: 'KB', against: 'itself', goal: 'flat: under 256 KB more, no wasm page, no listener more',
      met: heapKB < 256 && wasmKB === 0 && listeners === 0,
      note: `heap after less heap before, both after a collection; ${sent} of the calls were authorised requests, answered by a stub of fetch; wasm memory +${wasmKB} KB, event listeners +${listeners}`,
    }]
  },
}
