// The row `provider calls`: an hour of reads beside auth0-spa-js, whose token endpoint answers in the same simulated time.
import { createSession } from 'countersign'
import { auth0, granted } from './auth0.js'
import { allowed, hour } from './hour.js'
import { jwt, provider } from './kit.js'

const ours = (life) => ({ mint }) => {
  const session = createSession({ ...provider(async () => mint().then((iat) => jwt({ iat, exp: iat + life }))), name: 'hour' })
  session.subscribe(() => {})
  return { read: () => session.getToken('bench'), end: () => session.dispose() }
}

/** The browser's locks take real time, in which simulated hours would pass. One after the other, as they do it. */
const locks = () => {
  let last = Promise.resolve()
  return { request: (_, ...rest) => (last = last.then(() => rest.at(-1)({}), () => rest.at(-1)({}))) }
}

const theirs = (life) => ({ mint }) => {
  const { fetch } = globalThis
  Object.defineProperty(navigator, 'locks', { value: locks(), configurable: true })
  globalThis.fetch = async () => mint().then((iat) => Response.json(granted(jwt({ iat, exp: iat + life }), life)))
  const client = auth0({ fresh: false, token: jwt() })
  return { read: () => client.getTokenSilently(), end: () => void (delete navigator.locks, globalThis.fetch = fetch) }
}

/** Calls of the provider in an hour, by life of a token in seconds; and of a session that nobody reads. */
export const hours = async (lives) => {
  // What is imported lazily is there before time is stopped.
  const warm = createSession({ ...provider(() => jwt()), name: 'hour' })
  await warm.getToken('bench')
  warm.dispose()
  const rows = []
  for (const life of lives) rows.push({ life, allowed: allowed(life), ours: await hour(ours(life)), peer: await hour(theirs(life)) })
  return { rows, idle: await hour(ours(lives[0]), { reads: false }) }
}
