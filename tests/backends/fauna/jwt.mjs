// Fauna's rules for JWTs, in Fauna's order, each failing the same way. The reason is kept for the log of the tests;
// a caller never learns it.
import { createPublicKey, verify } from 'node:crypto'
import { readJson, RawNumber } from './json.mjs'
import { decodeSimple } from './formats.mjs'
import { Int } from './values.mjs'

const ALGORITHMS = { RS256: 'RSA-SHA256', RS384: 'RSA-SHA384', RS512: 'RSA-SHA512' }
export const AUDIENCE_PREFIX = 'https://db.fauna.com/db/'
const DATABASE_ID = /^[ybndrfg8ejkmcpqxot1uwisza345h769]{13}$/
const REFRESH_MS = 5 * 60_000
const RELOAD_MS = 500
const FORGET_MS = 60 * 60_000
const FETCH_MS = 5_000

export class Refused extends Error {}
export class KeysUnreachable extends Error {}

/** A provider's keys: RSA only, refreshed after five minutes, forgotten an hour after their last use, reloaded for an unknown `kid` at most every 500 ms. */
export class KeySet {
  /** @param {string} uri @param {() => number} clock in milliseconds; it may be set back */
  constructor(uri, clock) {
    this.clock = clock
    const url = new URL(uri)
    url.search = ''
    this.url = url
    this.forget()
  }
  forget() {
    this.keys = []
    this.etag = undefined
    this.loadedAt = -Infinity
  }
  /** Whether an instant is longer ago than that. @param {number} then @param {number} ms */
  past(then, ms) {
    return Math.abs(this.clock() - then) > ms
  }
  async find(kid) {
    if (this.past(this.usedAt, FORGET_MS)) this.forget()
    this.usedAt = this.clock()
    if (this.past(this.loadedAt, REFRESH_MS)) await this.load(true)
    return this.pick(kid) ?? (await this.reload(kid))
  }
  pick(kid) {
    if (kid === undefined) return this.keys.length === 1 ? this.keys[0] : undefined
    return this.keys.find((key) => key.kid === kid)
  }
  async reload(kid) {
    if (!this.past(this.loadedAt, RELOAD_MS)) return undefined
    await this.load(false)
    return this.pick(kid)
  }
  /** One request at a time, whoever asks. */
  load(conditional) {
    this.loading ??= this.fetch(conditional).finally(() => {
      this.loading = undefined
    })
    return this.loading
  }
  async fetch(conditional) {
    const headers = { accept: 'application/json', ...(conditional && this.etag ? { 'if-none-match': this.etag } : {}) }
    let response
    try {
      response = await fetch(this.url, { headers, signal: AbortSignal.timeout(FETCH_MS) })
    } catch (error) {
      if (error.name === 'TimeoutError') throw new KeysUnreachable('the key set does not answer')
      throw new Refused('the key set cannot be fetched')
    }
    if (response.status === 304) return void (this.loadedAt = this.clock())
    const body = response.ok ? await response.json().catch(() => undefined) : undefined
    if (!Array.isArray(body?.keys)) throw new Refused('the key set is not one')
    this.etag = response.headers.get('etag') ?? undefined
    this.keys = body.keys.filter((key) => key?.kty === 'RSA')
    this.loadedAt = this.clock()
  }
}

/** A bearer value that is treated as a JWT, with no way back to keys. */
export const looksLikeJwt = (bearer) => bearer.startsWith('ey') && bearer.includes('.')

const part = (text) => {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new Refused('not base64url')
  let json
  try {
    json = readJson(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'base64url')))
  } catch {
    throw new Refused('not JSON')
  }
  if (!(json instanceof Map)) throw new Refused('not an object')
  return json
}
/** Only an integer counts; anything else is as if it were absent. */
const seconds = (value) => (value instanceof RawNumber && value.isInteger ? Number(value.text) : undefined)

/**
 * @param {string} token
 * @param {object} options
 * @param {{ name: string, issuer: string, keys: KeySet, roles: { role: string, predicate?: string }[] }[]} options.providers
 * @param {string} options.audience this database's audience
 * @param {number} options.nowS
 * @param {(predicate: string, payload: Map<string, any>) => boolean} options.grants
 * @returns {Promise<{ payload: Map<string, any>, roles: string[], provider: string, expS?: number }>} rejects with Refused
 */
export async function verifyJwt(token, { providers, audience, nowS, grants }) {
  const parts = token.split('.')
  if (parts.length !== 3) throw new Refused('not three parts')
  const [header, payload] = parts.slice(0, 2).map(part)

  const algorithm = ALGORITHMS[header.get('alg')]
  if (!algorithm) throw new Refused('alg is not RS256, RS384 or RS512')

  const exp = seconds(payload.get('exp'))
  if (exp !== undefined && !(exp > nowS)) throw new Refused('expired')
  const nbf = seconds(payload.get('nbf'))
  if (nbf !== undefined && !(nbf < nowS)) throw new Refused('not yet valid')

  const aud = payload.get('aud')
  const ours = (Array.isArray(aud) ? aud : [aud]).filter((entry) => typeof entry === 'string' && entry.startsWith(AUDIENCE_PREFIX))
  if (ours.length !== 1) throw new Refused('not exactly one audience of Fauna')
  if (!DATABASE_ID.test(ours[0].slice(AUDIENCE_PREFIX.length)) || ours[0] !== audience) throw new Refused('no such database')

  const provider = providers.find((candidate) => candidate.issuer === payload.get('iss'))
  if (!provider) throw new Refused('no access provider with this issuer')

  const kid = header.get('kid')
  const jwk = await provider.keys.find(typeof kid === 'string' ? kid : undefined)
  if (!jwk) throw new Refused('no key for this kid')
  if (!signed(parts, jwk, algorithm)) throw new Refused('bad signature')

  const claims = longs(decodeSimple(payload))
  const roles = provider.roles.filter(({ predicate }) => predicate === undefined || grants(predicate, claims)).map(({ role }) => role)
  if (!roles.length) throw new Refused('no role is granted')
  return { payload: claims, roles, provider: provider.name, expS: exp }
}

function signed([header, payload, signature], jwk, algorithm) {
  try {
    return verify(algorithm, Buffer.from(`${header}.${payload}`, 'ascii'), createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

/** Integers of a payload arrive as Long, however small. */
function longs(value) {
  if (value instanceof Int) return new Int(value.v, true)
  if (Array.isArray(value)) return value.map(longs)
  return value instanceof Map ? new Map([...value].map(([key, item]) => [key, longs(item)])) : value
}
