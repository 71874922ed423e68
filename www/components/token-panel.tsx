'use client'
import { session, TEMPLATES, type Template } from '@/lib/backends'
import { readToken, type Token, useSnapshot } from '@/lib/tokens'

/** What the token manager holds. */
export function TokenPanel() {
  const { at, snapshot, look } = useSnapshot()
  const expire = () => {
    session.invalidate()
    look()
  }
  return (
    <section className="panel" aria-labelledby="tokens-title">
      <header className="panel-head">
        <h2 id="tokens-title">Tokens, live</h2>
        <button type="button" className="small" data-testid="expire-tokens" onClick={expire}>Expire them now</button>
      </header>
      <ul className="tokens">
        {TEMPLATES.map((template) => <Row key={template} template={template} token={snapshot?.tokens[template]} now={at} nobody={snapshot?.status === 'anonymous'} />)}
      </ul>
      <p className="legend"><span><i className="key" /> time left</span><span><i className="key key-mark" /> refresh point</span><span><i className="key key-due" /> past it</span></p>
      <Strip tokens={snapshot?.tokens ?? {}} now={at} />
    </section>
  )
}

/** On a phone the panel is below the cards; this keeps the bars in sight. */
function Strip({ tokens, now }: { tokens: Record<string, Token>; now: number }) {
  return (
    <a className="strip" href="#tokens-title" aria-label="To the live tokens">
      {TEMPLATES.map((template) => {
        const { share, phase } = readToken(tokens[template], now)
        return <span key={template} className="strip-token" data-phase={phase}>{template}<span className="bar"><span className="bar-left" style={{ width: `${share * 100}%` }} /></span></span>
      })}
    </a>
  )
}

function Row({ template, token, now, nobody }: { template: Template; token: Token | undefined; now: number; nobody: boolean }) {
  const { life, phase, mark, share, seconds } = readToken(token, now)
  return (
    <li className="token" data-testid={`token-${template}`} data-phase={phase} data-seconds-left={seconds} data-refreshes={token?.refreshes ?? 0} data-generation={token?.generation ?? 0}>
      <div className="token-head">
        <span className="token-name">{template}</span>
        <span className="token-left">{phase === 'none' ? 'not asked for' : phase !== 'expired' ? `${seconds} s` : nobody ? 'dropped' : 'expired'}</span>
      </div>
      <div className="bar" role="meter" aria-label={`${template}: seconds until it expires`} aria-valuemin={0} aria-valuemax={Math.ceil(life / 1000)} aria-valuenow={seconds} aria-valuetext={phase === 'none' ? 'no token' : `${seconds} seconds left`}>
        <span className="bar-left" style={{ width: `${share * 100}%` }} />
        {token && phase !== 'expired' && <span className="bar-mark" style={{ left: `${mark * 100}%` }} />}
      </div>
      {token && (
        <>
          <dl className="facts">
            <div><dt>refresh</dt><dd>{phase === 'fresh' ? `in ${Math.ceil((token.refreshAt - now) / 1000)} s` : phase === 'due' ? 'at the next read' : nobody ? 'none' : 'before the next use'}</dd></div>
            <div><dt>refreshes</dt><dd>{token.refreshes}</dd></div>
            <div><dt>generation</dt><dd>{token.generation}</dd></div>
          </dl>
          {token.decision && !nobody && <p className="decision">{token.decision}</p>}
          <Claims claims={token.claims} />
        </>
      )}
    </li>
  )
}

const SHOWN = ['iss', 'aud', 'sub', 'alg', 'kid'] as const

function Claims({ claims }: { claims: Record<string, unknown> }) {
  const known = SHOWN.filter((name) => claims[name] !== undefined && claims[name] !== null)
  if (!known.length) return null
  return (
    <details className="claims">
      <summary>What it says</summary>
      <dl>{known.map((name) => <div key={name}><dt>{name}</dt><dd>{words(claims[name])}</dd></div>)}</dl>
    </details>
  )
}

const words = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value))
