// Subscriptions and requests beside graphql-ws and graphql-request.
import { createSession } from 'countersign'
import { createWsClient, HasuraClient } from 'countersign/hasura'
import { GraphQLClient } from 'graphql-request'
import { createClient } from 'graphql-ws'
import { assert, inTurn, interleave, jwt, median, provider } from './kit.js'
import { deaf } from './wire.js'

const endpoint = `${location.origin}/v1/graphql`
const place = (name) => `${location.origin.replace('http', 'ws')}/sockets/${name}`
const session = createSession({ ...provider(async () => jwt()), templates: { hasura: 'hasura' }, name: 'hasura' })
/** As long as a HasuraClient keeps a socket that nobody needs. */
const KEEP = 3_000

/** Clients by contender, each with a path of its own. */
const clients = {
  ours: (name) => new HasuraClient({ session, template: 'hasura', endpoint, wsEndpoint: place(name) }),
  standard: (name) => createWsClient({ session, template: 'hasura', url: place(name), lazyCloseTimeout: KEEP }),
  peer: (name) => createClient({ url: place(name), lazyCloseTimeout: KEEP, connectionParams: async () => ({ headers: { Authorization: `Bearer ${jwt()}` } }), retryWait: async () => {}, shouldRetry: () => true }),
}

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

/** @param {Record<string, any>} contenders clients @param {{ messages: number, rounds: number, warm: number }} options @returns medians in milliseconds */
const listening = async (contenders, { messages, rounds, warm }) => {
  try {
    return await interleave(Object.fromEntries(Object.entries(contenders).map(([name, client]) => [name, () => listen(client, messages)])), { rounds, warm })
  } finally {
    for (const client of Object.values(contenders)) client.dispose()
  }
}

/** Over a socket; most of the time is the browser's. `again` is graphql-ws, too: what it differs by is the noise of the day. */
export const next = (options) => listening({ ours: clients.ours('ours'), peer: clients.peer('peer'), again: clients.peer('again') }, { ...options, warm: 1 })

/** What the clients spend themselves: the same messages without a socket, handed over in a loop. */
export const delivered = (options) => deaf(() => listening({ ours: clients.ours('ours'), standard: clients.standard('standard'), peer: clients.peer('peer') }, { ...options, warm: 5 }))

/**
 * Medians in milliseconds from `connection_ack` after a dropped connection until each of the subscriptions has its first result again; `sent`: until the last of
 * them was asked for again. A client of its own for each round: ours pauses longer before it connects when one connection after the other is lost.
 */
export const resubscribe = async ({ subscriptions, rounds }) => {
  const { send } = WebSocket.prototype
  let sentAt = 0
  WebSocket.prototype.send = function (data) {
    send.call(this, data)
    sentAt = performance.now()
  }
  const sent = { ours: [], peer: [] }
  const round = async (name) => {
    const client = clients[name](`again-${name}`)
    let ackedAt = 0
    client.on('connected', () => (ackedAt = performance.now()))
    /** Which socket each subscription has heard of. */
    let heard
    let all
    let failed = (_) => {}
    /** @returns {Promise<number>} when the last one had its result */
    const results = () => new Promise((resolve, reject) => {
      heard = new Map()
      all = resolve
      failed = reject
    })
    const subscribed = results()
    for (let n = 0; n < subscriptions; n++)
      client.subscribe({ query: ONE, variables: { n } }, {
        next({ data: { orders: [{ id, socket }] } }) {
          if (id !== n || heard.has(n)) return failed(new Error(`${name}: a result too many, or not the one of ${n}`))
          heard.set(n, socket)
          if (heard.size === subscriptions) all(performance.now())
        },
        error: (error) => failed(error),
        complete() {},
      })
    try {
      await subscribed
      const [before] = heard.values()
      const again = results()
      const dropped = await (await fetch(`/sockets/again-${name}`, { method: 'DELETE' })).text()
      const at = await again
      const over = new Set(heard.values())
      assert(dropped === '1' && over.size === 1 && !over.has(before), `${name}: ${dropped} connections were dropped, and the results came over ${over.size}`)
      sent[name].push(sentAt - ackedAt)
      return at - ackedAt
    } finally {
      client.dispose()
    }
  }
  try {
    const times = await interleave({ ours: () => round('ours'), peer: () => round('peer') }, { rounds, warm: 1 })
    return { ...times, sent: { ours: median(sent.ours), peer: median(sent.peer) } }
  } finally {
    WebSocket.prototype.send = send
  }
}

const QUERY = 'query Messages($room: String!) { messages(where: { room: { _eq: $room } }) { id } }'

/** Medians in milliseconds: of one request after the other, and `together`: of many at once, all of them. */
export const requests = async ({ calls, together, rounds }) => {
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
  return { ...alone, together: all }
}
