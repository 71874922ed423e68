'use client'
import { useState } from 'react'
import { clockError, offset, setClock } from '@/lib/trouble/clock'
import { Row } from './controls'

const HOUR = 3_600_000
const PRESETS = [-HOUR, -60_000, 0, 40_000, HOUR]
const STEPS = 100
/** Fine in the middle, where seconds count, and an hour at the ends. */
const toMs = (position: number) => Math.round((Math.sign(position) * (position / STEPS) ** 2 * HOUR) / 1000) * 1000
const toPosition = (ms: number) => Math.round(Math.sign(ms) * Math.sqrt(Math.abs(ms) / HOUR) * STEPS)
const name = (ms: number) => (ms ? offset(ms) : 'real')

export function Clock() {
  const ms = clockError.use()
  /** While the slider is being moved: the clock jumps once, where it is let go. */
  const [draft, setDraft] = useState<number>()
  const settle = () => {
    if (draft !== undefined) setClock(toMs(draft))
    setDraft(undefined)
  }
  const shown = draft === undefined ? ms : toMs(draft)
  return (
    <Row title="Clock of this page" on={ms !== 0} expect={expect(ms)} action={<output data-testid="clock-now">{name(shown)}</output>}
      below={<>
        <div className="segments segments-5" role="group" aria-label="Set the clock">
          {PRESETS.map((preset) => <button key={preset} type="button" data-testid={`clock-${preset / 1000}`} aria-pressed={ms === preset} onClick={() => setClock(preset)}>{name(preset)}</button>)}
        </div>
        <input type="range" className="slider" min={-STEPS} max={STEPS} value={draft ?? toPosition(ms)} aria-label="Clock error" aria-valuetext={name(shown)} data-testid="clock-slider"
          onChange={(event) => setDraft(Number(event.target.value))} onPointerUp={settle} onKeyUp={settle} onBlur={settle} />
      </>}>
      {what(ms)}
    </Row>
  )
}

const what = (ms: number) => ms > 0
  ? `Clock ${offset(ms)}: by this clock every token is born old, and Clerk’s own cache keeps none for as long as it lives.`
  : ms < 0 ? `Clock ${offset(ms)}: by this clock a token outlives its end, and Clerk’s own cache hands out dead ones.`
    : 'Moves Date for everybody in this page, Clerk’s cache included; servers and timers stay right.'
const expect = (ms: number) => ms > 0
  ? 'a forced call, which shows how far the clock is off; then the bars run as before; Clerk alone would mint again and again.'
  : ms < 0 ? 'the bars run as before, and no backend ever sees an expired token.'
    : 'move it, and the bars should not care for long.'
