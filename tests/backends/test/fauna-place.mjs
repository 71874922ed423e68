// What the tests of the Fauna-shaped server share: key sets of two issuers, the server, tokens, and ways to ask it.
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { exportJWK, SignJWT } from 'jose'
import { FAUNA_AUDIENCE } from '../accounts.mjs'
import { startFauna } from '../fauna/server.mjs'
import { STREAM_KNOBS } from '../fauna/streams.mjs'

export const SECRET = 'script-secret'
export const CLERK = 'http://127.0.0.1:4100'
export const AUTH0 = 'http://127.0.0.1:4101/'
/** Every knob of streams as it is at the start. */
export const QUIET = { historyS: 900, clockOffsetS: 0, ...STREAM_KNOBS }
export const now = () => Math.floor(Date.now() / 1000)

/** A request that is never answered is to say which one it was, long before the test's own time is up. */
const soon = () => AbortSignal.timeout(30_000)

/** Two issuers' key sets on one host, and a server that knows them. */
export async function startPlace() {
  const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keys = { rsa: rsa(), other: rsa(), ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
  const publish = async (pair, kid) => ({ ...(await exportJWK(pair.publicKey)), kid })
  const jwks = {
    /** `down`: every answer is a 500; `hang`: there is none; `etag`: what the sets say they are. */
    publish, requests: /** @type {{ url?: string, accept?: string, match?: string }[]} */ ([]), down: false, hang: false, etag: '',
    sets: { clerk: [await publish(keys.rsa, 'k1')], auth0: [await publish(keys.rsa, 'k1'), await publish(keys.ec, 'e1'), await publish(keys.other, 'k2')] },
  }
  const host = createServer((req, res) => {
    jwks.requests.push({ url: req.url, accept: req.headers.accept, match: req.headers['if-none-match'] })
    if (jwks.hang) return
    const set = jwks.sets[req.url?.slice(1) ?? '']
    if (!set || jwks.down) return res.writeHead(500).end()
    if (jwks.etag) res.setHeader('etag', jwks.etag)
    if (jwks.etag && req.headers['if-none-match'] === jwks.etag) return res.writeHead(304).end()
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify({ keys: set }))
  })
  await new Promise((resolve) => host.listen(0, '127.0.0.1', () => resolve(undefined)))
  const url = `http://127.0.0.1:${/** @type {any} */ (host.address()).port}`
  const issuers = {
    clerk: { issuer: CLERK, jwksUri: `${url}/clerk?ignored=1` },
    auth0: { issuer: AUTH0, jwksUri: `${url}/auth0`, clientId: 'local-spa' },
  }
  const server = await startFauna({ port: 0, issuers, secret: SECRET })

  /** A token of alice from the Clerk-shaped issuer, with changes; undefined removes a claim. */
  async function token(claims = {}, { key = keys.rsa.privateKey, ...header } = /** @type {any} */ ({})) {
    const payload = { iss: CLERK, aud: FAUNA_AUDIENCE, sub: 'user_alice', iat: now(), nbf: now() - 5, exp: now() + 60, ...claims }
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(key)
  }
  /** Any endpoint, with any body. @param {string} path @param {any} body text as it is, anything else as JSON */
  async function post(path, body, { secret = SECRET, headers = {} } = /** @type {any} */ ({})) {
    const response = await fetch(server.url + path, {
      method: 'POST', headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body), signal: soon(),
    })
    return { status: response.status, headers: response.headers, ...JSON.parse(await response.text()) }
  }
  return {
    keys, jwks, issuers, server, token, post,
    bob: () => token({ iss: AUTH0, sub: 'auth0|bob' }),
    /** A query. */
    ask: (query, { format = 'tagged', args, headers = {}, body, ...options } = /** @type {any} */ ({})) =>
      post('/query/1', body ?? { query, arguments: args }, { ...options, headers: { 'x-format': format, ...headers } }),
    /** @returns {Promise<any>} all knobs and counters */
    knobs: async (changes = {}) => (await fetch(`${server.url}/__knobs`, { method: 'POST', body: JSON.stringify(changes), signal: soon() })).json(),
    async stop() {
      await server.stop()
      await new Promise((resolve) => {
        host.close(resolve)
        host.closeAllConnections()
      })
    },
  }
}

/** A stream read byte by byte, as no driver does. @param {Awaited<ReturnType<typeof startPlace>>} place */
export async function listen({ server }, body, { secret = SECRET } = {}) {
  const abort = new AbortController()
  const response = await fetch(`${server.url}/stream/1`, { method: 'POST', headers: { authorization: `Bearer ${secret}` }, body: JSON.stringify(body), signal: abort.signal })
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader()
  /** Every piece as it came. @type {Uint8Array[]} */
  const chunks = []
  let text = ''
  const decoder = new TextDecoder()
  /** @returns {Promise<boolean>} false: the body ended */
  async function more() {
    const { value, done } = await reader.read()
    if (done) return false
    chunks.push(value)
    text += decoder.decode(value, { stream: true })
    return true
  }
  /** The next event; undefined when the stream has ended. @returns {Promise<any>} */
  async function next() {
    while (!text.includes('\r\n')) if (!(await more())) return undefined
    const end = text.indexOf('\r\n')
    const event = JSON.parse(text.slice(0, end))
    text = text.slice(end + 2)
    return event
  }
  return {
    status: response.status, headers: response.headers, chunks, next,
    /** What has come of an event that is not whole. */
    half: () => text,
    take: async (count) => {
      const events = []
      while (events.length < count) events.push(await next())
      return events
    },
    close: () => abort.abort(),
  }
}
