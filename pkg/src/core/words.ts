// The sentences, in the order of `Why` in src/core/error.rs; tests/native/errors.rs compares them. Loaded with the first error,
// because a healthy page needs none of them. None ever holds a token.
import { CountersignError, scrub, type ErrorCode, type ErrorDetails, type TokenFacts } from '../errors.js'
import type { TokenSnapshot } from '../types.js'

const answered = 'it must answer with the token as a string, null when nobody is signed in, or { token, expiresAt }'
const notAllowed = 'Correct the URL (one with a user name is never allowed), or list the origin: `origins` of authFetch, `routes` of the session. A backend’s client sends to the origin of its endpoint only'

/** Name, code, sentence. `%` is the template. */
export const whys: readonly (readonly [name: string, code: ErrorCode, sentence: string])[] = [
  ['SignedOut', 'signed_out', 'Nobody is signed in. Sign in first, or set `anonymous: true` on the client to send without a token'],
  ['IdentityChanged', 'identity_changed', 'The user, organisation or session changed before the call ended'],
  ['NoProvider', 'timeout', 'Waited for the token % in vain: no provider is connected. Pass getToken to createSession, call session.connect(provider), or render <CountersignProvider>'],
  ['NoIdentity', 'timeout', 'Waited for the token % in vain: the provider has not said who is signed in. With Clerk: is <ClerkProvider> rendered, and has Clerk loaded?'],
  ['NoAnswer', 'timeout', 'Waited for the token % in vain: getToken has not settled. Does it wait for this very session?'],
  ['ProviderThrew', 'provider_failed', 'getToken failed for %'],
  ['AnsweredNumber', 'provider_failed', `getToken answered with a number for %; ${answered}`],
  ['AnsweredBoolean', 'provider_failed', `getToken answered with a boolean for %; ${answered}`],
  ['AnsweredOther', 'provider_failed', `getToken answered with a function, symbol or bigint for %; ${answered}`],
  ['AnsweredObject', 'provider_failed', `getToken answered with an object without a \`token\` text for %; ${answered}`],
  ['AnsweredLong', 'provider_failed', `getToken answered with a text longer than 64 KB for %; no server takes such a header`],
  ['AnsweredUnsendable', 'provider_failed', `getToken answered with a text that no header can carry (spaces, line breaks or non-ASCII) for %; ${answered}`],
  ['AnsweredExpiry', 'provider_failed', 'getToken answered for % with an `expiresAt` that is no time in milliseconds since the epoch, as Date.now() gives it. Seconds? Multiply by 1000. Where the token has an `exp`, leave it out'],
  ['AnotherUser', 'provider_failed', "getToken answered for % with another user's token (its sub is not the identity's user); it was not used"],
  ['Reentrant', 'provider_reentrant', 'getToken asked the session for % while it was being asked for it. Call your auth library directly there'],
  ['OnlyExpired', 'token_expired', 'The provider has only expired tokens for %, even when forced. Check the lifetime of its template, and the clocks'],
  ['SameToken', 'token_rejected', 'A backend refused the token %'],
  ['Budget', 'budget_exhausted', 'More forced refreshes of % within a minute than the policy allows: something refuses every token, or asks too often'],
  ['NotListed', 'origin_not_allowed', `The token % may not go to that origin. ${notAllowed}`],
  ['PlainHttp', 'origin_not_allowed', 'That is plain http, where anybody on the way can read the token. Use https, or set `allowInsecureOrigin: true` if the network is yours'],
  ['NotHttp', 'origin_not_allowed', 'A token goes to https URLs only, and to http on localhost'],
  ['NoRoute', 'origin_not_allowed', 'No route of this session covers that URL. Add { url, template } to `routes`, or use authFetch for a single client'],
  ['Disposed', 'disposed', 'The session was disposed. Make a new one; a component should not dispose a session that it did not make'],
]

/** What an error says of a token: nothing about the user. */
export const facts = (key: string | undefined, token: TokenSnapshot | undefined): TokenFacts | undefined => {
  if (!token?.obtainedAt) return undefined
  const { generation, reason, obtainedAt, claims } = token
  const { iss, aud, exp, kid, alg } = claims as Partial<TokenFacts>
  return { key: key ?? '', generation, reason, ageMs: Date.now() - obtainedAt, iss, aud, exp, kid, alg }
}

/** Where the token at hand belongs to the story: not where nobody is signed in, or an address is wrong. */
const concerned = /^(provider_failed|token_|budget|timeout)/

/** The error for a reason. `cause`: what the provider failed with last; `token`: what was at hand. */
export const failure = (why: number, { cause, ...details }: ErrorDetails, token: TokenSnapshot | undefined): CountersignError => {
  const [name, code, sentence] = whys[why]!
  const { template } = details
  const threw = name === 'ProviderThrew' && cause !== undefined
  const text = sentence.replace('%', template ? `"${template}"` : 'of the session') + (threw ? `: ${scrub(cause)}` : '')
  const error = new CountersignError(code, text, { ...details, cause: threw ? cause : undefined, token: concerned.test(code) ? facts(template, token) : undefined })
  // Read once, a stack is a text; until then it holds on to what every frame of it was called on, and events keep errors for long.
  void error.stack
  return error
}

export const untold = 'nobody told this session who is signed in, so every read asks getToken. Use an adapter (clerkSession, auth0Session), give the provider a `watch`, or call session.identityChanged({ user })'

/** In the order of `Odd` in src/auth/machine.rs. */
export const odd = (what: number, template: string): string =>
  what
    ? `the \`exp\` of the token "${template}" is no plausible number of seconds since 1970 (milliseconds by mistake?): it was ignored, and the token is kept for \`policy.fallbackTtlMs\``
    : `the token "${template}" is no readable JWT (opaque or encrypted), and its backend wants one. With Auth0: pass \`audience\`; with Clerk: name a JWT template`

export const second = (name: string): string =>
  `a second session named "${name}" was started, and the first one was disposed. After a hot reload that is right; otherwise give one of them a \`name\``
