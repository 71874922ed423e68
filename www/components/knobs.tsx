'use client'
import { useEffect, useState } from 'react'
import { config } from '@/lib/config'
import { clerkIsLocal } from '@/lib/clerk'

const HEALTHY = { latencyMs: 0, fail: null, hang: false }
const MODES = [
  { id: 'healthy', label: 'healthy', knobs: HEALTHY },
  { id: 'slow', label: 'slow', knobs: { ...HEALTHY, latencyMs: 1500 } },
  { id: 'failing', label: 'failing', knobs: { ...HEALTHY, fail: { status: 503 } } },
  { id: 'hanging', label: 'silent', knobs: { ...HEALTHY, hang: true } },
] as const

const ISSUERS = [...(clerkIsLocal ? [config.clerk.issuer] : []), ...(config.auth0.isLocal ? [config.auth0.domain] : [])]

/** Sets what is given and answers all of them. */
const turn = async (issuer: string, knobs: object) =>
  (await fetch(`${issuer}/__knobs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(knobs) })).json()

/** Only for the local issuers: makes them misbehave, to see what the token manager does about it. */
export function Knobs() {
  const [mode, setMode] = useState('healthy')
  const [problem, setProblem] = useState('')
  useEffect(() => {
    const [first] = ISSUERS
    if (first) void turn(first, {}).then(({ fail, hang, latencyMs }) => setMode(hang ? 'hanging' : fail ? 'failing' : latencyMs > 0 ? 'slow' : 'healthy')).catch(() => {})
  }, [])
  if (!ISSUERS.length) return null

  const choose = async ({ id, knobs }: (typeof MODES)[number]) => {
    setMode(id)
    setProblem('')
    const answers = await Promise.allSettled(ISSUERS.map((url) => turn(url, knobs)))
    if (answers.some((answer) => answer.status === 'rejected')) setProblem('A local issuer does not answer. Is `npm run demo` still running?')
  }
  return (
    <fieldset className="panel knobs">
      <legend>The local issuer is</legend>
      <div className="segments">
        {MODES.map((m) => (
          <label key={m.id}><input type="radio" name="issuer-mode" value={m.id} checked={mode === m.id} onChange={() => void choose(m)} data-testid={`issuer-${m.id}`} /><span>{m.label}</span></label>
        ))}
      </div>
      <p role="alert" className="message">{problem}</p>
    </fieldset>
  )
}
