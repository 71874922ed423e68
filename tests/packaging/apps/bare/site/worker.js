const out = document.querySelector('#out')
const worker = new Worker('/shared/worker.js', { type: 'module' })
worker.onmessage = ({ data }) => (out.textContent = data)
worker.onerror = (event) => (out.textContent = `FAIL worker: ${event.message ?? 'did not start'}`)
