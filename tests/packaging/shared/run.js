import { cores } from './cores.js'
import * as countersign from 'countersign'
import * as hasura from 'countersign/hasura'
import * as testing from 'countersign/testing'
import { buildId } from '../node_modules/countersign/dist/build-id.js'
import { apiOf, exercise } from './exercise.js'

let once

/** Once per page or worker, also where React runs an effect twice. */
export const run = (api = apiOf(globalThis.location)) => (once ??= exercise({ countersign, hasura, testing, buildId, cores, api }))
