'use client'
import type { SessionSnapshot } from 'countersign'
import { useEffect, useState } from 'react'
import { session } from './backends'

export type Token = SessionSnapshot['tokens'][string]
const TICK_MS = 250

/** What the token manager holds, four times a second. `inspect()` never has a token in it, so nothing secret can be shown. */
export function useSnapshot(): { at: number; snapshot: SessionSnapshot | undefined; look: () => void } {
  const [view, setView] = useState<{ at: number; snapshot: SessionSnapshot }>()
  const look = () => setView({ at: Date.now(), snapshot: session.inspect() })
  useEffect(() => {
    look()
    const timer = setInterval(look, TICK_MS)
    // What happened is drawn at once; the timer is there for the bars to run down.
    const stop = session.subscribe(look)
    return () => {
      clearInterval(timer)
      stop()
    }
  }, [])
  return { at: view?.at ?? 0, snapshot: view?.snapshot, look }
}

/** What is drawn of a token at a moment. */
export function readToken(token: Token | undefined, now: number) {
  const life = token ? Math.max(1, token.expiresAt - token.obtainedAt) : 1
  const left = token ? Math.max(0, token.expiresAt - now) : 0
  const phase = !token ? 'none' : left === 0 ? 'expired' : now >= token.refreshAt ? 'due' : 'fresh'
  const mark = token ? Math.min(1, Math.max(0, (token.expiresAt - token.refreshAt) / life)) : 0
  return { life, left, phase, mark, share: Math.min(1, left / life), seconds: Math.ceil(left / 1000) }
}

/** How much of a token's end is not handed out: the default of `policy.marginMs`, which this page leaves as it is. */
export const marginOf = (life: number) => Math.min(2000, life / 8) / life
