'use client'
import { CountersignError } from 'countersign'
import { useIdentityKey } from 'countersign/react'
import { useRef, useState } from 'react'
import { session, type Template } from './backends'

export type Outcome =
  | { state: 'idle' }
  | { state: 'running' }
  | { state: 'done'; value: unknown; ms: number; refreshed: boolean }
  | { state: 'failed'; error: unknown; ms: number }

type Kept = Outcome & { me: string | null | undefined }

/** A button's question and what came of it: cleared at each press, and as soon as somebody else is signed in. */
export function useRun<A extends unknown[]>(template: Template, ask: (...args: A) => Promise<unknown>): { outcome: Outcome; run: (...args: A) => Promise<void> } {
  const me = useIdentityKey()
  const [kept, setKept] = useState<Kept>({ state: 'idle', me: undefined })
  const presses = useRef(0)

  const run = async (...args: A) => {
    const press = ++presses.current
    const settle = (outcome: Outcome) => {
      // The session refuses to deliver an answer to anybody but the user who asked, so who is signed in now is whose it is.
      if (press === presses.current) setKept({ ...outcome, me: session.identityKey })
    }
    setKept({ state: 'running', me })
    const began = performance.now()
    const tokensBefore = refreshesOf(template)
    try {
      const value = await ask(...args)
      settle({ state: 'done', value, ms: performance.now() - began, refreshed: refreshesOf(template) > tokensBefore })
    } catch (error) {
      // The user changed or left while this was on its way: there is nobody to tell.
      settle(CountersignError.isQuiet(error) ? { state: 'idle' } : { state: 'failed', error, ms: performance.now() - began })
    }
  }

  // Not known yet is nobody else: what was asked while the provider was loading stays.
  const ofSomebodyElse = kept.me !== undefined && kept.me !== me
  return { outcome: ofSomebodyElse ? { state: 'idle' } : kept, run }
}

const refreshesOf = (template: Template) => session.inspect().tokens[template]?.refreshes ?? 0
