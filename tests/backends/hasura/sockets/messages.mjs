// What comes over a socket. One parser for both dialects, as in the engine: a legacy socket may say `subscribe` and a modern
// one `start`; only the answers differ, see ./dialects.mjs.
import { decodeRequest } from '../execute.mjs'
import { HasuraError, kindOf, parsing } from '../failure.mjs'

/**
 * @typedef {{ type: 'init', headers: Record<string, string> }
 *   | { type: 'start', id: string, request: import('../execute.mjs').GraphQLRequest }
 *   | { type: 'stop', id: string }
 *   | { type: 'ping', payload?: unknown }
 *   | { type: 'pong' } | { type: 'terminate' }} ClientMessage
 */

/** The text is what the engine says after `parsing ClientMessage failed: `. */
export class BadMessage extends Error {}

/** @param {string} where @param {string} what */
const bad = (where, what) => new BadMessage(`Error in ${where}: ${what}`)

/** @param {string} text @returns {ClientMessage} @throws {BadMessage} */
export function decodeMessage(text) {
  let message
  try {
    message = JSON.parse(text)
  } catch {
    throw bad('$', text.trim() ? 'not a valid json value' : 'not enough input')
  }
  if (kindOf(message) !== 'Object') throw bad('$', parsing('ClientMessage', 'Object', message))
  switch (message.type) {
    case 'connection_init': return { type: 'init', headers: headersOf(message.payload) }
    case 'subscribe':
    case 'start': return { type: 'start', id: idOf(message), request: requestOf(message.payload) }
    case 'complete':
    case 'stop': return { type: 'stop', id: idOf(message) }
    case 'ping': return { type: 'ping', payload: message.payload }
    case 'pong': return { type: 'pong' }
    case 'connection_terminate': return { type: 'terminate' }
    case undefined: throw bad('$', 'key "type" not found')
    default: throw bad('$.type', typeof message.type === 'string' ? `unexpected type for ClientMessage: ${message.type}` : parsing('Text', 'String', message.type))
  }
}

function idOf({ id }) {
  if (id === undefined) throw bad('$', 'key "id" not found')
  if (typeof id !== 'string') throw bad('$.id', parsing('Text', 'String', id))
  return id
}

/** A flat map of strings, and of nothing else: `null` for a signed-out user's token is a parse failure. */
function headersOf(payload) {
  if (payload === undefined || payload === null) return {}
  if (kindOf(payload) !== 'Object') throw bad('$.payload', parsing('ConnParams', 'Object', payload))
  const { headers } = payload
  if (headers === undefined || headers === null) return {}
  if (kindOf(headers) !== 'Object') throw bad('$.payload.headers', parsing('HashMap', 'Object', headers))
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => {
    if (typeof value !== 'string') throw bad(`$.payload.headers.${name}`, parsing('Text', 'String', value))
    return [name.toLowerCase(), value]
  }))
}

function requestOf(payload) {
  if (payload === undefined) throw bad('$', 'key "payload" not found')
  try {
    return decodeRequest(payload)
  } catch (error) {
    if (!(error instanceof HasuraError)) throw error
    throw bad(error.path.replace('$', '$.payload'), error.message)
  }
}
