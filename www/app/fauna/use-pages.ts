'use client'
import { CountersignError } from 'countersign'
import { useIdentityKey } from 'countersign/react'
import { useEffect, useRef, useState } from 'react'
import { fauna, session } from '@/lib/backends'
import { byTotal, type OrderDoc } from './orders'

interface View {
  phase: 'idle' | 'loading' | 'ready' | 'failed'
  /** Those that have been looked at. A cursor holds the moment of the first, so going back needs no request. */
  pages: readonly OrderDoc[][]
  /** The one that is shown. */
  at: number
  /** Whether there is one after the last of `pages`. */
  more: boolean
  error?: unknown
}
interface Walk { pages: AsyncIterator<OrderDoc[], void>; ahead: Promise<IteratorResult<OrderDoc[], void>>; control: AbortController }

const IDLE: View = { phase: 'idle', pages: [], at: 0, more: false }

/** A walk through my orders, page by page. One page is read ahead: that says whether there is a next one, and has it at hand. */
export function usePages(size: number): View & { read: () => void; turn: (to: number) => void } {
  const me = useIdentityKey()
  const [kept, setKept] = useState<View & { me: string | null | undefined }>({ ...IDLE, me })
  const walk = useRef<Walk>(undefined)
  // Not known yet is nobody else, as for the other questions of this page.
  const ofSomebodyElse = kept.me !== undefined && kept.me !== me

  const drop = () => {
    walk.current?.control.abort()
    walk.current = undefined
  }
  useEffect(() => {
    if (!ofSomebodyElse) return
    drop()
    setKept({ ...IDLE, me })
  }, [ofSomebodyElse, me])
  useEffect(() => drop, [])

  const view = ofSomebodyElse ? IDLE : kept
  const fetchPage = async (mine: Walk, pages: readonly OrderDoc[][]) => {
    setKept((before) => ({ ...before, phase: 'loading', error: undefined }))
    const settle = (next: Partial<View>) => {
      // The session delivers an answer only to the user who asked, so who is signed in now is whose it is.
      if (walk.current === mine) setKept((before) => ({ ...before, ...next, me: session.identityKey }))
    }
    try {
      const page = await mine.ahead
      if (page.done) return settle({ phase: 'ready', more: false })
      mine.ahead = mine.pages.next()
      // A failure is told when that page is asked for.
      mine.ahead.then(({ done }) => settle({ more: !done }), () => {})
      settle({ phase: 'ready', pages: [...pages, page.value], at: pages.length, more: true })
    } catch (error) {
      settle(CountersignError.isQuiet(error) ? IDLE : { ...IDLE, phase: 'failed', error })
    }
  }

  return {
    ...view,
    read() {
      drop()
      const control = new AbortController()
      const pages = fauna.paginate<OrderDoc>(byTotal(size), { signal: control.signal })
      walk.current = { pages, ahead: pages.next(), control }
      setKept({ ...IDLE, me })
      void fetchPage(walk.current, [])
    },
    turn(to) {
      if (to >= 0 && to < view.pages.length) setKept({ ...kept, at: to })
      else if (to === view.pages.length && view.more && view.phase === 'ready' && walk.current) void fetchPage(walk.current, view.pages)
    },
  }
}
