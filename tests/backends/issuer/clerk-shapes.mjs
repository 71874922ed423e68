// What the Clerk-shaped issuer says: the claims of its tokens and the bodies of its client resource.
import { randomUUID } from 'node:crypto'
import { CONVEX_AUDIENCE, FAUNA_AUDIENCE, HASURA_NAMESPACE, hasuraClaims } from '../accounts.mjs'

/** How far `nbf` lies before `iat`: the default clock skew of a template. */
const SKEW_S = 5

/** The claims a template adds. @type {Record<string, (account: import('../accounts.mjs').Account) => Record<string, unknown>>} */
const TEMPLATES = {
  fauna: () => ({ aud: FAUNA_AUDIENCE }),
  hasura: (account) => ({ [HASURA_NAMESPACE]: hasuraClaims(account.clerkSub) }),
  convex: (account) => ({
    aud: CONVEX_AUDIENCE, name: account.name, given_name: account.givenName, family_name: account.familyName,
    nickname: account.person, email: account.email, email_verified: true,
  }),
}

/**
 * Session-bound claims (`sid`, `v`, `sts`) never appear in a template's token. The `email` of the session token is the
 * customisation that InstantDB asks for.
 * @param {{ template: string | undefined, account: import('../accounts.mjs').Account, sid: string, issuer: string, azp: string, now: number, lifetime: number }} of
 * @returns {Record<string, unknown> | undefined} undefined: no such template
 */
export function tokenClaims({ template, account, sid, issuer, azp, now, lifetime }) {
  const always = { azp, exp: now + lifetime, iat: now, iss: issuer, jti: randomUUID().replaceAll('-', '').slice(0, 20), nbf: now - SKEW_S, sub: account.clerkSub }
  if (template === undefined) return { ...always, sid, sts: 'active', v: 2, email: account.email, email_verified: true }
  // Own names only: a template called `constructor` does not exist.
  return Object.hasOwn(TEMPLATES, template) ? { ...TEMPLATES[template](account), ...always } : undefined
}

/** @param {import('./clerk.mjs').ClerkClient} client */
export function clientBody(client) {
  const sessions = client.sessions.filter((session) => session.status === 'active').map(sessionBody)
  return { object: 'client', id: client.id, sessions, last_active_session_id: sessions[0]?.id ?? null }
}

/** @param {import('./clerk.mjs').ClerkSession} session */
function sessionBody({ id, account, status, createdAt }) {
  return {
    object: 'session', id, status, created_at: createdAt, last_active_organization_id: null,
    user: {
      object: 'user', id: account.clerkSub, username: account.person, first_name: account.givenName, last_name: account.familyName,
      primary_email_address_id: `idn_${account.person}`,
      email_addresses: [{ object: 'email_address', id: `idn_${account.person}`, email_address: account.email, verification: { status: 'verified' } }],
    },
  }
}
