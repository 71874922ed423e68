import type { Classify } from '../types.js'
import { errorsOf, verdict } from './verdict.js'

/** A refusal is shorter than this. */
const LIMIT = 64 * 1024
/** What only a success begins with, or a batch: one that is refused is a single object, and of others some part was executed. */
const good = /^\s*(?:\{\s*"data"|[^\s{])/

/** The body as JSON; nothing where its first bytes show a success, which is not read on. */
const readFailure = async (response: Response): Promise<any> => {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (let done = !reader; !done; ) {
    const part = await reader!.read()
    done = part.done
    text += decoder.decode(part.value, { stream: !done })
    if (good.test(text) || text.length > LIMIT) return void reader!.cancel().catch(() => {})
  }
  return JSON.parse(text)
}

/**
 * For `session.authFetch({ classify })` against a Hasura endpoint: Hasura refuses a token with status 200, so the status says nothing.
 * `refresh`: the token expired or its key is not known (any more). `fail`: the token is refused and a new one would be refused too; also
 * where the clocks disagree, because there is no word for "wait" here (`hasura.fetch` waits and sends the same token again).
 */
export const classify: Classify = async (response) => {
  const plain = response.status === 401 ? 'refresh' : 'ok'
  if (!/json/i.test(response.headers.get('content-type') ?? '')) return plain
  let body
  try {
    body = await readFailure(response)
  } catch {
    return plain
  }
  const [first] = errorsOf(body)
  if (!first) return plain
  const says = verdict(first)
  // Beside `data`, null or not, errors are of the execution: a mutation may have run, and must not run again.
  return 'data' in body || says === 'other' || says === 'role' ? 'ok' : says === 'refresh' ? 'refresh' : 'fail'
}
