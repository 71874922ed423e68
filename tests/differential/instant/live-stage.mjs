// A scripted Instant with its socket: every frame is the script's. HTTP and the sign-ins are those of server.mjs.
import 'fake-indexeddb/auto'
import { WebSocket, WebSocketServer } from 'ws'
import { dist } from '../dist.mjs'
import { stubSession } from '../stub-session.mjs'
import { until } from '../until.mjs'
import { scriptedInstant } from './server.mjs'

const { init } = await dist('instant.js')
let apps = 0

// This Node has no WebSocket of its own.
globalThis.WebSocket ??= /** @type {any} */ (WebSocket)

/** @typedef {{ ws: WebSocket, path: string, got: any[], over: boolean, send(message: unknown): void, of(op: string): any[], event(op: string): string }} Connection */

const startSocket = async () => {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => wss.once('listening', resolve))
  const connections = /** @type {Connection[]} */ ([])
  const socket = {
    url: `ws://127.0.0.1:${/** @type {any} */ (wss.address()).port}/runtime/session`,
    connections,
    /** What a message is answered with, by its op; `undefined`: nothing. @type {Record<string, (message: any, connection: Connection) => unknown>} */
    answers: {
      init: () => ({ op: 'init-ok', 'session-id': 'me', attrs: [], 'app-status': { status: 'active' } }),
      'add-query': ({ q }) => ({ op: 'add-query-ok', q, result: { todos: [] }, 'result-meta': null, 'processed-tx-id': 1 }),
      'remove-query': ({ q }) => ({ op: 'remove-query-ok', q }),
    },
    last: () => connections[connections.length - 1],
    /** The first message of that op on the connection of that number. @param {number} index @param {string} op @param {number} [nth] */
    async got(index, op, nth = 0) {
      await until(() => connections[index]?.of(op).length > nth)
      return connections[index].of(op)[nth]
    },
    /** Results that nobody asked for. @param {object[]} computations @param {number} [tx] */
    refresh(computations, tx = 2) {
      socket.last().send({ op: 'refresh-ok', 'processed-tx-id': tx, computations })
    },
    async stop() {
      for (const { ws } of connections) ws.terminate()
      await new Promise((resolve) => wss.close(resolve))
    },
  }
  wss.on('connection', (ws, request) => {
    /** @type {Connection} */
    const connection = {
      ws, path: String(request.url), got: [], over: false,
      send: (message) => ws.send(typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message)),
      of: (op) => connection.got.filter((message) => message.op === op),
      event: (op) => connection.of(op).at(-1)['client-event-id'],
    }
    connections.push(connection)
    ws.on('close', () => (connection.over = true))
    ws.on('message', (data) => {
      const message = JSON.parse(String(data))
      connection.got.push(message)
      const answer = socket.answers[message.op]?.(message, connection)
      if (answer) connection.send({ 'client-event-id': message['client-event-id'], ...answer })
    })
  })
  return socket
}

/** What the server says of a query. @param {object} q @param {object} result @param {object} [more] */
export const computed = (q, result, more) => ({ 'instaql-query': q, 'instaql-result': result, 'result-meta': null, ...more })

/**
 * A db with its server and a session.
 * @param {import('node:test').TestContext} t
 * @param {{ key?: string | null, [option: string]: unknown }} [options] of the db; `key`: who is signed in
 */
export const stage = async (t, { key = 'alice', ...options } = {}) => {
  const server = scriptedInstant(t)
  const socket = await startSocket()
  const session = stubSession({ key })
  const db = init({ session, template: 'instant', clientName: 'clerk', appId: `live-${++apps}`, apiURI: 'https://instant.test', websocketURI: socket.url, ...options })
  t.after(async () => {
    db.shutdown()
    await socket.stop()
  })
  /** Follows a query and writes down what it hears. @param {object} [q] @param {object} [how] */
  const follow = (q = { todos: {} }, how) => {
    const heard = /** @type {any[]} */ ([])
    const stop = db.subscribeQuery(q, (/** @type {any} */ answer) => heard.push(answer), how)
    return { heard, stop, q, data: () => heard.map(({ data, error }) => error?.code ?? data?.todos?.map((/** @type {any} */ row) => row.text ?? row)) }
  }
  return { server, socket, session, db, follow }
}
