'use client'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { type Line, line, SPAN_MS, type Stretch } from './line'

const WIDTH = 720
const MIDDLE = 22
const STEP = 3
const TICK_MS = 200
const KNOT_MS = 1100
/** About as wide as a letter of a label, in CSS pixels. */
const LETTER_PX = 6.5

const WORDS: Record<Stretch['cause'], string> = {
  first: 'opened', renewed: 'new token', woken: 'woken', ended: 'closed by the server', dropped: 'dropped', silent: 'silent',
  permission_loss: 'token ended', refused: 'refused', resync: 'read anew',
}

/** The connection over time, drawn as the page's own ornament: woven while it is open, knotted where it was made anew, a bare thread while it waits. */
export function Strip() {
  const seen = line.use()
  const box = useRef<HTMLDivElement>(null)
  const { now, wide } = useTicks(seen, box)
  const x = (at: number) => Math.max(0, (1 - (now - at) / SPAN_MS) * WIDTH)
  const pieces = seen.stretches.map((piece, i) => ({ ...piece, from: x(piece.at), to: x(seen.stretches[i + 1]?.at ?? now) })).filter(({ to }) => to > 0)
  const connects = seen.stretches.filter(({ status }) => status === 'connecting')
  const ends = seen.stretches.map(({ at }) => at)
  return (
    <div className="strip-line" ref={box}>
      <svg viewBox={`0 0 ${WIDTH} 44`} preserveAspectRatio="none" role="img" aria-label={`The connection in the last ${SPAN_MS / 1000} seconds: ${summary(seen)}`}>
        {pieces.map((piece) => piece.status === 'open'
          ? Array.from({ length: 6 }, (_, i) => <path key={`${piece.at}-${i}`} className="strand" d={strand(i, piece.from, piece.to, now, ends, wide)} vectorEffect="non-scaling-stroke" />)
          : piece.status !== 'closed' && <line key={piece.at} className="thread" data-status={piece.status} x1={piece.from} x2={piece.to} y1={MIDDLE} y2={MIDDLE} vectorEffect="non-scaling-stroke" />)}
      </svg>
      {connects.filter(({ at }) => x(at) > 0).map(({ at, cause }) => <i key={at} className="knot" data-cause={cause} style={left(x(at))} />)}
      {seen.happened.filter(({ at }) => x(at) > 0).map(({ at, type }, i) => <i key={`${at}-${i}`} className="bead" data-type={type} style={left(x(at))} />)}
      <p className="strip-words" aria-hidden>
        {labels(connects, (at) => (x(at) / WIDTH) * wide, wide).map(({ at, text, px }) => <span key={at} style={{ left: px }}>{text}</span>)}
      </p>
    </div>
  )
}

const left = (x: number) => ({ left: `${(x / WIDTH) * 100}%` })

/** What there is room for, from the last one back; none sticks out, and none is on another. */
function labels(connects: readonly Stretch[], place: (at: number) => number, wide: number): { at: number; text: string; px: number }[] {
  let room = wide
  const found = []
  for (const { at, cause } of connects.toReversed()) {
    const text = WORDS[cause]
    const half = (text.length * LETTER_PX) / 2
    const px = Math.max(half, Math.min(place(at), wide - half))
    if (place(at) <= 0 || px + half > room) continue
    found.push({ at, text, px })
    room = px - half
  }
  return found
}

/** Woven of sines that belong to the time and not to the place, so that the picture moves and does not wobble. */
function strand(i: number, from: number, to: number, now: number, ends: readonly number[], wide: number): string {
  const period = wide < 500 ? 1000 : 620
  const points: string[] = []
  for (let x = from; ; x = Math.min(to, x + STEP)) {
    const at = now - (1 - x / WIDTH) * SPAN_MS
    const near = Math.min(1, ...ends.map((end) => Math.abs(at - end) / KNOT_MS))
    const swell = (6 + 9 * Math.sin((at / 15_000) * Math.PI + i * 0.05) ** 2) * near * near * (3 - 2 * near)
    points.push(`${x.toFixed(1)} ${(MIDDLE + swell * Math.sin(at / period + (i / 6) * Math.PI * 2)).toFixed(1)}`)
    if (x >= to) return `M${points.join('L')}`
  }
}

function summary({ stretches, connections }: Line): string {
  const last = stretches.at(-1)
  return !last || last.status === 'closed' ? 'none' : `${last.status}, ${connections} made so far, the last one: ${WORDS[last.cause]}`
}

/** The time for drawing, and how wide it is drawn, while there is something in the picture that moves. */
function useTicks({ stretches }: Line, box: RefObject<HTMLElement | null>): { now: number; wide: number } {
  const [view, setView] = useState({ now: 0, wide: WIDTH })
  const last = stretches.at(-1)
  useEffect(() => {
    if (!last) return
    const look = () => {
      const now = performance.now()
      setView({ now, wide: box.current?.clientWidth ?? WIDTH })
      if (last.status === 'closed' && now - last.at > SPAN_MS) clearInterval(timer)
    }
    const timer = setInterval(look, TICK_MS)
    look()
    return () => clearInterval(timer)
  }, [last, box])
  return view
}
