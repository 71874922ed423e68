// Clerk's own client, in Node as in a page.
import { PUBLISHABLE_KEY } from './frontend-api.mjs'

// Clerk believes itself offline without the first; the second would keep this process from ending.
Object.defineProperty(globalThis, 'navigator', { value: { onLine: true, userAgent: 'test' }, configurable: true })
delete globalThis.BroadcastChannel

const { Clerk } = await import('@clerk/clerk-js/no-rhc')

/** Not loaded. */
export const newClerk = () => new Clerk(PUBLISHABLE_KEY)

/** @param {any} clerk */
export const load = async (clerk) => {
  await clerk.load({ standardBrowser: false, telemetry: { disabled: true } })
  return clerk
}

export const loadedClerk = () => load(newClerk())

/** Whether the page has the focus: only then Clerk renews tokens ahead of their end. @param {boolean} focused */
export const focus = (focused) => {
  globalThis.document = /** @type {any} */ ({ hasFocus: () => focused, visibilityState: 'visible', addEventListener() {}, removeEventListener() {} })
  return () => {
    delete globalThis.document
  }
}
