// No network for this page: requests fail as they do on a train, and the page is told so.
import { store } from '../store'

export const offline = store(false)

let real: typeof fetch | undefined

/** The network as it is, for the drawer's own calls of the local servers. */
export const network: typeof fetch = (input, init) => (real ?? fetch)(input, init)

export function setOffline(on: boolean): void {
  if (on === offline.get()) return
  if (on) {
    real = globalThis.fetch
    globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'))
    Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false })
  } else {
    if (real) globalThis.fetch = real
    real = undefined
    // The getter of the prototype is back.
    Reflect.deleteProperty(navigator, 'onLine')
  }
  offline.set(on)
  window.dispatchEvent(new Event(on ? 'offline' : 'online'))
}
