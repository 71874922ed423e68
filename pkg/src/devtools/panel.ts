import { scrub } from '../errors.js'
import type { SessionSnapshot } from '../types.js'
import { el, write } from './element.js'
import { eventList } from './events.js'
import { dress } from './style.js'
import { tokenList } from './tokens.js'

export interface Panel {
  readonly host: HTMLElement
  readonly open: boolean
  toggle(open: boolean): void
  draw(snapshot: SessionSnapshot, identityKey: string | null | undefined, now: number): void
  fail(error: unknown): void
}

let made = 0

/** The panel, closed and not on the page yet. `changed`: it was opened or closed. */
export const panel = (changed: () => void): Panel => {
  const host = el('div', { 'data-countersign-devtools': '' })
  const root = host.attachShadow({ mode: 'open' })
  dress(root)
  const id = `countersign-devtools-${++made}`
  const button = el('button', { type: 'button', 'aria-expanded': 'false', 'aria-controls': id }, 'countersign')
  const facts = el('dl', { class: 'facts' })
  const problem = el('p', { class: 'problem', role: 'alert' })
  const tokens = tokenList()
  const events = eventList()
  const body = el('section', { id, 'aria-label': 'countersign', hidden: '' }, facts, problem, el('h2', {}, 'Tokens'), tokens.list, el('h2', {}, 'Events, newest first'), events.list)
  root.append(body, button)

  const fact = (name: string) => {
    const value = el('dd')
    facts.append(el('div', {}, el('dt', {}, name), value))
    return (text: string) => write(value, text)
  }
  const [status, identity, generation, skew, calls] = [fact('status'), fact('identity'), fact('generation'), fact('skew'), fact('provider')]

  const view = {
    host,
    open: false,
    toggle(open: boolean) {
      view.open = open
      button.setAttribute('aria-expanded', String(open))
      body.hidden = !open
      changed()
    },
    draw(snapshot: SessionSnapshot, identityKey: string | null | undefined, now: number) {
      write(problem, '')
      status(snapshot.status)
      identity(identityKey === undefined ? 'not known yet' : identityKey ?? 'nobody')
      generation(String(snapshot.generation))
      skew(interval(snapshot.skew))
      const answers = Object.values(snapshot.tokens).reduce((sum, token) => sum + token.refreshes, 0)
      const failures = snapshot.events.filter((event) => event.type === 'refreshFailed').length
      calls(`${answers} ${answers === 1 ? 'answer' : 'answers'}, ${failures} failed lately`)
      tokens.draw(snapshot.tokens, now)
      events.draw(snapshot.events, now)
    },
    fail: (error: unknown) => write(problem, `inspect() failed: ${scrub((error as Error | undefined)?.message ?? error)}`),
  }
  button.addEventListener('click', () => view.toggle(!view.open))
  body.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return
    event.preventDefault()
    button.focus()
    view.toggle(false)
  })
  return view
}

/** Server time less local time. */
const interval = ([low, high]: SessionSnapshot['skew']) => (low === null && high === null ? 'not known' : `[${end(low)}, ${end(high)}] s`)
const end = (ms: number | null) => (ms === null ? '?' : (ms / 1000).toFixed(1))
