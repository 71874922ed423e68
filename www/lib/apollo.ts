// Apollo Client as it is, with the two things that it needs from countersign: a fetch that puts the token on, and a graphql-ws client.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { OperationTypeNode } from 'graphql'
import { hasura, session } from './backends'
import { config } from './config'

export const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split((operation) => operation.operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(hasura),
    new HttpLink({ uri: config.hasura.endpoint, fetch: hasura.fetch })),
})
// Another user must not find this one's rows in the cache.
session.on('forget', () => void apollo.clearStore())
