// Runs as a dedicated or as a shared worker; the page says where the JSON server is.
import { run } from './run.js'

const answer = (port) => (port.onmessage = ({ data: { api } }) => run(api).then((text) => port.postMessage(text)))
if (typeof SharedWorkerGlobalScope === 'undefined') answer(globalThis)
else globalThis.onconnect = ({ ports: [port] }) => answer(port)
