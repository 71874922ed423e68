// What the tests of the local Instant stand on: an issuer that signs, raw sessions, and the official client on a socket of Node.
import { randomUUID } from 'node:crypto'
import { init } from '@instantdb/core'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { WebSocket } from 'ws'
import { until } from '../../differential/until.mjs'
import { INSTANT_APP_ID as APP } from '../accounts.mjs'
import { MemoryStore } from '../instant/official.mjs'
import { startInstant } from '../instant/server.mjs'
import { serve } from '../lib/index.mjs'

export const ORIGIN = 'http://127.0.0.1:3000'

/** Discovery, keys (with a lifetime in caches) and a signer. */
export async function tinyIssuer() {
  const pairs = /** @type {Record<string, any>} */ ({ rsa: await generateKeyPair('RS256'), ec: await generateKeyPair('ES256'), other: await generateKeyPair('RS256') })
  const jwk = async (/** @type {string} */ kid, alg = 'RS256') => ({ ...(await exportJWK(pairs[kid].publicKey)), kid, alg, use: 'sig' })
  const keys = [await jwk('rsa'), await jwk('ec', 'ES256')]
  const server = await serve({
    name: 'tiny issuer', knobs: { broken: 0, maxAge: 3600 },
    handler: (req, { url, knobs }) => {
      if (knobs.broken) return { status: knobs.broken, body: 'broken' }
      if (req.path.endsWith('/openid-configuration')) return { body: { issuer: url, jwks_uri: `${url}/jwks`, id_token_signing_alg_values_supported: ['RS256', 'ES256'] } }
      return { headers: { 'cache-control': `max-age=${knobs.maxAge}` }, body: { keys } }
    },
  })
  const sign = (/** @type {any} */ claims = {}, { alg = 'RS256', kid = 'rsa', key = pairs[kid]?.privateKey } = {}) => {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: server.url, sub: 'user_alice', iat: now, nbf: now - 5, exp: now + 60, email: 'alice@example.com', email_verified: true, ...claims }).setProtectedHeader({ alg, kid }).sign(key)
  }
  return { ...server, pairs, sign, rotate: async () => void keys.push(await jwk('other')) }
}

/**
 * One raw session: every frame that came, arrays unpacked. `ask` gives the first frame that repeats its event id.
 * @param {{ url: string }} instant
 */
export async function rawSession(instant, app = APP) {
  const ws = new WebSocket(`${instant.url.replace('http', 'ws')}/runtime/session?app_id=${app}`)
  /** @type {any[]} */
  const frames = []
  /** @type {any} */
  let closed
  ws.on('message', (data) => {
    try {
      frames.push(...[JSON.parse(String(data))].flat())
    } catch {
      frames.push({ op: 'unreadable', text: String(data) })
    }
  })
  ws.on('close', (code, reason) => { closed = { code, reason: String(reason) } })
  ws.on('error', () => {})
  await new Promise((resolve, reject) => {
    ws.once('open', () => resolve(undefined))
    ws.once('unexpected-response', (_req, res) => reject(new Error(`handshake: ${res.statusCode}`)))
    ws.once('close', () => reject(new Error('closed before it opened')))
  })
  const session = {
    ws,
    frames,
    closed: () => closed,
    /** @param {Record<string, any>} event @returns {string} its id */
    send(event) {
      const id = randomUUID()
      ws.send(JSON.stringify({ 'client-event-id': id, ...event }))
      return id
    },
    /** @param {Record<string, any>} event @returns {Promise<any>} */
    ask: (event) => {
      const id = session.send(event)
      return session.frame((f) => f['client-event-id'] === id)
    },
    /** The first frame like this, from now or before. @param {(frame: any) => unknown} like @returns {Promise<any>} */
    async frame(like) {
      await until(() => frames.some(like))
      return frames.find(like)
    },
    ofOp: (/** @type {string} */ op) => frames.filter((f) => f.op === op),
    /** @param {string} [token] @param {Record<string, string>} [versions] */
    init: (token, versions = { '@instantdb/core': 'v1.0.67' }) => session.ask({ op: 'init', 'app-id': app, ...(token && { 'refresh-token': token }), versions }),
    end: () => ws.terminate(),
  }
  return session
}

/**
 * A local Instant and its callers; `stop` ends all of it.
 * @param {object} [options] of `startInstant`
 */
export async function startPlace(options = {}) {
  const instant = /** @type {any} */ (await startInstant({ port: 0, pageOrigins: [ORIGIN], ...options }))
  /** @type {(() => unknown)[]} */
  const ends = []
  /** @returns {Promise<{ status: number, json: any }>} */
  const post = async (/** @type {string} */ path, /** @type {any} */ body, /** @type {Record<string, string>} */ headers = {}) => {
    const response = await fetch(instant.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
    return { status: response.status, json: await response.json() }
  }
  return {
    instant,
    post,
    /** By magic code, which needs no issuer. @param {string} person @returns {Promise<any>} the user */
    async signIn(person = 'alice') {
      const email = `${person}@example.com`
      await post('/runtime/auth/send_magic_code', { 'app-id': APP, email })
      return (await post('/runtime/auth/verify_magic_code', { 'app-id': APP, email, code: instant.lastMagicCode(email) })).json.user
    },
    /** Over HTTP. @param {any} user @param {any[]} steps */
    change: (user, ...steps) => post('/admin/transact', { steps }, { 'app-id': APP, 'as-token': user.refresh_token }),
    /** @param {any} user @param {object} query @returns {Promise<any>} */
    ask: async (user, query) => (await post('/admin/query', { query }, { 'app-id': APP, 'as-token': user.refresh_token })).json,
    /** A raw session that has begun, as this user or as nobody. @param {any} [user] @param {Record<string, string>} [versions] */
    async session(user, versions) {
      const session = await rawSession(instant)
      ends.push(session.end)
      await session.init(user?.refresh_token, versions)
      return session
    },
    /** The official client: the stubs of ../instant/official.mjs must stand. @param {{ EventSource?: any, store?: any }} [options] */
    client({ EventSource, store } = {}) {
      // The package keeps one client for each app and address, and tests want two.
      for (const key of Object.keys(/** @type {any} */ (globalThis).__instantDbStore ?? {})) delete (/** @type {any} */ (globalThis).__instantDbStore[key])
      const Store = store ? class { constructor(/** @type {any} */ _, /** @type {string} */ name) { return store(name) } } : MemoryStore
      const db = /** @type {any} */ (init)({ appId: APP, apiURI: instant.url, websocketURI: `${instant.url.replace('http', 'ws')}/runtime/session` }, Store, undefined, undefined, EventSource)
      ends.push(() => db.shutdown())
      return db
    },
    async stop() {
      for (const end of ends.splice(0)) end()
      await instant.stop()
    },
  }
}
