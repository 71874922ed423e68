import type { SessionSnapshot, TokenSnapshot } from '../types.js'
import { el, write } from './element.js'

interface Row {
  item: HTMLElement
  draw(token: TokenSnapshot, now: number): void
}

/** One row per template that has been asked for, with a bar that runs down. */
export const tokenList = () => {
  const rows = new Map<string, Row>()
  const none = el('li', { class: 'none' }, 'None has been asked for yet.')
  const list = el('ul', { class: 'tokens' }, none)
  return {
    list,
    draw(tokens: SessionSnapshot['tokens'], now: number) {
      none.hidden = Object.keys(tokens).length > 0
      for (const [name, row] of rows)
        if (!(name in tokens)) {
          row.item.remove()
          rows.delete(name)
        }
      for (const [name, token] of Object.entries(tokens)) {
        let row = rows.get(name)
        if (!row) {
          rows.set(name, (row = makeRow(name || 'session token')))
          list.append(row.item)
        }
        row.draw(token, now)
      }
    },
  }
}

const makeRow = (name: string): Row => {
  const left = el('span', { class: 'left' })
  const [life, margin, lead] = [el('i', { class: 'life' }), el('i', { class: 'margin' }), el('i', { class: 'lead' })]
  const bar = el('div', { class: 'bar', role: 'meter', 'aria-label': `${name}: seconds left`, 'aria-valuemin': '0' }, life, margin, lead)
  const about = el('p')
  const decision = el('p', { class: 'decision' })
  const claims = el('pre')
  const item = el('li', {}, el('div', { class: 'head' }, el('strong', {}, name), left), bar, about, decision, el('details', {}, el('summary', {}, 'What it says'), claims))
  return {
    item,
    draw(token, now) {
      const whole = Math.max(1, token.expiresAt - token.obtainedAt)
      const rest = Math.max(0, token.expiresAt - now)
      const share = (ms: number) => `${Math.min(100, Math.max(0, (ms / whole) * 100))}%`
      const seconds = Math.ceil(rest / 1000)
      const phase = rest === 0 ? 'expired' : now >= token.refreshAt ? 'due' : 'fresh'
      item.dataset['phase'] = phase
      // Of a user who has gone nothing is kept but the counts.
      write(left, rest ? `${seconds} s` : token.expiresAt ? 'expired' : 'dropped')
      bar.setAttribute('aria-valuenow', String(seconds))
      bar.setAttribute('aria-valuemax', String(Math.max(seconds, Math.ceil(whole / 1000))))
      // Through the object model: a policy that forbids `style` attributes allows it.
      life.style.width = share(rest)
      margin.style.width = rest ? share(token.expiresAt - token.notAfter) : '0'
      lead.style.left = share(token.expiresAt - token.refreshAt)
      const refresh = phase === 'fresh' ? `refresh in ${Math.ceil((token.refreshAt - now) / 1000)} s` : phase === 'due' ? 'refresh at the next read' : 'a new one before the next use'
      write(about, `${refresh}; ${token.refreshes} ${token.refreshes === 1 ? 'refresh' : 'refreshes'}, generation ${token.generation}, ${token.reason}`)
      write(decision, token.decision)
      write(claims, Object.entries(token.claims).map(([claim, value]) => `${claim}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join('\n'))
    },
  }
}
