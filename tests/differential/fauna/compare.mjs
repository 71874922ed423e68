// The same calls through both libraries, and what came of them in a comparable form.
import assert from 'node:assert/strict'
import { canonical } from './codec.mjs'
import { driver, ours } from './load.mjs'
import { comparable, stub } from './stub.mjs'

export const lib = await ours()
export { canonical, driver }

export const stats = { compute_ops: 1, read_ops: 0, write_ops: 0, query_time_ms: 1, contention_retries: 0, storage_bytes_read: 0, storage_bytes_write: 0, rate_limits_hit: [] }

/** A failure as Fauna sends it. @param {string} code @param {number} status */
export const failure = (code, status, extra = {}, error = {}) => ({ status, json: { error: { code, message: `says ${code}`, ...error }, ...extra } })

/** A client of either library for a server. @param {any} l */
export const open = (l, url, options = {}) => {
  const config = { secret: 'fn-secret', endpoint: url, ...options }
  return l === driver ? new l.Client(config, new l.FetchClient({ url: url.href, fetch_keepalive: false })) : new l.Client(config)
}

/** @typedef {{ value?: any, error?: any, log: any[], client: any }} Side */

/**
 * Runs the same calls on both and returns what each server saw and each caller got.
 * @param {(request: any, n: number) => any} script @param {(client: any, lib: any) => Promise<any>} run
 * @returns {Promise<[Side, Side]>} ours, the driver's
 */
export const both = async (script, run, options = {}) => {
  const out = []
  for (const l of [lib, driver]) {
    const server = await stub(script)
    const client = open(l, server.url, options)
    try {
      out.push({ ...(await outcome(() => run(client, l))), log: server.log, client })
    } finally {
      await server.stop()
    }
  }
  return /** @type {any} */ (out)
}

/** @param {() => any} run */
export const outcome = async (run) => {
  try {
    return { value: await run() }
  } catch (error) {
    return { error }
  }
}

export const sameRequests = ([a, b]) => assert.deepEqual(a.log.map(comparable), b.log.map(comparable))

/** What ours says beside the driver's fields. */
const ownFields = ['kind', 'retryable', 'backend', 'hint', 'token']

/**
 * An error's class, message and fields. Left out is what differs on purpose (differences.mjs): our own fields, `code` where the driver
 * has none, messages that are not the server's, and the time of the schema.
 */
export const fields = (error) => {
  const service = 'queryInfo' in error
  const keys = Object.keys(error).filter((key) => !ownFields.includes(key) && (service || key !== 'code'))
  const { schema_version: _, ...info } = error.queryInfo ?? {}
  const shown = Object.fromEntries(keys.map((key) => [key, key === 'queryInfo' ? info : error[key]]))
  return { name: error.name, class: error.constructor.name.replace(/^_+|\d+$/g, ''), message: service ? error.message : undefined, ...canonical(shown) }
}

/** No waiting between attempts. */
export const fast = async (run) => {
  const random = Math.random
  Math.random = () => 0.001
  try {
    return await run()
  } finally {
    Math.random = random
  }
}

/** No word on the console meanwhile: a long that is no safe number is warned of. */
export const quietly = async (run) => {
  const { warn } = console
  console.warn = () => {}
  try {
    return await run()
  } finally {
    console.warn = warn
  }
}
