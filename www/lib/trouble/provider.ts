// Stands between countersign and the real provider: passes everything on, counts, and misbehaves when it is told to.
import type { Provider, TokenAnswer, TokenRequest } from 'countersign'
import type { Template } from '../backends'
import { store } from '../store'

export type Mode = 'answers' | 'fails' | 'limited' | 'hangs' | 'slow' | 'same' | 'expired' | 'other'
/** One call of `getToken`. `at`: on the monotonic clock, because the other one is what is played with here. */
export interface Call { n: number; template: Template; at: number; forced: boolean; outcome: 'pending' | 'answered' | 'failed' | 'lied' }

const HEALTHY = { mode: 'answers', left: Infinity } as const
const KEPT_MS = 130_000
const SLOW_MS = 3000
export const RETRY_AFTER_S = 20

/** `left`: for so many calls more. */
export const behaviour = store<{ mode: Mode; left: number }>(HEALTHY)
/** The calls of the last two minutes, the oldest first. */
export const calls = store<readonly Call[]>([])

let count = 0
/** Of this page, ever. */
export const callCount = () => count

/** What hangs waits here until somebody chooses again. */
const hanging = new Set<() => void>()
/** The last token of this user, by template: what a provider says again that repeats itself. */
const held = new Map<Template, TokenAnswer>()
let told: string | undefined

export function behave(mode: Mode, left = Infinity): void {
  behaviour.set({ mode, left: mode === 'answers' ? Infinity : left })
  for (const goOn of hanging) goOn()
  hanging.clear()
}

/** The mode of this call. Used up, the provider is well again; calls that hang stay where they are. */
function take(): Mode {
  const { mode, left } = behaviour.get()
  if (left <= 1) behaviour.set(HEALTHY)
  else if (left < Infinity) behaviour.set({ mode, left: left - 1 })
  return mode
}

/** In lib/backends.ts every template but one goes by its name at Clerk too; that one is the session token. */
const templateOf = ({ template }: TokenRequest): Template => (template as Template | undefined) ?? 'instant'

export const troubled = (provider: Provider): Provider => ({
  ...provider,
  watch: (report) => provider.watch?.((identity) => {
    const now = JSON.stringify(identity)
    if (now !== told) held.clear()
    told = now
    report(identity)
  }) ?? (() => {}),
  async getToken(request) {
    const template = templateOf(request)
    const n = ++count
    const mode = take()
    const call: Call = { n, template, at: performance.now(), forced: request.force, outcome: 'pending' }
    const end = (outcome: Call['outcome']) => calls.set(calls.get().map((each) => (each.n === n ? { ...each, outcome } : each)))
    calls.set([...calls.get().filter(({ at }) => call.at - at < KEPT_MS), call])
    try {
      const answer = await answerOf(mode, template, provider, request)
      end(mode === 'same' || mode === 'expired' || mode === 'other' ? 'lied' : 'answered')
      return answer
    } catch (error) {
      end('failed')
      throw error
    }
  },
})

async function answerOf(mode: Mode, template: Template, provider: Provider, request: TokenRequest): Promise<TokenAnswer> {
  // In the shape of Clerk's errors, which is where `retryAfter` comes from.
  if (mode === 'fails') throw Object.assign(new Error('the provider is down, says the Trouble drawer'), { status: 503 })
  if (mode === 'limited') throw Object.assign(new Error('too many requests, says the Trouble drawer'), { status: 429, retryAfter: RETRY_AFTER_S })
  if (mode === 'hangs') await Promise.race([new Promise<void>((resolve) => hanging.add(resolve)), aborted(request.signal)])
  if (mode === 'slow') await Promise.race([new Promise((resolve) => setTimeout(resolve, SLOW_MS)), aborted(request.signal)])
  if (mode === 'same' && held.has(template)) return held.get(template)
  const answer = await provider.getToken(request)
  held.set(template, answer)
  if (mode === 'expired') return rewritten(answer, (claims) => ({ ...claims, iat: Number(claims.iat) - 3600, nbf: Number(claims.iat) - 3605, exp: Number(claims.exp) - 3600 }))
  if (mode === 'other') return rewritten(answer, (claims) => ({ ...claims, sub: String(claims.sub).replace(/\w+$/, 'mallory') }))
  return answer
}

const aborted = (signal: AbortSignal) => new Promise<never>((_, reject) => {
  if (signal.aborted) reject(signal.reason)
  else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
})

/** A token with other claims under its old signature: no backend would take it, which is one more thing to see. */
function rewritten(answer: TokenAnswer, change: (claims: Record<string, unknown>) => object): TokenAnswer {
  if (typeof answer !== 'string') return answer
  const [head, body = '', signature] = answer.split('.')
  const bytes = Uint8Array.from(atob(body.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  const changed = new TextEncoder().encode(JSON.stringify(change(JSON.parse(new TextDecoder().decode(bytes)))))
  return [head, btoa(String.fromCharCode(...changed)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''), signature].join('.')
}
