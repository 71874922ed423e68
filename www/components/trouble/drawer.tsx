'use client'
import { useEffect, useRef, useState } from 'react'
import { Guilloche } from '@/components/guilloche'
import { reset, useTroubles } from '@/lib/trouble'
import { leaveServersWell } from '@/lib/trouble/servers'
import { Controls } from './controls'
import { Watch } from './watch'

const HASH = '#trouble'

/** The button, the drawer that it opens, and a flag for as long as something is wrong and the drawer is closed. */
export function Trouble() {
  const troubles = useTroubles()
  const [open, setOpen] = useState(false)
  const [problem, setProblem] = useState('')
  const button = useRef<HTMLButtonElement>(null)
  const drawer = useRef<HTMLElement>(null)
  const title = useRef<HTMLHeadingElement>(null)

  useEffect(() => {
    const follow = () => setOpen((before) => before || location.hash === HASH)
    follow()
    window.addEventListener('hashchange', follow)
    window.addEventListener('pagehide', leaveServersWell)
    return () => {
      window.removeEventListener('hashchange', follow)
      window.removeEventListener('pagehide', leaveServersWell)
    }
  }, [])
  useEffect(() => {
    if (!open) return
    title.current?.focus()
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented) close()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [open])

  const close = () => {
    // Who works on the page beside the drawer keeps the focus there.
    if (drawer.current?.contains(document.activeElement)) button.current?.focus()
    setOpen(false)
    // So that the link to it opens it again.
    if (location.hash === HASH) history.replaceState(history.state, '', location.pathname)
  }
  const putRight = () => {
    setProblem('')
    reset().catch((error: Error) => setProblem(error.message))
  }

  return (
    <>
      <button ref={button} type="button" className="trouble-open" data-testid="trouble" aria-expanded={open} aria-controls={open ? 'trouble' : undefined} onClick={() => (open ? close() : setOpen(true))}>
        <span>Trouble{troubles.length > 0 && <b>{troubles.length} on</b>}</span>
        <small>wrong clocks, sleep, a provider that lies</small>
      </button>
      {!open && troubles.length > 0 && (
        <div className="trouble-flag" role="status" data-testid="trouble-flag">
          <p><b>Trouble is on</b> {troubles.join(', ')}</p>
          <button type="button" className="small" onClick={() => setOpen(true)}>Open</button>
          <button type="button" className="small" onClick={putRight}>Put everything right</button>
        </div>
      )}
      {open && (
        <aside ref={drawer} id="trouble" className="drawer" role="dialog" aria-labelledby="trouble-title">
          <Guilloche />
          <header className="drawer-head">
            <h2 id="trouble-title" ref={title} tabIndex={-1}>Trouble</h2>
            <button type="button" className="small" data-testid="trouble-reset" disabled={!troubles.length} onClick={putRight}>Put everything right</button>
            <button type="button" className="drawer-close" data-testid="trouble-close" aria-label="Close the Trouble drawer" onClick={close}>×</button>
            <ul className="troubles" aria-label="What is wrong now" aria-live="polite" data-testid="troubles">
              {troubles.length ? troubles.map((text) => <li key={text} className="chip chip-trouble">{text}</li>) : <li className="chip">nothing is wrong</li>}
            </ul>
            <p role="alert" className="drawer-problem">{problem}</p>
          </header>
          <div className="drawer-body">
            <Watch />
            <Controls />
          </div>
        </aside>
      )}
    </>
  )
}
