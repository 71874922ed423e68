// Another user signs in while four answers are on their way: asked, held at the servers, switched, released. What comes of them is told.
import { CountersignError } from 'countersign'
import { person, signInLocally } from '../auth'
import { session, TEMPLATES, type Template } from '../backends'
import { ASK } from './ask'
import { hold, logOf } from './servers'

const NAMES = { alice: 'Alice', bob: 'Bob' }
/** Until they are released. */
const HOLD_MS = 60_000
/** What was released has arrived by then, if it arrives. */
const AFTERMATH_MS = 400
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

    const before = new Set(await underway())
    await hold(HOLD_MS)
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
    await until(async () => (await underway()).filter((each) => !before.has(each)).length >= TEMPLATES.length, 'Not every backend was asked')
    mark('asked', 'held')
    say(`Four answers to ${NAMES[asker]} are held at the servers`)

    const switched = performance.now()
    await signInLocally(other)
    await answers
    say(`${NAMES[other]} has signed in: every call ended within ${Math.round(performance.now() - switched)} ms`)
    await hold(0)
    await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS))
    const delivered = TEMPLATES.filter((name) => fates[name] === 'delivered').length
    say(`Released. Of four answers to ${NAMES[asker]}, ${delivered || 'none'} reached ${NAMES[other]}’s page`, delivered ? 'bad' : 'good')
  } finally {
    await hold(0)
  }
}

/** Which of these questions the servers have in hand. */
async function underway(): Promise<string[]> {
  const logs = await Promise.all(TEMPLATES.map(async (name) => (await logOf(name)).filter(({ method, path, status }) => method === 'POST' && status === null && path === ASK[name].path).map(({ at }) => `${name} ${at}`)))
  return logs.flat()
}

async function until(look: () => boolean | Promise<boolean>, problem: string): Promise<void> {
  for (const began = performance.now(); !(await look());) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`${problem}; the experiment was given up.`)
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
}
