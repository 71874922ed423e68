import { BatchHttpLink } from '@apollo/client/link/batch-http'
import { hasura } from '@/lib/backends'

/** In the place of `HttpLink`: what is asked within 10 ms goes in one request, with one token. */
export const batch = new BatchHttpLink({ uri: process.env.NEXT_PUBLIC_HASURA_URL!, fetch: hasura.fetch })
