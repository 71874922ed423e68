// Those who want to know: listeners, the history of inspect(), the logger.
import { scrub } from '../errors.js'
import { lazy } from '../loader.js'
import type { Shared } from '../session.js'
import type { SessionEvent, SessionOptions } from '../types.js'

export interface Observers {
  /** Never throws, whatever logger there is. */
  log(level: 'warn' | 'error', message: string): void
  /** A warning whose words are loaded for it. */
  advise(pick: (words: typeof import('./words.js')) => string): void
  /** Told in a microtask, in order, to those who listen now and still listen then. */
  emit(event: SessionEvent): void
}

export const observers = ({ logger }: SessionOptions, { history, listeners }: Shared): Observers => {
  let queue: [SessionEvent, ((event: SessionEvent) => void)[]][] = []
  const log: Observers['log'] = (level, message) => {
    try {
      if (logger !== false) (logger ?? globalThis.console)[level](`countersign: ${message}`)
    } catch {
      // A logger that fails has nobody to tell.
    }
  }
  return {
    log,
    advise: (pick) => void lazy.words().then((words) => log('warn', pick(words)), () => {}),
    emit(event) {
      history.push(event)
      if (history.length > 100) history.shift()
      if (queue.push([event, [...listeners]]) > 1) return
      // Told later, with everything already decided: a listener may call back, and React may be in the middle of a commit.
      queueMicrotask(() => {
        const told = queue
        queue = []
        for (const [e, all] of told)
          for (const listener of all)
            try {
              if (listeners.has(listener)) listener(e)
            } catch (error) {
              log('error', `listener for ${e.type}: ${scrub(error)}`)
            }
      })
    },
  }
}
