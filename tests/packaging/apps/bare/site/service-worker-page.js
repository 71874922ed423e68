const out = document.querySelector('#out')
try {
  await navigator.serviceWorker.register('/site/service-worker.js', { type: 'module' })
  const { active } = await navigator.serviceWorker.ready
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }) => (out.textContent = data)
  active.postMessage('run', [port2])
} catch (error) {
  out.textContent = `FAIL service worker: ${error}`
}
