// A session without a page, by message: a worker has no storage, so its provider is told who is there (`become`).
import { makeProvider } from './provider.js'

/** How long each timer was set for, since it was last asked. */
let delays = []
const { setTimeout } = globalThis
globalThis.setTimeout = (work, ms, ...rest) => {
  delays.push(ms)
  return setTimeout(work, ms, ...rest)
}

/** @param {typeof import('countersign').createSession} createSession */
export const drive = (createSession) => {
  let session, provider, api
  const work = {
    start({ name, tab }) {
      provider = makeProvider({ name, tab, own: 'alice' })
      api = `${location.origin}/app/${name}/a/`
      session = createSession({ name, logger: false, templates: { a: 'a' }, routes: [{ url: api, template: 'a' }], ...provider })
      api += `?tab=${tab}`
    },
    request: () => session.fetch(api).then((response) => response.status, (error) => error.code),
    become: (user) => provider.become(user),
    watched: () => provider.counts.watched,
    status: () => session.status,
    delays: () => {
      const were = delays
      delays = []
      return were
    },
    /** A call whose provider never answers. */
    hang(timeoutMs) {
      session.connect({ getToken: () => new Promise(() => {}) })
      return session.getToken('a', { timeoutMs }).then(() => 'token', (error) => error.code)
    },
  }
  /** A message is `[what, options]`, with a port for what that gave. */
  return async ({ data: [what, options], ports: [port] }) => port.postMessage(await work[what](options))
}
