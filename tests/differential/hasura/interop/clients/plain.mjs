// Clients without a cache: graphql-request, and HasuraClient itself.
import { ADD, BEGINNING, bodies, LIST, LIVE, STREAM } from './documents.mjs'
import { recipe } from '../recipe.mjs'

/** @param {{ hasura: any, session: any }} backends */
export const graphqlRequest = async (backends) => {
  const { client } = await recipe('graphql-request.ts', backends)
  return {
    list: async (room) => bodies(await client.request(LIST, { room })),
    add: async (room, body) => (await client.request(ADD, { room, body })).insert_messages_one.body,
    graphql: (error) => error.response.errors,
    cause: (error) => error,
  }
}

/** @param {{ hasura: any }} backends */
export const own = async ({ hasura }) => {
  const watch = (query, variables, sink) => hasura.live(query, variables).subscribe({ ...sink, next: (data) => sink.next(bodies(data)) })
  return {
    list: async (room) => bodies(await hasura.request(LIST, { room })),
    add: async (room, body) => (await hasura.request(ADD, { room, body })).insert_messages_one.body,
    live: (room, sink) => watch(LIVE, { room }, sink),
    stream: (room, sink) => watch(STREAM, { room, after: BEGINNING }, sink),
    graphql: (error) => error.errors,
    cause: (error) => error,
  }
}
