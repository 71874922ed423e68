export { CountersignError, createSession } from 'countersign'
export { clerkSession, pageClerk } from 'countersign/clerk'
export { HasuraClient } from 'countersign/hasura'
