// Calls of every kind on a session that lives long, and sessions that come and go with calls under way.
import { createSession } from 'countersign'
import { code, library, network, tally, turn } from './kit.js'

const sent = network()
const at = (path) => `https://api.example/${path}`
const options = { templates: { a: 'a', b: 'b', c: {} }, routes: [{ url: 'https://api.example/', template: 'a' }], logger: false, policy: { forcedPerMinute: 500, forcedPerMinuteAll: 1500 } }
const templates = ['a', 'b', 'c']
let serial = 0

/** One read of an iterator of leases, which is then left. */
const lease = async (session) => {
  const leases = session.leases('c', {})[Symbol.asyncIterator]()
  const { value } = await leases.next()
  await leases.return()
  return value
}

let long
/** The session that lives, made with the first round. */
const living = () => {
  if (long) return long
  const auth = library()
  return (long = { auth, session: createSession({ ...options, ...auth.provider, name: 'long' }), ends: {} })
}

/** Of something that lives as long as the page, as a component may. */
const life = new AbortController()
const HITS = 800
const PER_ROUND = 1000

/** A thousand calls: hits, misses, forced, failing, timed out, aborted; requests of each ending; leases; another user, nobody, and back. */
const round = async ({ session, auth, ends }) => {
  let calls = 0
  const of = async (...promises) => {
    calls += promises.length
    tally(ends, await Promise.all(promises.map(code)))
  }
  auth.next = 'answer'
  auth.switch(`alice ${++serial}`)
  await of(...templates.flatMap((t) => [session.getToken(t), session.getToken(t), session.getToken(t, {})])) // misses, joined
  for (let i = 0; i < HITS; i++, calls++) await session.getToken('a')
  await of(session.getToken('b', { force: true }), session.getToken('b', { force: true }))
  for (let i = 0; i < 20; i++) await of(session.fetch(at('ok')))
  for (let i = 0; i < 20; i++) await of(session.fetch(at('ok'), { signal: i % 2 ? life.signal : new AbortController().signal }))
  await of(session.fetch(at('lost')), session.fetch(at('ok'), { method: 'POST', body: 'x' }), session.fetch('https://elsewhere.example/'))
  await of(session.fetch(at('401')), session.fetch(at('401'), { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' }))
  const aborts = Array.from({ length: 20 }, () => new AbortController())
  const aborted = aborts.map(({ signal }, i) => (i % 2 ? session.fetch(at('hang'), { signal }) : session.getToken('b', { force: true, signal })))
  await Promise.resolve()
  for (const abort of aborts) abort.abort()
  await of(...aborted, session.fetch(at('ok'), { signal: AbortSignal.abort() }))
  for (let i = 0; i < 5; i++) (await lease(session), calls++)
  // Somebody else comes while requests, readers and a socket wait.
  const fenced = [session.fetch(at('hang')), session.fetch(at('hang'), { signal: new AbortController().signal })]
  const socket = session.leases('c', {})[Symbol.asyncIterator]()
  await socket.next()
  const ended = socket.next()
  auth.next = serial % 2 ? 'hang' : 'listen'
  fenced.push(session.getToken('c', { force: true }))
  auth.switch(`bob ${serial}`)
  await of(...fenced)
  if (!(await ended).done) throw new Error('the leases of the previous user did not end')
  for (const failing of ['throw', 'reject']) {
    auth.next = failing
    await of(...templates.map((t) => session.getToken(t)), session.fetch(at('ok')))
    auth.switch(`carol ${serial} ${failing}`)
  }
  auth.next = 'answer'
  if (serial % 10) auth.switch(null)
  else await session.signOut()
  auth.switch(null)
  await of(session.getToken('a'), session.fetch(at('ok')), lease(session))
  // The rest of the thousand: hits of the next user.
  auth.switch(`dave ${serial}`)
  await session.getToken('a')
  for (; calls < PER_ROUND; calls++) await session.getToken('a')
  return calls
}

/** So many calls on the session that lives; signed out at the end, with nothing under way. How the calls ended, by code. */
export const calls = async (count) => {
  const world = living()
  world.ends = {}
  let done = 0
  while (done < count) {
    done += await round(world)
    if (serial % 10 === 0) await turn()
  }
  world.auth.switch(null)
  await turn()
  return { done, ends: world.ends, sent: sent.count, asked: world.auth.asked }
}

/** Requests of one user who stays: what each is bound to goes with it. */
export const requests = async (count) => {
  const { session, auth } = living()
  auth.next = 'answer'
  auth.switch(`stays ${++serial}`)
  const ends = {}
  for (let i = 0; i < count; i++) {
    tally(ends, [await code(session.fetch(at('ok'), i % 3 ? { signal: i % 3 > 1 ? life.signal : new AbortController().signal } : {}))])
    if (i % 1000 === 0) await turn()
  }
  return ends
}

/** Callers that leave while the provider does not answer and the user stays: their places are free at once, not when something else ends. */
export const dropped = async (count) => {
  const { session, auth } = living()
  if (auth.next !== 'hang') {
    auth.next = 'hang'
    auth.switch(`stays ${++serial}`)
  }
  const ends = {}
  for (let i = 0; i < count; i += 4) {
    const aborts = [new AbortController(), new AbortController(), new AbortController(), new AbortController()]
    const [one, two, three, four] = aborts.map(({ signal }) => signal)
    const socket = session.leases('c', { signal: four })[Symbol.asyncIterator]()
    const left = [session.getToken('b', { signal: one }), session.getToken('b', { force: true, signal: two }), session.fetch(at('ok'), { signal: three }), socket.next()].map(code)
    await Promise.resolve()
    for (const abort of aborts) abort.abort()
    tally(ends, await Promise.all(left))
    if (i % 1000 === 0) await turn()
  }
  return ends
}

/** Readers that give up by time: of a provider that never answers, without a flight to wait for after that. */
export const timeouts = async (rounds) => {
  const { session, auth } = living()
  const ends = {}
  for (let i = 0; i < rounds; i++) {
    auth.next = 'hang'
    auth.switch(`slow ${++serial}`)
    tally(ends, await Promise.all(Array.from({ length: 100 }, (_, n) => code(n % 2 ? session.getToken(templates[n % 3], { timeoutMs: 1 }) : session.getToken(templates[n % 3], { timeoutMs: 1, signal: new AbortController().signal })))))
  }
  auth.switch(null)
  await turn()
  return ends
}

/** The end of the session that lived. */
export const end = () => {
  long.session.dispose()
  long = undefined
}

/** Sessions that are made, used and disposed; every second one with everything still under way. */
export const sessions = async (cycles) => {
  const ends = {}
  let listening = 0
  for (let i = 0; i < cycles; i++) {
    const auth = library()
    const session = createSession({ ...options, ...auth.provider, name: i % 4 ? 'short' : `short ${i}` })
    const off = session.subscribe(() => {})
    globalThis.made.register(session)
    if (i % 8 === 7) {
      const early = code(session.getToken('a'))
      session.dispose()
      tally(ends, [await early])
      continue
    }
    await session.getToken('a')
    await (await session.fetch(at('ok'))).json()
    await lease(session)
    if (i % 2) {
      auth.next = i % 4 === 1 ? 'hang' : 'listen'
      const socket = session.leases('c', {})[Symbol.asyncIterator]()
      await socket.next()
      const under = [session.getToken('b'), session.getToken('a', { force: true }), session.fetch(at('hang')), session.fetch(at('hang'), { signal: new AbortController().signal })].map(code)
      const next = socket.next()
      await Promise.resolve()
      session.dispose()
      tally(ends, await Promise.all(under))
      if (!(await next).done) throw new Error('the leases of a disposed session did not end')
    } else {
      session.dispose()
      tally(ends, [await code(session.getToken('a'))])
    }
    if (i % 3) off()
    listening += auth.listening
    if (i % 50 === 0) await turn()
  }
  await turn()
  return { ends, listening }
}
