// What an option was refused for. Loaded with the first such mistake.
import { CountersignError, scrub } from '../errors.js'

const fixes = {
  document: 'the document must be a string, a DocumentNode, a TypedDocumentString, or say `id`, `documentId` or `extensions`',
  variables: '`variables` cannot be written as JSON',
  headers: '`headers` must be what `new Headers()` takes, or a function that gives it at once (not a promise)',
  role: '`role` must be a text that a header can carry',
  authorization: '`headers` may not hold `authorization`: the session puts the token on. For another token use another `template`, for none `anonymous: true`',
  secret: '`headers` may not hold the admin secret: in a browser it would be everybody’s, and Hasura would ignore the token beside it. Give the role what it needs by permissions',
  protocol: "`protocol` must be 'graphql-transport-ws', or 'graphql-ws' for the legacy one",
  retries: '`retries` must be { attempts, mutations? } with at least 1 attempt, or false',
}

/** Whether a header can carry it. */
const sendable = (text: unknown): boolean => {
  try {
    new Headers({ text: text as string })
    return true
  } catch {
    return false
  }
}

/** @param step  what was being read; @param cause what it threw: the name of one of these says it better; @param roles  which are headers, too */
export const invalid = (step: string, cause: unknown, documents: unknown[] = [], ...roles: unknown[]): CountersignError => {
  const named = typeof cause === 'string' && Object.hasOwn(fixes, cause) ? (cause as keyof typeof fixes) : undefined
  const what = named ?? (step === 'headers' && !roles.every(sendable) ? 'role' : (step as keyof typeof fixes))
  // The usual cause is a variable that holds nothing, or a batch of documents where requests are wanted.
  const absent = what === 'document' && documents.some((document) => document === undefined || document === null)
  const unprinted = what === 'document' && documents.some((document) => (document as { kind?: string } | null)?.kind === 'Document')
  const text = unprinted ? (named ? "this document has no source text. Pass `print` of 'graphql' to HasuraClient" : 'this document cannot be printed') : absent ? `${fixes.document}; there is none. Each request of a batch is { document, variables? }` : fixes[what]
  return new CountersignError('option_invalid', `hasura: ${text}`, { backend: 'hasura', cause: named || absent ? undefined : cause })
}

/** What the constructor of WebSocket threw. */
export const unopened = (cause: unknown): CountersignError =>
  new CountersignError('option_invalid', `hasura: no socket could be opened: ${scrub(cause)}`, {
    backend: 'hasura', cause, hint: "The page's Content Security Policy must allow the address in connect-src, and a page of https: opens wss: only",
  })
