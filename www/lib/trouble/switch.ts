// Another user signs in while four answers are on their way: asked, held at the servers, switched, released. What comes of them is told.
import { CountersignError } from 'countersign'
import { person, signInLocally } from '../auth'
import { session, TEMPLATES, type Template } from '../backends'
import { ASK } from './ask'
import { logOf, turn } from './servers'

const NAMES = { alice: 'Alice', bob: 'Bob' }
const HOLD_MS = 2000
const PATIENCE_MS = 8000

/** What became of the answer of one backend. */
export type Fate = 'asked' | 'held' | 'called off' | 'delivered'
export interface Progress { step: string; fates: Partial<Record<Template, Fate>>; verdict?: 'good' | 'bad' }

export async function switchMidFlight(tell: (progress: Progress) => void): Promise<void> {
  const fates: Progress['fates'] = {}
  const say = (step: string, verdict?: Progress['verdict']) => tell({ step, fates: { ...fates }, ...(verdict && { verdict }) })
  const mark = (from: Fate | undefined, to: Fate) => {
    for (const name of TEMPLATES) if (fates[name] === from) fates[name] = to
  }
  const asker = person.get()?.sub === 'user_bob' ? 'bob' : 'alice'
  const other = asker === 'alice' ? 'bob' : 'alice'
  try {
    say(`${NAMES[asker]} signs in, and is known to every backend`)
    if (person.get()?.sub !== `user_${asker}`) await signInLocally(asker)
    await until(() => session.status === 'signedIn' || session.status === 'degraded', `${NAMES[asker]} is not signed in`)
    await Promise.all(TEMPLATES.map((name) => ASK[name].ask()))

    const before = await underway()
    await holdFor(HOLD_MS)
    const asked = performance.now()
    const answers = Promise.all(TEMPLATES.map(async (name) => {
      const fate = await ASK[name].ask().then(() => 'delivered' as const, (error) => {
        if (CountersignError.isQuiet(error)) return 'called off' as const
        throw error
      })
      fates[name] = fate
    }))
    answers.catch(() => {}) // awaited below; until then its failure is nobody's
    mark(undefined, 'asked')
    say(`${NAMES[asker]} asks all four`)
    await until(async () => (await underway()) >= before + TEMPLATES.length, 'Not every backend was asked')
    mark('asked', 'held')
    say(`Four answers to ${NAMES[asker]} are held at the servers`)
    await holdFor(0) // the next ones

    const switched = performance.now()
    await signInLocally(other)
    await answers
    say(`${NAMES[other]} has signed in: every call ended within ${Math.round(performance.now() - switched)} ms`)
    await new Promise((resolve) => setTimeout(resolve, asked + HOLD_MS + 200 - performance.now()))
    const delivered = TEMPLATES.filter((name) => fates[name] === 'delivered').length
    say(`Released. Of four answers to ${NAMES[asker]}, ${delivered || 'none'} reached ${NAMES[other]}’s page`, delivered ? 'bad' : 'good')
  } finally {
    await holdFor(0)
  }
}

const holdFor = (ms: number) => Promise.all(TEMPLATES.map((name) => turn(name, { holdMs: ms })))

/** How many of these questions the servers have in hand. */
async function underway(): Promise<number> {
  const logs = await Promise.all(TEMPLATES.map(async (name) => (await logOf(name)).filter(({ method, path, status }) => method === 'POST' && status === null && path === ASK[name].path)))
  return logs.flat().length
}

async function until(look: () => boolean | Promise<boolean>, problem: string): Promise<void> {
  for (const began = performance.now(); !(await look());) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`${problem}; the experiment was given up.`)
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
}
