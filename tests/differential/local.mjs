// A stub session whose tokens come from the local Clerk-shaped issuer, so that the local backends verify them.
import { stubSession } from './stub-session.mjs'

/** @param {string} issuer @param {string} who @param {string | undefined} template undefined: the session token */
export const mintFrom = async (issuer, who, template) => {
  const signIn = await fetch(`${issuer}/v1/client/sign_ins`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ identifier: `${who}@example.com` }) })
  const { response } = await signIn.json()
  const path = `${issuer}/v1/client/sessions/${response.created_session_id}/tokens${template ? `/${template}` : ''}`
  const { jwt } = await (await fetch(path, { method: 'POST', headers: { authorization: signIn.headers.get('authorization') ?? '' } })).json()
  return jwt
}

/** @param {string} issuer @param {string | undefined} template @param {string} [who] */
export const localSession = (issuer, template, who = 'alice') => {
  const session = stubSession({ key: who })
  session.provide = async () => (session.identityKey === null ? null : mintFrom(issuer, session.identityKey, template))
  return session
}
