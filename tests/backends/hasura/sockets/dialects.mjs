// The two subprotocols as the engine speaks them: where it departs from their specifications, so does this.
import { HasuraError } from '../failure.mjs'

export const MODERN = 'graphql-transport-ws'
export const LEGACY = 'graphql-ws'

/** What the engine puts into a close frame. @param {number} code @param {string} text */
const serverError = (code, text) => JSON.stringify({ server_error_msg: `${code}: ${text}` })

/** @typedef {typeof modern | typeof legacy} Dialect */

export const modern = {
  name: MODERN,
  result: 'next',
  keepalive: () => ({ type: 'ping', payload: { message: 'keepalive' } }),

  /** @param {import('./socket.mjs').Socket} socket @param {string} what */
  unparseable(socket, what) {
    socket.close(4400, serverError(4400, `Parsing client message failed: parsing ClientMessage failed: ${what}`))
  },
  /** Since 2.30 the reason is hidden; before, it came in a message that this subprotocol does not have. */
  refused(socket, message, engine) {
    if (engine !== 'v2.25') return socket.close(4403, serverError(4403, 'Forbidden'))
    socket.send({ type: 'connection_error', payload: message })
    socket.close(4400, serverError(4400, `Connection initialization failed: ${message}`))
  },
  /** An operation that cannot be looked at: two `error`s and a close that looks like a good one. */
  notStarted(socket, id, message) {
    socket.tell({ type: 'error', id, payload: socket.oneError(new HasuraError('start-failed', message)) })
    socket.tell({ type: 'error', id, payload: message })
    socket.close(1000, serverError(4400, message))
  },
  /** @param {string} id @param {HasuraError} error refused before it ran */
  invalid(socket, id, error) {
    socket.tell({ type: 'error', id, payload: socket.errors(error) })
    socket.tell({ type: 'complete', id })
  },
  /** @param {string} id @param {HasuraError} error a query or mutation that failed while it ran */
  failed(socket, id, error) { this.invalid(socket, id, error) },
}

export const legacy = {
  name: LEGACY,
  result: 'data',
  keepalive: () => ({ type: 'ka' }),

  unparseable(socket, what) {
    socket.send({ type: 'connection_error', payload: `parsing ClientMessage failed: ${what}` })
  },
  refused(socket, message) {
    socket.send({ type: 'connection_error', payload: message })
    socket.close(4400, serverError(4400, `Connection initialization failed: ${message}`))
  },
  notStarted(socket, id, message) {
    socket.tell({ type: 'error', id, payload: socket.oneError(new HasuraError('start-failed', message)) })
    socket.tell({ type: 'complete', id })
  },
  invalid(socket, id, error) {
    const errors = socket.errors(error)
    // The oldest path answers with the error itself.
    socket.tell({ type: 'error', id, payload: Array.isArray(errors) ? { errors } : errors })
    socket.tell({ type: 'complete', id })
  },
  failed(socket, id, error) {
    socket.tell({ type: 'data', id, payload: { errors: [error.shaped(socket.shape)] } })
    socket.tell({ type: 'complete', id })
  },
}

/** Exactly one value names the modern one; a list, another name or none at all is the legacy one. @param {string | undefined} header */
export const dialectOf = (header) => (header === MODERN ? modern : legacy)
