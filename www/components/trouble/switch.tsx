'use client'
import { useState } from 'react'
import { TEMPLATES } from '@/lib/backends'
import { allLocal } from '@/lib/trouble/servers'
import { type Progress, switchMidFlight } from '@/lib/trouble/switch'
import { Row } from './controls'

export function Switch() {
  const [progress, setProgress] = useState<Progress>()
  const [busy, setBusy] = useState(false)
  const start = async () => {
    if (busy) return
    setBusy(true)
    await switchMidFlight(setProgress).catch((error: Error) => setProgress({ step: error.message, fates: {}, verdict: 'bad' }))
    setBusy(false)
  }
  return (
    <Row title="Switch user mid-flight" on={busy} expect="all four calls end at once, and nothing of the answers is delivered to the new user."
      action={<button type="button" className="small" data-testid="trouble-switch" disabled={!allLocal} aria-busy={busy} onClick={() => void start()}>Ask, switch, release</button>}
      below={<div className="flight" role="status" data-testid="flight" data-verdict={progress?.verdict}>
        {progress && <>
          <p>{progress.step}</p>
          <ul>{TEMPLATES.map((name) => progress.fates[name] && <li key={name} className="chip" data-fate={progress.fates[name]}>{name}: {progress.fates[name]}</li>)}</ul>
        </>}
      </div>}>
      Four requests are held at the servers while somebody else signs in; then the answers are let go.
    </Row>
  )
}
