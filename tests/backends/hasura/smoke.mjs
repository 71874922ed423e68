// The official clients' view of the server, over HTTP and over sockets: the same steps can be run through another client and the
// results compared.
import { ClientError, GraphQLClient, gql } from 'graphql-request'

/**
 * Reads, writes, changes and deletes one row, and collects what is refused. Leaves the database as it found it.
 * @param {object} options
 * @param {string} options.endpoint   the GraphQL endpoint
 * @param {string | (() => string | Promise<string>)} [options.token]   without one: signed out, and only `signedOut` is filled
 * @param {typeof fetch} [options.fetch]   another way to send requests, e.g. one that puts the token on by itself
 */
export async function smoke({ endpoint, token, fetch }) {
  const client = new GraphQLClient(endpoint, {
    fetch,
    requestMiddleware: async (request) => {
      const value = typeof token === 'function' ? await token() : token
      return value ? { ...request, headers: { ...Object.fromEntries(new Headers(request.headers)), authorization: `Bearer ${value}` } } : request
    },
  })
  if (!token && !fetch) return { signedOut: await refusal(() => client.request('{ __typename }')) }

  const { __schema } = await client.request('{ __schema { types { name } } }')
  const { messages } = await client.request('{ messages(order_by: { id: asc }) { id body owner room } }')
  const { messages_aggregate: count } = await client.request('{ messages_aggregate { aggregate { count } } }')
  const { messages: kitchen } = await client.request(
    gql`query ($room: String!) { messages(where: { room: { _eq: $room } }, order_by: { id: asc }) { body } }`, { room: 'kitchen' })
  const everyone = await client.request('{ messages_aggregate { aggregate { count } } }', {}, { 'x-hasura-role': 'editor' })

  const { insert_messages_one: made } = await client.request(
    gql`mutation ($body: String!) { insert_messages_one(object: { body: $body, room: "smoke" }) { id body owner } }`, { body: 'written by the smoke script' })
  const changed = await client.request(
    gql`mutation ($id: uuid!) { update_messages_by_pk(pk_columns: { id: $id }, _set: { body: "changed" }) { body } }`, { id: made.id })
  const found = await client.request(gql`query ($id: uuid!) { messages_by_pk(id: $id) { body } }`, { id: made.id })
  const deleted = await client.request(gql`mutation ($id: uuid!) { delete_messages_by_pk(id: $id) { id } }`, { id: made.id })
  const gone = await client.request(gql`query ($id: uuid!) { messages_by_pk(id: $id) { body } }`, { id: made.id })
  const [first, second] = await client.batchRequests([{ document: '{ orders { item total } }' }, { document: '{ messages { body } }' }])

  return {
    types: __schema.types.map(({ name }) => name).filter((name) => name === 'messages' || name === 'query_root').sort(),
    bodies: messages.map(({ body }) => body),
    owners: [...new Set(messages.map(({ owner }) => owner))],
    count: count.aggregate.count,
    kitchen: kitchen.map(({ body }) => body),
    everyone: everyone.messages_aggregate.aggregate.count,
    inserted: made.body,
    insertedOwner: made.owner,
    updated: changed.update_messages_by_pk.body,
    found: found.messages_by_pk.body,
    deleted: deleted.delete_messages_by_pk.id === made.id,
    gone: gone.messages_by_pk,
    batch: [first.data.orders.length, second.data.messages.length],
    unknownField: await refusal(() => client.request('{ messages { nope } }')),
    badRole: await refusal(() => client.request('{ messages { id } }', {}, { 'x-hasura-role': 'root' })),
    badInput: await refusal(() => client.request('{ messages_by_pk(id: "no uuid") { id } }')),
  }
}

/**
 * The same for sockets: a live query, a stream, a mutation and a refusal over anything that is shaped like a client of
 * graphql-ws. Leaves the database as it found it.
 * @param {{ client: Pick<import('graphql-ws').Client, 'subscribe'> }} options   for a user who owns no row of the room `smoke`
 */
export async function smokeSockets({ client }) {
  const listen = (query, variables = {}) => {
    /** @type {any[]} */
    const results = []
    /** @type {((value: unknown) => void)[]} */
    const waiting = []
    const moved = () => waiting.splice(0).forEach((wake) => wake(undefined))
    const heard = { results, error: /** @type {any} */ (undefined), completed: false, stop: () => {} }
    heard.stop = client.subscribe({ query, variables }, {
      next: (value) => { results.push(value); moved() },
      error: (error) => { heard.error = error; moved() },
      complete: () => { heard.completed = true; moved() },
    })
    const until = async (condition) => { while (!condition()) await new Promise((wake) => waiting.push(wake)) }
    return Object.assign(heard, {
      count: (n) => until(() => results.length >= n || heard.error),
      end: () => until(() => heard.completed || heard.error),
    })
  }
  const live = listen('subscription ($room: String!) { messages(where: {room: {_eq: $room}}, order_by: {id: asc}) { body } }', { room: 'smoke' })
  const stream = listen('subscription { messages_stream(batch_size: 10, cursor: {initial_value: {created_at: null}}, where: {room: {_eq: "smoke"}}) { body } }')
  await live.count(1)
  const mutation = listen('mutation { insert_messages_one(object: {body: "over the socket", room: "smoke"}) { owner } }')
  await Promise.all([mutation.end(), live.count(2), stream.count(1)])
  const removed = listen('mutation { delete_messages(where: {room: {_eq: "smoke"}}) { affected_rows } }')
  await Promise.all([removed.end(), live.count(3)])
  const refused = listen('subscription { messages { nope } }')
  await refused.end()
  live.stop()
  stream.stop()
  return {
    live: live.results.map(({ data }) => data.messages.map(({ body }) => body)),
    stream: stream.results.map(({ data }) => data.messages_stream.map(({ body }) => body)),
    inserted: mutation.results[0].data.insert_messages_one.owner,
    removed: removed.results[0].data.delete_messages.affected_rows,
    completed: mutation.completed && removed.completed,
    refused: refused.error?.[0]?.extensions,
  }
}

/** What the client threw, reduced to what another client must throw too. @param {() => Promise<unknown>} call */
async function refusal(call) {
  try {
    await call()
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    const [first] = error.response.errors ?? []
    return { status: error.response.status, message: first?.message, code: first?.extensions?.code, path: first?.extensions?.path }
  }
  return undefined
}
