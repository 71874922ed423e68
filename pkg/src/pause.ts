import type { Session } from './types.js'

/** Waits. Rejects as soon as the signal aborts, or there is somebody else for whom `check` throws. */
export const pause = (ms: number, signal: AbortSignal | null | undefined, session: Session<any> | undefined, check: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const look = () => {
      try {
        signal?.throwIfAborted()
        check()
      } catch (error) {
        end()
        reject(error)
      }
    }
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', look)
      unfollow?.()
    }
    // Timers cast to 32 bits and would fire at once beyond that.
    const timer = setTimeout(() => (end(), resolve()), Math.min(ms, 2147483647))
    signal?.addEventListener('abort', look)
    const unfollow = session?.on('identity', look)
  })
