// Everything the Trouble drawer can do to this page. Nothing of it outlives the page, but for the servers' clocks, which are put right when it goes.
import { session } from '../backends'
import { clockError, offset, setClock, slept } from './clock'
import { offline, setOffline } from './network'
import { behave, behaviour, type Mode } from './provider'
import { unsleep } from './servers'

export const MODES: Record<Mode, string> = {
  answers: 'answers', fails: 'fails', limited: 'says 429', hangs: 'is silent', slow: 'is slow', same: 'repeats itself', expired: 'hands out expired tokens', other: 'hands out another user’s tokens',
}

/** What is wrong at the moment, in a few words each; follows every change. */
export function useTroubles(): string[] {
  const [wrong, asleep, { mode, left }, off] = [clockError.use(), slept.use(), behaviour.use(), offline.use()]
  return [
    ...(wrong ? [`clock ${offset(wrong)}`] : []),
    ...(asleep ? [`slept ${offset(asleep).slice(1)}`] : []),
    ...(mode === 'answers' ? [] : [`provider ${MODES[mode]}${left < Infinity ? ` (${left} more)` : ''}`]),
    ...(off ? ['offline'] : []),
  ]
}

export async function reset(): Promise<void> {
  behave('answers')
  setOffline(false)
  setClock(0)
  if (!slept.get()) return
  await unsleep()
  // Of the hours that are taken back: not valid yet, for a server.
  session.invalidate()
}
