// Runs as a dedicated or as a shared worker, and answers once.
import { run } from './run.js'

if (typeof SharedWorkerGlobalScope === 'undefined') run().then((text) => postMessage(text))
else globalThis.onconnect = ({ ports: [port] }) => run().then((text) => port.postMessage(text))
