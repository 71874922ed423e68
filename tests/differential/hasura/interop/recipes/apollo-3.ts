import { ApolloClient, HttpLink, InMemoryCache, split } from '@apollo/client/core'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { getMainDefinition } from '@apollo/client/utilities'
import { hasura, session } from '@/lib/backends'

export const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: split(
    ({ query }) => {
      const main = getMainDefinition(query)
      return main.kind === 'OperationDefinition' && main.operation === 'subscription'
    },
    new GraphQLWsLink(hasura),
    new HttpLink({ uri: process.env.NEXT_PUBLIC_HASURA_URL!, fetch: hasura.fetch }),
  ),
})
// The cache is one user's.
session.on('forget', () => void apollo.clearStore())
