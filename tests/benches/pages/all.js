// A page that talks to all four backends; also what `start` loads.
export { CountersignError, createSession } from 'countersign'
export { clerkSession, pageClerk } from 'countersign/clerk'
export { Client, fql } from 'countersign/fauna'
export { HasuraClient } from 'countersign/hasura'
export { ConvexClient } from 'countersign/convex'
export { init } from 'countersign/instant'
