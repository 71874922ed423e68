// countersign/devtools: the panel over a real session, in jsdom. How it looks and what a policy says to it is seen in Chromium (devtools-browser.test.mjs).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JSDOM } from 'jsdom'
import { until } from '../differential/until.mjs'
import { entry, name } from './world.mjs'

const { mountDevtools } = await entry('devtools')
const { createSession } = await entry('index')
const { fakeProvider } = await entry('testing')

/** A document that counts its listeners and its page's timers. */
function page() {
  const { window } = new JSDOM('<!doctype html><body><main></main></body>', { url: 'http://localhost/' })
  const { document } = window
  const seen = { listeners: new Set(), timers: new Set(), hidden: false }
  const { addEventListener, removeEventListener } = document
  document.addEventListener = (...args) => (seen.listeners.add(args[1]), addEventListener.apply(document, args))
  document.removeEventListener = (...args) => (seen.listeners.delete(args[1]), removeEventListener.apply(document, args))
  Object.defineProperty(document, 'hidden', { get: () => seen.hidden })
  const real = { setInterval, clearInterval }
  globalThis.setInterval = /** @type {any} */ ((...args) => {
    const timer = real.setInterval(...args)
    seen.timers.add(timer)
    return timer
  })
  globalThis.clearInterval = (timer) => (seen.timers.delete(timer), real.clearInterval(timer))
  globalThis.document = document
  return {
    document, window, seen,
    show: (shown) => (seen.hidden = !shown, document.dispatchEvent(new window.Event('visibilitychange'))),
    /** As the page was before: what is made anew must not be seen by the next test. */
    close() {
      Object.assign(globalThis, real)
      Reflect.deleteProperty(globalThis, 'document')
      for (const timer of seen.timers) real.clearInterval(timer)
    },
  }
}

const panelOf = (document) => {
  const root = document.querySelector('[data-countersign-devtools]').shadowRoot
  const [button, body] = [root.querySelector('button'), root.querySelector('section')]
  return { root, button, body, items: () => [...root.querySelectorAll('.tokens li:not(.none)')], events: () => [...root.querySelectorAll('.events li')].map((item) => item.textContent) }
}
const made = (provider, more = {}) => createSession({ templates: { hasura: 'hasura', '<b>odd</b>': {} }, name: name(), logger: false, ...(provider && { ...provider }), ...more })

test('on a server it does nothing', () => {
  assert.equal(typeof document, 'undefined')
  mountDevtools(made(fakeProvider()))()
})

test('it reads and never starts: a session that nobody called is shown as it is', async (t) => {
  const { document, close } = page()
  t.after(close)
  const provider = fakeProvider()
  let watched = 0
  const session = made({ ...provider, watch: (report) => (watched++, provider.watch(report)) })
  const stop = mountDevtools(session, document.querySelector('main'))
  const { root, items } = panelOf(document)
  assert.match(root.textContent, /statusunknown/)
  assert.match(root.textContent, /not known yet/)
  assert.deepEqual([items().length, provider.calls.length, watched], [0, 0, 0])
  assert.equal(root.querySelector('.none').hidden, false)
  await new Promise((done) => setTimeout(done, 50))
  assert.deepEqual([session.status, watched], ['unknown', 0])
  stop()
})

