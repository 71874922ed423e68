// The artefact of the machines that live longer than a request: the Instant bridge, Fauna's subscriptions, later sockets.
import { boot } from './boot.js'
import type glue from '../wasm/live.js'

/** Loads `live` once. */
export const loadLive = (): Promise<typeof glue> => boot('live', async () => (await import('../wasm/live.js')).default, () => import('../wasm/live-inline.js'))
