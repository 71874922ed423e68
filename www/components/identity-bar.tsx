'use client'
import { useSessionStatus } from 'countersign/react'
import { useEffect, useState } from 'react'
import { person, signInLocally, signInProblem, signInWithAuth0, signInWithClerk, signOut, start } from '@/lib/auth'
import { clerkIsLocal } from '@/lib/clerk'
import { config } from '@/lib/config'

const PEOPLE = [{ id: 'alice', name: 'Alice' }, { id: 'bob', name: 'Bob' }] as const

/** Who is signed in, and the buttons that change it. They stay when somebody is: pressing another one switches the user. */
export function IdentityBar() {
  const status = useSessionStatus()
  const who = person.use()
  const problem = signInProblem.use()
  const [busy, setBusy] = useState<string>()
  useEffect(() => void start(), [])

  const signedIn = status === 'signedIn' || status === 'degraded'
  const press = (name: string, work: () => Promise<void>) => async () => {
    setBusy(name)
    await work().finally(() => setBusy(undefined))
  }
  const isMe = (id: string) => signedIn && who?.source === 'clerk' && who.sub === `user_${id}`

  return (
    <section className="identity" aria-label="Who is signed in">
      <p className="who" data-testid="identity" data-status={status} aria-live="polite">
        {signedIn && who ? (
          <>
            <span className="seal" data-letter={who.name.slice(0, 1)} aria-hidden />
            <span><strong>{who.name}</strong> <span className="who-detail">{who.sub}, signed in by {who.source === 'auth0' ? 'Auth0' : 'Clerk'}{status === 'degraded' && '; the last refresh failed'}</span></span>
          </>
        ) : signedIn ? <strong>Signed in</strong> : status === 'anonymous' ? (
          <>
            <span className="seal seal-empty" aria-hidden />
            <span><strong>Signed out</strong> <span className="who-detail">queries are refused before they are sent</span></span>
          </>
        ) : (
          <>
            <span className="seal seal-empty" aria-hidden />
            <span><strong>Not known yet</strong> <span className="who-detail">calls wait for the provider</span></span>
          </>
        )}
      </p>
      <div className="sign-in" role="group" aria-label="Sign in as">
        {clerkIsLocal ? PEOPLE.map(({ id, name }) => (
          <button key={id} type="button" className="choice" data-testid={`sign-in-${id}`} aria-pressed={isMe(id)} aria-busy={busy === id} onClick={press(id, () => signInLocally(id))}>
            <span>Sign in as {name}</span><small>Clerk</small>
          </button>
        )) : (
          <button type="button" className="choice" data-testid="sign-in-clerk" aria-busy={busy === 'clerk'} onClick={press('clerk', signInWithClerk)}>
            <span>Sign in</span><small>Clerk</small>
          </button>
        )}
        <button type="button" className="choice" data-testid="sign-in-auth0" aria-pressed={signedIn && who?.source === 'auth0'} aria-busy={busy === 'auth0'} onClick={press('auth0', signInWithAuth0)}>
          <span>Sign in with Auth0</span><small>{config.auth0.isLocal ? 'choose an account' : config.auth0.domain}</small>
        </button>
        <button type="button" className="choice choice-out" data-testid="sign-out" disabled={!signedIn} aria-busy={busy === 'out'} onClick={press('out', signOut)}>
          <span>Sign out</span><small>everywhere</small>
        </button>
      </div>
      <p className="identity-problem" role="alert" data-testid="identity-error">{problem}</p>
    </section>
  )
}
