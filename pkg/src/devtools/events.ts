import type { SessionEvent } from '../types.js'
import { el } from './element.js'

const KEPT = 100

/** The events of `inspect()`, each drawn once, the newest on top. */
export const eventList = () => {
  const drawn = new WeakSet<SessionEvent>()
  const list = el('ol', { class: 'events', tabindex: '0', reversed: '' })
  let looked = false
  return {
    list,
    draw(events: readonly SessionEvent[], now: number) {
      for (const event of events) {
        if (drawn.has(event)) continue
        drawn.add(event)
        // An event has no time of its own: what was there at the first look happened before it.
        const time = el('time', {}, looked ? new Date(now).toLocaleTimeString('en-GB') : 'before')
        list.prepend(el('li', { 'data-type': event.type }, time, el('b', {}, event.type), el('span', {}, say(event))))
      }
      looked = true
      while (list.children.length > KEPT) list.lastElementChild?.remove()
    },
  }
}

const say = (event: SessionEvent): string => {
  switch (event.type) {
    case 'identity':
      return event.key === undefined ? 'not known' : event.key ?? 'nobody'
    case 'status':
      return event.status
    case 'token':
      return `${event.template}: ${event.reason}, good until ${new Date(event.expiresAt).toLocaleTimeString('en-GB')}`
    case 'refreshFailed':
    case 'rejected':
      return `${event.template}: ${event.error.message}`
    case 'decision':
      return event.text
    default:
      return ''
  }
}
