// Secrets that can be found again wherever a piece of one turns up, and a watch over everything that a page emits.
import { randomBytes, randomUUID } from 'node:crypto'
import { inspect } from 'node:util'

const base64url = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** @type {Set<string>} every stretch of twelve characters of a secret, in steps of four */
const pieces = new Set()
const remember = (/** @type {string} */ secret) => {
  // The first characters of a header are the same in every token there is.
  for (const part of secret.split('.')) for (let at = part.startsWith('ey') ? 32 : 0; at + 12 <= part.length; at += 4) pieces.add(part.slice(at, at + 12))
  return secret
}

/** A token with a canary in header, payload and signature. @param {Record<string, unknown>} [claims] @param {Record<string, unknown>} [header] */
export const token = (claims = {}, header = {}) => {
  const now = Math.floor(Date.now() / 1000)
  const canary = () => `CANARY${randomBytes(12).toString('hex')}`
  const said = { iss: 'https://issuer.test', aud: 'backend', sub: 'user', iat: now, exp: now + 600, email: `${canary()}@example.com`, nested: { secret: canary() }, ...claims }
  return remember(`${base64url({ alg: 'RS256', typ: 'JWT', kid: 'key-1', jku: canary(), ...header })}.${base64url(said)}.${randomBytes(256).toString('base64url')}`)
}
/** What Auth0 hands out besides. */
export const opaque = () => remember(`v1.${randomBytes(32).toString('base64url').replace(/[-_]/g, 'x')}9`)
/** An Instant session. */
export const uuid = () => remember(randomUUID())

/** An error that quotes a secret wherever an error can. @param {string} secret */
export const loud = (secret, extra = {}) =>
  Object.assign(new Error(`refused ${secret} at https://issuer.test/token?access_token=${secret}#id_token=${secret}`, { cause: new Error(secret) }), {
    name: `Error ${secret}`, code: secret, status: 500, mfa_token: opaque(), refresh_token: opaque(), errors: [{ message: secret, longMessage: secret }],
    toString: () => secret, toJSON: () => secret, [inspect.custom]: () => secret, ...extra,
  })

/** The shapes in which a provider may fail, each with a secret in it. @param {string} secret @returns {unknown[]} */
export const failures = (secret) => [
  loud(secret), secret, { message: secret, name: secret }, new TypeError(secret), new AggregateError([new Error(secret)], secret), Object.assign(Object.create(null), { message: secret }),
  Object.create(null), Symbol(secret), 5, null, undefined,
  { get message() { throw new Error(secret) }, toString() { throw new Error(secret) } },
  new Proxy({}, { get() { throw new Error(secret) } }), `${'x'.repeat(7_900)} ${secret}`, `${secret} ${secret} ${secret} ${secret}`,
]

/** Where a piece of a secret stands in a text, if anywhere. @param {string} text */
export const leak = (text) => {
  if (/CANARY/.test(text)) return 'the canary in clear'
  for (let at = 0; at + 12 <= text.length; at++) if (pieces.has(text.slice(at, at + 12))) return `…${text.slice(Math.max(0, at - 60), at + 40)}…`
  return undefined
}

const printed = (/** @type {unknown} */ value) => {
  const out = []
  for (const way of [String, JSON.stringify, (/** @type {any} */ v) => inspect(v, { depth: 9, showHidden: true, getters: true }), (/** @type {any} */ v) => v?.stack, (/** @type {any} */ v) => inspect(v?.cause)])
    try {
      out.push(String(way(value)))
    } catch {
      // What cannot be printed this way gives nothing away this way.
    }
  return out
}

/**
 * Watches everything: what is logged, what nobody handles, every URL asked for, and where a token is sent.
 * @param {{ after(fn: () => void): void }} t
 */
export const watch = (t) => {
  /** @type {[from: string, text: string][]} */
  const said = []
  const see = (/** @type {string} */ from, /** @type {unknown[]} */ ...values) => values.forEach((value) => printed(value).forEach((text) => said.push([from, text])))
  const undo = /** @type {(() => void)[]} */ ([])
  const logger = /** @type {any} */ ({})
  for (const level of /** @type {const} */ (['debug', 'info', 'log', 'warn', 'error'])) {
    const before = console[level]
    console[level] = (/** @type {unknown[]} */ ...args) => see(`console.${level}`, ...args)
    undo.push(() => void (console[level] = before))
    logger[level] = (/** @type {unknown[]} */ ...args) => see(`logger.${level}`, ...args)
  }
  const unhandled = /** @type {unknown[]} */ ([])
  const lost = (/** @type {unknown} */ error) => (unhandled.push(error), see('unhandled', error))
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    process.on(event, lost)
    undo.push(() => void process.off(event, lost))
  }
  /** Where an Authorization header went. @type {Set<string>} */
  const trusted = new Set()
  const send = globalThis.fetch
  /** The network, as far as a scenario replaces it. @type {{ answer?: (url: URL, init: RequestInit) => any }} */
  const net = {}
  globalThis.fetch = async (input, init = {}) => {
    const url = new URL(String(/** @type {any} */ (input).url ?? input))
    const headers = new Headers(init.headers)
    if (headers.has('authorization')) trusted.add(url.origin)
    headers.delete('authorization')
    // An Instant session goes out under this name, to Instant.
    headers.delete('as-token')
    see('request', url.href, [...headers])
    return net.answer ? net.answer(url, init) : send(input, init)
  }
  undo.push(() => void (globalThis.fetch = send))
  t.after(() => undo.forEach((each) => each()))
  return { see, said, logger, net, trusted, unhandled }
}
