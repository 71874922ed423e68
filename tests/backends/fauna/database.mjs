// One database: its data, its schema, and the running of a request against it.
import { FAUNA_AUDIENCE, SEEDS } from '../accounts.mjs'
import { Access, predicateHolds } from './access.mjs'
import { annotate, ProtocolFailure, QueryFailure } from './errors.mjs'
import { Run } from './evaluate.mjs'
import { computeOps } from './events.mjs'
import { encode, materialize } from './formats.mjs'
import { KeySet, KeysUnreachable, looksLikeJwt, Refused, verifyJwt } from './jwt.mjs'
import { globalScope } from './modules.mjs'
import { parseQuery } from './parser.mjs'
import { accessProviders, COLLECTIONS, ROLES, USER_FUNCTIONS } from './schema.mjs'
import { checkNames } from './scope.mjs'
import { Cursors } from './sets.mjs'
import { Store } from './store.mjs'
import { readQuery } from './template.mjs'
import { readToken, writeToken } from './token.mjs'
import { int, Module } from './values.mjs'

/** How long finding out who asks may take. */
const AUTH_MS = 5_000
/** Who asks: the roles (null: everything is allowed), the JWT's payload and its `exp`, and the schema they were granted under. */
/** @typedef {{ roles: string[] | null, token: Map<string, any> | null, expS?: number, schema?: number }} Session */

const unauthorized = () => new ProtocolFailure(401, 'unauthorized', 'Access token required')

export class Database {
  /** @param {{ issuers: any, secret?: string, clock: () => number, historyMs: () => number, authMs?: number, disabled?: () => boolean }} options clock in milliseconds */
  constructor({ issuers, secret, clock, historyMs, authMs = AUTH_MS, disabled = () => false }) {
    this.historyMs = historyMs
    this.authMs = authMs
    this.disabled = disabled
    this.secret = secret
    this.clock = clock
    this.providers = accessProviders(issuers).map((provider) => ({ ...provider, keys: new KeySet(provider.jwksUri, clock) }))
    this.globals = globalScope(Object.keys(COLLECTIONS), USER_FUNCTIONS)
    this.isKnown = (name) => this.globals.get(name) instanceof Module
    this.schemaVersion = this.micros()
    this.firstTs = -Infinity
    this.fill(0)
  }
  /** Back to the seeds. What was there before has no history any more. */
  reset() {
    this.fill(this.store.lastTs)
    this.firstTs = this.store.tick(this.micros())
  }
  fill(lastTs) {
    this.cursors = new Cursors()
    this.store = new Store(COLLECTIONS, SEEDS.fauna, (item) => (Number.isInteger(item) ? int(item) : item), lastTs)
  }

