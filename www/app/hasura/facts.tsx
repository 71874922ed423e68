'use client'
import { useLive } from 'countersign/react'
import { useEffect, useState } from 'react'
import { hasura } from '@/lib/backends'
import { plain } from './plain'
import { alive, blind, EMPTY_LANE, lanes, PLAIN } from './sockets'

const TICK_MS = 500

/** What the picture shows, in words and numbers. */
export function SocketFacts({ on, role, beside }: { on: boolean; role: string; beside: boolean }) {
  const { data: state } = useLive(on ? hasura.connection({ role }) : null)
  const all = lanes.use()
  const theirs = plain.use()
  const now = useNow(on)
  const [ours, other] = [all[role] ?? EMPTY_LANE, all[PLAIN] ?? EMPTY_LANE]
  const status = state?.status ?? 'idle'
  const ends = ours.bars.findLast(alive)?.expires
  const left = ends === undefined ? undefined : Math.max(0, Math.ceil((ends - now) / 1000))
  const [blindMs, theirBlindMs] = [blind(ours, now), blind(other, now)]
  return (
    <>
      <dl className="facts live-facts" data-testid="hasura-live-facts" data-status={status} data-sockets={ours.sockets} data-rotations={ours.rotations} data-blind-ms={Math.round(blindMs)} data-results={ours.results}>
        <div><dt>connection</dt><dd>{status}{status === 'waiting' && state?.retryInMs !== undefined && `, again in ${seconds(state.retryInMs)}`}</dd></div>
        <div><dt>sockets</dt><dd>{ours.sockets}</dd></div>
        <div><dt>rotations</dt><dd>{ours.rotations}</dd></div>
        <div><dt>token</dt><dd>{left === undefined ? 'none' : `ends in ${left} s`}</dd></div>
        <div><dt>without a socket</dt><dd>{seconds(blindMs)}</dd></div>
        {state?.lastClose && state.lastClose.code !== 1000 && <div><dt>last lost</dt><dd>{state.lastClose.code}{state.lastClose.reason && ` ${state.lastClose.reason}`}</dd></div>}
        {state?.error && status !== 'connected' && <div><dt>because</dt><dd>{state.error.message}</dd></div>}
      </dl>
      {beside && (
        <dl className="facts live-facts facts-plain" data-testid="hasura-live-plain" data-sockets={other.sockets} data-blind-ms={Math.round(theirBlindMs)} data-gaps={other.gaps.length} data-twice={theirs.twice}>
          <div><dt>graphql-ws: sockets</dt><dd>{other.sockets}</dd></div>
          <div><dt>without a socket</dt><dd>{seconds(theirBlindMs)}</dd></div>
          <div><dt>rows of the stream</dt><dd>{theirs.rows}</dd></div>
          <div><dt>given twice</dt><dd>{theirs.twice}</dd></div>
          {theirs.ended && <div><dt>it gave up</dt><dd>{theirs.ended}</dd></div>}
        </dl>
      )}
      {/* Rotations are no news. */}
      <p className="sr-only" role="status">{on && state ? `Connection: ${status === 'rotating' ? 'connected' : status}` : ''}</p>
    </>
  )
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

function useNow(moving: boolean): number {
  const [now, setNow] = useState(0)
  useEffect(() => {
    const look = () => setNow(performance.now())
    look()
    if (!moving) return
    const timer = setInterval(look, TICK_MS)
    return () => clearInterval(timer)
  }, [moving])
  return now
}
