// What @instantdb/core needs outside of a browser.

/** Storage of one db, gone with it. */
export class MemoryStore {
  #items = new Map()
  async getItem(/** @type {string} */ key) {
    return this.#items.get(key) ?? null
  }
  async removeItem(/** @type {string} */ key) {
    this.#items.delete(key)
  }
  async multiSet(/** @type {[string, any][]} */ pairs) {
    for (const [key, value] of pairs) this.#items.set(key, value)
  }
  async getAllKeys() {
    return [...this.#items.keys()]
  }
}

/** A socket that never opens, for scripts that are about HTTP. */
class SilentSocket {
  static CONNECTING = 0
  static OPEN = 1
  readyState = 0
  send() {}
  close() {}
}

/** What the official client takes for a browser: enough to start. `restore` puts everything back. @param {{ WebSocket?: any }} [options] */
export function browserStubs({ WebSocket = SilentSocket } = {}) {
  const nothing = () => {}
  const realTimeout = globalThis.setTimeout
  const stubs = {
    window: {}, navigator: { onLine: true }, WebSocket, addEventListener: nothing, removeEventListener: nothing,
    // Node's channel, and a minute-long clean-up timer that the client does not cancel, would keep the process alive.
    BroadcastChannel: undefined,
    setTimeout: (/** @type {any} */ callback, /** @type {number} */ ms, /** @type {any[]} */ ...rest) => realTimeout(callback, ms, ...rest).unref(),
  }
  const saved = Object.keys(stubs).map((name) => /** @type {const} */ ([name, Object.getOwnPropertyDescriptor(globalThis, name)]))
  for (const [name, value] of Object.entries(stubs)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  return {
    pause: (/** @type {number} */ ms) => new Promise((/** @type {(v: void) => void} */ resolve) => void realTimeout(resolve, ms)),
    restore() {
      for (const [name, descriptor] of saved) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor)
        else delete (/** @type {any} */ (globalThis)[name])
      }
    },
  }
}