test('tokens, identity, events and failures of a running session, as text, and no token among them', async (t) => {
  const { document, close } = page()
  t.after(close)
  const provider = fakeProvider({ user: 'alice' })
  const session = made(provider)
  const stop = mountDevtools(session, document.querySelector('main'))
  t.after(stop)
  const tokens = [await session.getToken('hasura'), await session.getToken('<b>odd</b>')]
  const { root, items, events } = panelOf(document)
  await until(() => items().length === 2)
  const [hasura, odd] = items()
  assert.match(hasura.querySelector('.left').textContent, /^(59|60) s$/)
  assert.equal(hasura.dataset.phase, 'fresh')
  assert.match(hasura.textContent, /refresh in \d+ s; 1 refresh, generation \d, first/)
  assert.match(hasura.textContent, /sub: alice/)
  for (const [part, low, high] of [['life', 95, 100], ['margin', 2, 15]]) {
    const share = Number.parseFloat(hasura.querySelector(`.${part}`).style.width)
    assert.ok(share >= low && share <= high, `${part}: ${share} %`)
  }
  const lead = Number.parseFloat(hasura.querySelector('.lead').style.left)
  assert.ok(lead > 15 && lead <= 25, `lead: ${lead} %`)
  assert.deepEqual([odd.querySelector('strong').textContent, root.querySelector('strong b')], ['<b>odd</b>', null])
  assert.match(root.textContent, new RegExp(`identity${session.identityKey}`))
  assert.match(root.textContent, /provider2 answers, 0 failed/)

  provider.failNext(new Error(`no network, and ${tokens[0]}`))
  await assert.rejects(session.getToken('hasura', { force: true }))
  await until(() => events()[0]?.includes('refreshFailed') || events()[1]?.includes('refreshFailed'))
  await until(() => /provider2 answers, 1 failed/.test(root.textContent))
  const known = session.inspect().events.length
  assert.equal(events().length, known, 'each event once')
  for (const token of tokens) for (const part of [token, ...token.split('.').filter((each) => each.length > 8)]) assert.ok(!document.documentElement.outerHTML.includes(part) && !root.innerHTML.includes(part), 'a token is on the page')

  provider.signOut()
  await until(() => /statusanonymous/.test(root.textContent) && /identitynobody/.test(root.textContent))
  assert.deepEqual(items().map((item) => [item.dataset.phase, item.querySelector('.left').textContent]), [['expired', 'dropped'], ['expired', 'dropped']])
})

test('by keyboard: the button opens it, Escape closes it and gives the focus back', (t) => {
  const { document, window, seen, close } = page()
  t.after(close)
  const stop = mountDevtools(made())
  t.after(stop)
  const { root, button, body } = panelOf(document)
  assert.deepEqual([body.hidden, button.getAttribute('aria-expanded'), button.getAttribute('aria-controls'), seen.timers.size], [true, 'false', body.id, 0])
  button.click()
  assert.deepEqual([body.hidden, button.getAttribute('aria-expanded'), seen.timers.size], [false, 'true', 1])
  root.querySelector('.events').focus()
  root.querySelector('.events').dispatchEvent(new window.KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  assert.deepEqual([body.hidden, button.getAttribute('aria-expanded'), root.activeElement, seen.timers.size], [true, 'false', button, 0])
})

test('one timer while somebody looks, none otherwise; taken away, nothing is left', (t) => {
  const { document, seen, show, close } = page()
  t.after(close)
  const before = document.documentElement.outerHTML
  const [first, second] = [mountDevtools(made(), document.querySelector('main')), mountDevtools(made())]
  assert.deepEqual([seen.timers.size, seen.listeners.size], [1, 2], 'the second one is closed')
  show(false)
  assert.equal(seen.timers.size, 0)
  show(true)
  assert.equal(seen.timers.size, 1)
  for (const stop of [first, second, first]) stop()
  assert.equal(seen.timers.size, 0)
  show(true)
  assert.equal(seen.timers.size, 0, 'a look that comes late starts nothing')
  assert.equal(document.documentElement.outerHTML, before)
  assert.equal(seen.listeners.size, 0)
})

test('a session that cannot be read is said to be so, once, and the panel goes on', async (t) => {
  const { document, close } = page()
  t.after(close)
  const session = made()
  let broken = true
  const stop = mountDevtools({ get identityKey() { return session.identityKey }, inspect: () => { if (broken) throw new Error('trapped'); return session.inspect() } }, document.querySelector('main'))
  t.after(stop)
  const problem = () => panelOf(document).root.querySelector('.problem').textContent
  assert.equal(problem(), 'inspect() failed: trapped')
  broken = false
  await until(() => problem() === '')
})
