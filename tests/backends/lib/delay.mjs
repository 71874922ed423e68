/**
 * Resolves after `ms`, or at once when `signal` aborts: nobody waits any more, and a stopped server keeps no timer.
 * @param {number} ms @param {AbortSignal} [signal] @returns {Promise<void>}
 */
export function delay(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}
