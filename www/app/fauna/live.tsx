'use client'
import { CountersignError } from 'countersign'
import { fql } from 'countersign/fauna'
import { useIdentityKey, useLive } from 'countersign/react'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { Problem } from '@/components/outcome'
import { person } from '@/lib/auth'
import { fauna } from '@/lib/backends'
import { useRun } from '@/lib/use-run'
import { forgetLine, type Line, line, noteEvent, noteState } from './line'
import { create, type OrderDoc, raise, remove, something } from './orders'
import { Strip } from './strip'

const WAYS = [{ via: 'stream', text: 'Stream' }, { via: 'feed', text: 'Feed' }] as const
type Via = (typeof WAYS)[number]['via']
const POLL_MS = 1000

const newestFirst = (a: OrderDoc, b: OrderDoc) => (BigInt(b.id) > BigInt(a.id) ? 1 : -1)

/** My orders, live: what any window changes is seen in all of them. */
export function LiveOrders() {
  const title = useId()
  const [on, setOn] = useState(false)
  const [via, setVia] = useState<Via>('stream')
  // A subscription that failed is made anew with a new part of the page: to the same question `useLive` would say the same.
  const [tries, setTries] = useState(0)
  const who = person.use()
  const act = useRun('fauna', (query: Parameters<typeof fauna.query>[0]) => fauna.query(query))
  const me = useIdentityKey()
  useEffect(() => forgetLine, [me])
  return (
    <section className="card-part live" aria-labelledby={title}>
      <h3 id={title}>Live</h3>
      <p className="part-text">Open this page in a second window: what one changes, both show. Tokens end and connections drop; the list goes on.</p>
      <div className="actions">
        <button type="button" className="run run-quiet" data-testid="fauna-live" aria-pressed={on} onClick={() => { setOn(!on); setTries(tries + 1) }}>{on ? 'Stop' : 'Go live'}</button>
        <div className="segments segments-2" role="group" aria-label="How the events come">
          {WAYS.map((way) => <button key={way.via} type="button" data-testid={`fauna-live-${way.via}`} aria-pressed={way.via === via} onClick={() => setVia(way.via)}>{way.text}</button>)}
        </div>
        <button type="button" className="small" data-testid="fauna-live-create" aria-busy={act.outcome.state === 'running'} onClick={() => { const { item, total } = something(who?.name ?? 'Nobody'); void act.run(create(item, total)) }}>Order something</button>
      </div>
      <div className="outcome outcome-error" role="alert" data-testid="fauna-live-error">{act.outcome.state === 'failed' && <Problem error={act.outcome.error} />}</div>
      <Strip />
      <Rows key={tries} on={on} via={via} again={() => setTries(tries + 1)} raise={(order) => void act.run(raise(order))} remove={(order) => void act.run(remove(order))} />
    </section>
  )
}

function Rows({ on, via, again, raise, remove }: { on: boolean; via: Via; again: () => void; raise: (order: OrderDoc) => void; remove: (order: OrderDoc) => void }) {
  const live = useMemo(() => fauna.live<OrderDoc>(fql`Order.all()`, { via, poll_ms: POLL_MS, order: newestFirst, onState: noteState, onEvent: noteEvent }), [via])
  const { data, error, isLoading } = useLive(on ? live : null)
  const seen = line.use()
  const list = useRef<HTMLUListElement>(null)
  const removing = useRef(false)
  useEffect(() => {
    // The button that had the focus went with its row.
    if (removing.current && document.activeElement === document.body) list.current?.focus()
    removing.current = false
  }, [data?.length])
  const nobody = CountersignError.is(error, 'signed_out')
  return (
    <>
      <Facts seen={seen} on={on && !error} />
      <div className="outcome outcome-error" role="alert" data-testid="fauna-live-ended">
        {error && !nobody && <><Problem error={error} /><button type="button" className="small" onClick={again}>Try again</button></>}
      </div>
      {nobody && <p className="empty" data-testid="fauna-live-nobody">Nobody is signed in. It goes on with whoever is next.</p>}
      {isLoading && <p className="empty">Reading the orders…</p>}
      <p className="sr-only" role="status">{data && seen.events > 0 ? `${seen.events} ${seen.events === 1 ? 'change' : 'changes'} so far, ${data.length} orders` : ''}</p>
      {data && (
        <ul ref={list} className="live-rows scroll" tabIndex={0} aria-label="My orders, newest first" data-testid="fauna-live-rows">
          {data.map((order) => (
            <li key={order.id}>
              {seen.touched.has(order.id) && <i key={seen.touched.get(order.id)} className="flash" aria-hidden />}
              <span className="live-item">{order.item}</span>
              <span className="live-total">{order.total}</span>
              <button type="button" className="small" aria-label={`Add 10 to ${order.item}`} onClick={() => raise(order)}>+10</button>
              <button type="button" className="small" aria-label={`Delete ${order.item}`} onClick={() => { removing.current = true; remove(order) }}>Delete</button>
            </li>
          ))}
          {data.length === 0 && <li className="empty">No orders.</li>}
        </ul>
      )}
    </>
  )
}

function Facts({ seen, on }: { seen: Line; on: boolean }) {
  const last = seen.stretches.at(-1)
  const status = on && last ? last.status : 'closed'
  return (
    <dl className="facts live-facts" data-testid="fauna-live-facts" data-status={status} data-connections={seen.connections} data-events={seen.events}>
      <div role="status"><dt>connection</dt><dd>{status}{status === 'waiting' && last?.retryInMs !== undefined && `, again in ${(last.retryInMs / 1000).toFixed(1)} s`}</dd></div>
      <div><dt>connections</dt><dd>{seen.connections}</dd></div>
      <div><dt>events</dt><dd>{seen.events}</dd></div>
      <div><dt>last cursor</dt><dd><code title={seen.cursor}>{seen.cursor ? shortened(seen.cursor) : 'none yet'}</code></dd></div>
    </dl>
  )
}

/** The bytes that say when come last, before what fills it up. */
const shortened = (cursor: string) => `…${cursor.replace(/[A=]+$/, '').slice(-8)}`
