import { clerkSession, pageClerk } from 'countersign/clerk'
import { Client } from 'countersign/fauna'
import { HasuraClient } from 'countersign/hasura'
import { ConvexClient } from 'countersign/convex'

export const session = clerkSession(pageClerk, {
  templates: { fauna: 'fauna', hasura: 'hasura', convex: 'convex', instant: {} }, // my name: the Clerk template; {} is the session token
})
export const fauna = new Client({ session, template: 'fauna', endpoint: process.env.NEXT_PUBLIC_FAUNA_URL })
export const hasura = new HasuraClient({ session, template: 'hasura', endpoint: process.env.NEXT_PUBLIC_HASURA_URL })
export const convex = new ConvexClient(process.env.NEXT_PUBLIC_CONVEX_URL, { session, template: 'convex' })
