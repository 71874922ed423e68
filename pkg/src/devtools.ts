import { panel } from './devtools/panel.js'
import type { Session, Unsubscribe } from './types.js'

/** What the panel reads: every session has it. */
export type Inspected = Pick<Session, 'inspect' | 'identityKey'>

const TICK_MS = 500

/**
 * A small panel for development: status, identity, tokens with their bars, events and decisions. It shows what `inspect()` says and nothing
 * else, so no token is ever on the page; it only reads, so mounting it does not start a session that has not started.
 *
 * With `at` it is appended to that element, open; without, it is a button in the lower left corner of the page. On a server it does nothing.
 * What it returns takes it away again, with its timer and listeners.
 */
export const mountDevtools = (session: Inspected, at?: Element): Unsubscribe => {
  if (typeof document === 'undefined') return () => {}
  const page = document
  const view = panel(() => follow())
  let timer: ReturnType<typeof setInterval> | undefined

  const draw = () => {
    try {
      view.draw(session.inspect(), session.identityKey, Date.now())
    } catch (error) {
      view.fail(error)
    }
  }
  /** Looks at the session for as long as somebody looks at the panel. */
  const follow = () => {
    clearInterval(timer)
    timer = undefined
    if (!view.open || page.hidden) return
    draw()
    timer = setInterval(draw, TICK_MS)
  }

  page.addEventListener('visibilitychange', follow)
  view.host.toggleAttribute('docked', !!at)
  ;(at ?? page.body ?? page.documentElement).append(view.host)
  if (at) view.toggle(true)
  return () => {
    clearInterval(timer)
    page.removeEventListener('visibilitychange', follow)
    view.host.remove()
  }
}
