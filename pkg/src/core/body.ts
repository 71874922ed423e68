import type { Text } from '../internal.js'

/** Longest beginning of a body that a classifier reads. */
const LIMIT = 64 * 1024

/** Whether a body can be sent twice: not a stream, and not a Request that was used already. */
export const replayable = (input: unknown, init: RequestInit | undefined): boolean => {
  const body = init?.body
  if (body === undefined || body === null) return !(input as Request)?.bodyUsed
  return !(typeof ReadableStream === 'function' && body instanceof ReadableStream) && !(Symbol.asyncIterator in Object(body))
}

/**
 * Reads the beginning of a copy of a response, until `more` says that it is enough. The response itself stays whole:
 * it is handed over as soon as its first bytes show that nothing is wrong. With `whole`, which reads it to its end, there is no copy.
 */
export const readHead = async (response: Response, more: (text: string, complete: boolean) => boolean, whole?: Text): Promise<void> => {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  let text = ''
  try {
    if (whole) text = await whole(response)
    // A stream of events has no beginning that says anything, and waiting for one would stall it.
    if (!response.body || !/json/i.test(response.headers.get('content-type') ?? 'json')) return void more('', true)
    if (whole) return void more(text.slice(0, LIMIT), true)
    const decoder = new TextDecoder()
    reader = response.clone().body!.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      text += decoder.decode(value, { stream: !done })
      if (!more(text, done || text.length >= LIMIT) || done) break
    }
  } catch {
    // The connection broke off, or a wrapper of `fetch` has read the body already: what is left to see is the status.
    more(text, true)
  } finally {
    void reader?.cancel().catch(() => {})
  }
}
