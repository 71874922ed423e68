// What the page does meanwhile: seen or not, frozen, offline, put aside by "back"; and what its other tabs say.
import * as op from './op.js'
import type { Connection, Side } from './provider.js'

/** What tabs tell each other. Never a token, and nothing that is believed: whoever hears it asks its own provider. */
interface Signal {
  v: 1
  /** `left`: whoever this is left, was replaced, or (null) somebody came where nobody was. `rejected`: a backend refused a token of this template. */
  type: 'left' | 'rejected'
  /** The sender's `identityKey` until then. A tab with another one has nothing to do with it. */
  who: string | null | undefined
  template?: string | undefined
  /** Milliseconds since the epoch. */
  at: number
}

export interface Page {
  /** Who is there now; tells the other tabs who is not any more. */
  told(key: string | null | undefined): void
  /** Tells the other tabs that somebody left. */
  left(who: string | null | undefined): void
  /** Tells them that a backend refused a token. */
  refused(template: string): void
  stop(): void
}

/** For so long a change is the answer to a signal about the same person, and is not passed on: two tabs could go on about it for ever. */
const ECHO_MS = 10_000
/** A signal may overtake what the provider in the other tab wrote into the storage they share; after so long it has arrived. */
const AGAIN_MS = 500
/** What is refused again and again is said, and heeded, so often and no more. */
const REFUSED_MS = 60_000

/** `keys`: by the names of templates. `wake` tells observers that the page is seen again. */
export const page = (name: string, { core }: Side, connection: Connection, keys: ReadonlyMap<string, number>, wake: () => void): Page => {
  const target = globalThis as { document?: Document; BroadcastChannel?: typeof BroadcastChannel } & Partial<EventTarget>
  const refusals = new Map<string, number>()
  let channel: (BroadcastChannel & { unref?(): void }) | undefined
  let last: string | null | undefined
  let heard: typeof last
  let heardAt: number

  const command = (what: number, a = 0, b = 0) => core.command(what, a, b)
  const say = (type: Signal['type'], who: Signal['who'], template?: string) => channel?.postMessage({ v: 1, type, who, template, at: Date.now() } satisfies Signal)

  /** The first for a while. */
  const first = (template: string) => {
    const now = performance.now()
    return !(now - refusals.get(template)! < REFUSED_MS) && refusals.set(template, now)
  }

  /** Nothing at hand is good before the provider has given it again, and whoever it says is there counts. In this order: what waits must not get the old token. */
  const recheck = () => {
    command(op.invalidate, -1)
    connection.recheck()
    setTimeout(() => connection.recheck(), AGAIN_MS)
  }

  const open = () => {
    try {
      channel = new target.BroadcastChannel!(`countersign:${name}`)
      channel.unref?.()
      channel.onmessage = ({ data }) => {
        const { v, type, who, template, at } = Object(data) as Signal
        if (v !== 1 || who !== last) return
        if (type === 'left') {
          heard = who
          heardAt = performance.now()
          recheck()
        } else if (type === 'rejected') {
          const key = keys.get(template!) ?? -1
          const obtained = command(op.number, key, 2)
          if (obtained && obtained < at && first(template!)) command(op.invalidate, key)
        }
      }
    } catch {
      // There is none, or storage is blocked: each tab knows what its provider knows.
    }
  }
  const close = () => {
    channel?.close()
    channel = undefined
  }

  let away = false
  const see = ({ type }: { type?: string }) => {
    const aside = type === 'pagehide' || type === 'freeze'
    const visible = !aside && target.document?.visibilityState !== 'hidden'
    if (aside) {
      away = true
      close()
    } else if (away && (visible || type !== 'visibilitychange')) {
      // Put aside, the page knows nothing of what happened since, perhaps for hours. Its first event is not `pageshow`, and the app may send something at each.
      away = false
      open()
      recheck()
      command(op.wake)
    } else if (type === 'online') command(op.wake)
    else if (visible && type === 'visibilitychange') wake()
    // A service worker is killed when it has nothing to do: what is fetched ahead of need would be fetched for nobody.
    command(op.visible, +(visible && !('skipWaiting' in target)))
  }
  const listen = (how: 'addEventListener' | 'removeEventListener') => {
    // Before the app's own listeners: what these send is decided by what has just happened.
    for (const type of ['visibilitychange', 'freeze', 'resume', 'pagehide', 'pageshow', 'online']) target[how]?.(type, see as EventListener, true)
  }
  listen('addEventListener')
  open()
  see({})

  return {
    told(key) {
      if (key === undefined || key === last) return
      if (last !== undefined && (last !== heard || performance.now() - heardAt > ECHO_MS)) say('left', last)
      last = key
    },
    left: (who) => say('left', who),
    refused: (template) => first(template) && say('rejected', last, template),
    stop() {
      close()
      listen('removeEventListener')
    },
  }
}
