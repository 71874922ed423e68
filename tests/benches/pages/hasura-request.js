// Hasura over HTTP and over a socket with the two small clients; the token is the page's own affair.
export { gql, GraphQLClient } from 'graphql-request'
export { createClient } from 'graphql-ws'
