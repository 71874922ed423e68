// One tab of an app: `tab` is what the tests drive it by.
import { createSession } from 'countersign'
import { makeProvider } from './provider.js'

const tab = (globalThis.tab = {
  /** @param {{ name: string, tab: string, own?: string, templates?: string[], session?: string }} options */
  start({ name, tab: id, own, templates = ['a'], session: called = name }) {
    const provider = makeProvider({ name, tab: id, own })
    const routes = templates.map((template) => ({ url: `${location.origin}/app/${name}/${template}/`, template }))
    const session = createSession({ name: called, logger: false, templates: Object.fromEntries(templates.map((t) => [t, t])), routes, ...provider })
    const events = []
    session.subscribe((event) => events.push(event))
    const api = (template = 'a') => `/app/${name}/${template}/?tab=${id}`
    Object.assign(tab, { session, provider, events, api })
  },
  /** Sends one request: its status, or the code it failed with. */
  request: (template) => tab.session.fetch(tab.api(template)).then((response) => response.status, (error) => error.code),
  async requests(templates) {
    return Promise.all(templates.map(tab.request))
  },
  /** Sends one after the other until somebody has to sign in. */
  async hurry() {
    tab.ended = false
    while ((await tab.request()) !== 'signed_out');
    tab.ended = true
  },
  /** Starts a worker of this app; `tab.workers[kind](what, options)` asks it. @param {'dedicated' | 'shared' | 'service'} kind */
  async employ(kind) {
    if (kind === 'service') await navigator.serviceWorker.register('/service-worker.js', { type: 'module', scope: '/' })
    const to =
      kind === 'service' ? (await navigator.serviceWorker.ready).active
      : kind === 'shared' ? new SharedWorker('/worker.js', { type: 'module' }).port
      : new Worker('/worker.js', { type: 'module' })
    to.start?.()
    tab.workers[kind] = (...message) => new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = ({ data }) => resolve(data)
      to.postMessage(message, [port2])
    })
  },
  workers: {},
})
