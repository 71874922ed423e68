'use client'
import { useState } from 'react'
import { behave, behaviour, type Mode, RETRY_AFTER_S } from '@/lib/trouble/provider'
import { Row } from './controls'

const CHOICES: readonly { mode: Mode; label: string; what: string; expect: string }[] = [
  { mode: 'answers', label: 'Answers', what: 'The provider does what it should.', expect: 'one call per token and life.' },
  { mode: 'fails', label: 'Fails', what: 'getToken rejects, as on a 503.', expect: 'tokens at hand serve to their end, status “degraded”, tries further and further apart, and readable errors after that.' },
  { mode: 'limited', label: `429, Retry-After ${RETRY_AFTER_S} s`, what: `The provider wants to be left alone for ${RETRY_AFTER_S} s.`, expect: 'it is: no tick in the lanes for so long, whatever is read meanwhile.' },
  { mode: 'hangs', label: 'Hangs', what: 'getToken never settles.', expect: 'readers give up after ten seconds, one call stays open per token, and choosing “Answers” lets it go on.' },
  { mode: 'slow', label: 'Slow', what: 'Every answer takes 3 s.', expect: 'readers share the one call under way; a refresh in time keeps nobody waiting.' },
  { mode: 'same', label: 'Same token', what: 'It repeats its token, forced or not, also past its end.', expect: 'it is asked again at longer and longer intervals; an expired token is not handed out.' },
  { mode: 'expired', label: 'Expired', what: 'Every token it gives ended an hour ago.', expect: 'at first that looks like a clock that runs ahead, so one is tried; then forced calls within the budget, and errors that say so.' },
  { mode: 'other', label: 'Another user’s', what: 'Its tokens name somebody else.', expect: 'they are refused before anything is sent; nobody’s data mixes.' },
]
const TIMES = [{ n: 1, label: 'once' }, { n: 3, label: '3 calls' }, { n: Infinity, label: 'until off' }] as const

export function ProviderTrouble() {
  const { mode, left } = behaviour.use()
  const [times, setTimes] = useState<number>(Infinity)
  const chosen = CHOICES.find((choice) => choice.mode === mode) ?? CHOICES[0]!
  return (
    <Row title="Provider" on={mode !== 'answers'} expect={chosen.expect}
      action={<div className="segments segments-3" role="group" aria-label="For how many calls">
        {TIMES.map(({ n, label }) => (
          <button key={label} type="button" data-testid={`times-${n}`} aria-pressed={times === n} onClick={() => { setTimes(n); if (mode !== 'answers') behave(mode, n) }}>{label}</button>
        ))}
      </div>}
      below={<div className="choices" role="group" aria-label="The provider">
        {CHOICES.map((choice) => (
          <button key={choice.mode} type="button" data-testid={`provider-${choice.mode}`} aria-pressed={mode === choice.mode} data-healthy={choice.mode === 'answers' || undefined} onClick={() => behave(choice.mode, times)}>
            {choice.label}{mode === choice.mode && left < Infinity && <small> · {left} more</small>}
          </button>
        ))}
      </div>}>
      {chosen.what}
    </Row>
  )
}
