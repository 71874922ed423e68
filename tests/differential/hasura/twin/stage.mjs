// One script, once with npm graphql-ws's client and once with ours: a server whose every frame and close the script decides, and what each side saw of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { createClient } from 'graphql-ws'
import { WebSocket, WebSocketServer } from 'ws'
import { dist } from '../../dist.mjs'
import { until } from '../../until.mjs'

const { createWsClient, HasuraClient } = await dist('hasura.js')
const { createSession } = await dist('index.js')

// This Node has no WebSocket of its own, and a session waits for a page.
globalThis.WebSocket ??= WebSocket

/** @typedef {{ ws: WebSocket, received: any[], protocol: string, closed?: [code: number, reason: string], send(message: unknown): void }} Connection */

/**
 * A server that does nothing by itself but acknowledge.
 * @param {{ acks?: boolean | object }} [options] `acks`: false: only when the script says so; an object: the payload
 */
export const startServer = async ({ acks = true } = {}) => {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: (protocols) => [...protocols][0] ?? false, maxPayload: 64 << 20 })
  await new Promise((resolve) => wss.once('listening', resolve))
  /** @type {Connection[]} */
  const connections = []
  const server = {
    url: `ws://127.0.0.1:${/** @type {any} */ (wss.address()).port}/v1/graphql`,
    connections,
    acks,
    /** What is done with a connection before anything comes of it. @type {((connection: Connection, index: number) => void) | undefined} */
    onConnection: undefined,
    /** @type {((connection: Connection, message: any) => void) | undefined} */
    onMessage: undefined,
    last: () => connections[connections.length - 1],
    /** The connection of this number. @param {number} index */
    async connection(index) {
      await until(() => connections[index])
      return connections[index]
    },
    /** The nth message of a type that a connection received. @param {number} index @param {string} type @param {number} [nth] */
    async got(index, type, nth = 0) {
      const connection = await server.connection(index)
      const all = () => connection.received.filter((message) => message.type === type)
      await until(() => all().length > nth)
      return all()[nth]
    },
    /** @param {number} index */
    async closed(index) {
      const connection = await server.connection(index)
      await until(() => connection.closed)
    },
    async stop() {
      for (const { ws } of connections) ws.terminate()
      await new Promise((resolve) => wss.close(resolve))
    },
  }
  wss.on('connection', (ws) => {
    const connection = { ws, received: [], protocol: ws.protocol, send: (message) => ws.send(typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message)) }
    connections.push(connection)
    ws.on('error', () => {})
    ws.on('close', (code, reason) => (connection.closed = [code, String(reason)]))
    ws.on('message', (data) => {
      const message = JSON.parse(String(data))
      connection.received.push(message)
      server.onMessage?.(connection, message)
      if (message.type === 'connection_init' && server.acks) connection.send({ type: 'connection_ack', ...(server.acks === true ? {} : { payload: server.acks }) })
    })
    server.onConnection?.(connection, connections.length - 1)
  })
  return server
}

/** How a value looks in a log. @param {any} value */
export const shown = (value) => {
  if (typeof value?.send === 'function') return 'a socket'
  if (typeof value?.code === 'number' && 'reason' in value) return { code: value.code, reason: value.reason, wasClean: value.wasClean }
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (value?.type === 'error' && 'message' in value) return `an error event: ${value.message}`
  return value
}

export const EVENTS = /** @type {const} */ (['connecting', 'opened', 'connected', 'ping', 'pong', 'message', 'closed', 'error'])

export const query = 'subscription { todos { id } }'

/** @typedef {{ server: Awaited<ReturnType<typeof startServer>>, log: any[], note: (...what: unknown[]) => void, client: (options?: any) => any, sink: (name: string) => any, logged: (what: string, count?: number) => Promise<void>, until: typeof until, ours: boolean }} Play */
/** @typedef {(play: Play) => Promise<unknown>} Script */

/**
 * Plays a script with a client.
 * @param {Script} script @param {(options: any) => any} create @param {{ acks?: boolean | object, wire?: boolean }} [options]
 */
