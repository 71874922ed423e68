'use client'
import type { SessionSnapshot } from 'countersign'
import { useState } from 'react'
import { TEMPLATES, type Template } from '@/lib/backends'
import { useEvents } from '@/lib/events'
import { readToken, type Token, useSnapshot } from '@/lib/tokens'
import { ASK } from '@/lib/trouble/ask'
import { type Call, callCount, calls } from '@/lib/trouble/provider'
import { reading, setReading } from '@/lib/trouble/reads'

const LANE_MS = 120_000
const MINUTE_MS = 60_000
/** The defaults of `policy.forcedPerMinute` and `forcedPerMinuteAll`. */
const BUDGET = { each: 6, all: 30 }

/** The bars, the provider's calls and the decisions, while trouble is made. */
export function Watch() {
  const { at, snapshot } = useSnapshot()
  const called = calls.use()
  // Drawn with each look at the session; the lanes run on the clock that nobody moves.
  const mono = typeof performance === 'undefined' ? 0 : performance.now()
  const lately = called.filter((call) => mono - call.at < MINUTE_MS)
  const forced = lately.filter((call) => call.forced)
  const most = Math.max(0, ...TEMPLATES.map((name) => forced.filter(({ template }) => template === name).length))
  return (
    <section className="watch" aria-labelledby="watch-title">
      <header className="panel-head">
        <h3 id="watch-title">Watch</h3>
        <Work />
      </header>
      <ul className="lanes">
        {TEMPLATES.map((name) => <Lane key={name} name={name} token={snapshot?.tokens[name]} now={at} mono={mono} called={called.filter(({ template }) => template === name)} />)}
      </ul>
      <p className="legend">
        <span><i className="key" /> life left</span><span><i className="key key-mark" /> refresh</span><span><i className="key key-margin" /> not handed out</span>
        <span><i className="tick" data-outcome="answered" /> provider asked, last 2 min</span><span><i className="tick" data-outcome="answered" data-forced /> forced</span>
        <span><i className="tick" data-outcome="failed" /> failed</span><span><i className="tick" data-outcome="lied" /> a lie</span>
      </p>
      <dl className="gauges">
        <div><dt>provider calls</dt><dd data-testid="watch-calls">{callCount()}</dd></div>
        <div><dt>in the last minute</dt><dd>{lately.length}</dd></div>
        <div data-full={forced.length >= BUDGET.all || undefined}><dt>forced of them</dt><dd data-testid="watch-forced">{forced.length} of {BUDGET.all}</dd></div>
        <div data-full={most >= BUDGET.each || undefined}><dt>for one token</dt><dd>{most} of {BUDGET.each}</dd></div>
        <div><dt>clock skew</dt><dd data-testid="watch-skew">{skewText(snapshot?.skew)}</dd></div>
        <div><dt>generation</dt><dd data-testid="watch-generation">{snapshot?.generation ?? 0}</dd></div>
      </dl>
      <Trace />
    </section>
  )
}

function Lane({ name, token, now, mono, called }: { name: Template; token: Token | undefined; now: number; mono: number; called: readonly Call[] }) {
  const { life, phase, mark, margin, share, seconds } = readToken(token, now)
  return (
    <li className="lane-row" data-testid={`watch-${name}`} data-phase={phase} data-seconds-left={seconds}>
      <span className="token-name">{name}</span>
      <div>
        <div className="bar" role="meter" aria-label={`${name}: seconds left`} aria-valuemin={0} aria-valuemax={Math.ceil(life / 1000)} aria-valuenow={seconds} aria-valuetext={token ? `${seconds} seconds left` : 'no token'}>
          <span className="bar-left" style={{ width: `${share * 100}%` }} />
          {token && phase !== 'expired' && <>
            <span className="bar-margin" style={{ width: `${margin * 100}%` }} />
            <span className="bar-mark" style={{ left: `${mark * 100}%` }} />
          </>}
        </div>
        <div className="lane" aria-hidden>
          {called.map((call) => <i key={call.n} className="tick" data-outcome={call.outcome} data-forced={call.forced || undefined} style={{ left: `${Math.max(0, 100 - ((mono - call.at) / LANE_MS) * 100)}%` }} />)}
        </div>
      </div>
      <span className="token-left">{phase === 'none' ? '–' : phase !== 'expired' ? `${seconds} s` : token?.expiresAt ? 'expired' : 'dropped'}</span>
    </li>
  )
}

/** Server time less this page's, as far as tokens have shown it. */
const skewText = ([low, high]: SessionSnapshot['skew'] = [null, null]) => (low === null && high === null ? 'not known' : `[${end(low)}, ${end(high)}] s`)
const end = (ms: number | null) => (ms === null ? '…' : (ms / 1000).toFixed(1))

type Asked = Partial<Record<Template, 'asking' | 'ok' | 'failed'>>

/** Something to do for the token manager: reads, and real questions. */
function Work() {
  const on = reading.use()
  const [asked, setAsked] = useState<Asked>({})
  const askAll = () => {
    setAsked({})
    for (const name of TEMPLATES) {
      const mark = (state: 'asking' | 'ok' | 'failed') => setAsked((before) => ({ ...before, [name]: state }))
      mark('asking')
      ASK[name].ask().then(() => mark('ok'), () => mark('failed'))
    }
  }
  return (
    <div className="work">
      <span className="asked" role="status" data-testid="watch-asked">{TEMPLATES.map((name) => asked[name] && <i key={name} data-state={asked[name]} title={`${name}: ${asked[name]}`}><span className="sr-only">{name}: {asked[name]}</span></i>)}</span>
      <button type="button" className="small" data-testid="watch-ask" onClick={askAll}>Ask all four</button>
      <button type="button" className="small" data-testid="watch-read" aria-pressed={on} onClick={() => setReading(!on)}>Read every second</button>
    </div>
  )
}

const TRACED = new Set(['decision', 'refreshFailed', 'rejected', 'wake', 'forget', 'status'])

function Trace() {
  const lines = useEvents().lines.filter(({ type }) => TRACED.has(type))
  return (
    <>
      <h4 id="trace-title">What it decided</h4>
      {lines.length === 0 ? <p className="empty">Nothing yet. Sign in, and ask.</p> : (
        <ol className="trace scroll" tabIndex={0} aria-labelledby="trace-title" data-testid="trace" reversed>
          {lines.map((line) => <li key={line.n} data-type={line.type}><time>{line.at || 'before'}</time><span>{line.type === 'status' ? `status: ${line.text}` : line.text}</span></li>)}
        </ol>
      )}
    </>
  )
}
