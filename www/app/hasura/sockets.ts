// What sockets did, as a picture needs it: when each was asked for, acknowledged and lost, what came over it, and when nobody had one.
// Of both clients: ours, told by `hasura.on`, and the plain one beside it. Nothing of a user is in it.
import type { HasuraClient } from 'countersign/hasura'
import { store } from '@/lib/store'

/** How much of the past is kept, in milliseconds. */
export const KEPT_MS = 90_000

/** Times by the clock that nobody moves: `performance.now()`. */
export interface Bar {
  n: number
  asked: number
  connected?: number
  ended?: number
  /** Of the close event. */
  code?: number
  /** When its token ends. */
  expires?: number
  /** When it ended there was another one. */
  covered?: boolean
  /** It took over from a socket that still worked. */
  rotation?: boolean
  results: readonly number[]
}
/** A time in which results could not arrive; without an end it goes on. */
export interface Gap { from: number; to?: number }
export interface Lane { bars: readonly Bar[]; gaps: readonly Gap[]; blindMs: number; results: number; sockets: number; rotations: number }
export const PLAIN = 'graphql-ws'

export const EMPTY_LANE: Lane = { bars: [], gaps: [], blindMs: 0, results: 0, sockets: 0, rotations: 0 }
/** By the name of the lane: the role of ours, or {@link PLAIN}. */
export const lanes = store<Readonly<Record<string, Lane>>>({})
export const laneOf = (name: string): Lane => lanes.get()[name] ?? EMPTY_LANE

const write = (name: string, change: (lane: Lane, at: number) => Partial<Lane>): void => {
  const at = performance.now()
  const before = laneOf(name)
  const after = { ...before, ...change(before, at) }
  const recent = ({ ended }: Bar) => ended === undefined || at - ended < KEPT_MS
  lanes.set({ ...lanes.get(), [name]: { ...after, bars: after.bars.filter(recent), gaps: after.gaps.filter(({ to }) => to === undefined || at - to < KEPT_MS) } })
}
const change = (name: string, n: number, what: (bar: Bar) => Partial<Bar>) => write(name, ({ bars }) => ({ bars: bars.map((bar) => (bar.n === n ? { ...bar, ...what(bar) } : bar)) }))

/** Of `performance.now()`, for a moment by the wall clock. */
export const monoOf = (wall: number): number => performance.now() + wall - Date.now()

export const asked = (name: string, at = performance.now()): number => {
  const n = laneOf(name).sockets + 1
  write(name, ({ bars }) => ({ sockets: n, bars: [...bars, { n, asked: at, rotation: bars.some(alive), results: [] }] }))
  return n
}

export const connected = (name: string, n: number): void => write(name, ({ bars, gaps, blindMs, rotations }, at) => ({
  bars: bars.map((bar) => (bar.n === n ? { ...bar, connected: at } : bar)),
  gaps: gaps.map((gap) => ({ to: at, ...gap })),
  blindMs: blindMs + gaps.reduce((all, { from, to }) => all + (to === undefined ? at - from : 0), 0),
  rotations: rotations + (bars.some((bar) => bar.n === n && bar.rotation && bars.some(alive)) ? 1 : 0),
}))

/** `wanted`: somebody still waits for results. */
export const closed = (name: string, n: number, code: number | undefined, wanted: boolean): void => write(name, ({ bars, gaps }, at) => {
  const covered = bars.some((bar) => bar.n !== n && alive(bar))
  const after = bars.map((bar) => (bar.n === n ? { ...bar, ended: at, covered, ...(code !== undefined && { code }) } : bar))
  const lost = bars.some((bar) => bar.n === n && alive(bar)) && !after.some(alive)
  return { bars: after, gaps: wanted && lost ? [...gaps, { from: at }] : gaps }
})

export const expires = (name: string, n: number, at: number): void => change(name, n, () => ({ expires: at }))
export const result = (name: string, n: number): void => {
  write(name, ({ results }) => ({ results: results + 1 }))
  change(name, n, ({ results }) => ({ results: [...results, performance.now()] }))
}
/** Nobody waits any more: what is open is closed without a gap. */
export const rest = (name: string): void => write(name, ({ gaps }, at) => ({ gaps: gaps.map((gap) => ({ to: at, ...gap })) }))

export const alive = ({ connected, ended }: Bar): boolean => connected !== undefined && ended === undefined
/** Milliseconds without a socket, up to now. */
export const blind = ({ blindMs, gaps }: Lane, now: number): number => blindMs + gaps.reduce((all, { from, to }) => all + (to === undefined ? Math.max(0, now - from) : 0), 0)

/** Follows the sockets of a client until it is called off. `expiry`: when the token of now ends, by the wall clock. */
export function follow(client: Pick<HasuraClient, 'on'>, expiry: () => number | undefined): () => void {
  const open: { role: string; n: number; socket: WebSocket }[] = []
  const wanted = new Map<string, boolean>()
  let since = 0
  const stops = [
    client.on('connecting', () => void (since = performance.now())),
    client.on('state', ({ role = DEFAULT, status }) => {
      wanted.set(role, status !== 'idle' && status !== 'closed')
      if (!wanted.get(role)) rest(role)
    }),
    client.on('opened', (opened) => {
      const socket = opened as WebSocket
      const asking = since
      ofRole(socket, (role) => {
        const n = asked(role, asking)
        const ends = expiry()
        if (ends !== undefined) expires(role, n, monoOf(ends))
        open.push({ role, n, socket })
        // Which of two sockets brought it, only the socket says.
        socket.addEventListener('message', ({ data }) => void (/"type":\s*"next"/.test(data) && result(role, n)))
      })
    }),
    client.on('connected', (socket) => {
      const mine = open.find((each) => each.socket === socket)
      if (mine) connected(mine.role, mine.n)
    }),
    client.on('closed', (event) => {
      const { target, code } = event as CloseEvent
      // One that was given up has no event of its own; it is closing.
      const mine = open.find(({ socket }) => (target ? socket === target : socket.readyState > 1))
      if (!mine) return
      open.splice(open.indexOf(mine), 1)
      closed(mine.role, mine.n, code, wanted.get(mine.role) ?? false)
    }),
  ]
  return () => {
    for (const stop of stops) stop()
    lanes.set({})
  }
}

const DEFAULT = 'default'

/** Two roles may connect at the same time, and only what a socket says first tells which it is for. */
function ofRole(socket: WebSocket, tell: (role: string) => void): void {
  socket.send = (data) => {
    Reflect.deleteProperty(socket, 'send')
    tell(JSON.parse(String(data)).payload?.headers?.['x-hasura-role'] ?? DEFAULT)
    socket.send(data)
  }
}
