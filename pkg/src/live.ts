// The artefact of the machines that live longer than a request: the Instant bridge, Fauna's subscriptions, later sockets.
import { boot } from './boot.js'
import type * as Glue from '../wasm/live.js'

/** Loads `live` once. */
export const loadLive = (): Promise<typeof Glue> => boot('live', () => import('../wasm/live.js'), () => import('../wasm/live-inline.js'))
