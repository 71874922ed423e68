import { GraphQLClient } from 'graphql-request'
import { hasura } from '@/lib/backends'

// Not `headers: async () => …`: graphql-request does not wait for it, and sends none.
export const client = new GraphQLClient(process.env.NEXT_PUBLIC_HASURA_URL!, { fetch: hasura.fetch })
