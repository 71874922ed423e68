import { CountersignError, type TokenFacts } from './errors.js'
import type { Endpoint, Finding, Session } from './types.js'

/** The backends whose words the core knows. */
export type Backend = 'fauna' | 'hasura' | 'instant' | 'convex'

/** What a backend's client needs said once to send authorised requests. */
export interface CallSpec extends Expect {
  session: Session<any>
  template: string
  backend: Backend
  /** The only origin the token may go to is this URL's. Called at each use; may throw `endpoint_missing`. */
  endpoint: () => URL
  anonymous?: boolean | undefined
  allowInsecureOrigin?: boolean | undefined
  /** Fenced and bound to the origin like the others, but sent without the session's token: the backend has its own (Instant). */
  bare?: boolean | undefined
}

/** What a token is expected to say, as far as the client was told. */
export interface Expect {
  issuer?: string | undefined
  audience?: string | undefined
}

/** What the error of a refused token says besides: it is spread into the error's details. */
export interface Explained {
  hint?: string | undefined
  token?: TokenFacts | undefined
}

/** Reads the text of an answer. */
export type Text = (response: Response) => Promise<string>

/** A backend client's way out. */
export interface Channel {
  /** Puts the token on, lets the core's classifier of the backend read the answer, refreshes and replays once where that says so, and fences by identity. Rejects CountersignError, or `signal.reason`. `sent`: called at each send, when the waiting for a token is over. `text`: reads an answer to its end, for a client that does so anyway: the classifier looks at what it gives, and the answer comes when it is read. */
  fetch(input: URL | string, init?: RequestInit, sent?: () => void, text?: Text): Promise<Response>
  /** The backend took the token and showed its clock; milliseconds since the epoch, its own, and ours when it was asked. Narrows the estimate of the skew; needs no request. */
  clock(server: number, asked: number): void
  /** The doctor's sentence and the facts about the token last sent for this template; loads `diagnose`. Never rejects. */
  explain(): Promise<Explained | undefined>
  /** Every finding of the doctor about the current token, for `client.check()`. */
  check(): Promise<Finding[]>
}

/** Where sessions clean up before the provider's sign-out: a set of functions that `session.signOut()` waits for. */
export const followers = Symbol.for('countersign.followers')

/** How a session answers to its clients; the only private door between `session.ts` and the backends' entries. */
export const door = Symbol.for('countersign.door')

export const channel = (spec: CallSpec): Channel => {
  const open = (spec.session as unknown as Record<symbol, ((spec: CallSpec) => Channel) | undefined>)?.[door]
  if (!open) throw new CountersignError('option_invalid', `${spec.backend}: \`session\` must be a session made by createSession, clerkSession or auth0Session`, { backend: spec.backend })
  return open(spec)
}

/** The endpoint as a URL, or an error that names the option. */
export const resolveEndpoint = (value: Endpoint, option: string, backend: string): URL => {
  if (value === undefined || value === null || value === '')
    throw new CountersignError('endpoint_missing', `${backend}: \`${option}\` is ${value === '' ? 'empty' : String(value)}. Pass the URL of your ${backend} server; no host is built in`, { backend })
  try {
    return new URL(value)
  } catch {
    throw new CountersignError('option_invalid', `${backend}: \`${option}\` is not an absolute URL (it must begin with https://, or http:// on localhost)`, { backend })
  }
}
