// The same with Apollo Client.
export { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client'
export { SetContextLink } from '@apollo/client/link/context'
export { GraphQLWsLink } from '@apollo/client/link/subscriptions'
export { createClient } from 'graphql-ws'
