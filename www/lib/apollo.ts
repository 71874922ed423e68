// Apollo Client as it is, with the one thing that it needs from countersign: a fetch that puts the token on.
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client'
import { hasura, session } from './backends'
import { config } from './config'

export const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri: config.hasura.endpoint, fetch: hasura.fetch }),
})
// Another user must not find this one's rows in the cache.
session.on('forget', () => void apollo.clearStore())
