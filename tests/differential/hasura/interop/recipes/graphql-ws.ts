import { createClient } from 'graphql-ws'
import { hasura, session } from '@/lib/backends'

// `hasura` is such a client itself, without a gap when a token expires. This is for code that must keep graphql-ws.
export const client = createClient({
  url: process.env.NEXT_PUBLIC_HASURA_URL!.replace(/^http/, 'ws'),
  connectionParams: hasura.connectionParams, // asked for each connection
  retryAttempts: Infinity,
  shouldRetry: () => true,
  on: {
    // Refused: the next attempt has a new token.
    closed: (event) => void ((event as CloseEvent).code === 4403 && session.getToken('hasura', { force: true }).catch(() => {})),
  },
})
// Hasura looks at the token when it connects, and only then: the socket would stay the former user's.
session.on('forget', () => client.terminate())
