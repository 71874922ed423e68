import { useSyncExternalStore } from 'react'
import { cacheExchange, Client, fetchExchange, subscriptionExchange } from 'urql'
import { hasura, session } from '@/lib/backends'

const make = () => new Client({
  url: process.env.NEXT_PUBLIC_HASURA_URL!,
  fetch: hasura.fetch,
  preferGetMethod: false, // Hasura takes no GET
  exchanges: [cacheExchange, fetchExchange, subscriptionExchange({
    forwardSubscription: ({ query, variables }) => ({
      subscribe: (sink) => ({ unsubscribe: hasura.subscribe({ query: query!, variables: variables as Record<string, unknown> }, sink) }),
    }),
  })],
})

// The cache is one user's, and it cannot be emptied: the next user gets a client of their own.
let client = make()
const listeners = new Set<() => void>()
session.on('forget', () => {
  client = make()
  for (const listener of listeners) listener()
})
const listen = (listener: () => void) => (listeners.add(listener), () => void listeners.delete(listener))
/** `<UrqlProvider value={useUrqlClient()}>` */
export const useUrqlClient = () => useSyncExternalStore(listen, urqlClient, urqlClient)
export const urqlClient = () => client
