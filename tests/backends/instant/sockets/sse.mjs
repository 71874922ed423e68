// The same sessions over an event stream: `/runtime/sse` for networks without WebSockets, and `/admin/subscribe-query` for one query.
import { randomUUID } from 'node:crypto'
import { ApiError, asText, asUuid, notFound, param } from '../errors.mjs'
import { asObject } from '../params.mjs'
import { counted } from './knobs.mjs'
import { Session } from './session.mjs'

/** @typedef {import('../../lib/server.mjs').Request} Request */

const MACHINE = randomUUID()
const COMMENT_MS = 15_000

export class EventStreams {
  /** @param {import('./upgrade.mjs').Sockets} sockets */
  constructor(sockets) {
    this.place = sockets.place
    /** @type {Map<string, { session: Session, token: string }>} */
    this.open = new Map()
  }

  /** `GET /runtime/sse` @param {Request} req */
  listen(req) {
    const refused = counted(this.place.knobs(), 'refuseSse')
    if (refused) throw new ApiError({ type: 'unknown', message: `the knob says ${refused.status}` }, refused.status)
    this.begin(req)
  }

  /** `POST /runtime/sse`: what the client says. @param {Record<string, any>} body */
  take(body) {
    const refused = counted(this.place.knobs(), 'refuseSsePost')
    if (refused) throw new ApiError({ type: 'unknown', message: `the knob says ${refused.status}` }, refused.status)
    const id = param(body, 'body', 'session_id', asUuid)
    const found = this.open.get(id)
    const token = param(body, 'body', 'sse_token', asText)
    if (!found || found.token !== token || body.machine_id !== MACHINE) throw notFound('session', { 'session-id': id })
    const messages = param(body, 'body', 'messages', (v) => (Array.isArray(v) && v.every(asObject) ? v : undefined))
    for (const message of messages) found.session.received(JSON.stringify(message))
    return {}
  }

  /** `POST /admin/subscribe-query` @param {Request} req @param {import('../users.mjs').User | null} user @param {Record<string, any>} body */
  watch(req, user, body) {
    const session = this.begin(req, 500)
    session.begin(user, body.versions?.['@instantdb/core'])
    session.handle({ op: 'add-query', q: body.query, 'return-type': 'tree', 'inference?': body['inference?'] })
  }

  /** @param {Request} req @param {number} [retryMs] after which the client is to come again */
  begin({ res, path, headers, url, signal }, retryMs) {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    res.write(retryMs === undefined ? ': \n\n' : `retry: ${retryMs}\n\n`)
    const session = new Session({
      kind: 'sse',
      write: (text) => res.write(`data: ${text}\n\n`),
      pause() {},
      resume() {},
      end: () => res.end(),
      drop: () => res.destroy(),
    }, this.place, { path, origin: headers.origin, app: url.searchParams.get('app_id') })
    const token = randomUUID()
    this.open.set(session.id, { session, token })
    const comments = setInterval(() => { if (!session.line.frozen) res.write(': keep-alive\n\n') }, COMMENT_MS)
    const gone = () => {
      clearInterval(comments)
      this.open.delete(session.id)
      session.ended(1006, '')
    }
    // Whoever hung up while a knob let them wait is gone already.
    if (signal.aborted) gone()
    else signal.addEventListener('abort', gone)
    session.send({ op: 'sse-init', 'machine-id': MACHINE, 'session-id': session.id, 'sse-token': token })
    return session
  }
}
