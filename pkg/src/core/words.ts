// The sentences, in the order of `Why` in src/core/error.rs; tests/native/errors.rs compares them. Loaded with the first error,
// because a healthy page needs none of them. None ever holds a token.
import type { ErrorCode } from '../errors.js'

const answered = 'it must answer with the token as a string, null when nobody is signed in, or { token, expiresAt }'
const notAllowed = 'Add the origin to `origins` or `routes`, or correct the URL'

/** Name, code, sentence. `%` is the template. */
export const whys: readonly (readonly [name: string, code: ErrorCode, sentence: string])[] = [
  ['SignedOut', 'signed_out', 'Nobody is signed in. Sign in first, or set `anonymous: true` on the client to send without a token'],
  ['IdentityChanged', 'identity_changed', 'The user, organisation or session changed before the call ended'],
  ['NoProvider', 'timeout', 'Waited for the token % in vain: no provider is connected. Pass getToken to createSession, call session.connect(provider), or render <CountersignProvider>'],
  ['NoIdentity', 'timeout', 'Waited for the token % in vain: the provider has not said who is signed in. With Clerk: is <ClerkProvider> rendered, and has Clerk loaded?'],
  ['NoAnswer', 'timeout', 'Waited for the token % in vain: getToken has not settled'],
  ['ProviderThrew', 'provider_failed', 'getToken failed for %'],
  ['AnsweredNumber', 'provider_failed', `getToken answered with a number for %; ${answered}`],
  ['AnsweredBoolean', 'provider_failed', `getToken answered with a boolean for %; ${answered}`],
  ['AnsweredOther', 'provider_failed', `getToken answered with a function, symbol or bigint for %; ${answered}`],
  ['AnsweredObject', 'provider_failed', `getToken answered with an object without a \`token\` text for %; ${answered}`],
  ['AnsweredLong', 'provider_failed', `getToken answered with a text longer than 64 KB for %; no server takes such a header`],
  ['AnsweredUnsendable', 'provider_failed', `getToken answered with a text that no header can carry (spaces, line breaks or non-ASCII) for %; ${answered}`],
  ['AnotherUser', 'provider_failed', "getToken answered for % with another user's token (its sub is not the identity's user); it was not used"],
  ['Reentrant', 'provider_reentrant', 'getToken asked the session for % while it was being asked for it. Call your auth library directly there'],
  ['OnlyExpired', 'token_expired', 'The provider has only expired tokens for %, even when forced. Check the lifetime of its template, and the clocks'],
  ['SameToken', 'token_rejected', 'The backend refused the token %, and the provider has no other one'],
  ['Budget', 'budget_exhausted', 'More forced refreshes of % within a minute than the policy allows: something refuses every token, or asks too often'],
  ['NotListed', 'origin_not_allowed', `The token % may not go to that origin. ${notAllowed}`],
  ['PlainHttp', 'origin_not_allowed', 'That is plain http, where anybody on the way can read the token. Use https, or set `allowInsecureOrigin: true` if the network is yours'],
  ['NotHttp', 'origin_not_allowed', 'A token goes to https URLs only, and to http on localhost'],
  ['NoRoute', 'origin_not_allowed', 'No route of this session covers that URL. Add { url, template } to `routes`, or use authFetch for a single client'],
  ['Disposed', 'disposed', 'The session was disposed. Make a new one; a component should not dispose a session that it did not make'],
]

/** The sentence of a reason, about a template. */
export const sentence = (why: number, template: string | undefined): string => (whys[why]?.[2] ?? '').replace('%', template ? `"${template}"` : 'of the session')

export const untold = 'nobody told this session who is signed in, so every read asks getToken. Use an adapter (clerkSession, auth0Session), give the provider a `watch`, or call session.identityChanged({ user })'

/** In the order of `Odd` in src/auth/machine.rs. */
export const odd = (what: number, template: string): string =>
  what
    ? `the \`exp\` of the token "${template}" is no plausible number of seconds since 1970 (milliseconds by mistake?): it was ignored, and the token is kept for \`policy.fallbackTtlMs\``
    : `the token "${template}" is no readable JWT (opaque or encrypted), and its backend wants one. With Auth0: pass \`audience\`; with Clerk: name a JWT template`

export const second = (name: string): string =>
  `a second session named "${name}" was started, and the first one was disposed. After a hot reload that is right; otherwise give one of them a \`name\``
