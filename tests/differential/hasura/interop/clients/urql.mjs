import { ADD, BEGINNING, bodies, INVALID, LIST, LIVE, STREAM } from './documents.mjs'
import { recipe } from '../recipe.mjs'

/** @param {{ hasura: any, session: any }} backends */
export const urql = async (backends) => {
  const { urqlClient } = await recipe('urql.ts', backends)
  const data = ({ data, error }) => {
    if (error) throw error
    return data
  }
  const watch = (query, variables, sink) => {
    // To urql an error stays in the results that come after it.
    const { unsubscribe } = urqlClient().subscription(query, variables).subscribe(({ data, error }) => {
      if (error) sink.error(error)
      if (data) sink.next(bodies(data))
    })
    return unsubscribe
  }
  return {
    urqlClient,
    list: async (room) => bodies(data(await urqlClient().query(LIST, { room }, { requestPolicy: 'network-only' }).toPromise())),
    add: async (room, body) => data(await urqlClient().mutation(ADD, { room, body }).toPromise()).insert_messages_one.body,
    live: (room, sink) => watch(LIVE, { room }, sink),
    stream: (room, sink) => watch(STREAM, { room, after: BEGINNING }, sink),
    invalid: (_, sink) => watch(INVALID, {}, sink),
    shown: (room) => bodies(urqlClient().readQuery(LIST, { room })?.data),
    graphql: (error) => error.graphQLErrors,
    cause: (error) => error.networkError,
  }
}
