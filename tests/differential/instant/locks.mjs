// Web Locks as a browser has them, as far as a lock of one name that is asked for with a signal goes: Node has none.

/** @param {import('node:test').TestContext} t */
export const webLocks = (t) => {
  /** @type {Map<string, Promise<unknown>>} */
  const tails = new Map()
  const asked = /** @type {string[]} */ ([])
  const request = async (/** @type {string} */ name, /** @type {{ signal: AbortSignal }} */ { signal }, /** @type {() => Promise<any>} */ act) => {
    asked.push(name)
    const before = tails.get(name) ?? Promise.resolve()
    /** @type {() => void} */
    let release = () => {}
    tails.set(name, before.then(() => new Promise((resolve) => (release = () => resolve(undefined)))))
    const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    try {
      await Promise.race([before, aborted])
    } catch (error) {
      void before.then(() => setImmediate(() => release()))
      throw error
    }
    try {
      return await act()
    } finally {
      release()
    }
  }
  const was = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  Object.defineProperty(globalThis, 'navigator', { value: { locks: { request } }, configurable: true, writable: true })
  t.after(() => (was ? Object.defineProperty(globalThis, 'navigator', was) : delete (/** @type {any} */ (globalThis).navigator)))
  /** Everybody has had a turn. */
  const over = async () => void (await Promise.all(tails.values()))
  return { asked, request, over }
}
