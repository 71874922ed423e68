// What the tests of the Hasura-shaped server share: two issuers, the server, ways to ask it, and a socket that keeps what it heard.
import assert from 'node:assert/strict'
import WebSocket from 'ws'
import { until } from '../../differential/until.mjs'
import { LOCAL_ADMIN_SECRET } from '../hasura/config.mjs'
import { startHasura } from '../hasura/server.mjs'
import { tinyIssuer } from '../hasura/testing.mjs'

export const MODERN = 'graphql-transport-ws'
export const LEGACY = 'graphql-ws'
export const ADMIN = { 'x-hasura-admin-secret': LOCAL_ADMIN_SECRET }
export const now = () => Math.floor(Date.now() / 1000)

/** @param {Pick<Parameters<typeof startHasura>[0], 'config' | 'knobs'>} [options] */
export async function startPlace({ config, knobs } = {}) {
  const [clerk, auth0] = await Promise.all([tinyIssuer(), tinyIssuer({ issuer: 'http://127.0.0.1:4101/' })])
  const hasura = await startHasura({ issuers: { clerk, auth0 }, config, knobs })
  /** @type {Set<Wire>} */
  const wires = new Set()

  /** @returns {Promise<{ status: number, body: any, headers: Headers }>} */
  async function post(payload, headers = {}, path = '/v1/graphql') {
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
    const response = await fetch(new URL(path, hasura.url), { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
    return { status: response.status, headers: response.headers, body: await response.json() }
  }
  const as = async (sub, more = {}) => ({ authorization: `Bearer ${await clerk.token(sub)}`, ...more })

  return {
    clerk, auth0, hasura, post, as,
    socketUrl: (path = '/v1/graphql') => String(new URL(path, hasura.url)).replace('http', 'ws'),
    async data(query, headers, variables) {
      const { body } = await post({ query, variables }, headers)
      assert.equal(body.errors, undefined, JSON.stringify(body.errors))
      return body.data
    },
    /** @param {{ protocol?: string | string[], path?: string, headers?: Record<string, string> }} [how] */
    async open({ protocol = MODERN, path, headers } = {}) {
      const wire = new Wire(new WebSocket(this.socketUrl(path), protocol, { headers }))
      wires.add(wire)
      await wire.opened
      return wire
    },
    /** A socket whose init was accepted. @param {string} sub @param {Parameters<ReturnType<typeof this>['open']>[0] & { exp?: number, role?: string }} [how] */
    async ready(sub, { exp = now() + 60, role, ...how } = {}) {
      const wire = await this.open(how)
      wire.init({ Authorization: `Bearer ${await clerk.token(sub, { exp })}`, ...(role && { 'x-hasura-role': role }) })
      await wire.acked()
      return wire
    },
    /** Lets a token's life end for the server, now or in so many ms: no test then waits for a short one, or comes too late with it. */
    expire: (exp, inMs = 0) => hasura.turn({ clockOffsetS: exp - (Date.now() + inMs) / 1000 }),
    async stop() {
      for (const { ws } of wires) ws.terminate()
      await Promise.all([clerk.stop(), auth0.stop(), hasura.stop()])
    },
  }
}

/** One error, HTTP 200, no `data`. */
export function refused({ status, body }, code, message, path = '$') {
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body), ['errors'])
  assert.equal(body.errors.length, 1)
  const [error] = body.errors
  if (message instanceof RegExp) assert.match(error.message, message)
  else assert.equal(error.message, message)
  assert.deepEqual(error.extensions, { path, code })
}

const KEEPALIVE = new Set(['ping', 'ka'])

/** A bare socket: what it heard, keepalives apart. */
export class Wire {
  /** @param {WebSocket} ws */
  constructor(ws) {
    this.ws = ws
    /** @type {any[]} */
    this.heard = []
    /** Every frame's type, keepalives too. @type {string[]} */
    this.types = []
    /** @type {{ code: number, reason: string } | undefined} */
    this.closed = undefined
    ws.on('message', (data, binary) => {
      const message = binary ? { type: 'binary' } : parsed(String(data))
      this.types.push(message.type)
      if (!KEEPALIVE.has(message.type)) this.heard.push(message)
    })
    ws.on('close', (code, reason) => { this.closed = { code, reason: String(reason) } })
    /** The status of a refused handshake. @type {Promise<number>} */
    this.opened = new Promise((resolve) => {
      ws.on('open', () => resolve(101))
      ws.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
      ws.on('error', () => resolve(0))
    })
  }

  /** @param {object | string} message */
  say(message) { this.ws.send(typeof message === 'string' ? message : JSON.stringify(message)) }
  /** @param {Record<string, unknown>} [headers] */
  init(headers) { this.say({ type: 'connection_init', payload: headers && { headers } }) }
  /** @param {string} id @param {string} query @param {object} [variables] */
  start(id, query, variables) { this.say({ type: this.ws.protocol === MODERN ? 'subscribe' : 'start', id, payload: { query, variables } }) }

  of(id) { return this.heard.filter((message) => message.id === id) }
  /** Results of an operation, those with errors too. */
  results(id) { return this.of(id).filter(({ type }) => type === 'next' || type === 'data').map(({ payload }) => payload) }
  /** Every frame of an operation, as soon as there are that many. */
  async frames(id, count) {
    await until(() => this.of(id).length >= count)
    return this.of(id)
  }
  async acked(count = 1) { await until(() => this.heard.filter(({ type }) => type === 'connection_ack').length >= count || this.closed) }
  async end() {
    await until(() => this.closed)
    return /** @type {{ code: number, reason: string }} */ (this.closed)
  }
  /** Whatever the server had to say before this is here. */
  async settle() {
    const mark = `mark ${this.marks = (this.marks ?? 0) + 1}`
    this.say({ type: 'ping', payload: { mark } })
    await until(() => this.heard.some((message) => message.type === 'pong' && message.payload?.mark === mark))
  }
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return { type: 'text', text }
  }
}
