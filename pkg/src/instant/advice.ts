import type { InstantErrorBody } from './errors.js'

/** What an error is about. `signIn`: an identity token was sent. */
export interface Failed {
  status: number
  body: InstantErrorBody
  clientName: string
  retryAfterMs: number
  signIn: boolean
}

/** Failures of the issuer's set-up or of the user's, not of the token. */
const elsewhere = /Unable to fetch OAuth configuration|Could not disambiguate/

/** The server looked at the identity token and did not like it. */
export const isAboutToken = ({ type, dataType, message = '' }: InstantErrorBody): boolean =>
  (type === 'oauth-error' && !elsewhere.test(message)) || (type === 'validation-failed' && dataType === 'id_token')

const hostHere = () => (globalThis as { location?: { host?: string } }).location?.host
const page = () => (hostHere() ? `"${hostHere()}"` : "this page's host")

const when = (ms: number) => `Try again ${ms > 0 ? `at ${new Date(Date.now() + ms).toISOString()}, in ${Math.ceil(ms / 1000)} s` : 'later'}`

/** What was not found or is too old: a sentence for each record that a client can ask for. */
const records: Record<string, (failed: Failed) => string> = {
  'app-user': () => 'The Instant session is not known any more: it was signed out, or revoked. Sign in again',
  'app-oauth-client': ({ clientName }) => `The Instant app has no OAuth client named "${clientName}". Add it under Auth, or change \`clientName\``,
  'app-user-magic-code': () => 'The code is wrong, was used already, or is too old: only the newest one sent to this address counts. Send a new one',
  'app-oauth-code': () => 'The code of a redirect counts once and for five minutes. Begin the sign-in again',
  'app-oauth-redirect': () => 'A sign-in with a redirect has to end within ten minutes, in the browser in which it began. Begin it again',
  app: () => 'The server knows no app with this `appId`. Is it an app of the server at `apiURI`?',
}

/** What was not valid. */
const data: Record<string, (failed: Failed) => string> = {
  origin: () => `Register ${page()} under Auth > Origins in the Instant dashboard: the app checks the origin of every sign-in, also for Clerk`,
  'redirect-uri': () => `Register ${page()} under Auth > Origins in the Instant dashboard: a sign-in may come back to registered origins only`,
  'app-oauth-code': () => 'The PKCE verifier does not fit the code: it has to come from the sign-in that this code ends. Begin the sign-in again',
  'extra-fields': () => '`extraFields` takes attributes of `$users` in the schema of the app, and none of the system’s (id, email, type, imageURL)',
}

const types: Record<string, (failed: Failed) => string | undefined> = {
  'app-read-only': () => 'The Instant app is read-only: existing sessions go on, new sign-ins and writes do not',
  'app-disabled': () => 'The Instant app is switched off: it answers neither reads nor writes',
  'rate-limited': ({ retryAfterMs }) => `${when(retryAfterMs)}. (Instant sends and takes 20 magic codes per address and hour, unless the app says otherwise)`,
  timeout: ({ retryAfterMs }) => `The query took the server too long. ${when(retryAfterMs)}, or ask for less: an index on what \`where\` and \`order\` name helps`,
  'record-not-found': (failed) => records[failed.body.recordType ?? '']?.(failed),
  'record-expired': (failed) => records[failed.body.recordType ?? '']?.(failed),
  'record-not-unique': () => 'Another row has this value, and the attribute is unique',
  'validation-failed': (failed) => data[failed.body.dataType ?? '']?.(failed),
  'param-missing': ({ body: { about } }) => about && `The server misses \`${about}\`. Is it older or newer than this client expects?`,
  'param-malformed': ({ body: { about } }) => about && (/app.id/.test(about) ? '`appId` is the UUID of your Instant app' : `The server cannot read \`${about}\``),
  'permission-denied': ({ body: { about } }) => `The permission rule${about ? ` \`${about}\`` : ''} of the Instant app refused this${!about || about.startsWith('$users') ? ' (for a sign-in: `$users` `create`; without such a rule `extraFields` are refused)' : ''}`,
  'permission-evaluation-failed': ({ body: { about } }) => `The permission rule${about ? ` \`${about}\`` : ''} of the Instant app cannot be evaluated: look for a misspelt name in it`,
  'oauth-error': ({ body: { message = '' }, clientName }) =>
    /Unable to fetch OAuth configuration/.test(message)
      ? `Instant could not read the discovery document of the OAuth client "${clientName}": see its URL under Auth. Instant asks public addresses only, not localhost`
      : /Could not disambiguate/.test(message) ? 'Several users of the app have this address or this account: join them, or remove all but one' : undefined,
  'email-send-failed': () => 'The server could not send the mail. A server of your own needs a mail provider; without one it prints the codes to its log',
  unknown: ({ signIn }) => (signIn ? 'Instant answers this also to a token from the future: is the clock of the server, or of the issuer, wrong?' : undefined),
}

/** What to change, and where, in terms of the app and its dashboard; nothing where the server's own words say it. */
export const adviceFor = (failed: Failed): string | undefined => {
  const { status, body: { type }, retryAfterMs } = failed
  if (type !== undefined && Object.hasOwn(types, type)) return types[type]!(failed)
  if (status === 429) return when(retryAfterMs)
  if (type === undefined) return 'The answer is not one of Instant’s: a proxy in front of it? Look at `apiURI`, and at the network panel'
  return undefined
}
