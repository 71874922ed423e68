// Those who want to know: listeners, the history of inspect(), the logger.
import { scrub } from '../errors.js'
import { lazy } from '../loader.js'
import type { Shared } from '../session.js'
import type { SessionEvent, SessionOptions } from '../types.js'

export interface Observers {
  log(level: 'warn' | 'error', message: string): void
  /** A warning whose words are loaded for it. */
  advise(pick: (words: typeof import('./words.js')) => string): void
  emit(event: SessionEvent): void
}

export const observers = ({ logger }: SessionOptions, { history, listeners }: Shared): Observers => {
  let queue: SessionEvent[] = []
  const log: Observers['log'] = (level, message) => {
    if (logger !== false) (logger ?? globalThis.console)[level](`countersign: ${message}`)
  }
  return {
    log,
    advise: (pick) => void lazy.words().then((words) => log('warn', pick(words)), () => {}),
    emit(event) {
      history.push(event)
      if (history.length > 100) history.shift()
      if (queue.push(event) > 1) return
      // Told later, with everything already decided: a listener may call back, and React may be in the middle of a commit.
      queueMicrotask(() => {
        const events = queue
        queue = []
        for (const e of events)
          for (const listener of [...listeners])
            try {
              listener(e)
            } catch (error) {
              log('error', `listener for ${e.type}: ${scrub((error as Error)?.message ?? error)}`)
            }
      })
    },
  }
}