  /**
   * Who is asking. Every failure looks the same from outside.
   * @param {string | undefined} authorization
   * @param {(fields: { sub?: string, note?: string }) => void} note
   */
  async authenticate(authorization, note) {
    const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? basic(authorization)
    if (bearer === undefined || this.disabled()) throw unauthorized()
    if (!looksLikeJwt(bearer)) {
      if (this.secret === undefined || bearer !== this.secret) throw unauthorized()
      return { roles: null, token: null }
    }
    try {
      const { payload, roles, provider, expS } = await within(this.authMs, verifyJwt(bearer, {
        providers: this.providers,
        audience: FAUNA_AUDIENCE,
        nowS: this.clock() / 1000,
        grants: (predicate, claims) => this.holds(predicate, claims),
      }))
      const sub = payload.get('sub')
      note({ sub: typeof sub === 'string' ? sub : undefined, note: `${provider}: ${roles.join(', ')}` })
      return { roles, token: payload, expS, schema: this.schemaVersion }
    } catch (error) {
      if (error instanceof KeysUnreachable) throw new ProtocolFailure(503, 'time_out', 'Authentication did not finish in time.')
      if (!(error instanceof Refused)) throw error
      note({ note: `refused: ${error.message}` })
      throw unauthorized()
    }
  }
  holds(predicate, claims) {
    const run = this.run({ roles: null, token: claims }, this.store.begin(this.micros()), '', Infinity)
    return predicateHolds(run, predicate, [claims], this.globals)
  }
  /** Whether who asked may still do so: a JWT until its `exp`, and while nobody has edited the roles. @param {Session} session */
  stillValid({ expS, schema }) {
    return (expS === undefined || expS >= this.clock() / 1000) && (schema === undefined || schema === this.schemaVersion)
  }
  /** As when an administrator edits a role. */
  editRoles() {
    this.schemaVersion = Math.max(this.micros(), this.schemaVersion + 1)
  }
  /** The earliest time, in microseconds, from which events can still be told. */
  historyStart() {
    return Math.max(this.firstTs, this.micros() - this.historyMs() * 1000)
  }
  /** @param {string} token of an event source */
  eventSource(token) {
    return readToken(token, this.globals, this.isKnown)
  }
  micros() {
    return Math.floor(this.clock() * 1000)
  }
  run(session, tx, source, deadline) {
    const access = new Access({ roles: session.roles, globals: this.globals, definitions: ROLES })
    const tokenOf = (source, ts) => writeToken(source, ts, this.globals)
    return new Run({ tx, access, session, source, deadline, clock: this.clock, cursors: this.cursors, tokenOf })
  }
  /** A run that sees what there was right after `ts`, and cannot write. @param {Session} session @param {number} ts microseconds */
  viewer(session, ts) {
    return this.run(session, this.store.view(ts), '', Infinity)
  }

  /**
   * Runs one query. @param {string} text @param {ReturnType<typeof import('./headers.mjs').readHeaders>} headers
   * @param {Session} session
   * @returns {{ status: number, body: Record<string, any> }}
   */
  query(text, headers, session) {
    const started = this.clock()
    const { source, values, args, invalid } = readQuery(text, headers.format, this.isKnown)
    const tx = this.store.begin(this.micros())
    const run = this.run(session, tx, source, started + headers.timeoutMs)
    const envelope = (summary) => ({ summary, txn_ts: tx.ts, stats: this.stats(run, started), schema_version: this.schemaVersion })
    try {
      if (invalid) throw invalid
      const tree = parseQuery(source, values)
      checkNames(tree, new Set([...this.globals.keys(), ...args.keys()]))
      const result = run.evaluate(tree, { vars: args, up: { vars: this.globals } })
      const data = encode(materialize(run, result), headers.format)
      tx.commit()
      return { status: 200, body: { data, ...envelope(run.logs.join('\n')) } }
    } catch (thrown) {
      const failure = thrown instanceof RangeError ? new QueryFailure('stack_overflow', 'Query execution exceeded the maximum stack depth.') : thrown
      if (!(failure instanceof QueryFailure)) throw failure
      if (failure.code === 'time_out') throw new ProtocolFailure(440, 'time_out', failure.message, this.stats(run, started))
      const summary = [annotate('error', failure.message, source, failure.span), ...run.logs].join('\n\n')
      return { status: 400, body: { error: this.error(run, failure, headers.format), ...envelope(summary) } }
    }
  }
  error(run, { code, message, more }, format) {
    const shown = code === 'invalid_query' ? 'The query failed 1 validation check' : message
    const error = { code, message: shown, constraint_failures: more.constraint_failures }
    if ('abort' in more) error.abort = encode(materialize(run, more.abort), format)
    return error
  }
  stats(run, started) {
    const { compute, read, write } = run.stats
    return {
      compute_ops: computeOps(compute),
      read_ops: read,
      write_ops: write,
      query_time_ms: Math.max(0, Math.round(this.clock() - started)),
      contention_retries: 0,
      storage_bytes_read: 0,
      storage_bytes_write: 0,
      rate_limits_hit: [],
    }
  }
}

function basic(authorization) {
  const encoded = /^Basic (.+)$/.exec(authorization ?? '')?.[1]
  return encoded && Buffer.from(encoded, 'base64').toString('utf8').split(':')[0]
}

async function within(ms, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new KeysUnreachable('authentication took too long')), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
