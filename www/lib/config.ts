// Where everything is. Without variables: the local backends of `tests/backends`, on their usual ports.
// Next puts a NEXT_PUBLIC_ variable into the page only where its name is written out, hence the repetition.
// `||` and not `??`: an empty line in .env.local means "not set".

export const config = {
  clerk: {
    /** Set: a real Clerk, loaded from the frontend API that the key names. Unset: the local issuer. */
    publishableKey: process.env.NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY || undefined,
    issuer: process.env.NEXT_PUBLIC_CLERK_ISSUER || 'http://127.0.0.1:4100',
  },
  auth0: {
    domain: process.env.NEXT_PUBLIC_AUTH0_DOMAIN || 'http://127.0.0.1:4101',
    clientId: process.env.NEXT_PUBLIC_AUTH0_CLIENT_ID || 'local-spa',
    isLocal: !process.env.NEXT_PUBLIC_AUTH0_DOMAIN || /^http:\/\/127\.0\.0\.1\b/.test(process.env.NEXT_PUBLIC_AUTH0_DOMAIN),
  },
  fauna: {
    endpoint: process.env.NEXT_PUBLIC_FAUNA_ENDPOINT || 'http://127.0.0.1:4102',
    audience: process.env.NEXT_PUBLIC_FAUNA_AUDIENCE || 'https://db.fauna.com/db/yxxeeaaqcydyy',
  },
  hasura: {
    endpoint: process.env.NEXT_PUBLIC_HASURA_ENDPOINT || 'http://127.0.0.1:4103/v1/graphql',
    audience: process.env.NEXT_PUBLIC_HASURA_AUDIENCE || 'https://hasura.local/',
  },
  convex: {
    url: process.env.NEXT_PUBLIC_CONVEX_URL || 'http://127.0.0.1:4104',
  },
  instant: {
    appId: process.env.NEXT_PUBLIC_INSTANT_APP_ID || '5c8bd7b5-0f54-4b8f-8a5e-0c0a51fe5a11',
    apiURI: process.env.NEXT_PUBLIC_INSTANT_API || 'http://127.0.0.1:4105',
    clerkClientName: process.env.NEXT_PUBLIC_INSTANT_CLERK_CLIENT || 'clerk',
    auth0ClientName: process.env.NEXT_PUBLIC_INSTANT_AUTH0_CLIENT || 'auth0',
  },
} as const

/** `host/path` of an address, for showing. */
export const hostOf = (address: string) => address.replace(/^https?:\/\//, '').replace(/\/$/, '')
