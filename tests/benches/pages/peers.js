// The same five jobs with the vendors' own clients.
export { Client, fql } from 'fauna'
export { ConvexClient } from 'convex/browser'
export { init } from '@instantdb/core'
export { gql, GraphQLClient } from 'graphql-request'
export { createAuth0Client } from '@auth0/auth0-spa-js'
