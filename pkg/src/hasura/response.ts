import { CountersignError } from '../errors.js'
import type { Explained } from '../internal.js'

/** What an error message may need to know about the request. */
export interface Asked {
  role?: string | null
  template: string
  signedOut: boolean
  /** What is known of the token. */
  explain(): Promise<Explained | undefined>
}

/** What is made of an answer. `body`: its text as JSON, if it is that. */
export type Read<R> = (status: number, text: string, body: any, asked: Asked) => Promise<R>

/** What an answer comes to. `words`: its text, if somebody began to read it. Where the caller or the user leaves meanwhile, the session has said so already. */
export const readBody = async <R>(response: Response, words: Promise<string> | undefined, asked: Asked, read: Read<R>): Promise<R> => {
  let text: string
  try {
    text = await (words ?? response.text())
  } catch (error) {
    throw new CountersignError('network', 'hasura: the connection broke while the answer was being read', { backend: 'hasura', cause: error })
  }
  let body
  try {
    body = JSON.parse(text)
  } catch {
    // An HTML page of a proxy, or an empty body.
  }
  return read(response.status, text, body, asked)
}

/** The data of one operation. GraphQL at any status is GraphQL; anything else is the transport's error, with its status and its first words. */
export const dataOf: Read<any> = async (status, text, body, asked) => {
  if (body?.data !== undefined && !body.errors?.length) return body.data
  // What went wrong is worked out by code that a healthy page never loads.
  throw await (await import('./failure.js')).failure(status, text, body, asked)
}