export const perform = async (script, create, options) => {
  const server = await startServer(options)
  const log = []
  const note = (...what) => log.push(what.map(shown))
  const made = []
  let ids = 0
  /** Whether an entry begins with this. @param {any[]} entry @param {string} what */
  const is = (entry, what) => entry[0] === what || `${entry[0]} ${entry[1]}` === what
  try {
    await script({
      server, log, note, until,
      ours: create === ours,
      client(options = {}) {
        const { on, ...rest } = options
        const listeners = Object.fromEntries(EVENTS.map((event) => [event, (...args) => note(event, ...args)]))
        const client = create({
          url: server.url, webSocketImpl: WebSocket, generateID: () => `${++ids}`,
          retryWait: async (retries) => note('retryWait', retries),
          on: { ...listeners, ...on }, ...rest,
        })
        made.push(client)
        return client
      },
      sink: (name) => ({ next: (value) => note(name, 'next', value), error: (error) => note(name, 'error', error), complete: () => note(name, 'complete') }),
      logged: (what, count = 1) => until(() => log.filter((entry) => is(entry, what)).length >= count),
    })
    // The server hears of the end of a socket in its own time.
    if (options?.wire !== false) await until(() => server.connections.filter(({ closed }) => closed).length >= log.filter(([what]) => what === 'closed').length)
    return { log: [...log], wire: server.connections.map(({ received, protocol, closed }) => ({ protocol, received: [...received], closed })) }
  } finally {
    for (const client of made) void Promise.resolve(client.dispose()).catch(() => {})
    await server.stop()
  }
}

export const theirs = (options) => createClient(options)
export const ours = (options) => createWsClient(options)

/** What happened, a line for each thing: differences are easier to read. @param {{ log: any[], wire: any[] }} outcome */
export const lines = ({ log, wire }) => [...log, ...wire.flatMap(({ protocol, received, closed }, i) => [[`socket ${i}`, protocol], ...received, closed ?? 'open'])].map((line) => inspect(line, { depth: 9, breakLength: Infinity, compact: true, sorted: true }))

/** The same script with both: graphql-ws's outcome, then ours. @param {Script} script @param {{ acks?: boolean | object }} [options] */
export const both = async (script, options) => [await perform(script, theirs, options), await perform(script, ours, options)]

/**
 * A test that both clients do the same.
 * @param {string} name @param {Script} script
 * @param {{ acks?: boolean | object, length?: number, sorted?: boolean, unclean?: boolean, wire?: boolean }} [options] `length`: of the log, so that a script that stopped half way
 * does not pass; `sorted`: who hears first does not matter; `unclean`: whether the server answered the close does not matter, because ours does not wait for it; `wire: false`: what the server sees is a matter of speed
 */
export const same = (name, script, options) =>
  test(name, async () => {
    const [a, b] = await both(script, options)
    const read = (outcome) => {
      if (options?.unclean) for (const event of outcome.log.flat()) if (event?.wasClean) event.wasClean = false
      if (options?.wire === false) outcome.wire = []
      return options?.sorted ? lines(outcome).sort() : lines(outcome)
    }
    assert.deepEqual(read(b), read(a))
    assert.ok(a.log.length >= (options?.length ?? 5), 'the script saw something')
  })

const encode = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * A HasuraClient of somebody whose tokens nobody checks.
 * @param {string} endpoint of the socket @param {{ lifetimeS?: number, getToken?: (options: object) => unknown }} [account] @param {object} [options] of the client
 */
export const hasura = (endpoint, { lifetimeS = 60, getToken } = {}, options = {}) => {
  globalThis.window ??= /** @type {any} */ (globalThis)
  let made = 0
  const token = () => {
    const now = Math.floor(Date.now() / 1000)
    return `${encode({ alg: 'RS256' })}.${encode({ iss: 'https://issuer.test', sub: 'alice', iat: now, exp: now + lifetimeS, jti: String(++made) })}.c2lnbmF0dXJl`
  }
  const watch = (tell) => {
    tell({ user: 'alice' })
    return () => {}
  }
  const session = createSession({ watch, getToken: getToken ? (given) => getToken(given) ?? token() : async () => token(), signOut() {}, templates: { hasura: 'hasura' }, name: `twin ${Math.random()}`, logger: false })
  const client = new HasuraClient({ session, template: 'hasura', endpoint: endpoint.replace(/^ws/, 'http'), ...options })
  return { client, session, token }
}

export { until, WebSocket }
