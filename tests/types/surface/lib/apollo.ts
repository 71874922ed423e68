import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { OperationTypeNode } from 'graphql'
import { hasura, session } from './backends'

export const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split((o) => o.operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(hasura),                                  // the client is a graphql-ws Client
    new HttpLink({ uri: process.env.NEXT_PUBLIC_HASURA_URL!, fetch: hasura.fetch })),
})
session.on('forget', () => void apollo.clearStore())
