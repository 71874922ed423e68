const out = document.querySelector('#out')
const worker = new SharedWorker('/shared/worker.js', { type: 'module' })
worker.port.onmessage = ({ data }) => (out.textContent = data)
worker.onerror = (event) => (out.textContent = `FAIL shared worker: ${event.message ?? 'did not start'}`)
