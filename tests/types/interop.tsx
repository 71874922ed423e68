// GraphQL clients take `hasura` as their socket, in each version that people have. The recipes of ../differential/hasura/interop compile, too.
import { ApolloLink } from '@apollo/client'
import { BatchHttpLink } from '@apollo/client/link/batch-http'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { HttpLink as HttpLink3, ApolloClient as ApolloClient3, InMemoryCache as InMemoryCache3 } from 'apollo-client-3/core'
import { BatchHttpLink as BatchHttpLink3 } from 'apollo-client-3/link/batch-http'
import { GraphQLWsLink as GraphQLWsLink3 } from 'apollo-client-3/link/subscriptions'
import { createClient, type Client, type ClientOptions } from 'graphql-ws'
import useSWRSubscription from 'swr/subscription'
import { subscriptionExchange } from 'urql'
import { createWsClient } from 'countersign/hasura'
import { hasura, session } from '@/lib/backends'

const uri = 'https://backend.test/v1/graphql'

// Structurally graphql-ws's client, and its options.
export const twins: Client[] = [hasura, createWsClient({ url: uri }), createWsClient({ url: () => uri, session, template: 'hasura' })]
const options: ClientOptions = { url: uri, connectionParams: hasura.connectionParams, lazy: true, retryAttempts: 3, retryWait: async () => {}, shouldRetry: () => true, on: { closed: (event) => void event } }
export const theirs = createClient(options)
// Whatever graphql-ws takes, createWsClient takes: moving over is changing an import.
export const moved = (options: ClientOptions) => createWsClient(options)

export const link = ApolloLink.from([new BatchHttpLink({ uri, fetch: hasura.fetch }), new GraphQLWsLink(hasura)])
export const apollo3 = new ApolloClient3({ cache: new InMemoryCache3(), link: new HttpLink3({ uri, fetch: hasura.fetch }) })
export const links3 = [new BatchHttpLink3({ uri, fetch: hasura.fetch }), new GraphQLWsLink3(hasura)]

export const exchange = subscriptionExchange({
  forwardSubscription: ({ query = '', variables }) => ({ subscribe: (sink) => ({ unsubscribe: hasura.subscribe({ query, variables: variables as Record<string, unknown> }, sink) }) }),
})

export const useLiveMessages = (me: string) => useSWRSubscription<{ messages: { body: string }[] }, Error, string[]>([me], (_, { next }) =>
  hasura.live<{ messages: { body: string }[] }>('subscription { messages { body } }').subscribe({ next: (data) => next(null, data), error: (error) => next(error as Error) }))
