// A page that asks Fauna with the token of whoever is signed in with Clerk.
export { clerkSession, pageClerk } from 'countersign/clerk'
export { Client, fql } from 'countersign/fauna'
