import { CountersignError } from '../errors.js'
import type { Explained } from '../internal.js'

/** What an error message may need to know about the request. */
export interface Asked {
  role?: string | undefined
  template: string
  signedOut: boolean
  signal?: AbortSignal | null | undefined
  /** What is known of the token. */
  explain(): Promise<Explained | undefined>
}

/** GraphQL at any status is GraphQL; anything else is the transport's error, with its status and its first words. */
export const readResponse = async (response: Response, asked: Asked): Promise<unknown> => {
  let text: string
  try {
    text = await response.text()
  } catch (error) {
    if (asked.signal?.aborted) throw asked.signal.reason
    if (CountersignError.is(error)) throw error
    throw new CountersignError('network', 'hasura: the connection broke while the answer was being read', { backend: 'hasura', cause: error })
  }
  let body: { data?: unknown; errors?: unknown } | undefined
  try {
    const parsed: unknown = JSON.parse(text)
    if (parsed && typeof parsed === 'object' && ('data' in parsed || 'errors' in parsed)) body = parsed
  } catch {
    // Not JSON: an HTML page of a proxy, or an empty body.
  }
  if (body && body.data !== undefined && !(Array.isArray(body.errors) && body.errors.length)) return body.data
  // What went wrong is worked out by code that a healthy page never loads.
  throw await (await import('./failure.js')).failure(response.status, text, body, asked)
}

