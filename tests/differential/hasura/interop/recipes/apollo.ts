import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { OperationTypeNode } from 'graphql'
import { hasura, session } from '@/lib/backends'

export const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(hasura),
    new HttpLink({ uri: process.env.NEXT_PUBLIC_HASURA_URL!, fetch: hasura.fetch }),
  ),
})
// The cache is one user's.
session.on('forget', () => void apollo.clearStore())
