// A service worker may not import() anything: countersign/static brings the core with it.
import { cores } from '/shared/cores.js'
import * as countersign from 'countersign/static'
import * as hasura from 'countersign/hasura'
import * as testing from 'countersign/testing'
import { buildId } from '/node_modules/countersign/dist/build-id.js'
import { apiOf, exercise } from '/shared/exercise.js'

globalThis.onmessage = (event) => {
  event.waitUntil(exercise({ countersign, hasura, testing, buildId, cores, api: apiOf(globalThis.location) }).then((text) => event.ports[0].postMessage(text)))
}
globalThis.oninstall = () => globalThis.skipWaiting()
