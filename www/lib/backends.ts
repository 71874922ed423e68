// The one session of the app and a client per backend. No React in it, and nothing here does anything yet:
// the provider arrives when somebody signs in (lib/auth.ts), and calls made before that wait for it.
import { createSession } from 'countersign'
import { ConvexClient } from 'countersign/convex'
import { Client } from 'countersign/fauna'
import { HasuraClient } from 'countersign/hasura'
import { init } from 'countersign/instant'
import { config } from './config'
import { source } from './source'

export const session = createSession({
  // My name for a token, and what to ask the provider for. Clerk reads `template`, Auth0 reads `audience` and `idToken`.
  templates: {
    fauna: { template: 'fauna', audience: config.fauna.audience },
    hasura: { template: 'hasura', audience: config.hasura.audience },
    convex: { template: 'convex', idToken: true },
    instant: { idToken: true },
  },
})

export const fauna = new Client({ session, template: 'fauna', endpoint: config.fauna.endpoint, audience: config.fauna.audience })
export const hasura = new HasuraClient({ session, template: 'hasura', endpoint: config.hasura.endpoint })
export const convex = new ConvexClient(config.convex.url, { session, template: 'convex' })
export const instant = init({
  session, template: 'instant', appId: config.instant.appId, apiURI: config.instant.apiURI,
  // The name of the OAuth client in Instant's dashboard. A getter, because it is who signed the user in that decides which one.
  get clientName() {
    return source.get() === 'auth0' ? config.instant.auth0ClientName : config.instant.clerkClientName
  },
})

/** The four templates in the order the page shows them. */
export const TEMPLATES = ['fauna', 'hasura', 'convex', 'instant'] as const
export type Template = (typeof TEMPLATES)[number]
