'use client'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { type Bar, blind, EMPTY_LANE, type Gap, type Lane, lanes, PLAIN } from './sockets'

const PAST_MS = 75_000
const AHEAD_MS = 15_000
/** Of a phone: what is that narrow shows less of the past. */
const NARROW = 500
const TICK_MS = 200
/** In CSS pixels: a bar, the room that it has, the name above, the axis below. */
const [THICK, ROW, NAME, AXIS] = [12, 20, 18, 18]
/** What the code of a close event needs. */
const CODE = 38
/** And the name of a lane. */
const LABEL = 165
/** And how long a gap was. */
const LENGTH = 44

/** Sockets over time: a bar for each, from its acknowledgement to its end, in the row that is free. The token of each ends at its tick. */
export function Picture({ names, moving }: { names: readonly string[]; moving: boolean }) {
  const all = lanes.use()
  const box = useRef<HTMLDivElement>(null)
  const { now, wide } = useTicks(moving, box)
  const past = wide < NARROW ? PAST_MS / 2 : PAST_MS
  const x = (at: number) => ((at - now + past) / (past + AHEAD_MS)) * wide
  let top = 0
  const groups = names.map((name) => {
    const lane = all[name] ?? EMPTY_LANE
    const rows = stacked(lane.bars)
    const depth = name === PLAIN ? 1 : Math.max(2, ...rows.map((row) => row + 1))
    const at = top
    top += NAME + depth * ROW + 8
    return { name, lane, rows, depth, top: at }
  })
  const height = top + AXIS
  return (
    <div className="sockets" ref={box}>
      <svg width="100%" height={height} role="img" aria-label={`Sockets in the last ${past / 1000} seconds. ${names.map((name) => summary(name, all[name] ?? EMPTY_LANE, now)).join('. ')}`}>
        {ticks(past).map((s) => <g key={s} className="sockets-axis"><line x1={x(now + s * 1000)} x2={x(now + s * 1000)} y1={0} y2={top} /><text x={x(now + s * 1000)} y={height - 4}>{s === 0 ? 'now' : `${s > 0 ? '+' : '−'}${Math.abs(s)} s`}</text></g>)}
        <line className="sockets-now" x1={x(now)} x2={x(now)} y1={0} y2={top} />
        {groups.map(({ name, lane, rows, depth, top: at }) => (
          <g key={name} transform={`translate(0 ${at})`} data-plain={name === PLAIN || undefined}>
            {holes(lane.gaps, x, now).map((hole) => <Hole key={hole.from} hole={hole} height={depth * ROW} />)}
            {lane.bars.map((bar, i) => ((x(bar.ended ?? now) > 0) ? <Socket key={bar.n} bar={bar} before={lane.bars[i - 1]} row={rows[i] ?? 0} rowBefore={rows[i - 1] ?? 0} x={x} now={now}
              room={x(lane.bars.find((each, k) => k > i && rows[k] === rows[i])?.asked ?? now + AHEAD_MS) - x(bar.ended ?? now)} /> : null))}
            <text className="sockets-name" x={4} y={13}>{name === PLAIN ? 'graphql-ws, as it comes' : `countersign, role ${name}`}</text>
          </g>
        ))}
      </svg>
    </div>
  )
}

interface Place { x: (at: number) => number; now: number }
const middle = (row: number) => NAME + row * ROW + ROW / 2

