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
  const share = (ms: number) => Math.min(1, Math.max(0, ms / life))
  /** Of its life: when a refresh is due, and from when on it is not handed out. */
  const [mark, margin] = token ? [share(token.expiresAt - token.refreshAt), share(token.expiresAt - token.notAfter)] : [0, 0]
  return { life, phase, mark, margin, share: share(left), seconds: Math.ceil(left / 1000) }
}
