// A server that says what a script tells it to, and remembers what it was asked.
import { createServer } from 'node:http'

/**
 * @param {(request: { headers: Record<string, string>, body: any, text: string }, n: number) => any} script answers the n-th request (from 0):
 *   `{ status?, headers?, json?, text? }` (`text` may be bytes; `hold`: its second half is never sent), or `{ destroy: 'before' | 'middle' }`, or `{ hang: true }`, or `{ chunks }`: an iterable of
 *   texts and bytes, each sent when it comes; RESET breaks the connection; or `{ take(res) }` to write the answer itself
 */
export const stub = async (script) => {
  const log = []
  const open = new Set()
  const server = createServer((req, res) => {
    let text = ''
    req.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => {
      const entry = { line: `${req.method} ${req.url} HTTP/${req.httpVersion}`, headers: req.headers, body: JSON.parse(text), text }
      log.push(entry)
      const answer = script(entry, log.length - 1) ?? {}
      if (answer.hang) return
      if (answer.take) return answer.take(res)
      if (answer.destroy === 'before') return res.destroy()
      if (answer.chunks) {
        open.add(res)
        res.on('close', () => open.delete(res))
        return void play(res, answer)
      }
      const body = answer.text ?? JSON.stringify(answer.json ?? { data: null, txn_ts: 1 })
      res.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
      if (answer.hold) return res.write(body.slice(0, body.length / 2), () => (entry.headed = true))
      if (answer.destroy === 'middle') return res.write(body.slice(0, 5), () => res.destroy())
      res.end(body)
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: new URL(`http://127.0.0.1:${server.address().port}`),
    log,
    /** Answers in chunks that are not at their end. */
    open,
    stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  }
}

export const RESET = Symbol('reset')

const play = async (res, { chunks, status = 200, headers }) => {
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  for await (const chunk of chunks) {
    if (res.destroyed) return
    if (chunk === RESET) return res.socket.resetAndDestroy()
    await new Promise((sent) => res.write(chunk, sent))
  }
  res.end()
}

/** Headers that say who is speaking, not what is said. */
const own = /^(x-driver-env|user-agent|host|connection|accept.*|sec-fetch-.*|cache-control|pragma|content-length)$/

/** A request without them, to be compared. */
export const comparable = ({ line, headers, text }) => ({ line, text, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !own.test(name)).sort()) })

/** A session in miniature: what a client sees of one, with a channel that sends the current token and repeats once after a 401. */
export const fakeSession = (lib, { token = 'token-1', key = 'alice' } = {}) => {
  const listeners = new Set()
  const calls = { explain: [], force: 0 }
  const session = {
    identityKey: key,
    on: (type, listener) => {
      const entry = { type, listener }
      listeners.add(entry)
      return () => listeners.delete(entry)
    },
    getToken: async (_, { force } = {}) => (force ? ((calls.force += 1), `token-${1 + calls.force}`) : token),
    become: (next) => {
      session.identityKey = next
      for (const { type, listener } of listeners) listener(type === 'forget' ? { type } : { type, key: next })
    },
    calls,
    listeners,
    [lib.door]: (spec) => {
      calls.spec = spec
      return {
        fetch: async (url, init) => {
          const send = (token) => fetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } })
          const first = await send(token)
          return first.status === 401 ? send(await session.getToken('', { force: true })) : first
        },
        clock() {},
        explain: async () => (calls.explain.push({ audience: spec.audience }), { hint: 'aud is wrong: set the aud claim' }),
        check: async () => [{ ok: true, code: 'aud', message: `expected ${spec.audience}` }],
      }
    },
  }
  return session
}
