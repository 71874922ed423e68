// The database every test finds: its collections, roles and access providers, as one would write them in FSL.
import { personOf } from '../accounts.mjs'

/** Field types: String, Number, Boolean, Any; `?` after a type makes the field optional. No `fields`: anything goes. */
export const COLLECTIONS = {
  Order: { fields: { owner: 'String', item: 'String', total: 'Number', note: 'Any?' } },
  /** Without a schema, and open to static secrets only: for round trips of values and long paginations. */
  Scratch: {},
}

const OWN = '== personOf(Query.token()!.sub)'
/** Privileges by role, collection and action; the predicates are FQL and run with the server's rights. */
export const ROLES = {
  customer: {
    Order: {
      read: `doc => doc.owner ${OWN}`,
      create: `doc => doc.owner ${OWN}`,
      write: `(before, after) => before.owner ${OWN} && after.owner ${OWN}`,
      delete: `doc => doc.owner ${OWN}`,
    },
  },
  manager: { Order: { read: 'doc => true' } },
  /** Machine tokens (client credentials): they may look, not touch. */
  script: { Order: { read: 'doc => true' } },
}

/** Which roles a verified payload gets; a predicate that fails to run counts as false. */
const GRANTS = [
  { role: 'customer', predicate: 'claims => personOf(claims.sub) != null' },
  { role: 'manager', predicate: 'claims => claims.org_role == "manager"' },
]
const MACHINE = { role: 'script', predicate: 'claims => claims.sub.endsWith("@clients")' }

/**
 * @param {{ clerk?: { issuer: string, jwksUri: string }, auth0?: { issuer: string, jwksUri: string } }} issuers
 * @returns {{ name: string, issuer: string, jwksUri: string, roles: { role: string, predicate?: string }[] }[]}
 */
export function accessProviders({ clerk, auth0 }) {
  return [
    clerk && { name: 'clerk', issuer: clerk.issuer, jwksUri: clerk.jwksUri, roles: GRANTS },
    auth0 && { name: 'auth0', issuer: auth0.issuer, jwksUri: auth0.jwksUri, roles: [...GRANTS, MACHINE] },
  ].filter(Boolean)
}

/** The database's one user-defined function: the person a subject belongs to, or null. */
export const USER_FUNCTIONS = { personOf: (sub) => personOf(sub) ?? null }
