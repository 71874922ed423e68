// The legacy subprotocol (named graphql-ws on the wire, npm subscriptions-transport-ws), for engines before v2.0 and odd proxies.
import type { Dialect } from './wire.js'

const out: Record<string, string> = { subscribe: 'start', complete: 'stop' }
const into: Record<string, string> = { data: 'next', ka: 'ping' }

/** It knows no pings of a client. */
export const legacy: Dialect = {
  out: (message) => (message.type === 'ping' || message.type === 'pong' ? undefined : { ...message, type: out[message.type] ?? message.type }),
  in: (message) => ({ ...message, type: into[message.type] ?? message.type }),
}