function Socket({ bar, before, row, rowBefore, x, now, room }: Place & { bar: Bar; before: Bar | undefined; row: number; rowBefore: number; room: number }) {
  const y = middle(row)
  const from = Math.max(-20, x(bar.connected ?? now))
  const to = x(bar.ended ?? now)
  // What was cut when another socket had taken over already was no loss.
  const torn = bar.ended !== undefined && bar.code !== 1000 && !bar.covered
  return (
    <g className="socket" data-torn={torn || undefined}>
      {bar.connected === undefined || x(bar.connected) > 0 ? <line className="socket-asked" x1={x(bar.asked)} x2={bar.connected === undefined ? to : from} y1={y} y2={y} /> : null}
      {bar.rotation && before && bar.connected !== undefined && <path className="socket-moved" d={`M${from - 9} ${middle(rowBefore)}C${from} ${middle(rowBefore)} ${from - 7} ${y} ${from + 3} ${y}`} />}
      {bar.connected !== undefined && <rect className="socket-bar" x={from} width={Math.max(2, to - from)} y={y - THICK / 2} height={THICK} rx={4} />}
      {torn && to - from > 2 && <path className="socket-torn" d={`M${to - 3} ${y - 9}l6 5l-6 4l6 4l-6 5`} />}
      {torn && bar.code !== undefined && room > CODE && <text className="socket-code" x={to + 6} y={y + 4}>{bar.code}</text>}
      {!torn && bar.expires !== undefined && x(bar.expires) > 0 && <Expiry at={x(bar.expires)} from={to} y={y} />}
      {bar.results.filter((at) => x(at) > 0).map((at, i) => <circle key={`${at}-${i}`} className="socket-result" cx={x(at)} cy={y} r={3} />)}
    </g>
  )
}

/** When the token ends: after the bar, where a socket took over in time. */
function Expiry({ at, from, y }: { at: number; from: number; y: number }) {
  return (
    <g className="socket-expiry">
      {at > from && <line x1={from} x2={at} y1={y} y2={y} strokeDasharray="1 4" />}
      <line x1={at} x2={at} y1={y - 8} y2={y + 8} />
    </g>
  )
}

interface Drawn { from: number; left: number; right: number; long: string | undefined }

/** The gaps that are in sight. How long each was is said where there is room for it: beside the name of the lane, and beside the one before. */
function holes(gaps: readonly Gap[], x: Place['x'], now: number): Drawn[] {
  let free = LABEL
  return gaps.filter(({ to = now }) => x(to) > 0).map(({ from, to = now }) => {
    const [left, right] = [Math.max(0, x(from)), x(Math.min(now, to))]
    const start = (left + right - LENGTH) / 2
    if (start < free) return { from, left, right, long: undefined }
    free = start + LENGTH
    return { from, left, right, long: `${(Math.max(0, Math.min(now, to) - from) / 1000).toFixed(1)} s` }
  })
}

function Hole({ hole: { left, right, long }, height }: { hole: Drawn; height: number }) {
  return (
    <g className="sockets-gap">
      <rect x={left} width={Math.max(1, right - left)} y={NAME - 2} height={height + 4} />
      {long && <text x={(left + right) / 2} y={12}>{long}</text>}
    </g>
  )
}

/** The first row in which nothing else is at that time. */
export function stacked(bars: readonly Bar[]): number[] {
  const ends: number[] = []
  return bars.map(({ asked, ended = Infinity }) => {
    const free = ends.findIndex((end) => end <= asked)
    const row = free < 0 ? ends.length : free
    ends[row] = ended
    return row
  })
}

const ticks = (past: number) => Array.from({ length: Math.floor((past + AHEAD_MS) / 15_000) + 1 }, (_, i) => (Math.ceil(-past / 15_000) + i) * 15).filter((s) => s * 1000 > -past && s * 1000 < AHEAD_MS)

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} seconds`

function summary(name: string, lane: Lane, now: number): string {
  const open = lane.bars.filter(({ connected, ended }) => connected !== undefined && ended === undefined).length
  const none = blind(lane, now)
  const who = name === PLAIN ? 'Plain graphql-ws' : `countersign, role ${name}`
  return `${who}: ${lane.sockets} so far, ${open} open, ${lane.rotations} rotations, ${lane.gaps.length || none ? `${seconds(none)} without a socket` : 'never without one'}`
}

/** The time for drawing, and how wide it is drawn. */
function useTicks(moving: boolean, box: RefObject<HTMLElement | null>): { now: number; wide: number } {
  const [view, setView] = useState({ now: 0, wide: 720 })
  useEffect(() => {
    const look = () => setView({ now: performance.now(), wide: box.current?.clientWidth ?? 720 })
    look()
    if (!moving) return
    const timer = setInterval(look, TICK_MS)
    return () => clearInterval(timer)
  }, [moving, box])
  return view
}
