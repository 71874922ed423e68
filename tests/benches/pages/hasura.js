// Subscriptions and requests beside graphql-ws and graphql-request.
import { createSession } from 'countersign'
import { createWsClient, HasuraClient } from 'countersign/hasura'
import { GraphQLClient } from 'graphql-request'
import { createClient } from 'graphql-ws'
import { assert, inTurn, interleave, jwt, median, provider } from './kit.js'
import { deaf } from './wire.js'

const endpoint = `${location.origin}/v1/graphql`
const place = (name) => `${location.origin.replace('http', 'ws')}/sockets/${name}`
/** As long as a HasuraClient keeps a socket that nobody needs. */
const KEEP = 3_000

/** Clients by contender, each with a path of its own. */
const clients = {
  ours: (name) => new HasuraClient({ session: signedIn(name), template: 'hasura', endpoint, wsEndpoint: place(name) }),
  standard: (name) => createWsClient({ session: signedIn(name), template: 'hasura', url: place(name), lazyCloseTimeout: KEEP }),
  peer: (name) => createClient({ url: place(name), lazyCloseTimeout: KEEP, connectionParams: async () => ({ headers: { Authorization: `Bearer ${jwt()}` } }), retryWait: async () => {}, shouldRetry: () => true }),
}
const signedIn = (name) => createSession({ ...provider(async () => jwt()), templates: { hasura: 'hasura' }, name })

const MANY = 'subscription Orders($count: Int!) { orders(limit: $count) { id socket item owner total open room at } }'
const ONE = 'subscription Order($n: Int!) { orders(where: { id: { _eq: $n } }) { id socket item owner total open room at } }'

/** Milliseconds from the first result at the sink to the last one; they must be all, and in order. */
const listen = (client, count) => new Promise((resolve, reject) => {
  let seen = 0
  let first = 0
  let last = 0
  client.subscribe({ query: MANY, variables: { count } }, {
    next({ data }) {
      if (data.orders[0].id !== seen) return reject(new Error(`result ${seen} is another: ${data.orders[0].id}`))
      if (seen === 0) first = performance.now()
      if (++seen === count) last = performance.now()
    },
    error: reject,
    complete: () => (seen === count ? resolve(last - first) : reject(new Error(`${seen} results of ${count}`))),
  })
})

/** Medians in milliseconds: over a socket, and `bare`, the same without one: the frames are handed to the client in a loop. */
export const next = async ({ messages, rounds }) => {
  const open = { ours: clients.ours('ours'), standard: clients.standard('standard'), peer: clients.peer('peer'), again: clients.peer('again') }
  const run = (of) => Object.fromEntries(Object.entries(of).map(([name, client]) => [name, () => listen(client, messages)]))
  const socket = await interleave(run(open), { rounds })
  for (const client of Object.values(open)) client.dispose()
  const bare = await deaf(async () => {
    const contenders = Object.fromEntries(Object.entries(clients).map(([name, make]) => [name, make(`bare ${name}`)]))
    const times = await interleave(run(contenders), { rounds })
    for (const client of Object.values(contenders)) client.dispose()
    return times
  })
  return { ...socket, bare }
}

/**
 * Medians in milliseconds from `connection_ack` after a dropped connection until each of the subscriptions has its first result again; `sent`: until the last of
 * them was asked for again.
 */
export const resubscribe = async ({ subscriptions, rounds }) => {
  const { send } = WebSocket.prototype
  let sentAt = 0
  WebSocket.prototype.send = function (data) {
    send.call(this, data)
    sentAt = performance.now()
  }
  const sent = { ours: [], peer: [] }
  const open = (name) => {
    const client = clients[name](`again-${name}`)
    let ackedAt = 0
    /** Which socket each subscription has heard of. */
    let heard = new Map()
    let all = () => {}
    let failed = (error) => void error
    client.on('connected', () => (ackedAt = performance.now()))
    const results = () => new Promise((resolve, reject) => {
      heard = new Map()
      all = resolve
      failed = reject
    })
    const first = results()
    for (let n = 0; n < subscriptions; n++)
      client.subscribe({ query: ONE, variables: { n } }, {
        next({ data: { orders: [{ id, socket }] } }) {
          assert(id === n && !heard.has(n), `${name}: a result too many, or not the one of ${n}`)
          heard.set(n, socket)
          if (heard.size === subscriptions) all(performance.now())
        },
        error: failed,
        complete() {},
      })
    return {
      client, first,
      async round() {
        const again = results()
        const dropped = await (await fetch(`/sockets/again-${name}`, { method: 'DELETE' })).text()
        const at = await again
        assert(dropped === '1' && new Set(heard.values()).size === 1, `${name}: ${dropped} sockets were dropped, and the results came over ${new Set(heard.values()).size}`)
        sent[name].push(sentAt - ackedAt)
        return at - ackedAt
      },
    }
  }
  const [ours, peer] = [open('ours'), open('peer')]
  try {
    await Promise.all([ours.first, peer.first])
    const times = await interleave({ ours: ours.round, peer: peer.round }, { rounds })
    return { ...times, sent: { ours: median(sent.ours), peer: median(sent.peer) } }
  } finally {
    for (const { client } of [ours, peer]) client.dispose()
    WebSocket.prototype.send = send
  }
}

const QUERY = 'query Messages($room: String!) { messages(where: { room: { _eq: $room } }) { id } }'

/** Medians in milliseconds: of one request after the other, and `together`: of many at once, all of them. */
export const requests = async ({ calls, together, rounds }) => {
  const session = signedIn('requests')
  const client = new HasuraClient({ session, template: 'hasura', endpoint })
  const token = await session.getToken('hasura')
  const peer = new GraphQLClient(endpoint, { headers: { authorization: `Bearer ${token}` } })
  const variables = { room: 'kitchen' }
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const read = (ask) => async () => assert((await ask()).messages.length === 1, 'not the answer')
  const contenders = {
    ours: read(() => client.request(QUERY, variables)),
    peer: read(() => peer.request(QUERY, variables)),
    bare: read(async () => (await (await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify({ query: QUERY, variables }) })).json()).data),
  }
  const alone = await inTurn(contenders, { calls })
  const many = (ask) => async () => {
    const at = performance.now()
    await Promise.all(Array.from({ length: together }, ask))
    return performance.now() - at
  }
  const all = await interleave({ ours: many(contenders.ours), peer: many(contenders.peer) }, { rounds })
  client.dispose()
  session.dispose()
  return { ...alone, together: all }
}
