import type { Session, Unsubscribe } from './types.js'

/**
 * What a socket's machine hears of its page: that it came back (or the session says that the device woke up), and that the network changed.
 * @param online  asked where to look: the platform's word is `navigator.onLine`
 */
export const pageEvents = (session: Session<any> | undefined, woken: () => void, online: () => void): Unsubscribe => {
  const stops: Unsubscribe[] = session ? [session.on('wake', woken)] : []
  const listen = (target: any, event: string, listener: () => void) => {
    if (!target?.addEventListener) return
    target.addEventListener(event, listener)
    stops.push(() => target.removeEventListener(event, listener))
  }
  const { document } = globalThis
  listen(document, 'visibilitychange', () => document.hidden || woken())
  for (const event of ['online', 'offline']) listen(globalThis, event, online)
  return () => {
    for (const stop of stops.splice(0)) stop()
  }
}
