// The page that starts the worker; bundlers find the worker by this very form of `new URL`.
import { apiOf } from './exercise.js'

const out = document.querySelector('#out')
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
worker.onmessage = ({ data }) => (out.textContent = data)
worker.onerror = (event) => (out.textContent = `FAIL worker: ${event.message ?? 'did not start'}`)
worker.postMessage({ api: apiOf(location) })
