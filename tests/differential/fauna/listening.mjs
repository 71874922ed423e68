// Streams of either library, on a scripted server: what is told, and in what form it is compared.
import { canonical, driver, fast, fields, lib, open } from './compare.mjs'
import { stub } from './stub.mjs'

export const eventStats = { read_ops: 1, storage_bytes_read: 26, compute_ops: 1, processing_time_ms: 0, rate_limits_hit: [] }

/** The server's time at the event of that number: now, so that no cursor is an old one. */
const from = Date.now() * 1000
export const time = (n) => from + n

/** A line as Fauna sends it. */
export const line = (event) => `${JSON.stringify(event)}\r\n`
export const status = (n, type = 'status') => line({ type, txn_ts: time(n), cursor: `c${n}`, stats: eventStats })
export const change = (n, data = { '@int': String(n) }, type = 'add') => line({ type, data, txn_ts: time(n), cursor: `c${n}`, stats: eventStats })
export const fault = (code, error = {}) => line({ type: 'error', error: { code, message: `says ${code}`, ...error }, stats: eventStats })
/** An end for both libraries: nothing is tried again after it. */
export const END = fault('document_not_found')

/**
 * Iterates until the stream ends, or `enough` events came.
 * @param {any} stream @param {{ enough?: number, on?: (event: any, events: any[]) => any }} [options]
 */
export const listen = async (stream, { enough = Infinity, on } = {}) => {
  const events = []
  let error
  try {
    for await (const event of stream) {
      events.push(event)
      await on?.(event, events)
      if (events.length >= enough) break
    }
  } catch (thrown) {
    error = thrown
  }
  return { events, error, stream }
}

/**
 * The same stream through both, without pauses between attempts.
 * @param {(request: any, n: number) => any} script @param {(client: any, lib: any, server: any) => any} run
 * @returns {Promise<any[]>} ours, the driver's
 */
export const listenBoth = (script, run, options = {}) =>
  fast(async () => {
    const out = []
    for (const l of [lib, driver]) {
      const server = await stub(script)
      const client = open(l, server.url, options)
      try {
        out.push({ ...(await run(client, l, server)), log: server.log })
      } finally {
        await server.stop()
      }
    }
    return out
  })

/** What is to be equal of one listening. */
export const told = ({ events, error, stream }) => ({ events: canonical(events), error: error && fields(error), last_ts: stream.last_ts, closed: stream.closed })
