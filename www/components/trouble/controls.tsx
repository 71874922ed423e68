'use client'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { person } from '@/lib/auth'
import { slept } from '@/lib/trouble/clock'
import { offline, setOffline } from '@/lib/trouble/network'
import { allLocal, endSessions, refuseNext, rotateKeys, sleep } from '@/lib/trouble/servers'
import { Clock } from './clock'
import { ProviderTrouble } from './provider'
import { Switch } from './switch'

const HOURS_8 = 8 * 3_600_000
const ELSEWHERE = ' Needs the local servers of `npm run demo`.'

/** Everything that can be made to go wrong. */
export function Controls() {
  const off = offline.use()
  const hours = slept.use() / 3_600_000
  const who = person.use()
  return (
    <section className="controls" aria-label="Make trouble">
      <Clock />
      <Row title="Sleep" on={hours > 0} expect="every token is past its end; the next read asks once per token, and nothing expired is sent."
        action={<Act id="sleep" label="Sleep for 8 h" needsLocal work={() => sleep(HOURS_8)} done="Good morning." />}>
        Eight hours pass on every wall clock, here and at the servers, none on the monotonic clock, and no timer runs: a closed lid.
      </Row>
      <ProviderTrouble />
      <Row title="Network" on={off} expect="tokens at hand are still given out; reads that need a new one fail as network errors, and the way back heals them."
        action={<button type="button" className="small" data-testid="trouble-offline" aria-pressed={off} onClick={() => setOffline(!off)}>Offline</button>}>
        Every request that this page makes fails, and it is told that it is offline. (Auth0’s client asks from a worker, which keeps its network and its clock.)
      </Row>
      <Switch />
      <Row title="Tokens refused" expect="one new token per backend, each request sent once more, and answers as if nothing had been. Press “Ask all four”."
        action={<Act id="refuse" label="Refuse the next" needsLocal work={refuseNext} done="Each backend will refuse its next request." />}>
        Every backend refuses the next token that it sees, as if it had been revoked.
      </Row>
      <Row title="Session ended" expect="tokens at hand serve until their end; the first call of the provider learns it, and everybody is signed out."
        action={<Act id="end" label="End it at the issuer" needsLocal disabled={!who} work={() => endSessions(who?.sub ?? '')} done="Ended; nobody told this page." />}>
        An administrator ends this user’s session. Nobody tells the page.
      </Row>
      <Row title="Signing keys" expect="backends that check signatures refuse the old tokens once; new ones are signed with the new key."
        action={<Act id="rotate" label="Rotate" needsLocal work={rotateKeys} done="New keys; the old ones are gone." />}>
        Both issuers get new keys and forget the old ones, and the backends look again.
      </Row>
      <Row title="Another tab" expect="this page is signed out with it: generation up, tokens dropped, calls under way ended."
        action={<a className="small" href="/" target="_blank" rel="noopener">Open a second tab</a>}>
        Sign out there, or sign in as somebody else.
      </Row>
    </section>
  )
}

/** One kind of trouble: what happens, and what to expect of the token manager. */
export function Row({ title, on = false, expect, action, children, below }: { title: string; on?: boolean; expect: string; action?: ReactNode; children: ReactNode; below?: ReactNode }) {
  return (
    <div className="trouble-row" role="group" aria-label={title} data-on={on || undefined}>
      <div className="trouble-title"><h3>{title}</h3>{action}</div>
      {below}
      <p>{children} <span><b>Watch:</b> {expect}</span></p>
    </div>
  )
}

/** A button whose work may fail, and a line that says what came of it. */
function Act({ id, label, work, done, disabled, needsLocal }: { id: string; label: string; work: () => Promise<unknown>; done: string; disabled?: boolean; needsLocal?: boolean }) {
  const [state, setState] = useState<{ text: string; busy?: boolean; bad?: boolean }>({ text: '' })
  const press = async () => {
    setState({ text: '', busy: true })
    await work().then(() => setState({ text: done }), (error: Error) => setState({ text: error.message, bad: true }))
  }
  const remote = needsLocal && !allLocal
  return (
    <>
      <span className="act-state" role="status" data-bad={state.bad}>{remote ? ELSEWHERE : state.text}</span>
      <button type="button" className="small" data-testid={`trouble-${id}`} disabled={disabled || remote} aria-busy={state.busy} onClick={() => void press()}>{label}</button>
    </>
  )
}
