// What createWsClient loads: one connection, with the options and the rules of npm graphql-ws.
import { CountersignError } from '../errors.js'
import { loadLive } from '../live.js'
import { isSubscription } from './cursor.js'
import { plain } from './follow.js'
import { iterate } from './iterate.js'
import { Link } from './link.js'
import { told } from '../link.js'
import { reviving } from './revive.js'
import { socketUrl } from '../socket-url.js'
import type { Engine, Heard } from './shell.js'
import type { WsClientOptions } from './ws-client.js'
import type { Payload, Result, WsSink } from './ws.js'

/** A pause of graphql-ws: 1, 2, 4, ... seconds, and 0.3 to 3 more. */
const theirs = (attempt: number) => new Promise((resolve) => setTimeout(resolve, 2 ** attempt * 1000 + 300 + Math.floor(Math.random() * 2700)))

const span = (ms: number | undefined): number => (ms !== undefined && Number.isFinite(ms) && ms > 0 ? ms : 0)

const missingOrObject = (value: unknown) => value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value))

/** What npm graphql-ws does not send either: a server closes the socket of all for it. */
const check = (payload: Payload): void => {
  const wrong = !payload || !missingOrObject(payload) ? 'must be an object'
    : typeof payload.query !== 'string' ? 'needs a `query`, which is a text'
    : payload.operationName != null && typeof payload.operationName !== 'string' ? 'has an `operationName` that is no text'
    : (['variables', 'extensions'] as const).flatMap((name) => (missingOrObject(payload[name]) ? [] : `has \`${name}\` that are no object`))[0]
  if (wrong) throw new CountersignError('option_invalid', `hasura: the payload of an operation ${wrong}`, { backend: 'hasura' })
}

export const standard = (options: WsClientOptions<any>, heard: Heard): Promise<Engine> => reviving((gone) => made(options, heard, gone), options.session)

const made = async (options: WsClientOptions<any>, heard: Heard, gone: () => void): Promise<Engine> => {
  const { link: machine } = await loadLive()
  const { session, template, anonymous, connectionParams, lazy = true, retryAttempts = 5, webSocketImpl, generateID } = options
  const bearer = (token: string | null | undefined, params: any) => {
    if (!token) return params
    const Authorization = `Bearer ${token}`
    // Servers read the one or the other.
    return { ...params, Authorization, headers: { ...params?.headers, Authorization } }
  }
  const make = () =>
    new Link({
      machine: machine(
        2, Number.isFinite(retryAttempts) ? retryAttempts : -1, lazy ? span(options.lazyCloseTimeout) : -1, 0, span(options.connectionAckWaitTimeout), span(options.keepAlive),
      ),
      url: async () => {
        const url = typeof options.url === 'function' ? await options.url() : options.url
        return session ? socketUrl(url, 'url', options.allowInsecureOrigin) : (url as string)
      },
      protocol: 'graphql-transport-ws',
      texts: { replacer: options.jsonMessageReplacer, reviver: options.jsonMessageReviver },
      init: async (token) => bearer(token, typeof connectionParams === 'function' ? await connectionParams() : connectionParams),
      session, template, anonymous, heard,
      WebSocket: webSocketImpl as typeof WebSocket | undefined,
      standard: true,
      disablePong: options.disablePong,
      pause: options.retryWait ?? theirs,
      worthIt: options.shouldRetry,
      lost: (event) => event,
      given: options.onNonLazyError ?? console.error,
      broken() {
        gone()
        leave()
      },
    })
  let link = make()
  let disposed = false
  const start = () => {
    if (!lazy) link.tell(told.start)
  }
  start()
  let whose = session?.identityKey
  const end = (error: CountersignError) => {
    const old = link
    link = make()
    old.end(error)
  }
  const become = (key: string | null | undefined) => {
    if (key === undefined || key === whose) return
    const before = whose
    whose = key
    if (before === undefined || disposed) return
    end(new CountersignError('identity_changed', 'the user changed; a subscription belongs to the user who began it', { backend: 'hasura' }))
    start()
  }
  const stops = !session ? [] : [
    session.on('identity', ({ key }) => become(key)),
    session.on('disposed', () => end(new CountersignError('disposed', 'the session was disposed; its sockets ended with it', { backend: 'hasura' }))),
  ]
  const leave = () => {
    for (const stop of stops.splice(0)) stop()
  }
  const subscribe = (payload: Payload, sink: WsSink<Result>) => {
    try {
      if (disposed) throw new CountersignError('disposed', 'this client was disposed', { backend: 'hasura' })
      check(payload)
      // Whoever hears of another user before this does may subscribe for that user.
      become(session?.identityKey)
      return link.subscribe(plain(payload), isSubscription(payload), sink, generateID?.(payload))
    } catch (error) {
      queueMicrotask(() => sink.error(error))
      return () => {}
    }
  }
  return {
    subscribe,
    iterate: (payload) => iterate((sink) => subscribe(payload, sink)),
    terminate: () => link.tell(told.terminate),
    dispose() {
      disposed = true
      leave()
      link.end()
    },
  }
}
