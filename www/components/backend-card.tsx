'use client'
import { type ReactNode, useId, useRef, useState } from 'react'
import type { Template } from '@/lib/backends'
import { useRun } from '@/lib/use-run'
import { OutcomeView } from './outcome'

export interface CardProps {
  id: Template
  title: string
  /** What is asked, in which language. */
  language: string
  endpoint: string
  examples: readonly { label: string; text: string }[]
  ask: (text: string) => Promise<unknown>
  /** How the page's own code says it. */
  code: string
  controls?: ReactNode
  /** What a backend has beside questions; such a card is as wide as two. */
  children?: ReactNode
}

/** One backend: an editable question, a button, and the answer. */
export function BackendCard({ id, title, language, endpoint, examples, ask, code, controls, children }: CardProps) {
  const [text, setText] = useState(examples[0]?.text ?? '')
  const { outcome, run } = useRun(id, () => ask(text))
  const form = useRef<HTMLFormElement>(null)
  const label = useId()
  const busy = outcome.state === 'running'
  return (
    <section className={children ? 'card card-wide' : 'card'} aria-labelledby={label} data-state={outcome.state}>
      <header className="card-head">
        <h2 id={label}>{title}</h2>
        <span className="endpoint" title="Where it is asked">{endpoint}</span>
      </header>
      <div className="card-part">
        <form ref={form} onSubmit={(event) => { event.preventDefault(); void run() }}>
          <div className="editor">
            <label htmlFor={`${label}-q`}>{language}</label>
            <textarea id={`${label}-q`} data-testid={`${id}-query`} value={text} rows={3} spellCheck={false} autoCapitalize="off" autoCorrect="off"
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.current?.requestSubmit() } }} />
          </div>
          <div className="examples" role="group" aria-label={`Examples for ${title}`}>
            {examples.map((example) => (
              <button key={example.label} type="button" className="example" aria-pressed={example.text === text} onClick={() => setText(example.text)}>{example.label}</button>
            ))}
          </div>
          <div className="actions">
            {/* Not disabled while it runs: pressing again asks again, and the focus stays where it is. */}
            <button type="submit" className="run" data-testid={`${id}-run`} aria-busy={busy}>Run authenticated query</button>
            {controls}
            <span className="working" aria-hidden>{busy ? 'asking…' : ''}</span>
          </div>
        </form>
        <OutcomeView id={id} outcome={outcome} />
        <Code text={code} />
      </div>
      {children}
    </section>
  )
}

export function Code({ text }: { text: string }) {
  return (
    <details className="code">
      <summary>The code</summary>
      <pre className="scroll" tabIndex={0}>{text}</pre>
    </details>
  )
}
